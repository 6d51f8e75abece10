// Features of a slice of samples on a grid encoding, [sample][level][feature], one thread a sample and level: the vectors at the corners
// of the cell, interpolated. CPU twin: encodePoint in src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read_write> features: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let task = taskOf(groupNumber(group, groups), local);
  if (task.level >= LEVELS || task.sample >= work.count) {
    return;
  }
  let level = levels[task.level];
  let cell = cellAt(level, pointCoordinates(pointOf(task.sample)));
  var sums: array<f32, GRID_FEATURES>;
  for (var number = 0u; number < CORNERS; number++) {
    let corner = cornerAt(level, cell, number);
    for (var j = 0u; j < GRID_FEATURES; j++) {
      sums[j] += corner.weight * parameters[corner.offset + j];
    }
  }
  let to = (task.sample * LEVELS + task.level) * GRID_FEATURES;
  for (var j = 0u; j < GRID_FEATURES; j++) {
    features[to + j] = sums[j];
  }
}
