/**
 * Reads numbers from the bytes of a text file, millions a second: no line becomes a string.
 *
 * A decimal number of at most 15 digits with a power of ten of at most 22 is mantissa x or / 10^k, two numbers that float64 holds exactly, so
 * one operation rounds correctly (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990). All others go through Number().
 * Lines end with \n, \r\n or \r. A backslash at the end of a line joins it with the next.
 */
import { damaged, truncated } from './faults';

const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
/** Ten times as much and a digit is still below 2^53. */
const MANTISSA_LIMIT = 9e14;

const NEWLINE = 10;
const RETURN = 13;
const isBlank = (c: number): boolean => c === 32 || c === 9 || c === 11 || c === 12;
const isLineEnd = (c: number): boolean => c === NEWLINE || c === RETURN;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;

export class TextScanner {
  /** `format` and `name` are for messages; `comment`: the byte that starts a comment, which ends with its line; `joins`: backslashes join lines. */
  constructor(
    readonly bytes: Uint8Array,
    readonly name: string,
    readonly format: string,
    readonly words: { readonly comment?: number; readonly joins?: boolean } = {},
    public at = 0,
  ) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#comment = words.comment ?? -2;
    this.#joint = words.joins ? 92 : -2;
  }

  /** The same bytes: Node makes strings of it quickly. */
  readonly #buffer: Buffer;
  readonly #comment: number;
  readonly #joint: number;

  /** Past blanks of this line. The byte there, or -1 at the end of the line (a comment ends it) or of the file. */
  peek(): number {
    const { bytes } = this;
    for (;;) {
      const c = bytes[this.at] ?? -1;
      if (isBlank(c)) this.at++;
      else if (c === this.#joint && isLineEnd(bytes[this.at + 1] ?? 0)) this.at += bytes[this.at + 1] === RETURN && bytes[this.at + 2] === NEWLINE ? 3 : 2;
      else return c === -1 || isLineEnd(c) || c === this.#comment ? -1 : c;
    }
  }

  /** To the end of this line, joined ones included; backslashes in comments join nothing. */
  passLine(): void {
    const { bytes } = this;
    const joint = bytes[this.at] === this.#comment ? -2 : this.#joint;
    for (; this.at < bytes.length; this.at++) {
      if (!isLineEnd(bytes[this.at]!)) continue;
      const before = bytes[this.at] === NEWLINE && bytes[this.at - 1] === RETURN ? this.at - 2 : this.at - 1;
      if (bytes[before] !== joint) return;
    }
  }

  /** To the start of the next line. False at the end of the file. */
  nextLine(): boolean {
    this.passLine();
    this.at += this.bytes[this.at] === RETURN && this.bytes[this.at + 1] === NEWLINE ? 2 : 1;
    return this.at < this.bytes.length;
  }

  /** Past blanks, empty lines and comments. False at the end of the file. */
  skipLines(): boolean {
    while (this.peek() === -1) if (!this.nextLine()) return false;
    return true;
  }

  /** The rest of the word here, up to a blank; empty at the end of the line. */
  word(): string {
    if (this.peek() === -1) return '';
    const from = this.at;
    this.skipWord();
    return this.#buffer.toString('latin1', from, this.at);
  }

  /** A number of this line. Throws StudioError 'input.damaged' where there is none. Takes nan and inf in the spellings of C and of Windows. */
  number(): number {
    let c = this.peek();
    const from = this.at;
    const { bytes } = this;
    let at = from;
    const negative = c === 45;
    if (negative || c === 43) c = bytes[++at]!;
    let mantissa = 0;
    let digits = 0;
    let exponent = 0;
    for (; isDigit(c); c = bytes[++at]!) {
      if (mantissa > MANTISSA_LIMIT) return this.#slowNumber(from);
      mantissa = 10 * mantissa + c - 48;
      digits++;
    }
    if (c === 46) {
      for (c = bytes[++at]!; isDigit(c); c = bytes[++at]!) {
        if (mantissa > MANTISSA_LIMIT) return this.#slowNumber(from);
        mantissa = 10 * mantissa + c - 48;
        digits++;
        exponent--;
      }
    }
    if (digits === 0) return this.#slowNumber(from);
    if (c === 101 || c === 69) {
      c = bytes[++at]!;
      const down = c === 45;
      if (down || c === 43) c = bytes[++at]!;
      if (!isDigit(c)) return this.#slowNumber(from);
      let power = 0;
      for (; isDigit(c); c = bytes[++at]!) power = Math.min(9999, 10 * power + c - 48);
      exponent += down ? -power : power;
    }
    // `c` is undefined at the end of the file.
    if (at < bytes.length && !isBlank(c) && !isLineEnd(c) && c !== this.#joint && c !== this.#comment) return this.#slowNumber(from);
    if (exponent < -22 || exponent > 22) return this.#slowNumber(from);
    this.at = at;
    const value = exponent < 0 ? mantissa / POWERS[-exponent]! : mantissa * POWERS[exponent]!;
    return negative ? -value : value;
  }

  /** A number of this or a later line. Throws StudioError 'input.truncated' at the end of the file. */
  numberBeyond(what: string): number {
    if (!this.skipLines()) throw truncated(this.name, this.format, `it ends where ${what} should be`);
    return this.number();
  }

  /** A whole number directly here, with a sign or not; NaN, and no step, where there is none. */
  integer(): number {
    const { bytes } = this;
    let { at } = this;
    let c = bytes[at] ?? 0;
    const negative = c === 45;
    if (negative || c === 43) c = bytes[++at] ?? 0;
    if (!isDigit(c)) return NaN;
    let value = 0;
    for (; isDigit(c); c = bytes[++at] ?? 0) value = 10 * value + c - 48;
    this.at = at;
    return negative ? -value : value;
  }

  /** Past what is here up to a blank, the end of the line or a comment. */
  skipWord(): void {
    const { bytes } = this;
    for (; this.at < bytes.length; this.at++) {
      const c = bytes[this.at]!;
      if (isBlank(c) || isLineEnd(c) || c === this.#comment || (c === this.#joint && isLineEnd(bytes[this.at + 1] ?? 0))) return;
    }
  }

  #slowNumber(from: number): number {
    this.at = from;
    this.skipWord();
    const word = this.#buffer.toString('latin1', from, Math.min(this.at, from + 400));
    const value = Number(word);
    if (word !== '' && !Number.isNaN(value) && /^[-+.0-9eE]+$/.test(word)) return value;
    const special = /^([-+]?)(?:1\.#)?(nan|inf|qnan|snan|ind)/i.exec(word);
    if (!special) throw this.fault(word === '' ? 'a number is missing' : `"${word.slice(0, 40)}" is no number`);
    return special[2]!.toLowerCase() === 'inf' ? Number(`${special[1]}Infinity`) : NaN;
  }

  /** A fault with the line where it is. */
  fault(text: string): Error {
    let line = 1;
    for (let i = 0; i < this.at; i++) {
      const c = this.bytes[i];
      if (c === NEWLINE || (c === RETURN && this.bytes[i + 1] !== NEWLINE)) line++;
    }
    return damaged(this.name, this.format, `line ${line}: ${text}`);
  }
}

/** Text of bytes, one character each. */
export function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
