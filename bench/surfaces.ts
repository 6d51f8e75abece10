/**
 * Surfaces: what a preset makes of a mesh, beside Draco. A mesh is fitted on the cpu engine, coded, decoded from those bytes by the exact decoder
 * and extracted at 256 points along each axis; Draco stands beside it with 8 bits a position and with the most bits that fit into as many
 * bytes. The meshes are Stanford's bunny, Keenan Crane's spot and Hoppe's fandisk: folder `meshes` of INR_BENCH_DATA, or of ../shared/data.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createExactSynthesizer } from '#engine/cpu/exact';
import { createCpuEngine } from '#engine/cpu/engine';
import { modelParameters } from '#engine/engine';
import { FitSession } from '#engine/session';
import { decodeFile } from '#core/coding/file';
import { packFile } from '#core/coding/pack';
import { fieldFor } from '#core/field/field';
import { presetById } from '#core/fit/presets';
import type { Mesh } from '#core/signal/mesh';
import { toDomain, toWorld } from '#core/signal/surface';
import draco from 'draco3dgltf/package.json';
import { sha256 } from '../src-main/cli/coded-file';
import { table } from '../src-main/cli/numbers';
import { decodeDraco, dracoBelow, encodeDraco } from '../src-main/service/draco';
import { readSignal } from '../src-main/service/ingest';
import { SubjectCache } from '../src-main/service/subject-cache';
import { surfaceMesh } from '../src-main/service/surface-mesh';
import { surfaceQuality, type SurfaceMeasures } from '../src-main/service/surface-quality';
import type { SuiteOptions } from './main';

const CASES = [
  { name: 'bunny', file: 'stanford-bunny.obj', presets: ['surface-small', 'surface', 'surface-fine'] },
  { name: 'spot', file: 'spot.obj', presets: ['surface-small', 'surface'] },
  { name: 'fandisk', file: 'fandisk.obj', presets: ['surface-small', 'surface'] },
] as const;
export const partNames = CASES.map(({ name }) => name);
const RESOLUTION = 256;
/** Timed alone. */
const FINE = 512;

interface Row {
  readonly mesh: string;
  readonly what: string;
  readonly bytes: number;
  readonly bitsPerVertex: number;
  readonly quality: SurfaceMeasures;
  /** Of the fit alone, and of decoding and extracting; null for Draco. */
  readonly fitSeconds: number | null;
  readonly meshSeconds: number | null;
}

async function fitted(subjects: SubjectCache, preset: string, quick: boolean): Promise<{ file: Uint8Array; seconds: number }> {
  const { config } = presetById(preset);
  const plan = quick ? { ...config.plan, steps: 200 } : config.plan;
  const subject = await subjects.get(config);
  const field = fieldFor(config.network, 3, 1);
  const engine = await createCpuEngine();
  const exact = createExactSynthesizer();
  try {
    const request = { field, plan, data: subject.data, seed: config.seed };
    const session = new FitSession({ request, trainer: await engine.createTrainer(request) });
    const { state, seconds } = await session.run();
    session.trainer.dispose();
    const packed = await packFile({ header: subject.header, field, parameters: modelParameters(state), bits: config.coding.bits, synthesize: exact.synthesize, sha256 });
    return { file: packed.bytes, seconds };
  } finally {
    await Promise.all([engine.dispose(), exact.dispose()]);
  }
}

const percent = (value: number): string => `${value.toFixed(4)} %`;

function rowWords({ mesh, what, bytes, bitsPerVertex, quality, fitSeconds, meshSeconds }: Row): string[] {
  const { chamferL1, chamferL2, hausdorff, normalConsistency, iou, openEdges, fScores } = quality;
  const seconds = (value: number | null): string => (value === null ? '' : value.toFixed(1));
  return [mesh, what, bytes.toLocaleString('en'), bitsPerVertex.toFixed(2), percent(chamferL1.percent), chamferL2.percent.toExponential(2), percent(hausdorff.percent), normalConsistency.toFixed(4), iou?.toFixed(4) ?? '', fScores.at(-1)?.score.toFixed(4) ?? '', String(openEdges), seconds(fitSeconds), seconds(meshSeconds)];
}
const HEAD = ['mesh', 'by', 'bytes', 'bits/vertex', 'Chamfer L1', 'L2 [% of diag^2]', 'Hausdorff', 'normals', 'IoU', 'F 0.5 %', 'open edges', 'fit [s]', `mesh ${RESOLUTION} [s]`];

export async function run({ quick, only }: SuiteOptions): Promise<unknown> {
  const folder = resolve(process.env.INR_BENCH_DATA ?? '../shared/data', 'meshes');
  const rows: Row[] = [];
  for (const { name, file, presets } of CASES) {
    if (only && !only.includes(name)) continue;
    const path = resolve(folder, file);
    if (!existsSync(path)) {
      console.log(`${name}: ${file} is not in the folder meshes of INR_BENCH_DATA; left out.`);
      continue;
    }
    const { signal } = await readSignal(new Uint8Array(readFileSync(path)), file);
    if (signal.kind !== 'surface') throw new Error(`${file} is no mesh.`);
    const { mesh, metadata, watertight } = signal;
    const reference: Mesh = { positions: Float64Array.from(toDomain(mesh.positions, metadata.domain)), indices: mesh.indices };
    console.log(`${name}: ${metadata.vertices} vertices, ${metadata.triangles} triangles${watertight ? '' : ', not watertight'}`);
    const add = async (what: string, bytes: number, decoded: Mesh, fitSeconds: number | null, meshSeconds: number | null): Promise<void> => {
      const row = { mesh: name, what, bytes, bitsPerVertex: (8 * bytes) / metadata.vertices, quality: await surfaceQuality(signal, decoded), fitSeconds, meshSeconds };
      rows.push(row);
      console.log(`  ${rowWords(row).slice(1).join('  ')}`);
    };
    const inWorld = (decoded: Mesh): Mesh => ({ ...decoded, positions: toWorld(decoded.positions, metadata.domain) });
    const subjects = new SubjectCache(signal);
    for (const preset of presets) {
      const { file: coded, seconds } = await fitted(subjects, preset, quick);
      const extracted = async (resolution: number): Promise<{ decoded: Mesh; meshSeconds: number }> => {
        const began = performance.now();
        const decoded = await surfaceMesh(decodeFile(coded), { resolution });
        return { decoded, meshSeconds: (performance.now() - began) / 1000 };
      };
      const { decoded, meshSeconds } = await extracted(RESOLUTION);
      await add(preset, coded.length, decoded, seconds, meshSeconds);
      const fine = await extracted(FINE);
      console.log(`  mesh at ${FINE}^3: ${fine.decoded.positions.length / 3} vertices in ${fine.meshSeconds.toFixed(1)} s`);
      const draco = await dracoBelow(reference, coded.length);
      if (draco) await add(`draco at most ${coded.length} bytes: qp${draco.qp}`, draco.bytes.length, inWorld(await decodeDraco(draco.bytes)), null, null);
    }
    const bytes = await encodeDraco(reference, 8);
    await add('draco qp8', bytes.length, inWorld(await decodeDraco(bytes)), null, null);
  }
  console.log(`\n${table([HEAD, ...rows.map(rowWords)], [0, 1])}\nDraco: draco3dgltf ${draco.version}, Edgebreaker, level 10. Lengths in % of the diagonal.`);
  return rows;
}
