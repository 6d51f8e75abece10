/** Lists of numbers and of polygons whose lengths a file does not tell beforehand. They grow by doubling, with what was really read. */
import { normalize } from '#core/signal/mesh-repair';

/** Stands for an index that names no vertex: negative, fractional or too large to be one. cleanMesh drops such triangles. */
export const NO_VERTEX = 0xffffffff;

/** A number as an index; NO_VERTEX where it cannot be one. */
export function vertexIndex(value: number): number {
  return value >= 0 && value < NO_VERTEX && Number.isInteger(value) ? value : NO_VERTEX;
}

export class Growing<Values extends Float64Array | Uint32Array> {
  length = 0;
  #values: Values;
  readonly #create: (length: number) => Values;

  constructor(create: (length: number) => Values) {
    this.#create = create;
    this.#values = create(1024);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.#create(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** A copy of what there is. */
  finish(): Values {
    return this.#values.slice(0, this.length) as Values;
  }
}

export const growingFloats = (): Growing<Float64Array> => new Growing((length) => new Float64Array(length));
export const growingIndices = (): Growing<Uint32Array> => new Growing((length) => new Uint32Array(length));

/** Polygons as fans of triangles around their first corner. */
export class Polygons {
  readonly indices = growingIndices();
  #corners = 0;
  #first = 0;
  #last = 0;

  begin(): void {
    this.#corners = 0;
  }

  corner(index: number): void {
    if (this.#corners === 0) this.#first = index;
    else if (this.#corners > 1) {
      this.indices.push(this.#first);
      this.indices.push(this.#last);
      this.indices.push(index);
    }
    this.#corners++;
    this.#last = index;
  }
}

/** Triangles of a strip: every second one is turned, so that all face the same side. */
export function stripTriangles(strip: ArrayLike<number>, push: (index: number) => void): void {
  for (let i = 2; i < strip.length; i++) {
    push(strip[i - 2]!);
    push(strip[i % 2 === 0 ? i - 1 : i]!);
    push(strip[i % 2 === 0 ? i : i - 1]!);
  }
}

/** Unit normals of x, y, z each as files give them; what is no number becomes no normal. */
export function unitNormals(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) values[i] = 0;
  return normalize(values);
}
