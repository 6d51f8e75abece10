// Which dense parameter is what, numbered from the first dense one: first layer, hidden layers of one shape, head; each its weights, then
// its biases. CPU twin: parameterLayout and isHiddenMatrix in src-core/field/layout.ts.
fn isHiddenMatrix(number: u32) -> bool {
  return number >= FIRST_LAYER && number < HEAD_BEGIN && (number - FIRST_LAYER) % HIDDEN_LAYER < HIDDEN_WEIGHTS;
}

fn isWeight(number: u32) -> bool {
  if (number < FIRST_LAYER) {
    return number < FIRST_WEIGHTS;
  }
  if (number >= HEAD_BEGIN) {
    return number - HEAD_BEGIN < HEAD_WEIGHTS;
  }
  return isHiddenMatrix(number);
}
