/**
 * Declarations of binary records: a header field is declared once (name, kind, allowed values) and that declaration
 * writes, checks and reads it. Each value has one encoding: integers are LEB128 without superfluous bytes, floats
 * are little-endian binary32, choices are one byte with the index of the choice, records are their fields in order.
 */
import { StudioError } from '../errors';

/** Grows while it is written to. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  /** `code` is the code of the StudioError that a value outside its declaration raises. */
  constructor(readonly code: string) {}

  byte(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  /** LEB128: 7 bits a byte, lowest first, top bit set on all but the last. For integers in [0, 2^53). */
  integer(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) + 128);
    this.byte(rest);
  }

  take(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads to the end of a chunk's data and not beyond. */
export class ByteReader {
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly code: string,
  ) {}

  get ended(): boolean {
    return this.#at === this.bytes.length;
  }

  byte(): number {
    if (this.#at >= this.bytes.length) throw fault(this.code, 'ends too early');
    return this.bytes[this.#at++]!;
  }

  integer(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.byte();
      value += (byte % 128) * scale;
      if (byte < 128) {
        if (byte === 0 && scale > 1) throw fault(this.code, 'has a number with superfluous bytes');
        return value;
      }
    }
    throw fault(this.code, 'has a number of more than 35 bits');
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (this.#at !== this.bytes.length) throw fault(this.code, `has ${this.bytes.length - this.#at} bytes too many`);
  }
}

const CHUNK_WORDS: Readonly<Record<string, string>> = { 'container.header': 'header', 'container.field': 'field description' };

function fault(code: string, what: string): StudioError {
  return new StudioError('container', code, `The ${CHUNK_WORDS[code] ?? 'data'} ${what}.`);
}

export interface Codec<T> {
  /** Throws StudioError when the value is outside its declaration. */
  write(writer: ByteWriter, value: T): void;
  read(reader: ByteReader): T;
}

/** A whole number in [least, most], a multiple of `unit`, stored divided by it. */
export function integer(name: string, [least, most]: readonly [number, number], unit = 1): Codec<number> {
  const check = (value: number, code: string): number => {
    if (!Number.isInteger(value) || value < least || value > most || value % unit !== 0) {
      const multiple = unit === 1 ? '' : `, in steps of ${unit}`;
      throw fault(code, `gives ${name} as ${value}; it must be a whole number from ${least} to ${most}${multiple}`);
    }
    return value;
  };
  return {
    write: (writer, value) => writer.integer(check(value, writer.code) / unit),
    read: (reader) => check(reader.integer() * unit, reader.code),
  };
}

/** The shortest decimal number that rounds to this float32: 0.1 comes back as 0.1, not as 0.10000000149011612. */
function shortestDecimal(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** A number in [least, most], rounded to float32; a zero has no sign. */
export function float32(name: string, [least, most]: readonly [number, number]): Codec<number> {
  const view = new DataView(new ArrayBuffer(4));
  const check = (value: number, code: string): number => {
    if (!(value >= Math.fround(least) && value <= Math.fround(most)) || Object.is(value, -0)) {
      throw fault(code, `gives ${name} as ${value}; it must be a number from ${least} to ${most}`);
    }
    return value;
  };
  return {
    write: (writer, value) => {
      view.setFloat32(0, check(Math.fround(value) + 0, writer.code), true);
      for (let i = 0; i < 4; i++) writer.byte(view.getUint8(i));
    },
    read: (reader) => {
      for (let i = 0; i < 4; i++) view.setUint8(i, reader.byte());
      return shortestDecimal(check(view.getFloat32(0, true), reader.code));
    },
  };
}

/** A finite float64 in [least, most]; a zero has no sign. */
export function float64(name: string, [least, most]: readonly [number, number] = [-Number.MAX_VALUE, Number.MAX_VALUE]): Codec<number> {
  const view = new DataView(new ArrayBuffer(8));
  const check = (value: number, code: string): number => {
    if (!(value >= least && value <= most) || Object.is(value, -0)) throw fault(code, `gives ${name} as ${value}; it must be a number from ${least} to ${most}`);
    return value;
  };
  return {
    write: (writer, value) => {
      view.setFloat64(0, check(value + 0, writer.code), true);
      for (let i = 0; i < 8; i++) writer.byte(view.getUint8(i));
    },
    read: (reader) => {
      for (let i = 0; i < 8; i++) view.setUint8(i, reader.byte());
      return check(view.getFloat64(0, true), reader.code);
    },
  };
}

/** As many items as `length` says, without a count. */
export function tuple<T, const N extends readonly T[]>(length: N['length'], item: Codec<T>): Codec<N> {
  return {
    write: (writer, values) => {
      if (values.length !== length) throw fault(writer.code, `has a list of ${values.length} numbers where ${length} belong`);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => Array.from({ length }, () => item.read(reader)) as unknown as N,
  };
}

/** One of a closed list; the byte is the index. */
export function choice<const T extends string | boolean>(name: string, values: readonly T[]): Codec<T> {
  return {
    write: (writer, value) => {
      const index = values.indexOf(value);
      if (index < 0) throw fault(writer.code, `gives ${name} as ${String(value)}; known are ${values.join(', ')}`);
      writer.byte(index);
    },
    read: (reader) => {
      const index = reader.byte();
      if (index >= values.length) throw fault(reader.code, `gives ${name} the number ${index}; known are 0 to ${values.length - 1}. A newer version may have written this file`);
      return values[index]!;
    },
  };
}

export function flag(name: string): Codec<boolean> {
  return choice(name, [false, true]);
}

/** `count` bytes, as lower-case hex digits. */
export function hexBytes(name: string, count: number): Codec<string> {
  return {
    write: (writer, value) => {
      if (value.length !== 2 * count || !/^[0-9a-f]*$/.test(value)) throw fault(writer.code, `needs ${name} as ${2 * count} lower-case hex digits`);
      for (let i = 0; i < count; i++) writer.byte(Number.parseInt(value.slice(2 * i, 2 * i + 2), 16));
    },
    read: (reader) => Array.from({ length: count }, () => reader.byte().toString(16).padStart(2, '0')).join(''),
  };
}

/** A list of [least, most] items after its length. */
export function list<T>(name: string, limits: readonly [number, number], item: Codec<T>): Codec<readonly T[]> {
  const length = integer(`the number of ${name}`, limits);
  return {
    write: (writer, values) => {
      length.write(writer, values.length);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => Array.from({ length: length.read(reader) }, () => item.read(reader)),
  };
}

/** Fields in the order in which they are declared. */
export function record<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write: (writer, value) => {
      for (const name of names) fields[name].write(writer, value[name]);
    },
    read: (reader) => Object.fromEntries(names.map((name) => [name, fields[name].read(reader)])) as T,
  };
}

/** A record whose fields must suit each other: `faultOf` returns null where they do, else what is wrong, as the end of a sentence. */
export function suited<T extends object>(codec: Codec<T>, faultOf: (value: T) => string | null): Codec<T> {
  const check = (value: T, code: string): T => {
    const wrong = faultOf(value);
    if (wrong !== null) throw fault(code, `does not hold together: ${wrong}`);
    return value;
  };
  return {
    write: (writer, value) => codec.write(writer, check(value, writer.code)),
    read: (reader) => check(codec.read(reader), reader.code),
  };
}

/** A union told apart by `kind`: one byte with the index of the kind, then its fields. */
export function variant<T extends { readonly kind: string }>(
  name: string,
  cases: { readonly [K in T['kind']]: Codec<Omit<Extract<T, { readonly kind: K }>, 'kind'>> },
): Codec<T> {
  const kinds = Object.keys(cases) as T['kind'][];
  const kind = choice<T['kind']>(name, kinds);
  const caseOf = (key: T['kind']) => cases[key] as Codec<object>;
  return {
    write: (writer, value) => {
      kind.write(writer, value.kind);
      caseOf(value.kind).write(writer, value);
    },
    read: (reader) => {
      const key = kind.read(reader);
      return { kind: key, ...caseOf(key).read(reader) } as T;
    },
  };
}

/** Bytes of one value. */
export function encodeValue<T>(codec: Codec<T>, value: T, code: string): Uint8Array {
  const writer = new ByteWriter(code);
  codec.write(writer, value);
  return writer.take();
}

/** One value from all of `bytes`. */
export function decodeValue<T>(codec: Codec<T>, bytes: Uint8Array, code: string): T {
  const reader = new ByteReader(bytes, code);
  const value = codec.read(reader);
  reader.finish();
  return value;
}
