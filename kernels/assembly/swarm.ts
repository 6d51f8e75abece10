/**
 * Many small fits of one field, one after the other on one thread: the steps of a member follow each other while its parameters,
 * moments and samples are in the caches, and there is nobody to wait for. Each thread has a memory of its own, with its own job
 * record and buffers; a member brings the words that are its own. So a member computes what a trainer of its own would, to the bit.
 */
import { Control, MemberSlot, Place, Slot } from '../slots';
import { derive } from './optimizer';
import { word } from './record';
import { run } from './trainer';

// @ts-ignore: decorator
@inline
function setWord(slot: i32, value: u32): void {
  store<u32>(<usize>Place.Job + (<usize>slot << 2), value);
}

/** Runs `steps` steps from step `first` (0-based) of each of `count` members whose records begin at `members`. Returns 0, or why it ended early (Control.Stop). */
export function runMembers(members: usize, count: u32, first: u32, steps: u32): i32 {
  const total: usize = word(Slot.LossTotal);
  for (let member: u32 = 0; member < count; member++) {
    const record = members + <usize>member * (<usize>MemberSlot.Words << 2);
    setWord(Slot.Seed, load<u32>(record, MemberSlot.Seed << 2));
    setWord(Slot.Points, load<u32>(record, MemberSlot.Points << 2));
    setWord(Slot.Data, load<u32>(record, MemberSlot.Data << 2));
    for (let axis = 0; axis < 4; axis++) setWord(Slot.DataGrid + axis, load<u32>(record + (<usize>axis << 2), MemberSlot.DataGrid << 2));
    setWord(Slot.Master, load<u32>(record, MemberSlot.Master << 2));
    setWord(Slot.Moment1, load<u32>(record, MemberSlot.Moment1 << 2));
    setWord(Slot.Moment2, load<u32>(record, MemberSlot.Moment2 << 2));
    setWord(Slot.Average, load<u32>(record, MemberSlot.Average << 2));
    v128.store(total, i64x2.splat(0));
    derive();
    const stop = run(0, 1, first, steps);
    v128.store(record, v128.load(total), MemberSlot.Loss << 2);
    if (stop != 0) return stop;
    if (atomic.load<i32>(<usize>word(Slot.Control) + (Control.Stop << 2)) != 0) return 1;
  }
  return 0;
}
