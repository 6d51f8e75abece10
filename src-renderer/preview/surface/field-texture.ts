/** The distance grid on the device, and how shaders read it: distances, occlusion. */
import { Data3DTexture, HalfFloatType, LinearFilter, NoColorSpace, RedFormat, type Node } from 'three/webgpu';
import { clamp, float, texture3D, uniform } from 'three/tsl';
import { writeTexels } from './field-grid';
import type { DistanceGrid } from './surface-view';

function gridTexture(size: number): Data3DTexture {
  const result = new Data3DTexture(new Uint16Array(size ** 3), size, size, size);
  result.name = 'distances';
  result.format = RedFormat;
  result.type = HalfFloatType;
  result.colorSpace = NoColorSpace;
  result.minFilter = LinearFilter;
  result.magFilter = LinearFilter;
  result.unpackAlignment = 1;
  result.needsUpdate = true;
  return result;
}

const OCCLUSION_TAPS = 4;
/** How far occlusion reaches at most, in domain units. */
const OCCLUSION_REACH = 0.16;

export function createFieldTexture() {
  let current = gridTexture(1);
  const source = texture3D(current);
  const truncation = uniform(1);
  /** Edge of a cell. */
  const cell = uniform(2);
  /** 1 where occlusion is wanted and can be had. */
  const occlusion = uniform(0);

  /** Distance in domain units at a point of the domain. */
  const distance = (point: Node<'vec3'>): Node<'float'> => source.sample(point.mul(0.5).add(0.5)).level(float(0)).r.mul(truncation);

  /**
   * 1 in the open, less where the field closes in along the normal: each tap's distance falls short of what an open plane would have (Evans
   * 2006). Taps stay within the truncation, beyond which the field says nothing.
   */
  const openness = (point: Node<'vec3'>, normal: Node<'vec3'>): Node<'float'> => {
    const reach = truncation.mul(0.95).min(OCCLUSION_REACH);
    let shortfall: Node<'float'> = float(0);
    for (let tap = 1; tap <= OCCLUSION_TAPS; tap++) {
      const height = reach.mul(tap / OCCLUSION_TAPS);
      const missing = clamp(height.sub(distance(point.add(normal.mul(height)))).div(height), 0, 1.6);
      shortfall = shortfall.add(missing.mul(0.8 / OCCLUSION_TAPS));
    }
    return clamp(float(1).sub(shortfall.mul(occlusion)), 0, 1);
  };

  return {
    truncation,
    cell,
    occlusion,
    distance,
    openness,
    /** Uploads another grid; the texture is kept while its size stays. */
    set({ size, codes, truncation: length }: DistanceGrid): void {
      if (current.image.width !== size) {
        current.dispose();
        current = gridTexture(size);
        source.value = current;
      }
      writeTexels(codes, current.image.data as unknown as Uint16Array);
      current.needsUpdate = true;
      truncation.value = length;
      cell.value = 2 / size;
    },
    dispose(): void {
      current.dispose();
    },
  };
}

export type FieldTexture = ReturnType<typeof createFieldTexture>;
