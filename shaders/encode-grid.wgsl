// Features of a slice of samples on a grid encoding, [sample][level][feature]: the vectors at the corners of the cell (grid-corners.wgsl),
// interpolated. CPU twin: encodePoint in src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read_write> features: array<f32>;

fn visitCell(level: Level, cell: Cell, first: u32) {
  var sums: array<f32, GRID_FEATURES>;
  for (var number = 0u; number < CORNERS; number++) {
    let corner = cornerAt(level, cell, number);
    for (var j = 0u; j < GRID_FEATURES; j++) {
      sums[j] += corner.weight * parameters[corner.offset + j];
    }
  }
  for (var j = 0u; j < GRID_FEATURES; j++) {
    features[first + j] = sums[j];
  }
}
