/**
 * `inr compare` of meshes: what Draco makes of the same triangles, measured as the mesh of an .inr file is. With the most bits a position that fit
 * into the bytes of an .inr file, or into those that were asked for, and at several precisions.
 */
import { createRequire } from 'node:module';
import { StudioError } from '#core/errors';
import { vertexCount, type Mesh } from '#core/signal/mesh';
import { toDomain, toWorld, type SurfaceSignal } from '#core/signal/surface';
import { decodeDraco, dracoBelow, encodeDraco } from '../../service/draco';
import type { SurfaceMeasures } from '../../service/surface-quality';
import { decodeNamed } from '../decoded';
import { showBytes, table } from '../numbers';
import { createProgress } from '../progress';
import type { Terminal } from '../terminal';
import type { CompareOptions } from './compare';
import { requireSameShape } from './evaluate';
import { measureFile, measureMesh, measureValues, type SurfaceWork } from './evaluate-surface';

/** Read at run time: JSON modules need words in their import that the bundler drops. */
const { version } = createRequire(import.meta.url)('draco3dgltf/package.json') as { version: string };

/** Bits of a position: coarse, usual, fine. */
const PRECISIONS = [8, 10, 12];

interface Row {
  readonly what: string;
  /** Of a position; null for networks. */
  readonly qp: number | null;
  readonly bytes: number;
  readonly measures: SurfaceMeasures;
}

/** Runs the command; resolves to the exit code. */
export async function compareSurface(input: string, signal: SurfaceSignal, options: CompareOptions, terminal: Terminal): Promise<number> {
  if (options.psnr !== undefined) throw new StudioError('usage', 'compare.psnr', `--psnr: ${input} is a mesh, which has no PSNR. Give --inr or --bytes.`);
  if (options.codecs !== undefined && options.codecs.trim().toLowerCase() !== 'draco') {
    throw new StudioError('usage', 'codec.unknown', `--codecs ${options.codecs}: ${input} is a mesh, which is compared with draco.`);
  }
  const progress = createProgress(terminal, terminal.columns === 0);
  const { resolution, samples } = options;
  const work: SurfaceWork = { abort: terminal.cancellation(), progress, ...(resolution !== undefined && { resolution }), ...(samples !== undefined && { samples }) };
  const rows: Row[] = [];
  let none = false;
  try {
    let limit = options.bytes;
    if (options.inr !== undefined) {
      const decoded = await decodeNamed(options.inr, { abort: work.abort, progress });
      requireSameShape(options.inr, decoded, signal, input);
      limit = decoded.bytes;
      rows.push({ what: options.inr, qp: null, bytes: limit, measures: (await measureFile(options.inr, signal, decoded, work)).measures });
    }
    // Draco passes positions through float32: around the origin none of it is lost.
    const { domain } = signal.metadata;
    const near: Mesh = { positions: Float64Array.from(toDomain(signal.mesh.positions, domain)), indices: signal.mesh.indices };
    const add = async (what: string, qp: number, bytes: Uint8Array): Promise<void> => {
      const mesh = await decodeDraco(bytes);
      rows.push({ what, qp, bytes: bytes.length, measures: await measureMesh(signal, { ...mesh, positions: toWorld(mesh.positions, domain) }, work) });
    };
    progress.stage('comparing');
    const below = limit === undefined ? null : await dracoBelow(near, limit);
    if (below) await add(`draco within ${showBytes(limit!)}`, below.qp, below.bytes);
    else none = limit !== undefined;
    for (const qp of PRECISIONS) {
      work.abort.throwIfAborted();
      await add('draco', qp, await encodeDraco(near, qp));
    }
    print(input, signal, rows, none ? limit! : null, options, terminal);
  } finally {
    progress.end();
  }
  return 0;
}

/** `unreached`: bytes that Draco does not come down to. */
function print(input: string, signal: SurfaceSignal, rows: readonly Row[], unreached: number | null, options: CompareOptions, terminal: Terminal): void {
  const vertices = vertexCount(signal.mesh);
  const rate = (bytes: number): number => (8 * bytes) / vertices;
  if (options.json) {
    const listed = rows.map(({ what, qp, bytes, measures }) => ({ codec: qp === null ? 'inr' : 'draco', what, qp, bytes, bitsPerVertex: rate(bytes), ...measureValues(measures) }));
    terminal.out(`${JSON.stringify({ input, vertices, triangles: signal.mesh.indices.length / 3, version: `draco3dgltf ${version}`, rows: listed })}\n`);
    return;
  }
  const lines = rows.map(({ what, qp, bytes, measures: { chamferL1, hausdorff, normalConsistency, fScores, iou } }) => [
    what,
    qp === null ? '' : String(qp),
    showBytes(bytes),
    rate(bytes).toFixed(2),
    `${chamferL1.percent.toFixed(4)} %`,
    `${hausdorff.percent.toFixed(3)} %`,
    normalConsistency.toFixed(4),
    fScores.at(-1)!.score.toFixed(4),
    iou === null ? '-' : iou.toFixed(4),
  ]);
  const head = ['by', 'bits/position', 'size', 'bits/vertex', 'Chamfer L1', 'Hausdorff', 'normals', `F at ${rows[0]!.measures.fScores.at(-1)!.threshold} %`, 'IoU'];
  const note = unreached === null ? '' : `  draco does not get down to ${showBytes(unreached)}\n`;
  terminal.out(`${input}\n${table([head, ...lines], [0])}${note}  draco: draco3dgltf ${version}, Edgebreaker, level 10. Lengths in % of the diagonal, ${rows[0]!.measures.samples.toLocaleString('en')} points on each mesh\n`);
}
