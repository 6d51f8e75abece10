/**
 * Damage of every kind: bits turned, pieces cut out, doubled or put elsewhere, lines of headers with values that nobody means. Whatever comes
 * in, a volume that keeps its promises comes out, or a StudioError of kind 'input' that a parser foresaw.
 */
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { pointCount } from '#core/signal/signal';
import { readVolume, WRITABLE, writeVolume, type ReadOptions, type ReadVolume } from './index';
import { slice } from './test-dicom';
import { tiff } from './test-tiff';
import { vti } from './test-vti';
import { PLACES, someVolume, text } from './test-volumes';

const RUNS = 250;

/** What a caller may rely on. */
function keepsPromises({ signal, notes }: ReadVolume): void {
  const { size, channels, voxels, samples, metadata } = signal;
  expect(size.length).toBe(3);
  expect(voxels.length).toBe(pointCount(size) * channels);
  expect(samples.length).toBe(voxels.length);
  expect(voxels.every(Number.isFinite)).toBe(true);
  const { spacing, origin, directions } = metadata.geometry;
  expect(spacing.every((gap) => gap > 0 && Number.isFinite(gap))).toBe(true);
  expect(origin.every(Number.isFinite)).toBe(true);
  expect(directions.length).toBe(9);
  for (const row of [0, 3, 6]) expect(Math.hypot(...directions.slice(row, row + 3))).toBeCloseTo(1, 9);
  for (const note of notes) expect(note.length).toBeLessThan(300);
}

/** 'ok', or the code of the refusal. Fails on errors that nobody foresaw. */
async function outcome(read: () => Promise<ReadVolume>): Promise<string> {
  try {
    keepsPromises(await read());
    return 'ok';
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    expect(error.kind).toBe('input');
    // The guard of readVolume catches what no parser foresaw: that is for users, not for this test.
    if (error.message.includes('the file cannot be read (')) throw error.cause;
    expect(error.message.length).toBeLessThan(600);
    return error.code;
  }
}

/** Edits of bytes, most of them near the front, where headers are. */
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'set', 'set', 'flip', 'cut', 'double', 'end'),
    at: fc.oneof({ weight: 3, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x ** 3) }, fc.double({ min: 0, max: 1, noNaN: true })),
    value: fc.oneof(fc.constantFrom(0, 1, 32, 45, 48, 57, 127, 128, 255), fc.nat(255)),
    length: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 6 },
);
type Edits = typeof edits extends fc.Arbitrary<infer T> ? T : never;

function edited(bytes: Uint8Array, list: Edits): Uint8Array {
  let result = Buffer.from(bytes);
  for (const { kind, at, value, length } of list) {
    const place = Math.min(result.length - 1, Math.floor(at * result.length));
    if (place < 0) return result;
    if (kind === 'set') result[place] = value;
    else if (kind === 'flip') result[place]! ^= 1 << (value & 7);
    else if (kind === 'cut') result = Buffer.concat([result.subarray(0, place), result.subarray(place + length)]);
    else if (kind === 'double') result = Buffer.concat([result.subarray(0, place + length), result.subarray(place)]);
    else result = result.subarray(0, place);
  }
  return result;
}

