/**
 * Damage, by accident and on purpose: each file either is refused with a StudioError of kind 'container', or decodes to exactly what its
 * bytes say (encoding it again gives them back). Accidents leave checksums wrong; an attacker sets them right.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { StudioError } from '../errors';
import { fieldFor, type Field } from '../field/field';
import { initialParameters } from '../field/init';
import { PREAMBLE_BYTES } from './container';
import { crc32c } from './crc32c';
import { decodeFile, encodeFile, validateFile, type DecodedFile } from './file';
import { fieldCodec } from './header';
import { quantize } from './quantizer';
import { decodeValue, encodeValue } from './codec';
import { unpackFile } from './pack';
import { encodeResidual } from './residual/residual';
import { synthesize } from './synthesis';
import { PLAIN_GEOMETRY } from '../signal/volume';
import { anyField } from './test-fields';

const field: Field = { inputs: 2, outputs: 2, encoding: { kind: 'fourier', features: 6, sigma: 3, seed: 77 }, depth: 2, width: 8, activation: { kind: 'sine', omega0: 30, omegaHidden: 20 } };
const good = encodeFile(
  {
    header: { kind: 'grid', size: [300, 200], channels: 2, type: 'uint8', metadata: { colorSpace: 'icc', icc: Uint8Array.of(1, 2, 3, 4), alpha: true } },
    field,
    quantized: quantize(field, initialParameters(field, 2), 7),
    sha256: 'c0ffee'.repeat(10) + 'beef',
    provenance: { generator: 'test', config: { steps: 3 } },
  },
  [{ type: 'misc', data: Uint8Array.of(9) }],
);

/** The code of the refusal, or 'ok'. Fails on any other kind of error. */
function outcome(bytes: Uint8Array): string {
  let decoded: DecodedFile;
  try {
    decoded = decodeFile(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError);
    const { kind, code } = error as StudioError;
    expect(kind).toBe('container');
    expect(code).toMatch(/^container\./);
    expect(validateFile(bytes)).toMatchObject({ ok: false, code });
    return code;
  }
  const { provenance } = decoded;
  // Ancillary JSON may be laid out in many ways; everything else has one encoding.
  if (!provenance || JSON.stringify(provenance) === rawProvenance(bytes)) expect(encodeFile(decoded, decoded.ancillary)).toEqual(bytes);
  return 'ok';
}

interface RawChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Chunks by a reader of the test's own. */
function split(bytes: Uint8Array): RawChunk[] {
  const chunks: RawChunk[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    let length = 0;
    for (let scale = 1, byte = 128; byte >= 128; scale *= 128) length += ((byte = bytes[at++]!) % 128) * scale;
    chunks.push({ type: String.fromCharCode(...bytes.subarray(at, at + 4)), data: bytes.subarray(at + 4, at + 4 + length) });
    at += 8 + length;
  }
  return chunks;
}

function rawProvenance(bytes: Uint8Array): string | undefined {
  const chunk = split(bytes).find(({ type }) => type === 'prov');
  return chunk && new TextDecoder().decode(chunk.data);
}

/** A file of these chunks with right checksums; `length` may lie. */
function join(chunks: readonly (RawChunk & { readonly length?: number })[], preamble = good.subarray(0, PREAMBLE_BYTES)): Uint8Array {
  const bytes = [...preamble];
  for (const { type, data, length = data.length } of chunks) {
    const body: number[] = [];
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) body.push((rest % 128) + 128);
    body.push(rest, ...Array.from(type, (letter) => letter.charCodeAt(0)), ...data);
    const crc = crc32c(Uint8Array.from(body));
    bytes.push(...body, crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24);
  }
  return Uint8Array.from(bytes);
}

const chunks = split(good);
const replaced = (type: string, data: Uint8Array): Uint8Array => join(chunks.map((chunk) => (chunk.type === type ? { type, data } : chunk)));
const dataOf = (type: string): Uint8Array => chunks.find((chunk) => chunk.type === type)!.data;

