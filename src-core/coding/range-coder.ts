/**
 * Adaptive binary range coder (Martin 1979; the byte-wise renormalisation with carry propagation is Schindler's, the binary
 * form that of Cleary, Witten and Bell). Integers only: every quantity below is an integer below 2^53, so that a double holds
 * it exactly and each decoder that follows docs/FORMAT.md reproduces it.
 *
 * Invariants. The message is a number in the interval [low, low + range). 2^24 <= range < 2^32 before each bit. A bit with
 * P(1) = p / 2^21 splits the range at bound = floor(range * p / 2^21): 1 takes the lower part. The product is below 2^53.
 * When range falls below 2^24 the top byte of `low` leaves. It may still receive a carry, so it is held back together with
 * the 0xff bytes behind it until one byte arrives that stops a carry.
 *
 * Overhead. (1) Rounding of bound costs at most 1 unit of bound, which is at least 2^24 * p / 2^21: for p >= 2^-12 the
 * probability used differs from p by less than one part in 2^12 in that bit, and the loss (the divergence between the two) is
 * second order in that: below 1e-7 bits a bin. (2) The end: the decoder may read three zero bytes behind the last, so the encoder
 * needs one byte to name a number inside the final interval (range >= 2^24 always holds a multiple of 2^24): less than 9
 * bits a message. (3) Learning: see `AdaptiveBits`.
 *
 * One coding. For given bits the encoder's message is the number of as many bytes as there were renormalisations, plus one, that
 * is the smallest multiple of 2^24 (at the scale of the last interval) not below low. A decoder keeps code = message - low. When it
 * has read exactly three zeros behind the bytes, the message has that length and is such a multiple, and it is the smallest
 * exactly if code < 2^24. So a decoder knows without coding again whether the bytes are the encoder's.
 */
import { StudioError } from '../errors';

/** Probabilities handed to the coder are integers in [1, 2^21 - 1] over 2^21. */
export const PROBABILITY_BITS = 21;
const PROBABILITY_ONE = 2 ** PROBABILITY_BITS;
const HALF = PROBABILITY_ONE / 2;
/** Both estimates of a context have 22 bits. */
const STATE_ONE = 2 ** 22;
const RENORMALISE = 2 ** 24;
const FULL_RANGE = 2 ** 32 - 1;

/** Window of the fast and the slow estimate: an estimate weighs the last ~window bits. */
const FAST_WINDOW = 40;
const SLOW_WINDOW = 640;

/**
 * Probability estimates of a set of contexts, two a context: P(1) is the mean of a fast and a slow running average. Both start
 * as the Krichevsky-Trofimov-like average 1/(n+2) of all bits so far, so a new context costs about (1/2) log2 n bits
 * to learn, and then keep a finite window: the fast one follows a change, the slow one settles.
 */
export class AdaptiveBits {
  readonly #fast: Uint32Array;
  readonly #slow: Uint32Array;
  readonly #seen: Uint16Array;

  constructor(readonly contexts: number) {
    this.#fast = new Uint32Array(contexts).fill(STATE_ONE / 2);
    this.#slow = new Uint32Array(contexts).fill(STATE_ONE / 2);
    this.#seen = new Uint16Array(contexts).fill(2);
  }

  /** P(bit = 1) * 2^21, never 0 and never 2^21. */
  probability(context: number): number {
    return (this.#fast[context]! + this.#slow[context]!) >>> 2 || 1;
  }

  update(context: number, bit: number): void {
    const seen = this.#seen[context]!;
    const fastDivisor = seen < FAST_WINDOW ? seen : FAST_WINDOW;
    const fast = this.#fast[context]!;
    const slow = this.#slow[context]!;
    if (bit) {
      this.#fast[context] = fast + (((STATE_ONE - fast) / fastDivisor) | 0);
      this.#slow[context] = slow + (((STATE_ONE - slow) / seen) | 0);
    } else {
      this.#fast[context] = fast - ((fast / fastDivisor) | 0);
      this.#slow[context] = slow - ((slow / seen) | 0);
    }
    if (seen < SLOW_WINDOW) this.#seen[context] = seen + 1;
  }
}

/**
 * One description of a syntax serves writing, reading and measuring: the encoder codes the bit that it is given, the decoder
 * ignores the argument, and each returns the bit that the stream holds.
 */
export interface BinaryCoder {
  /** A bit with an adaptive probability. */
  bit(contexts: AdaptiveBits, context: number, bit: number): number;
  /** A bit whose probability the caller knows: P(1) = probability / 2^21, in [1, 2^21 - 1]. */
  known(probability: number, bit: number): number;
  /** `count` equally likely bits of `value`, most significant first; count <= 32. Returns the value. */
  uniform(value: number, count: number): number;
  /** Bits of the message so far, with fractions: for the byte breakdown only. */
  position(): number;
}

/** Writes bits; `finish` once at the end. */
export class RangeEncoder implements BinaryCoder {
  #low = 0;
  #range = FULL_RANGE;
  /** Byte held back for a carry; -1 before the first. */
  #held = -1;
  /** Number of 0xff bytes behind the held one. */
  #pending = 0;
  #bytes = new Uint8Array(1024);
  #length = 0;

