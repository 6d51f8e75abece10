import { describe, expect, it } from 'vitest';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { StudioError } from '#core/errors';
import type { GridSignal, SampleType } from '#core/signal/signal';
import { encodeImage, encodeNpy, encodePng } from './image-export';
import { readImage } from './image-ingest';

const SIZE = { width: 24, height: 16 } as const;

function signal(channels: 1 | 2 | 3 | 4, type: SampleType = 'uint8', icc?: Uint8Array): GridSignal {
  const length = SIZE.width * SIZE.height * channels;
  // Odd multiples, so that no alpha is 0: lossy codecs may forget the colour of what is invisible.
  const samples = type === 'uint8' ? Uint8Array.from({ length }, (_, i) => (i * 37 + (i >> 4)) | 1) : Uint16Array.from({ length }, (_, i) => i * 2311 + 5);
  return { kind: 'grid', size: [SIZE.width, SIZE.height], channels, type, samples, metadata: { colorSpace: icc ? 'icc' : 'srgb', alpha: channels % 2 === 0, ...(icc ? { icc } : {}) } };
}

const rgb = signal(3);
const source = (from = rgb) => sharp(from.samples, { raw: { ...SIZE, channels: from.channels as 3 } });
const codeOf = (promise: Promise<unknown>): Promise<{ kind: string; code: string; message: string }> =>
  promise.then(
    () => Promise.reject(new Error('expected a refusal')),
    (error: { kind: string; code: string; message: string }) => ({ kind: error.kind, code: error.code, message: error.message }),
  );

function pngChunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** A PNG that declares a size and holds next to nothing. */
function pngOf(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(8))), pngChunk('IEND', Buffer.alloc(0))]);
}

/** A minimal grey profile of gamma 1.8. */
function greyProfile(): Uint8Array {
  const tag = (type: string, ...words: number[]): Buffer => Buffer.concat([Buffer.from(type, 'latin1'), ...words.map((word) => Buffer.from(Uint32Array.of(word).buffer).swap32())]);
  const tags: [string, Buffer][] = [
    ['desc', Buffer.concat([tag('desc', 0, 10), Buffer.from('Gamma 1.8\0', 'latin1'), Buffer.alloc(2)])],
    ['wtpt', tag('XYZ ', 0, 0xf6d6, 0x10000, 0xd32d)],
    ['kTRC', tag('curv', 0, 1, 0x01cd0000)],
  ];
  const head = Buffer.alloc(128);
  head.writeUInt32BE(0x02100000, 8);
  head.write('mntrGRAYXYZ ', 12, 'latin1');
  head.write('acsp', 36, 'latin1');
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length, 0);
  let offset = 128 + table.length;
  tags.forEach(([name, data], index) => {
    table.write(name, 4 + 12 * index, 'latin1');
    table.writeUInt32BE(offset, 8 + 12 * index);
    table.writeUInt32BE(data.length, 12 + 12 * index);
    offset += data.length;
  });
  const profile = Buffer.concat([head, table, ...tags.map(([, data]) => data)]);
  profile.writeUInt32BE(profile.length, 0);
  return profile;
}

