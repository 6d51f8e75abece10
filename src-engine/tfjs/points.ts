import { axisCoordinates } from '#core/signal/coordinates';

/**
 * Coordinates of grid points, first axis fastest. Returns a function that writes the coordinates of point `index` at
 * `out[at .. at + size.length)`.
 */
export function pointWriter(size: readonly number[]): (index: number, out: Float32Array, at: number) => void {
  const axes = size.map(axisCoordinates);
  return (index, out, at) => {
    let rest = index;
    for (let axis = 0; axis < axes.length; axis++) {
      const extent = axes[axis].length;
      const position = rest % extent;
      out[at + axis] = axes[axis][position];
      rest = (rest - position) / extent;
    }
  };
}
