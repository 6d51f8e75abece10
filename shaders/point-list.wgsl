// The grid point of a sample of the slice as a list says. CPU twin: probePoints in src-core/fit/importance.ts makes such lists.
@group(1) @binding(POINT_BINDING) var<storage, read> points: array<u32>;

fn pointOf(sample: u32) -> u32 {
  return points[work.start + sample];
}
