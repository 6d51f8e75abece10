// What kernels on the corners of a grid's cells share: one thread a sample and level finds the cell around the sample's point, and the
// kernel's visitCell(level, cell, first) does something at its corners: `first` is the place of the level's first feature among those of the
// slice, [sample][level][feature]. CPU twin: cornersOf in src-engine/reference.ts; the definition: src-core/field/grid.ts.
struct Level {
  half: f32,          // (N - 1) / 2 of N nodes along an axis
  lastCell: f32,      // N - 2
  mask: u32,          // stored vectors - 1 where the level is hashed, else 0
  offset: u32,        // place of its first vector among the parameters
  multiplier: vec4u,  // of each axis: powers of N, or the primes of the hash
}

@group(1) @binding(0) var<uniform> levels: array<Level, LEVELS>;

const CORNERS = 1u << INPUTS;

struct Cell {
  lowest: vec4u,
  within: vec4f,
}

struct Corner {
  offset: u32,
  weight: f32,
}

fn cellAt(level: Level, point: vec4f) -> Cell {
  let place = level.half * point + level.half;
  let lowest = clamp(floor(place), vec4f(), vec4f(level.lastCell));
  return Cell(vec4u(lowest), place - lowest);
}

// Corner `number`: bit i tells whether it is the upper one along axis i.
fn cornerAt(level: Level, cell: Cell, number: u32) -> Corner {
  var sum = 0u;
  var hash = 0u;
  var weight = 1.0;
  for (var axis = 0u; axis < INPUTS; axis++) {
    let above = (number >> axis) & 1u;
    let term = (cell.lowest[axis] + above) * level.multiplier[axis];
    sum += term;
    hash ^= term;
    weight *= select(1.0 - cell.within[axis], cell.within[axis], above == 1u);
  }
  let vector = select(sum, hash & level.mask, level.mask > 0u);
  return Corner(level.offset + vector * GRID_FEATURES, weight);
}

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
