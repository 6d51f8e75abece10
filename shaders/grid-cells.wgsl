// Levels of a grid encoding: the cell around a point, and the vectors at its corners. CPU twin: cornersOf in src-engine/reference.ts; the
// definition: src-core/field/grid.ts.
struct Level {
  half: f32,          // (N - 1) / 2 of N nodes along an axis
  lastCell: f32,      // N - 2
  mask: u32,          // stored vectors - 1 where the level is hashed, else 0
  offset: u32,        // place of its first vector among the parameters
  multiplier: vec4u,  // of each axis: powers of N, or the primes of the hash
}

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
