/** Lists of numbers whose length is known only at the end. */

type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** A typed array that doubles when it is full. */
export class Growing<Values extends Numbers> {
  length = 0;

  /** `make`: zeros of the type. */
  constructor(
    private readonly make: (length: number) => Values,
    public values: Values = make(1024),
  ) {}

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(this.length + 1);
    this.values[this.length++] = value;
  }

  /** Makes room for `length` numbers in all; those beyond the present length are zero. */
  reserve(length: number): void {
    if (length <= this.values.length) return;
    const larger = this.make(Math.max(length, 2 * this.values.length));
    larger.set(this.values);
    this.values = larger;
  }

  /** A copy of what is there. */
  take(): Values {
    return this.values.slice(0, this.length) as Values;
  }
}
