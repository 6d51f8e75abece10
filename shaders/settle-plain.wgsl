// Writes a parameter's new value.
fn settle(at: u32, value: f32) {
  parameters[at] = value;
}