describe('a picture keeps what it is', () => {
  for (const type of ['uint8', 'uint16'] as const) {
    for (const channels of [1, 2, 3, 4] as const) {
      it(`${type} with ${channels} channels through PNG`, async () => {
        const before = signal(channels, type);
        const { signal: after, format, notes } = await readImage(await encodePng(before, before.samples), 'a.png');
        expect(after).toEqual(before);
        expect(format).toBe('PNG');
        expect(notes).toEqual([]);
      });
      it(`${type} with ${channels} channels through TIFF`, async () => {
        const before = signal(channels, type);
        const { bytes } = await encodeImage(before, before.samples, 'tif');
        const { signal: after } = await readImage(bytes, 'a.tif');
        expect(after.type).toBe(type);
        expect(after.channels).toBe(channels);
        expect(after.samples).toEqual(before.samples);
      });
    }
  }

  it('grey JPEG stays one channel, WebP and AVIF keep RGB and alpha', async () => {
    expect((await readImage(await source(signal(1)).toColourspace('b-w').jpeg().toBuffer(), 'a.jpg')).signal.channels).toBe(1);
    for (const format of ['webp', 'avif'] as const) {
      const { signal: after } = await readImage(await sharp(signal(4).samples, { raw: { ...SIZE, channels: 4 } })[format]({ lossless: true }).toBuffer(), `a.${format}`);
      expect(after.channels).toBe(4);
      expect(after.metadata.alpha).toBe(true);
      expect(after.samples).toEqual(signal(4).samples);
    }
  });

  it('palette PNG becomes RGB; 1 x 1 is a picture', async () => {
    const palette = await source().png({ palette: true, colours: 8 }).toBuffer();
    expect((await readImage(palette, 'p.png')).signal.channels).toBe(3);
    const one = await sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } }).png().toBuffer();
    expect((await readImage(one, 'one.png')).signal).toMatchObject({ size: [1, 1], samples: Uint8Array.of(1, 2, 3) });
  });

  it('a 10-bit AVIF is spread over 16 bits', async () => {
    const avif = await source().avif({ bitdepth: 10, lossless: true }).toBuffer();
    const { signal: after } = await readImage(avif, 'a.avif');
    expect(after.type).toBe('uint16');
    expect(after.samples[1]! / 65535).toBeCloseTo((rgb.samples[1]! * 4) / 1023, 4);
  });
});

