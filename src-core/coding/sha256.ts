/**
 * SHA-256 (FIPS 180-4) without a platform. The constants are derived as the standard defines them: the first 32 bits of the
 * fractional parts of the square and cube roots of the first primes; the test against the standard's vectors holds them.
 */

/** SHA-256 of some bytes as 64 lower-case hex digits. */
export type Sha256 = (bytes: Uint8Array) => string | Promise<string>;

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes;
}

/** floor(2^32 * frac(root)) in exact integers: the largest r with r^power <= p * 2^(32 * power), modulo 2^32. */
function rootFraction(prime: number, power: number): number {
  const target = BigInt(prime) << BigInt(32 * power);
  let root = 0n;
  for (let bit = 36n; bit >= 0n; bit--) {
    const next = root | (1n << bit);
    if (next ** BigInt(power) <= target) root = next;
  }
  return Number(root & 0xffffffffn);
}

const ROUND_CONSTANTS = Int32Array.from(firstPrimes(64), (prime) => rootFraction(prime, 3) | 0);
const INITIAL = Int32Array.from(firstPrimes(8), (prime) => rootFraction(prime, 2) | 0);

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

function compress(state: Int32Array, schedule: Int32Array, block: DataView, at: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = block.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const w15 = schedule[t - 15]!;
    const w2 = schedule[t - 2]!;
    const small0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const small1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    schedule[t] = (schedule[t - 16]! + small0 + schedule[t - 7]! + small1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[t]! + schedule[t]!) | 0;
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a; // an Int32Array wraps by itself
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/** SHA-256 in plain TypeScript; callers with a platform at hand inject its own, which is several times faster. */
export function sha256(bytes: Uint8Array): string {
  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  const whole = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 64) compress(state, schedule, view, at);

  // The rest, a 1 bit, zeros, and the length in bits as a 64-bit big-endian number.
  const rest = bytes.subarray(whole);
  const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.length - 8, Math.floor(bytes.length / 2 ** 29));
  tailView.setUint32(tail.length - 4, (bytes.length % 2 ** 29) * 8);
  for (let at = 0; at < tail.length; at += 64) compress(state, schedule, tailView, at);

  return Array.from(state, (value) => (value >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Bytes over which the hash of decoded samples is taken: 16-bit samples little-endian. */
export function sampleBytes(samples: Uint8Array | Uint16Array): Uint8Array {
  if (samples instanceof Uint8Array) return samples;
  const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  if (littleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const bytes = new Uint8Array(samples.byteLength);
  const view = new DataView(bytes.buffer);
  samples.forEach((sample, i) => view.setUint16(2 * i, sample, true));
  return bytes;
}
