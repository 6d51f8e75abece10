/** Reads the job record (../slots.ts). */
import { LayerSlot, Place, Slot } from '../slots';

// @ts-ignore: decorator
@inline
export function word(slot: i32): u32 {
  return load<u32>(<usize>Place.Job + (<usize>slot << 2));
}

// @ts-ignore: decorator
@inline
export function floatWord(slot: i32): f32 {
  return reinterpret<f32>(word(slot));
}

const TABLE: usize = <usize>Place.Job + (<usize>Slot.LayerTable << 2);

/** Address of dense layer `index` in the table of layers. */
// @ts-ignore: decorator
@inline
export function layerAt(index: i32): usize {
  return TABLE + <usize>index * (<usize>LayerSlot.Words << 2);
}

/** Bytes of the channels of one sample in whole vectors. */
// @ts-ignore: decorator
@inline
export function rowBytes(): usize {
  return ((<usize>word(Slot.Outputs) + 3) & ~3) << 2;
}
