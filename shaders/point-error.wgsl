// Error-driven sampling: the stratified word's cell by binary search in the table of limits, then a point of it by a second draw. CPU twin: cellOf and
// drawInCell in src-core/fit/importance.ts, to the bit.
@group(1) @binding(POINT_BINDING) var<storage, read> limits: array<u32>;

fn pointOf(sample: u32) -> u32 {
  let element = work.start + sample;
  let word = stratifiedWord(element);
  var low = 0u;
  var high = arrayLength(&limits) - 1u;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (word < limits[middle]) {
      high = middle;
    } else {
      low = middle + 1u;
    }
  }
  let cellPoints = (domain.points - 1u) / LARGEST_TABLE + 1u;
  let first = low * cellPoints;
  return first + scaleToRange(pcg3d(domain.seed ^ CELL_STREAM, element, work.step), min(cellPoints, domain.points - first));
}
