/** `inr eval` of surfaces: the extracted mesh against the mesh that was fitted. */
import { vertexCount, type Mesh } from '#core/signal/mesh';
import type { SurfaceSignal } from '#core/signal/surface';
import { DEFAULT_RESOLUTION, surfaceMesh } from '../../service/surface-mesh';
import { surfaceQuality, type SurfaceMeasures } from '../../service/surface-quality';
import type { Decoded } from '../decoded';
import { about } from '../files';
import { showCount } from '../numbers';
import type { Progress } from '../progress';
import type { Measures } from './evaluate';

export interface SurfaceWork {
  readonly resolution?: number;
  readonly samples?: number;
  readonly threads?: number;
  readonly abort: AbortSignal;
  readonly progress: Progress;
}

/** Extracts the mesh of a file, in world units, and measures it. */
export async function measureFile(path: string, signal: SurfaceSignal, { content }: Pick<Decoded, 'content'>, work: SurfaceWork): Promise<{ mesh: Mesh; measures: SurfaceMeasures }> {
  const { resolution = DEFAULT_RESOLUTION, threads, abort } = work;
  const mesh = await about(path, () => surfaceMesh(content, { resolution, threads, signal: abort, onProgress: (fraction) => work.progress.stage('extracting the mesh', fraction) }));
  return { mesh, measures: await measureMesh(signal, mesh, work, content.header.kind === 'surface' ? content.header.metadata : undefined) };
}

/** Measures a mesh in world units. `metadata`: of the file that it comes from. */
export function measureMesh(signal: SurfaceSignal, mesh: Mesh, { samples, threads, abort, progress }: SurfaceWork, metadata?: SurfaceSignal['metadata']): Promise<SurfaceMeasures> {
  return surfaceQuality(signal, mesh, { samples, metadata, signal: abort, onProgress: (fraction) => progress.stage('measuring', fraction), ...(threads !== undefined && { threads }) });
}

/** For --json: lengths in per cent of the original's diagonal, squares of the diagonal's square. */
export function measureValues({ chamferL1, chamferL2, hausdorff, normalConsistency, fScores, fromReference, fromDecoded, iou, samples, diagonal, openEdges }: SurfaceMeasures) {
  return {
    chamferL1: chamferL1.percent,
    chamferL2: chamferL2.percent,
    hausdorff: hausdorff.percent,
    hausdorffFromOriginal: fromReference.largest.percent,
    hausdorffFromDecoded: fromDecoded.largest.percent,
    normalConsistency,
    fScores: fScores.map(({ threshold, precision, recall, score }) => ({ threshold, precision, recall, score })),
    iou,
    samples,
    diagonal,
    openEdges,
  };
}

const percent = (value: number): string => `${Number(value.toPrecision(4))} %`;

/** What `inr eval` prints of a surface. */
export async function ofSurface(path: string, signal: SurfaceSignal, decoded: Decoded, work: SurfaceWork): Promise<Measures> {
  const { mesh, measures } = await measureFile(path, signal, decoded, work);
  const { chamferL1, chamferL2, hausdorff, fromReference, fromDecoded, normalConsistency, fScores, iou, samples, openEdges } = measures;
  const { resolution = DEFAULT_RESOLUTION } = work;
  const { header } = decoded.content;
  const sheet = header.kind === 'surface' && header.metadata.mode === 'thickness';
  return {
    values: { ...measureValues(measures), resolution, vertices: vertexCount(mesh) },
    lines: [
      ['Chamfer L1', `${percent(chamferL1.percent)} of the diagonal (mean of both directions)${sheet ? '; a sheet\u2019s two sides lie half a thickness from it' : ''}`],
      ['Chamfer L2', `${chamferL2.percent.toExponential(3)} % of its square`],
      ['Hausdorff', `${percent(hausdorff.percent)} (from the original ${percent(fromReference.largest.percent)}, from the decoded ${percent(fromDecoded.largest.percent)})`],
      ['normals', `${normalConsistency.toFixed(4)} consistent`],
      ...fScores.map(({ threshold, score }) => [`F-score at ${threshold} %`, score.toFixed(4)] as const),
      ['IoU', iou === null ? '- (a sheet encloses nothing)' : iou.toFixed(4)],
      ['measured', `${showCount(samples)} points on each, mesh of ${resolution} x ${resolution} x ${resolution} points, ${openEdges === 0 ? 'no open edges' : `${showCount(openEdges)} open edges`}`],
    ],
  };
}
