// Grid points and their coordinates. CPU twin: src-core/signal/coordinates.ts.
fn gridCoordinate(index: u32, extent: u32) -> f32 {
  return f32(2 * i32(index) + 1 - i32(extent)) / f32(extent);
}

// Coordinates of grid point `point`, first axis fastest; 0, the middle, along axes of extent 1.
fn pointCoordinates(point: u32) -> vec4f {
  var rest = point;
  var coordinates = vec4f();
  for (var axis = 0u; axis < INPUTS; axis++) {
    let extent = domain.extent[axis];
    coordinates[axis] = gridCoordinate(rest % extent, extent);
    rest /= extent;
  }
  return coordinates;
}