describe('a damaged file', () => {
  beforeAll(() => {
    expect(outcome(good)).toBe('ok');
    expect(join(chunks)).toEqual(good);
  });

  it('is refused when cut at any byte, and says so', () => {
    expect(outcome(good.subarray(0, 0))).toBe('container.empty');
    for (let length = 1; length < good.length; length++) expect(outcome(good.subarray(0, length))).toBe('container.truncated');
  });

  it('is refused with any one bit flipped', () => {
    for (let at = 0; at < good.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Uint8Array.from(good);
        bytes[at]! ^= 1 << bit;
        expect(outcome(bytes), `bit ${bit} of byte ${at}`).not.toBe('ok');
      }
    }
  });

  it('is refused with bytes behind its end', () => {
    expect(outcome(Uint8Array.of(...good, 0))).toBe('container.trailing');
    expect(outcome(Uint8Array.of(...good, ...good))).toBe('container.trailing');
  });

  it('is recognised as another format or as mangled by text mode', () => {
    const message = (...bytes: number[]) => validateFile(Uint8Array.of(...bytes, 0, 0, 0, 0, 0, 0)).message;
    expect(message(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a)).toContain('PNG');
    expect(message(0xff, 0xd8, 0xff, 0xe0)).toContain('JPEG');
    expect(message(0x89, 0x49, 0x4e, 0x52, 0x0a, 0x1a, 0x0a)).toContain('text mode');
    expect(outcome(Uint8Array.of(1, 2, 3))).toBe('container.magic');
  });

  it('never passes as random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void expect(outcome(bytes)).not.toBe('ok')));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void expect(outcome(Uint8Array.of(...good.subarray(0, PREAMBLE_BYTES), ...bytes))).not.toBe('ok')));
  });
});

