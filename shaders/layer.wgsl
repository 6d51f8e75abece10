// Where a dense layer's weights and biases begin in the parameter vector. A uniform and no constant, so that layers of one shape
// share one compiled kernel. CPU twin: LayerSlot in src-core/field/layout.ts.
struct LayerPlace {
  weightOffset: u32,
  biasOffset: u32,
}

@group(1) @binding(0) var<uniform> layer: LayerPlace;
