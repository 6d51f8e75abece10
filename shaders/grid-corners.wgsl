// What kernels on the corners of a grid's cells share (grid-cells.wgsl): one thread a sample and level finds the cell around the sample's point,
// and the kernel's visitCell(level, cell, first) does something at its corners: `first` is the place of the level's first feature among those
// of the slice, [sample][level][feature].
@group(1) @binding(0) var<uniform> levels: array<Level, LEVELS>;

// Workgroups go level by level, 256 samples each, so that one table at a time is read or written.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  let blocks = (work.count + 255u) / 256u;
  let levelNumber = number / blocks;
  let sample = number % blocks * 256u + local;
  if (levelNumber >= LEVELS || sample >= work.count) {
    return;
  }
  let level = levels[levelNumber];
  visitCell(level, cellAt(level, placeOf(sample)), (sample * LEVELS + levelNumber) * GRID_FEATURES);
}
