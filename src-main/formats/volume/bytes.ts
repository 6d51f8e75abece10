/** The bytes of voxels as files hold them: little-endian, which every platform of this program is. A view, not a copy. */
import type { VoxelArray } from '#core/signal/volume';

export const bytesOf = (voxels: VoxelArray): Uint8Array => new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