/** Files that nothing here writes. */
const SAMPLES: Readonly<Record<string, { readonly bytes: Uint8Array; readonly name: string }>> = {
  'vti, text': { bytes: vti({ format: 'ascii' }), name: 'a.vti' },
  'vti, base64': { bytes: vti({ format: 'binary' }), name: 'a.vti' },
  'vti, packed': { bytes: vti({ format: 'appended raw', header: 8, block: 12 }), name: 'a.vti' },
  'tiff, ImageJ': { bytes: tiff({ pages: [0, 1, 2, 3].map((at) => ({ width: 3, height: 2, data: Buffer.alloc(12, 7 * at), ...(at === 0 && { tags: { 270: 'ImageJ=1\nimages=4\nchannels=2\nslices=2\nunit=um\nspacing=2\n', 282: 4, 283: 5 } }) })), bits: 16, big: true }), name: 'a.tif' },
  'tiff, OME': { bytes: tiff({ pages: [0, 1].map((at) => ({ width: 3, height: 2, data: deflateSync(Buffer.alloc(24, 7 * at)), tags: { 259: 8, 317: 3, 270: at === 0 ? '<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="3" SizeY="2" SizeZ="2" SizeC="1" SizeT="1" PhysicalSizeZ="2"/></Image></OME>' : 'second' } })), bits: 32, format: 3, wide: true }), name: 'a.tif' },
  'dicom, explicit': { bytes: slice({ values: [1, 2, 3, 4, 5, 6, 7, 8], frames: 2, stored: 12, position: [1, 2, 3], more: [[0x3004000c, 'DS', '0\\2'], [0x00281053, 'DS', '1'], [0x00281052, 'DS', '-4']] }), name: 'a.dcm' },
  'dicom, sequences': { bytes: slice({ values: [1, 2, 3, 4], syntax: 'implicit', more: [[0x52009229, 'SQ', [[[0x00289110, 'SQ', [[[0x00280030, 'DS', '4\\3']]]]]]], [0x52009230, 'SQ', [[[0x00209113, 'SQ', [[[0x00200032, 'DS', '0\\0\\5']]]]]]]] }), name: 'a.dcm' },
  'dicom, RLE': { bytes: slice({ values: [1, 2, 3, 4, 5, 6, 7, 8], frames: 2, syntax: 'rle' }), name: 'a.dcm' },
};

describe('damaged files', () => {
  for (const extension of WRITABLE) {
    for (const [type, channels] of [['int16', 1], ['float64', 3]] as const) {
      it(`${extension}, ${channels} x ${type}`, async () => {
        const { files } = await writeVolume(someVolume(type, PLACES.oblique!, [5, 4, 3], channels), extension);
        const [first, ...others] = files;
        const options: ReadOptions = { companion: (name) => (others.some((file) => file.name === name) ? Promise.resolve(others.find((file) => file.name === name)!.bytes) : Promise.reject(new Error('missing'))) };
        expect(await outcome(() => readVolume(first!.bytes, first!.name, options))).toBe('ok');
        const seen = new Set<string>();
        await fc.assert(
          fc.asyncProperty(edits, async (list) => {
            seen.add(await outcome(() => readVolume(edited(first!.bytes, list), first!.name, options)));
          }),
          { numRuns: RUNS },
        );
        // Neither all refused nor all taken: the edits reach what they should.
        expect(seen.size).toBeGreaterThan(1);
        for (let length = 0; length < Math.min(first!.bytes.length, 700); length++) await outcome(() => readVolume(first!.bytes.subarray(0, length), first!.name, options));
      });
    }
  }

  for (const format of Object.keys(SAMPLES)) {
    it(format, async () => {
      const { bytes, name } = SAMPLES[format]!;
      expect(await outcome(() => readVolume(bytes, name))).toBe('ok');
      const seen = new Set<string>();
      await fc.assert(fc.asyncProperty(edits, async (list) => void seen.add(await outcome(() => readVolume(edited(bytes, list), name)))), { numRuns: 2 * RUNS });
      expect(seen.size).toBeGreaterThan(1);
      for (let length = 0; length < Math.min(bytes.length, 1000); length++) await outcome(() => readVolume(bytes.subarray(0, length), name));
    });
  }

  it('bytes of any kind, under any name', async () => {
    const names = fc.constantFrom('a.raw', 'a_4x4x4_u8.raw', 'a_0x0x0_f64.raw.gz', 'a.nii', 'a.nii.gz', 'a.nrrd', 'a.mha', 'a.npy', 'a.vti', 'a.tif', 'a.dcm', 'a');
    const magic = fc.constantFrom('', 'NRRD0004\n', '\x93NUMPY\x01\x00', 'ObjectType = Image\n', '<VTKFile ', 'II*\0', 'MM\0*', '\x1f\x8b\x08', '\x5c\x01\0\0');
    await fc.assert(fc.asyncProperty(names, magic, fc.uint8Array({ maxLength: 600 }), async (name, start, rest) => void (await outcome(() => readVolume(Buffer.concat([text(start), rest]), name)))), { numRuns: 4 * RUNS });
  });
});

