/** artifact.mesh: the mesh of a surface's file for the window, measured against its original where that is open. */
import { StudioError } from '#core/errors';
import { topologyOf } from '#core/signal/mesh-topology';
import { toWorld } from '#core/signal/surface';
import type { RequestOf, ResponseOf } from '../ipc/contract';
import type { Artifacts } from './artifacts';
import type { Meshes } from './meshes';
import type { Signals } from './signals';
import type { SurfaceMeasures } from './surface-quality';
import type { Task } from './tasks';

interface Stores {
  readonly artifacts: Artifacts;
  readonly signals: Signals;
  readonly meshes: Meshes;
}

type Response = ResponseOf<'artifact.mesh'>;

/** As the contract has it: the F-score is that at the first threshold, 1 % of the diagonal. */
function facts({ chamferL1, chamferL2, hausdorff, normalConsistency, fScores, iou, samples }: SurfaceMeasures): NonNullable<Response['quality']> {
  return { chamferL1: chamferL1.percent, chamferL2: chamferL2.percent, hausdorff: hausdorff.percent, normalConsistency, fScore: fScores[0]!.score, iou, samples };
}

/** Extracts and measures. Throws StudioError as Artifacts.mesh; 'usage'/'signal.kind' where the original is no surface. */
export async function extractMesh({ artifacts, signals, meshes }: Stores, { artifact, resolution, signal }: RequestOf<'artifact.mesh'>, task: Task): Promise<Response> {
  const { metadata } = artifacts.surface(artifact);
  const original = signal === null ? null : signals.get(signal);
  if (original && original.signal.kind !== 'surface') throw new StudioError('usage', 'signal.kind', `${original.name}: it is no surface, so that a mesh cannot be measured against it.`);
  const began = performance.now();
  const mesh = await artifacts.mesh(artifact, resolution, task);
  const milliseconds = performance.now() - began;
  const { watertight } = topologyOf(mesh.indices, mesh.positions.length / 3);
  let measured: SurfaceMeasures | null = null;
  if (original?.signal.kind === 'surface') {
    const { surfaceQuality } = await import('./surface-quality');
    task.progress('Measuring', 0);
    const decoded = { positions: toWorld(mesh.positions, metadata.domain), indices: mesh.indices };
    measured = await surfaceQuality(original.signal, decoded, { metadata, errors: true, background: true, signal: task.signal, onProgress: (fraction) => task.progress('Measuring', fraction) });
  }
  // The caller of a cancelled task never hears of its mesh, so nobody would close it.
  task.signal.throwIfAborted();
  return { ...meshes.add(mesh, measured?.errors ?? null), watertight, milliseconds, quality: measured && facts(measured) };
}
