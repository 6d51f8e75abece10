/**
 * The most multiply-adds that the machine does: eleven independent chains c = c x + y, enough to hide the latency of product and
 * sum, few enough to stay in registers. For measurements only (bench/peak.ts).
 */
import { madd } from './fused';

/** Runs 22 vectors of multiply-adds a turn: 176 floating-point operations. */
export function chains(turns: i32, factor: f32, term: f32): f32 {
  const x = f32x4.splat(factor);
  const y = f32x4.splat(term);
  let c0 = y;
  let c1 = y;
  let c2 = y;
  let c3 = y;
  let c4 = y;
  let c5 = y;
  let c6 = y;
  let c7 = y;
  let c8 = y;
  let c9 = y;
  let c10 = y;
  for (let turn = 0; turn < turns; turn++) {
    c0 = madd(c0, x, y);
    c1 = madd(c1, x, y);
    c2 = madd(c2, x, y);
    c3 = madd(c3, x, y);
    c4 = madd(c4, x, y);
    c5 = madd(c5, x, y);
    c6 = madd(c6, x, y);
    c7 = madd(c7, x, y);
    c8 = madd(c8, x, y);
    c9 = madd(c9, x, y);
    c10 = madd(c10, x, y);
    c0 = madd(c0, x, y);
    c1 = madd(c1, x, y);
    c2 = madd(c2, x, y);
    c3 = madd(c3, x, y);
    c4 = madd(c4, x, y);
    c5 = madd(c5, x, y);
    c6 = madd(c6, x, y);
    c7 = madd(c7, x, y);
    c8 = madd(c8, x, y);
    c9 = madd(c9, x, y);
    c10 = madd(c10, x, y);
  }
  c0 = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  c4 = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7));
  c8 = f32x4.add(f32x4.add(c8, c9), c10);
  return f32x4.extract_lane(f32x4.add(f32x4.add(c0, c4), c8), 0);
}