  bit(contexts: AdaptiveBits, context: number, bit: number): number {
    this.#code(contexts.probability(context), bit);
    contexts.update(context, bit);
    return bit;
  }

  known(probability: number, bit: number): number {
    this.#code(probability, bit);
    return bit;
  }

  uniform(value: number, count: number): number {
    for (let shift = count - 1; shift >= 0; shift--) this.#code(HALF, (value >>> shift) & 1);
    return value;
  }

  position(): number {
    return 8 * (this.#length + this.#pending + (this.#held < 0 ? 0 : 1)) + 32 - Math.log2(this.#range);
  }

  /** Closes the message and returns its bytes. */
  finish(): Uint8Array {
    this.#low = Math.ceil(this.#low / RENORMALISE) * RENORMALISE;
    this.#shift(); // the top byte that names the number
    this.#shift(); // pushes it out of the held byte; what follows is zero and not written
    return this.#bytes.slice(0, this.#length);
  }

  #code(probability: number, bit: number): void {
    const bound = Math.floor((this.#range * probability) / PROBABILITY_ONE);
    if (bit) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    while (this.#range < RENORMALISE) {
      this.#range *= 256;
      this.#shift();
    }
  }

  #shift(): void {
    const carry = this.#low >= 2 ** 32 ? 1 : 0;
    const top = Math.floor(this.#low / RENORMALISE) & 0xff;
    if (carry || top < 0xff) {
      if (this.#held >= 0) this.#write(this.#held + carry);
      for (; this.#pending > 0; this.#pending--) this.#write(0xff + carry);
      this.#held = top;
    } else {
      this.#pending++;
    }
    this.#low = (this.#low % RENORMALISE) * 256;
  }

  #write(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}

/** Bytes behind the end that a decoder may take as zero. */
const TAIL_BYTES = 3;

/** Reads what RangeEncoder wrote. Throws StudioError 'container'/'container.<subject>' when the bytes end too early. */
export class RangeDecoder implements BinaryCoder {
  #code = 0;
  #range = FULL_RANGE;
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly subject: 'parameters' | 'residual' = 'parameters',
  ) {
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#next();
  }

  bit(contexts: AdaptiveBits, context: number): number {
    const bit = this.#decode(contexts.probability(context));
    contexts.update(context, bit);
    return bit;
  }

  known(probability: number): number {
    return this.#decode(probability);
  }

  uniform(_value: number, count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.#decode(HALF);
    return value;
  }

  position(): number {
    return 8 * (this.#at - 4) + 32 - Math.log2(this.#range);
  }

  /** True when the message ends exactly here, and as the encoder ends it. */
  atEnd(): boolean {
    return this.#at === this.bytes.length + TAIL_BYTES && this.#code < RENORMALISE;
  }

  #decode(probability: number): number {
    const bound = Math.floor((this.#range * probability) / PROBABILITY_ONE);
    let bit = 0;
    if (this.#code < bound) {
      bit = 1;
      this.#range = bound;
    } else {
      this.#code -= bound;
      this.#range -= bound;
    }
    while (this.#range < RENORMALISE) {
      this.#range *= 256;
      this.#code = this.#code * 256 + this.#next();
    }
    return bit;
  }

  #next(): number {
    if (this.#at >= this.bytes.length + TAIL_BYTES) {
      throw new StudioError('container', `container.${this.subject}`, `The coded ${this.subject} end${this.subject === 'residual' ? 's' : ''} too early: the file is damaged or was written by a faulty encoder.`);
    }
    const byte = this.#at < this.bytes.length ? this.bytes[this.#at]! : 0;
    this.#at++;
    return byte;
  }
}
