import { axisCoordinates } from '#core/signal/coordinates';

/** Writes the coordinates of point `index` at `out[at .. at + inputs)`. */
export type PointWriter = (index: number, out: Float32Array, at: number) => void;

/** Coordinates of grid points, first axis fastest. */
export function pointWriter(size: readonly number[]): PointWriter {
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

/** Coordinates of a list, `inputs` a point (TrainingSet.coordinates). Copies them. */
export function listWriter(coordinates: Float32Array, inputs: number): PointWriter {
  const inside = coordinates.map((x) => Math.max(-1, Math.min(1, x)));
  return (index, out, at) => {
    for (let axis = 0; axis < inputs; axis++) out[at + axis] = inside[index * inputs + axis];
  };
}
