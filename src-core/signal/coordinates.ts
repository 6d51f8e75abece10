/**
 * Grid point i of n lies at the centre of its cell: x = (2 i + 1 - n) / n in [-1, 1], computed as one rounded float32
 * division of two exact integers, so that all implementations agree to the bit (n < 2^23).
 */
export function gridCoordinate(index: number, extent: number): number {
  return Math.fround((2 * index + 1 - extent) / extent);
}

/** All coordinates along one axis, Float32Array of length `extent`. */
export function axisCoordinates(extent: number): Float32Array {
  return Float32Array.from({ length: extent }, (_, index) => gridCoordinate(index, extent));
}
