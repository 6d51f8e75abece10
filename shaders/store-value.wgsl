// Keeps a layer's output alone: enough to evaluate.
fn store(at: u32, output: Activated) {
  values[at] = output.value;
}
