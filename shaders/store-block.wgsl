// Keeps the output of a layer that closes a residual block: the mean with the output two layers below, which stands where this one
// goes. CPU twin: forward pass of src-engine/reference.ts.
fn store(at: u32, output: Activated) {
  values[at] = 0.5 * (values[at] + output.value);
}
