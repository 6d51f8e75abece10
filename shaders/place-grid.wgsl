// Where a sample of the slice lies: at its grid point. CPU twin: pointCoordinates in src-engine/reference.ts.
fn placeOf(sample: u32) -> vec4f {
  return pointCoordinates(pointOf(sample));
}
