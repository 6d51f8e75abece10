/** TIFF stacks: every type and packing to the bit, what ImageJ and OME say of them, and what is no stack. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { newVoxels, type VoxelType } from '#core/signal/volume';
import { readVolume, sniffVolume } from './index';
import { Reading } from './types';
import { tiffPages } from './tiff-directory';
import { decodePage, isReadable } from './tiff-page';
import { tiff, type TiffSpec } from './test-tiff';

const page = (values: readonly number[], width = 2, height = 1, tags?: Record<number, number | string>) => ({ width, height, data: Buffer.from(values), ...(tags && { tags }) });
const ramp = (pages: number, tags?: Record<number, number | string>): TiffSpec => ({ pages: Array.from({ length: pages }, (_, i) => page([2 * i, 2 * i + 1], 2, 1, i === 0 ? tags : undefined)) });
const read = (spec: TiffSpec, options = {}) => readVolume(tiff(spec), 'a.tif', options);

describe('TIFF stacks', () => {
  const TYPES: Readonly<Record<string, readonly [bits: number, format: number]>> = { uint8: [8, 1], int8: [8, 2], uint16: [16, 1], int16: [16, 2], uint32: [32, 1], int32: [32, 2], float32: [32, 3], float64: [64, 3] };

  for (const [type, [bits, format]] of Object.entries(TYPES)) {
    for (const big of [false, true]) {
      for (const wide of [false, true]) {
        it(`${type}, ${big ? 'big' : 'little'}-endian${wide ? ', BigTIFF' : ''}`, async () => {
          const voxels = newVoxels(type as VoxelType, 12);
          for (let i = 0; i < 12; i++) voxels[i] = format === 3 ? Math.sin(i) * 1e4 : (i * 2654435761) % 4294967296;
          const stored = Buffer.from(voxels.buffer.slice(0));
          if (big && bits === 16) stored.swap16();
          if (big && bits === 32) stored.swap32();
          if (big && bits === 64) stored.swap64();
          const bytes = tiff({ pages: [0, 1].map((at) => ({ width: 3, height: 2, data: stored.subarray(at * (stored.length / 2), (at + 1) * (stored.length / 2)) })), big, bits, format, wide });
          expect(sniffVolume(bytes, 'noname')).toBe('TIFF');
          const { signal, notes } = await readVolume(bytes, 'a.tif');
          expect(signal).toMatchObject({ size: [3, 2, 2], channels: 1, voxels });
          expect(notes).toEqual(['2 pages read as slices of one volume']);
        });
      }
    }
  }

  it('is no stack: one page, pages of different sizes, reduced copies, bits', () => {
    expect(sniffVolume(tiff(ramp(1)), 'a.tif')).toBeNull();
    expect(sniffVolume(tiff({ pages: [page([1, 2, 3, 4], 2, 2), page([1, 2])] }), 'a.tif')).toBeNull();
    expect(sniffVolume(tiff({ pages: [page([1, 2]), page([1, 2], 2, 1, { 254: 1 })] }), 'a.tif')).toBeNull();
    expect(sniffVolume(tiff({ ...ramp(2), bits: 1 }), 'a.tif')).toBeNull();
    expect(sniffVolume(tiff({ pages: ramp(2).pages.map((each) => ({ ...each, tags: { 259: 7 } })) }), 'a.tif')).toBeNull();
  });

  it('leaves pages of another size out, and says so', async () => {
    const { signal, notes } = await read({ pages: [page([1, 2]), page([9], 1, 1), page([3, 4])] });
    expect([...signal.voxels]).toEqual([1, 2, 3, 4]);
    expect(notes).toContain('1 page of another size or type left out');
  });

  it('takes spacing, channels and moments from ImageJ', async () => {
    const description = 'ImageJ=1.54f\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\nunit=micron\nspacing=2.5\nloop=false\n';
    const { signal, notes } = await read(ramp(12, { 270: description, 282: 4, 283: 5 }), { frame: 2 });
    expect(signal).toMatchObject({ size: [2, 1, 3], channels: 2 });
    expect([...signal.voxels]).toEqual([12, 14, 13, 15, 16, 18, 17, 19, 20, 22, 21, 23]);
    expect(signal.metadata.geometry).toMatchObject({ spacing: [0.25, 0.2, 2.5], unit: 'um', origin: [0, 0, 0] });
    expect(notes).toContain('holds 2 volumes; number 2 is used');
    const wrong = await read(ramp(5, { 270: description }));
    expect(wrong.signal.size).toEqual([2, 1, 5]);
    expect(wrong.notes.join()).toMatch(/ImageJ description counts 12 pages, but there are 5/);
  });

  it('finds the images that ImageJ writes without directories', async () => {
    const spec = { pages: [{ width: 2, height: 1, data: Buffer.from([0, 1]), tags: { 270: 'ImageJ=1.54f\nimages=3\nslices=3\nunit=\\u00B5m\nspacing=3\n' } }] };
    // The samples stand behind the directory in such files.
    const head = tiff(spec);
    const bytes = Buffer.concat([tiff({ pages: [{ ...spec.pages[0]!, tags: { ...spec.pages[0]!.tags, 273: head.length } }] }), Buffer.from([5, 6, 7, 8, 9, 10])]);
    expect(bytes.length).toBe(head.length + 6);
    const { signal } = await readVolume(bytes, 'a.tif');
    expect([...signal.voxels]).toEqual([5, 6, 7, 8, 9, 10]);
    expect(signal.metadata.geometry).toMatchObject({ spacing: [1, 1, 3], unit: 'um' });
    // A count beyond the file is no count of what is there.
    expect((await readVolume(bytes.subarray(0, -2), 'a.tif')).signal.size).toEqual([2, 1, 2]);
  });

  it('takes sizes, order and units from OME-XML', async () => {
    const ome = (order: string, more = '', inner = '') => `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels DimensionOrder="${order}" SizeX="2" SizeY="1" SizeZ="3" SizeC="2" SizeT="1" Type="uint8" PhysicalSizeX="100" PhysicalSizeXUnit="nm" PhysicalSizeY="120" PhysicalSizeYUnit="nm" PhysicalSizeZ="400" PhysicalSizeZUnit="nm"${more}>${inner}</Pixels></Image></OME>`;
    const zct = await read(ramp(6, { 270: ome('XYZCT') }));
    expect(zct.signal).toMatchObject({ size: [2, 1, 3], channels: 2 });
    expect([...zct.signal.voxels]).toEqual([0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
    expect(zct.signal.metadata.geometry).toMatchObject({ spacing: [100, 120, 400], unit: 'nm' });
    expect([...(await read(ramp(6, { 270: ome('XYCZT') }))).signal.voxels]).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]);
    const turned = [0, 1, 2].flatMap((z) => [0, 1].map((c) => `<TiffData IFD="${5 - (2 * z + c)}" FirstZ="${z}" FirstC="${c}" FirstT="0" PlaneCount="1"/>`)).join('');
    expect([...(await read(ramp(6, { 270: ome('XYCZT', '', turned) }))).signal.voxels]).toEqual([10, 8, 11, 9, 6, 4, 7, 5, 2, 0, 3, 1]);
    expect((await read(ramp(4, { 270: ome('XYCZT') }))).notes.join()).toMatch(/OME description counts 6 pages, but there are 4/);
    expect((await read(ramp(4, { 270: '<OME ><Image>' }))).notes.join()).toMatch(/damaged/);
  });

  it('leaves the resolution of a print out', async () => {
    expect((await read(ramp(2, { 282: 72, 283: 72 }))).signal.metadata.geometry.spacing).toEqual([1, 1, 1]);
  });

  it('refuses what ends too early and what goes in circles', async () => {
    const bytes = tiff({ ...ramp(3), big: true });
    const circle = Buffer.from(bytes);
    circle.writeUInt32BE(bytes.readUInt32BE(4), bytes.length - 4);
    await expect(readVolume(circle, 'a.tif')).rejects.toMatchObject({ code: 'input.truncated', message: /a\.tif: the list of pages/ });
    const beyond = tiff({ pages: [page([1, 2]), page([3, 4], 2, 1, { 273: 1e6 })] });
    await expect(readVolume(beyond, 'a.tif')).rejects.toMatchObject({ code: 'input.truncated' });
    const vast = tiff({ pages: [0, 1].map(() => page([1], 60000, 60000, { 278: 1 })) });
    await expect(readVolume(vast, 'a.tif')).rejects.toMatchObject({ code: 'input.size' });
  });
});

describe('pages', () => {
  const [WIDTH, HEIGHT] = [37, 41];
  const options = [
    { compression: 'lzw', predictor: 'none' },
    { compression: 'lzw', predictor: 'horizontal' },
    { compression: 'lzw', predictor: 'horizontal', tile: true, tileWidth: 16, tileHeight: 32 },
    { compression: 'deflate', predictor: 'horizontal' },
    { compression: 'deflate', predictor: 'none', tile: true, tileWidth: 32, tileHeight: 16 },
    { compression: 'packbits', predictor: 'none' },
    { compression: 'none', predictor: 'none', tile: true },
  ] as const;
  const inputs = { 'noise of 8 bits': [1, 'uchar', 7919], 'colours of 8 bits': [3, 'uchar', 31], 'a ramp of 16 bits': [1, 'ushort', 3], 'noise of 16 bits': [3, 'ushort', 7919] } as const;
  for (const option of options) {
    it.each(Object.entries(inputs))(`${JSON.stringify(option)}: %s`, async (_, [channels, depth, factor]) => {
      const samples = depth === 'uchar' ? new Uint8Array(WIDTH * HEIGHT * channels) : new Uint16Array(WIDTH * HEIGHT * channels);
      for (let i = 0; i < samples.length; i++) samples[i] = ((i * factor) % 65521) + (i >> 3);
      const image = sharp(samples, { raw: { width: WIDTH, height: HEIGHT, channels } });
      const coloured = depth === 'ushort' ? image.toColourspace(channels === 1 ? 'grey16' : 'rgb16') : image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
      const bytes = await coloured.tiff({ ...option }).toBuffer();
      const [only] = tiffPages(bytes).pages;
      expect(isReadable(only!)).toBe(true);
      expect(only).toMatchObject({ width: WIDTH, height: HEIGHT, samples: channels, type: depth === 'uchar' ? 'uint8' : 'uint16' });
      const decoded = decodePage(bytes, only!, new Reading('a.tif'));
      expect(Buffer.compare(decoded, new Uint8Array(samples.buffer)) === 0).toBe(true);
    });
  }
});
