// All features of one point, into the buffer of a thread's own (network-point.wgsl), of encodings with tables. CPU twin: encodePoint in
// src-engine/reference.ts.
@group(1) @binding(0) var<uniform> levels: array<Level, LEVELS>;

fn encodePoint(point: vec4f) {
  for (var number = 0u; number < LEVELS; number++) {
    let level = levels[number];
    let cell = cellAt(level, point);
    for (var feature = 0u; feature < GRID_FEATURES; feature++) {
      values[number * GRID_FEATURES + feature] = 0.0;
    }
    for (var side = 0u; side < CORNERS; side++) {
      let corner = cornerAt(level, cell, side);
      for (var feature = 0u; feature < GRID_FEATURES; feature++) {
        values[number * GRID_FEATURES + feature] += corner.weight * parameters[corner.offset + feature];
      }
    }
  }
}
