/**
 * Adaptive bits of many contexts at once: logistic mixing (Mahoney's PAQ, 2005). Each of several views of a bit's surroundings has its own
 * running estimate p_i of P(1); they are joined in the logistic domain,
 *
 *     stretch(p) = ln(p / (1 - p)),    P(1) = squash(sum of w_i stretch(p_i)),    squash(x) = 1 / (1 + exp(-x)),
 *
 * and after the bit the weights take a step down the gradient of its code length: w_i += rate * (bit - P(1)) * stretch(p_i). A view
 * that tells little loses its weight, so views may be many and narrow without the cost of one product context. The last input is a constant.
 *
 * Whole numbers alone: estimates have 16 bits, stretch is in 1/256 within +-2047, weights in 1/2^16 within +-8. The tables of squash and
 * stretch come from a chain of products and one quotient an entry in IEEE doubles, the same on every machine; no exponential or logarithm
 * of a library is called. All products stay below 2^31.
 */
import { PROBABILITY_BITS } from '../range-coder';

const LARGEST_STRETCH = 2047;
const ESTIMATE_BITS = 16;
const ONE = 2 ** ESTIMATE_BITS;
const STRETCH_SHIFT = 4;

/** exp(-1/256). */
const DECAY = 0.9961013694701175;

const SQUASH = new Uint16Array(2 * LARGEST_STRETCH + 1);
const STRETCH = new Int16Array(ONE >> STRETCH_SHIFT);
{
  let power = 1;
  for (let x = 0; x <= LARGEST_STRETCH; x++) {
    const high = Math.floor(ONE / (1 + power) + 0.5);
    SQUASH[LARGEST_STRETCH + x] = Math.min(ONE - 1, high);
    SQUASH[LARGEST_STRETCH - x] = ONE - high;
    power *= DECAY;
  }
  let x = -LARGEST_STRETCH;
  for (let p = 0; p < STRETCH.length; p++) {
    const middle = (p << STRETCH_SHIFT) + (1 << (STRETCH_SHIFT - 1));
    while (x < LARGEST_STRETCH && SQUASH[x + LARGEST_STRETCH]! < middle) x++;
    STRETCH[p] = x;
  }
}

/** Units of stretch in a bit of code length: -ln(p / (1 - p)) is about the bits that a one costs more than a zero, times this. */
export const STRETCH_OF_A_BIT = 256 * Math.LN2;

/** An estimate that has seen n bits moves by 1 / (n + 1.6) of its error, and never by less than 1 / (MEMORY + 1.6). */
const MEMORY = 60;
const SHARES = Int32Array.from({ length: MEMORY + 1 }, (_, seen) => Math.floor((10 * 2 ** 15) / (10 * seen + 16)));

const LARGEST_WEIGHT = 2 ** 19;
const LEARNING = 6;

export class MixedBits {
  /** Contexts of the bit that comes next, one a view; the caller fills them in before `probability`. */
  readonly context: Int32Array;
  /** stretch(P(1)) of the last probability. */
  stretch = 0;
  readonly #views: number;
  readonly #estimates: Uint16Array;
  readonly #seen: Uint8Array;
  readonly #weights: Int32Array;
  readonly #inputs: Int32Array;
  #set = 0;
  #mixed = 0;

  /** `contexts`: of all views together; `sets`: of weights, of which each bit names one. */
  constructor(views: number, contexts: number, sets: number) {
    this.#views = views;
    this.context = new Int32Array(views);
    this.#estimates = new Uint16Array(contexts).fill(ONE / 2);
    this.#seen = new Uint8Array(contexts);
    this.#inputs = new Int32Array(views + 1);
    this.#inputs[views] = 256;
    const start = Math.floor((1.3 * 2 ** 16) / views);
    this.#weights = Int32Array.from({ length: sets * (views + 1) }, (_, i) => (i % (views + 1) === views ? 0 : start));
  }

  /** P(1) * 2^21 for the contexts given, with the weights of `set`. */
  probability(set: number): number {
    const views = this.#views;
    const first = set * (views + 1);
    const inputs = this.#inputs;
    const weights = this.#weights;
    let sum = weights[first + views]! << 4;
    for (let i = 0; i < views; i++) {
      const stretched = STRETCH[this.#estimates[this.context[i]!]! >> STRETCH_SHIFT]!;
      inputs[i] = stretched;
      sum += (stretched * weights[first + i]!) >> 4;
    }
    const stretch = sum >> 12;
    this.stretch = stretch > LARGEST_STRETCH ? LARGEST_STRETCH : stretch < -LARGEST_STRETCH ? -LARGEST_STRETCH : stretch;
    this.#set = first;
    this.#mixed = SQUASH[this.stretch + LARGEST_STRETCH]!;
    return this.#mixed << (PROBABILITY_BITS - ESTIMATE_BITS);
  }

  /** Learns the bit that came. */
  update(bit: number): void {
    const views = this.#views;
    const weights = this.#weights;
    const error = ((bit << ESTIMATE_BITS) - this.#mixed) * LEARNING;
    for (let i = 0; i <= views; i++) {
      const weight = weights[this.#set + i]! + ((this.#inputs[i]! * error + 2 ** 17) >> 18);
      weights[this.#set + i] = weight > LARGEST_WEIGHT ? LARGEST_WEIGHT : weight < -LARGEST_WEIGHT ? -LARGEST_WEIGHT : weight;
    }
    const goal = bit ? ONE - 1 : 0;
    for (let i = 0; i < views; i++) {
      const context = this.context[i]!;
      const estimate = this.#estimates[context]!;
      const seen = this.#seen[context]!;
      this.#estimates[context] = estimate + (((goal - estimate) * SHARES[seen]!) >> 15);
      if (seen < MEMORY) this.#seen[context] = seen + 1;
    }
  }
}
