/** The end of every reader: voxels and a drafted geometry become a signal. */
import { repairVoxels, volumeSignal, type VoxelArray } from '#core/signal/volume';
import { geometryOf, type GeometryDraft } from './geometry';
import { typeOf } from './samples';
import type { Reading, ReadVolume } from './types';
import { turn } from './unpack';

/** Repairs what has no finite value or place, with notes. `voxels` is kept. Throws StudioError input.range where the values span too much. */
export async function finish(reading: Reading, format: string, facts: { readonly voxels: VoxelArray; readonly size: readonly number[]; readonly channels: number; readonly geometry: GeometryDraft }): Promise<ReadVolume> {
  const { voxels, size, channels } = facts;
  await turn();
  const repaired = repairVoxels(voxels);
  if (repaired > 0) reading.notes.push(`${repaired} ${repaired === 1 ? 'value' : 'values'} (NaN or infinite) replaced: NaN by the lowest, infinities by the ends of the range`);
  const geometry = geometryOf(facts.geometry, reading.notes);
  await turn();
  const signal = volumeSignal(voxels, { size, channels, voxelType: typeOf(voxels), geometry });
  // What was said of each piece or file is said once.
  return { signal, format, notes: [...new Set(reading.notes)] };
}
