/**
 * Vertices of equal coordinates become one: an open-addressing hash table (linear probing, at most half full) over the bits of the three
 * float64 numbers. Equal means bit for bit, except that 0 and -0 are one number. Indices follow the order in which vertices first came.
 */
import { pcg3d } from '../fit/random';

const EMPTY = 0xffffffff;

export class VertexWelder {
  #positions: Float64Array;
  #words: Uint32Array;
  #table: Uint32Array;
  #count = 0;
  readonly #probe = new Float64Array(3);
  readonly #probeWords = new Uint32Array(this.#probe.buffer);

  /** `expected`: about how many vertices there will be; more are welcome. */
  constructor(expected = 1024) {
    this.#positions = new Float64Array(3 * Math.max(16, expected));
    this.#words = new Uint32Array(this.#positions.buffer);
    this.#table = new Uint32Array(2 ** Math.ceil(Math.log2(2 * Math.max(16, expected)))).fill(EMPTY);
  }

  /** Different vertices so far. */
  get count(): number {
    return this.#count;
  }

  /** Index of the vertex at (x, y, z), which is new or known. */
  add(x: number, y: number, z: number): number {
    const probe = this.#probe;
    const words = this.#probeWords;
    // -0 + 0 is 0.
    probe[0] = x + 0;
    probe[1] = y + 0;
    probe[2] = z + 0;
    const mask = this.#table.length - 1;
    let slot = hash(words, 0) & mask;
    for (;;) {
      const index = this.#table[slot]!;
      if (index === EMPTY) break;
      if (this.#equals(index)) return index;
      slot = (slot + 1) & mask;
    }
    if (3 * this.#count === this.#positions.length) this.#grow();
    const index = this.#count++;
    for (let axis = 0; axis < 3; axis++) this.#positions[3 * index + axis] = probe[axis]!;
    this.#table[slot] = index;
    if (2 * this.#count > this.#table.length) this.#rehash();
    return index;
  }

  /** x, y, z of all different vertices: a copy. */
  positions(): Float64Array {
    return this.#positions.slice(0, 3 * this.#count);
  }

  #equals(index: number): boolean {
    for (let word = 0; word < 6; word++) if (this.#words[6 * index + word] !== this.#probeWords[word]) return false;
    return true;
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#positions.length);
    larger.set(this.#positions);
    this.#positions = larger;
    this.#words = new Uint32Array(larger.buffer);
  }

  #rehash(): void {
    this.#table = new Uint32Array(2 * this.#table.length).fill(EMPTY);
    const mask = this.#table.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = hash(this.#words, 6 * index) & mask;
      while (this.#table[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.#table[slot] = index;
    }
  }
}

/** Of six words from `at` on. */
function hash(words: Uint32Array, at: number): number {
  return pcg3d(words[at]! ^ Math.imul(words[at + 1]!, 0x9e3779b1), words[at + 2]! ^ Math.imul(words[at + 3]!, 0x85ebca6b), words[at + 4]! ^ Math.imul(words[at + 5]!, 0xc2b2ae35));
}
