/**
 * How the threads of a run share its work: tasks from a counter, and a barrier between phases. A barrier spins shortly, then sleeps:
 * the machine may have more work than cores.
 */
import { Control, Slot } from '../slots';
import { word } from './record';

/** Spins before a thread sleeps at a barrier, a few tens of microseconds. */
const SPINS = 4000;
/** A sleeper looks every 100 ms whether the run was called off (nanoseconds). */
const NAP: i64 = 100000000;

/** Number of the next task of this phase, from 0. */
// @ts-ignore: decorator
@inline
export function nextTask(): u32 {
  return atomic.add<u32>(<usize>word(Slot.Control) + (Control.NextChunk << 2), 1);
}

/**
 * Waits until all threads are here. The last one resets the chunk counter and decides for all whether the run goes on, so
 * that no two threads part ways. Returns 0 to go on.
 */
export function barrier(threads: i32): i32 {
  const control: usize = word(Slot.Control);
  const generation = atomic.load<i32>(control + (Control.Generation << 2));
  if (atomic.add<i32>(control + (Control.Arrived << 2), 1) == threads - 1) {
    atomic.store<i32>(control + (Control.Arrived << 2), 0);
    atomic.store<i32>(control + (Control.NextChunk << 2), 0);
    atomic.store<i32>(control + (Control.Decision << 2), atomic.load<i32>(control + (Control.Stop << 2)));
    atomic.add<i32>(control + (Control.Generation << 2), 1);
    atomic.notify(control + (Control.Generation << 2), -1);
  } else {
    for (let spin = 0; spin < SPINS; spin++) {
      if (atomic.load<i32>(control + (Control.Generation << 2)) != generation) return atomic.load<i32>(control + (Control.Decision << 2));
    }
    while (atomic.load<i32>(control + (Control.Generation << 2)) == generation) {
      if (atomic.load<i32>(control + (Control.Stop << 2)) == 2) return 2;
      atomic.wait<i32>(control + (Control.Generation << 2), generation, NAP);
    }
  }
  return atomic.load<i32>(control + (Control.Decision << 2));
}