describe('colour and orientation', () => {
  it('an sRGB profile leaves samples as they are, without a note', async () => {
    const { signal: after, notes } = await readImage(await source().withIccProfile('srgb').png().toBuffer(), 'a.png');
    expect(after.samples).toEqual(rgb.samples);
    expect(notes).toEqual([]);
  });

  it('gamma and primary colours that only PNG has are said not to be used, unless they are those of sRGB or overruled', async () => {
    const words = (...values: number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer).swap32()));
    const gamma = (value: number): Buffer => pngChunk('gAMA', words(value));
    const primaries = (red: number): Buffer => pngChunk('cHRM', words(31270, 32900, red, 33000, 30000, 60000, 15000, 6000));
    const notesWith = async (...chunks: Buffer[]): Promise<string> => {
      const whole = await source().png().toBuffer();
      return (await readImage(Buffer.concat([whole.subarray(0, 33), ...chunks, whole.subarray(33)]), 'a.png')).notes.join();
    };
    expect(await notesWith(gamma(45455), primaries(64000))).toBe('');
    expect(await notesWith(gamma(100000))).toMatch(/gAMA/);
    expect(await notesWith(primaries(68000))).toMatch(/cHRM/);
    expect(await notesWith(pngChunk('sRGB', Buffer.from([0])), gamma(100000), primaries(68000))).toBe('');
  });

  it('an AVIF with a few bytes behind it is whole', async () => {
    const { signal: after } = await readImage(Buffer.concat([await source().avif().toBuffer(), Buffer.alloc(3)]), 'a.avif');
    expect(after.size).toEqual([24, 16]);
  });

  it('Display P3 is converted to sRGB, 8 and 16 bit, and said so', async () => {
    const p3 = await source().withIccProfile('p3').png().toBuffer();
    const { signal: after, notes } = await readImage(p3, 'a.png');
    expect(Math.max(...after.samples.map((value, i) => Math.abs(value - rgb.samples[i]!)))).toBeLessThanOrEqual(4);
    const untouched = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.max(...untouched.map((value, i) => Math.abs(value - rgb.samples[i]!)))).toBeGreaterThan(8);
    expect(notes.join()).toMatch(/converted from .*to sRGB/);
    expect(after.metadata.colorSpace).toBe('srgb');
    const wide = await sharp(signal(3, 'uint16').samples, { raw: { ...SIZE, channels: 3 } }).toColourspace('rgb16').withIccProfile('p3').png().toBuffer();
    expect((await readImage(wide, 'a.png')).signal.type).toBe('uint16');
  });

  it('a profile that cannot be used is not said to have been', async () => {
    const tiff = await source().withIccProfile('p3').tiff({ compression: 'none' }).toBuffer();
    tiff.write('xxxx', tiff.indexOf('rTRC'), 'latin1');
    const untouched = await sharp(tiff, { ignoreIcc: true }).raw().toBuffer();
    const { signal: after, notes } = await readImage(tiff, 'a.tif');
    expect(Buffer.from(after.samples)).toEqual(untouched);
    expect(notes).toEqual(['the embedded colour profile cannot be used and was left out']);
  });

  it('CMYK is converted with a note', async () => {
    for (const format of ['jpeg', 'tiff'] as const) {
      const { signal: after, notes } = await readImage(await source().toColourspace('cmyk')[format]().toBuffer(), 'a');
      expect(after.channels).toBe(3);
      expect(notes.join()).toContain('CMYK');
    }
  });

  it('a grey profile is kept with the samples, and embedded again', async () => {
    const before = signal(1, 'uint8', greyProfile());
    const png = await encodePng(before, before.samples);
    const { signal: after, notes } = await readImage(png, 'grey.png');
    expect(after.samples).toEqual(before.samples);
    expect(after.metadata.colorSpace).toBe('icc');
    expect(Buffer.from(after.metadata.icc!)).toEqual(Buffer.from(greyProfile()));
    expect(notes.join()).toContain('Gamma 1.8');
    for (const extension of ['tif', 'jpg']) {
      const { bytes } = await encodeImage(after, after.samples, extension);
      expect((await readImage(bytes, `g.${extension}`)).signal.metadata.colorSpace).toBe('icc');
    }
  });

  it('EXIF orientation is applied and noted', async () => {
    const turned = await source().withMetadata({ orientation: 6 }).png().toBuffer();
    const { signal: after, notes } = await readImage(turned, 'a.png');
    expect(after.size).toEqual([SIZE.height, SIZE.width]);
    // Turned clockwise: the top left pixel is the old bottom left one.
    const bottomLeft = (SIZE.height - 1) * SIZE.width * 3;
    expect([...after.samples.subarray(0, 3)]).toEqual([...rgb.samples.subarray(bottomLeft, bottomLeft + 3)]);
    expect(notes.join()).toContain('EXIF orientation applied');
  });

  it('of an animation the first frame is taken', async () => {
    const frames = sharp(Buffer.concat([Buffer.alloc(24 * 16 * 3, 200), Buffer.alloc(24 * 16 * 3, 50)]), { raw: { width: 24, height: 32, channels: 3, pageHeight: 16 } });
    for (const format of ['gif', 'webp'] as const) {
      const { signal: after, notes } = await readImage(await frames.clone()[format]({ loop: 0 }).toBuffer(), `a.${format}`);
      expect(after.size).toEqual([24, 16]);
      expect(after.channels).toBe(3);
      expect(Math.abs(after.samples[0]! - 200)).toBeLessThan(4);
      expect(notes.join()).toContain('first frame of 2');
    }
  });

  it('a name that lies is noted, not believed', async () => {
    const { format, notes } = await readImage(await source().jpeg().toBuffer(), 'holiday.png');
    expect(format).toBe('JPEG');
    expect(notes).toEqual(['named .png, but the content is JPEG']);
  });
});