describe('a forged file, its checksums right', () => {
  it('is refused with chunks swapped, doubled or missing', () => {
    for (let i = 0; i < chunks.length; i++) {
      const [one] = chunks.slice(i, i + 1);
      const without = chunks.filter((_, index) => index !== i);
      if (one!.type === one!.type.toUpperCase() || one!.type === 'iccp') expect(outcome(join(without))).not.toBe('ok');
      else expect(outcome(join(without))).toBe('ok');
      for (let to = 0; to <= without.length; to++) {
        const moved = [...without.slice(0, to), one!, ...without.slice(to)];
        expect(outcome(join(moved))).toMatch(to === i ? /^ok$/ : /order|trailing/);
        expect(outcome(join([...chunks.slice(0, to), one!, ...chunks.slice(to)]))).toMatch(/order|trailing/);
      }
    }
  });

  it('is refused when it needs a feature that is unknown, and carried on when it could do without', () => {
    for (let at = 0; at < chunks.length; at++) {
      const insert = (type: string) => join([...chunks.slice(0, at), { type, data: Uint8Array.of(1) }, ...chunks.slice(at)]);
      expect(outcome(insert('XTRA'))).toBe('container.chunk.unknown');
      expect(outcome(insert('a\u00009z'))).toMatch(/container\.chunk/);
    }
    expect(outcome(join([...chunks.slice(0, -1), { type: 'zzzz', data: new Uint8Array(0) }, chunks.at(-1)!]))).toBe('ok');
  });

  it('is refused with lengths that lie', () => {
    for (const length of [2 ** 31, 2 ** 32 - 1, 2 ** 34, 2 ** 35 - 1, 2 ** 40, 10_000]) {
      for (let at = 0; at < chunks.length; at++) {
        expect(outcome(join(chunks.map((chunk, i) => (i === at ? { ...chunk, length } : chunk))))).toMatch(/truncated|checksum/);
      }
    }
  });

  it('is refused with another version, profile or level', () => {
    const preamble = (at: number, value: number) => join(chunks, good.slice(0, PREAMBLE_BYTES).fill(value, at, at + 1));
    for (const value of [0, 2, 255]) {
      expect(outcome(preamble(8, value))).toBe('container.version');
      expect(outcome(preamble(10, value))).toBe('container.header');
    }
    expect(outcome(preamble(9, 1))).toBe('container.version');
  });

  it('is refused with a header or field outside its declaration', () => {
    for (const type of ['HEAD', 'FELD'] as const) {
      const data = dataOf(type);
      const code = type === 'HEAD' ? 'container.header' : 'container.field';
      expect(outcome(replaced(type, new Uint8Array(0)))).toBe(code);
      expect(outcome(replaced(type, Uint8Array.of(...data, 0)))).toBe(code);
      for (let length = 0; length < data.length; length++) expect(outcome(replaced(type, data.subarray(0, length)))).toBe(code);
      for (let at = 0; at < data.length; at++) {
        for (const value of [0, 1, 2, 0x7f, 0x80, 0xff]) {
          const changed = Uint8Array.from(data).fill(value, at, at + 1);
          outcome(replaced(type, changed)); // any container code, or a decode that encodes to the same bytes
        }
      }
    }
  });

  it('is refused when it asks for more than the limits, whatever the size of the file', () => {
    // kind, two axes, 2^23 - 1 each as LEB128, then the rest of the header as it was (1 + 1 + 2 * 2 bytes in).
    const huge = Uint8Array.of(0, 2, 0xff, 0xff, 0xff, 0x03, 0xff, 0xff, 0xff, 0x03, ...dataOf('HEAD').subarray(6));
    expect(outcome(replaced('HEAD', huge))).toBe('container.limit');
    const beyond = Uint8Array.of(0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, ...dataOf('HEAD').subarray(6));
    expect(outcome(replaced('HEAD', beyond))).toBe('container.header');
  });

  it('is refused with parameters in any other coding', () => {
    const data = dataOf('PARM');
    for (let length = 0; length < data.length; length++) expect(outcome(replaced('PARM', data.subarray(0, length)))).toBe('container.parameters');
    expect(outcome(replaced('PARM', Uint8Array.of(...data, 0)))).toBe('container.parameters');
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const changed = Uint8Array.from(data);
        changed[at]! ^= xor;
        outcome(replaced('PARM', changed));
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with a provenance that is not JSON, or without its colour profile', () => {
    for (const text of ['', '{', 'null', '[]', '{"generator":1}', '\ufeff{"generator":"x"}']) expect(outcome(replaced('prov', new TextEncoder().encode(text)))).toBe('container.header');
    expect(outcome(replaced('prov', Uint8Array.of(0xff, 0xfe)))).toBe('container.header');
    expect(outcome(replaced('prov', new TextEncoder().encode('['.repeat(50_000))))).toBe('container.header');
    const deep = `{"generator":"x","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect(outcome(replaced('prov', new TextEncoder().encode(deep)))).toMatch(/^(ok|container\.header)$/);
    expect(outcome(replaced('iccp', new Uint8Array(0)))).toBe('container.header');
    expect(outcome(replaced('prov', new TextEncoder().encode('{ "generator" : "x" }')))).toBe('ok');
  });
});

describe('a forged field description of any kind', () => {
  const describes = (bytes: Uint8Array): string => outcome(replaced('FELD', bytes));
  const bytesOf = (shape: Field): Uint8Array => encodeValue(fieldCodec, shape, 'container.field');
  /** What a field's description meets in a file whose parameters are those of another; 'ok' if they have the same shapes. */
  const FOREIGN = /^(ok|container\.(parameters|header|limit))$/;

  it('is read for what it says, and refused with any of its bytes missing, changed or followed by more', () => {
    fc.assert(
      fc.property(anyField, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: 255 }), (shape, place, xor, more) => {
        const data = bytesOf(fieldFor(shape, 2, 2));
        expect(describes(data)).toMatch(FOREIGN);
        const plain = bytesOf({ ...shape, head: 'linear', residual: false });
        for (let length = 0; length < plain.length; length++) expect(describes(plain.subarray(0, length))).toBe('container.field');
        const changed = Uint8Array.from(data);
        changed[place % data.length]! ^= xor;
        describes(changed); // any container code, or a decode that encodes to the same bytes
        const variation = describes(Uint8Array.of(...plain, more));
        if (more >= 1 && more <= 5) expect(variation).toMatch(FOREIGN);
        else expect(variation).toBe('container.field');
        expect(describes(Uint8Array.of(...plain, 1, more))).toBe('container.field');
      }),
      { numRuns: 100 },
    );
  });

  it('is refused with a zero that has a sign: it would not come back', () => {
    const data = bytesOf({ ...field, encoding: { kind: 'identity' }, activation: { kind: 'finer', omega0: 30, omegaHidden: 30, biasRange: 0 } });
    expect(describes(data)).toMatch(FOREIGN);
    const signed = Uint8Array.from(data);
    signed[data.length - 1] = 0x80;
    expect(describes(signed)).toBe('container.field');
  });

  it('is refused with a grid that does not rise, except with one level, where the finest says nothing', () => {
    const falling = (levels: number, extra: readonly number[]): Uint8Array => {
      const shape = { levels, features: 2, coarsest: 9, finest: 9 };
      const encoding = extra.length > 0 ? { kind: 'hash-grid' as const, ...shape, tableLog2: extra[0]! } : { kind: 'dense-grid' as const, ...shape };
      const data = bytesOf({ ...field, encoding });
      expect(data[4]).toBe(9);
      data[4] = 8;
      return data;
    };
    for (const extra of [[], [5]]) {
      expect(describes(falling(2, extra))).toBe('container.field');
      expect(describes(falling(1, extra))).toMatch(FOREIGN);
    }
    expect(() => decodeValue(fieldCodec, falling(2, []), 'container.field')).toThrow('finest grid (8 nodes along an axis) is coarser than the coarsest (9)');
  });

  it('is refused before memory is asked for when its tables are beyond the limits', () => {
    const shape = { levels: 16, features: 16, coarsest: 8192, finest: 8192 };
    for (const encoding of [{ kind: 'dense-grid', ...shape }, { kind: 'hash-grid', ...shape, tableLog2: 24 }] as const) {
      expect(describes(bytesOf({ ...field, encoding }))).toBe('container.limit');
    }
  });
});

describe('a forged residual', () => {
  const shape: Field = { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
  const grid = { size: [9, 10, 11], channels: 1, type: 'uint8' } as const;
  const residual = encodeResidual(Uint8Array.from({ length: 990 }, (_, i) => (i * 7) % 200), new Uint8Array(990), grid, 9);
  const volume = encodeFile({
    header: { kind: 'volume', ...grid, metadata: { voxelType: 'uint8', range: [0, 255], geometry: PLAIN_GEOMETRY } },
    field: shape,
    quantized: quantize(shape, initialParameters(shape, 2), 7),
    residual,
    sha256: 'c0ffee'.repeat(10) + 'beef',
  });
  const parts = split(volume);
  const withResidual = (data: Uint8Array): Uint8Array => join(parts.map((chunk) => (chunk.type === 'RESI' ? { type: 'RESI', data } : chunk)));

  it('is refused behind anything but the parameters of a volume, and twice', () => {
    expect(outcome(volume)).toBe('ok');
    expect(parts.map(({ type }) => type)).toEqual(['HEAD', 'FELD', 'PARM', 'RESI', 'TAIL']);
    const one = parts[3]!;
    const others = parts.filter((chunk) => chunk !== one);
    for (let to = 0; to <= others.length; to++) expect(outcome(join([...others.slice(0, to), one, ...others.slice(to)]))).toMatch(to === 3 ? /^ok$/ : /order|trailing/);
    expect(outcome(join([...parts.slice(0, 4), one, ...parts.slice(4)]))).toBe('container.chunk.order');
    const ancillary = { type: 'misc', data: Uint8Array.of(1) };
    expect(outcome(join([...parts.slice(0, 4), ancillary, ...parts.slice(4)]))).toBe('ok');
    expect(outcome(join([...parts.slice(0, 3), ancillary, ...parts.slice(3)]))).toBe('container.chunk.order');
    expect(outcome(join([...chunks.slice(0, 3), one, ...chunks.slice(3)]))).toBe('container.header');
  });

  it('is refused at once without a step that there is', () => {
    for (const data of [[], [0], [0, 0, 0, 0, 0, 0], [255, 255, 255, 255, 255]]) expect(outcome(withResidual(Uint8Array.from(data)))).toBe('container.residual');
  });

  it('is refused where it is decoded, by what is wrong with it or by the digest', async () => {
    const edits = fc.array(fc.tuple(fc.nat({ max: residual.length - 1 }), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat({ max: residual.length }), async (changes, end) => {
        const data = residual.slice();
        for (const [at, xor] of changes) data[at]! ^= xor;
        for (const bytes of [withResidual(data), withResidual(residual.subarray(0, end))]) {
          await expect(unpackFile(bytes, synthesize)).rejects.toMatchObject({ kind: 'container', code: expect.stringMatching(/^container\.(residual|hash)$/) as string });
        }
      }),
      { numRuns: 60 },
    );
  });
});