const strange = fc.oneof(
  fc.constantFrom('0', '-1', '1', '2', '3', '4', '65536', '2147483648', '1e9', '1e308', '-1e-320', 'nan', 'inf', '-inf', '', '???', 'none', '(1,0,0)', '(0,0,0)', '(nan,1e308,1)', '1 1 1', '4 3 2', '4 3 2 1', '1 0 0 0 1 0 0 0 1', 'LOCAL', 'LIST', '%d.raw 1 9 0', 'a%03d 1 99999999 1', '../a', 'constructor', '__proto__', 'toString', '%s'),
  fc.string({ maxLength: 20 }),
);

describe('headers that nobody means', () => {
  const NRRD_KEYS = ['type', 'dimension', 'sizes', 'encoding', 'endian', 'space', 'space dimension', 'space directions', 'space origin', 'spacings', 'kinds', 'units', 'space units', 'axis mins', 'axis maxs', 'centers', 'line skip', 'byte skip', 'data file'];
  const META_KEYS = ['NDims', 'DimSize', 'ElementType', 'ElementNumberOfChannels', 'ElementSpacing', 'Offset', 'TransformMatrix', 'AnatomicalOrientation', 'DistanceUnits', 'CompressedData', 'BinaryData', 'HeaderSize', 'ElementByteOrderMSB'];
  const changes = (keys: readonly string[]) => fc.array(fc.tuple(fc.constantFrom(...keys), fc.oneof(strange, fc.tuple(strange, strange, strange).map((parts) => parts.join(' ')), fc.tuple(strange, strange, strange, strange).map((parts) => parts.join(' ')))), { maxLength: 4 });
  const companion = () => Promise.resolve(new Uint8Array(24));

  it('NRRD', async () => {
    const lines = { type: 'uchar', dimension: '3', sizes: '4 3 2', encoding: 'raw' };
    await fc.assert(
      fc.asyncProperty(changes(NRRD_KEYS), async (list) => {
        const header = Object.entries({ ...lines, ...Object.fromEntries(list) }).map(([key, value]) => `${key}: ${value}`);
        await outcome(() => readVolume(Buffer.concat([text(['NRRD0005', ...header, '', ''].join('\n')), new Uint8Array(24)]), 'a.nrrd', { companion }));
      }),
      { numRuns: 4 * RUNS },
    );
  });

  it('MetaImage', async () => {
    const lines = { NDims: '3', DimSize: '4 3 2', ElementType: 'MET_UCHAR' };
    await fc.assert(
      fc.asyncProperty(changes(META_KEYS), fc.oneof(fc.constant('LOCAL'), strange), async (list, file) => {
        const header = Object.entries({ ...lines, ...Object.fromEntries(list), ElementDataFile: file }).map(([key, value]) => `${key} = ${value}`);
        await outcome(() => readVolume(Buffer.concat([text(`${header.join('\n')}\n`), new Uint8Array(24)]), 'a.mha', { companion }));
      }),
      { numRuns: 4 * RUNS },
    );
  });

  it('NumPy', async () => {
    const descr = fc.oneof(fc.constantFrom('|u1', '<f2', '>i8', '=f4', '<c16', '|V3', '|O', '<U7'), fc.string({ maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(descr, fc.constantFrom('True', 'False', 'None'), fc.array(strange, { maxLength: 6 }), async (type, order, shape) => {
        const header = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')}), }`;
        await outcome(() => readVolume(Buffer.concat([Buffer.from([0x93]), text('NUMPY\x01\x00'), Buffer.from([header.length & 255, header.length >> 8]), text(header), new Uint8Array(24)]), 'a.npy'));
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it('raw descriptions', async () => {
    const number = fc.oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom(2 ** 31, 1e300, NaN, Infinity, 0.5));
    const raw = fc.record(
      { shape: fc.tuple(number, number, number), type: fc.constantFrom('uint8', 'float16', 'int64', 'float64'), endian: fc.constantFrom('little', 'big'), skipBytes: number, channels: number, spacing: fc.tuple(number, number, number) } as const,
      { requiredKeys: [] },
    );
    await fc.assert(fc.asyncProperty(raw, fc.uint8Array({ maxLength: 100 }), async (said, bytes) => void (await outcome(() => readVolume(bytes, 'a.raw', { raw: said as ReadOptions['raw'] })))), { numRuns: 4 * RUNS });
  });
});