describe('what cannot be read says why', () => {
  it('empty, foreign and unknown files', async () => {
    expect(await codeOf(readImage(new Uint8Array(), 'e.png'))).toMatchObject({ kind: 'input', code: 'input.empty', message: expect.stringContaining('e.png') });
    expect(await codeOf(readImage(Buffer.from('<!DOCTYPE html><p>'), 'a.png'))).toMatchObject({ code: 'input.unsupported', message: expect.stringContaining('web page') });
    expect(await codeOf(readImage(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.png'))).toMatchObject({ code: 'input.unsupported' });
    expect(await codeOf(readImage(Buffer.from('hello there'), 'a.png'))).toMatchObject({ code: 'input.unknown' });
    expect(await codeOf(readImage(Uint8Array.of(0xff), 'a.png'))).toMatchObject({ code: 'input.unknown' });
  });

  it('no pixels, or far too many, by the header alone', async () => {
    expect(await codeOf(readImage(pngOf(0, 0), 'a.png'))).toMatchObject({ code: 'input.size', message: expect.stringContaining('0 x 0') });
    expect(await codeOf(readImage(pngOf(60000, 60000), 'a.png'))).toMatchObject({ code: 'input.size', message: expect.stringContaining('60000 x 60000') });
  });

  for (const format of ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const) {
    it(`truncated ${format}`, async () => {
      const whole = await source()[format]().toBuffer();
      for (const part of [0.3, 0.6, 0.97]) {
        const fault = await codeOf(readImage(whole.subarray(0, Math.floor(whole.length * part)), `t.${format}`));
        expect(fault.kind).toBe('input');
        expect(fault.code, `${part}: ${fault.message}`).toBe('input.truncated');
      }
    });
  }

  it('bytes flipped anywhere give a picture or a named fault, never anything else', async () => {
    for (const format of ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const) {
      const whole = await source()[format]().toBuffer();
      for (let round = 0; round < 25; round++) {
        const damaged = new Uint8Array(whole);
        for (let flip = 0; flip <= round % 3; flip++) damaged[(Math.imul(round * 7 + flip + 1, 2654435761) >>> 0) % whole.length] = (round * 83 + flip) & 255;
        const outcome = await readImage(damaged, 'f').then(
          ({ signal: read }) => read.samples.length === read.size[0]! * read.size[1]! * read.channels,
          (error: unknown) => error instanceof StudioError && error.kind === 'input' && error.code !== 'internal',
        );
        expect(outcome, `${format}, round ${round}`).toBe(true);
      }
    }
  });

  it('a damaged PNG', async () => {
    const png = await source().png().toBuffer();
    const at = png.indexOf('IDAT') + 20;
    png[at]! ^= 0xff;
    expect(await codeOf(readImage(png, 'a.png'))).toMatchObject({ kind: 'input', code: expect.stringMatching(/^input\.(damaged|truncated)$/) });
  });

  it('float samples', async () => {
    const tiff = await source().toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer();
    expect(await codeOf(readImage(tiff, 'a.tif'))).toMatchObject({ kind: 'input', code: 'input.unsupported', message: expect.stringContaining('float') });
  });
});

describe('export', () => {
  it('writes NumPy arrays of height, width, channels', () => {
    const bytes = Buffer.from(encodeNpy(signal(3, 'uint16'), signal(3, 'uint16').samples));
    const end = 10 + bytes.readUInt16LE(8);
    expect(end % 64).toBe(0);
    expect(bytes.toString('latin1', 1, 6)).toBe('NUMPY');
    expect(bytes.toString('latin1', 10, end)).toMatch(/^\{'descr': '<u2', 'fortran_order': False, 'shape': \(16, 24, 3\), \} *\n$/);
    expect(bytes.length - end).toBe(24 * 16 * 3 * 2);
    expect(Buffer.from(encodeNpy(signal(1), signal(1).samples)).toString('latin1', 10, 80)).toContain('(16, 24)');
  });

  it('says what a lossy format loses', async () => {
    const { bytes, notes } = await encodeImage(signal(4, 'uint16'), signal(4, 'uint16').samples, 'JPG');
    expect(notes.join()).toMatch(/16 to 8 bits.*alpha dropped/);
    expect((await readImage(bytes, 'a.jpg')).signal).toMatchObject({ channels: 3, type: 'uint8' });
    expect(await codeOf(encodeImage(rgb, rgb.samples, 'bmp'))).toMatchObject({ kind: 'usage', code: 'export.format' });
  });
});
