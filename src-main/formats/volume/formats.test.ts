/** NRRD, MetaImage, NumPy and raw files made by hand: types, orders, axes and places that were worked out on paper. */
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { guessRaw, readVolume, sniffVolume } from './index';
import { text } from './test-volumes';

const RAMP = Uint8Array.from({ length: 24 }, (_, i) => i);
const nrrd = (lines: readonly string[], data: Uint8Array = RAMP, end = '\n') => Buffer.concat([text(['NRRD0005', ...lines, '', ''].join(end)), data]);
const BASIC = ['type: uchar', 'dimension: 3', 'sizes: 4 3 2', 'encoding: raw'];
const files = (content: Record<string, Uint8Array>) => ({ companion: (name: string) => (content[name] ? Promise.resolve(content[name]) : Promise.reject(new Error(`no ${name}`))) });
const refusal = (code: string, message?: RegExp) => ({ kind: 'input', code: `input.${code}`, ...(message ? { message: expect.stringMatching(message) } : {}) });

describe('NRRD', () => {
  it('reads every encoding and line end', async () => {
    const packed = BASIC.with(3, 'encoding: gzip');
    for (const file of [nrrd(BASIC), nrrd(BASIC, RAMP, '\r\n'), nrrd(packed, gzipSync(RAMP)), nrrd(BASIC.with(3, 'encoding: ascii'), text([...RAMP].join(' '))), nrrd(BASIC.with(3, 'encoding: text'), text([...RAMP].join('\n')))]) {
      const { signal, notes, format } = await readVolume(file, 'a.nrrd');
      expect(signal.voxels).toEqual(RAMP);
      expect(signal.size).toEqual([4, 3, 2]);
      expect([format, notes]).toEqual(['NRRD', []]);
    }
  });

  it('skips lines of the file and bytes of the samples', async () => {
    const packed = nrrd([...BASIC.with(3, 'encoding: gzip'), 'line skip: 2', 'byte skip: 3'], Buffer.concat([text('one\ntwo\n'), gzipSync(Buffer.concat([text('xyz'), RAMP]))]));
    expect((await readVolume(packed, 'a.nrrd')).signal.voxels).toEqual(RAMP);
    const last = nrrd([...BASIC, 'byte skip: -1', 'data file: ./a.bin'], new Uint8Array(0));
    expect((await readVolume(last, 'a.nhdr', files({ 'a.bin': Buffer.concat([text('anything'), RAMP]) }))).signal.voxels).toEqual(RAMP);
  });

  it('reads samples out of one file or many', async () => {
    const slices = { 's1.raw': RAMP.subarray(0, 12), 's2.raw': RAMP.subarray(12) };
    const list = text(['NRRD0004', ...BASIC, 'data file: LIST', 's1.raw', 's2.raw', ''].join('\n'));
    const pattern = nrrd([...BASIC, 'datafile: s%d.raw 1 2 1'], new Uint8Array(0));
    for (const header of [list, pattern]) expect((await readVolume(header, 'a.nhdr', files(slices))).signal.voxels).toEqual(RAMP);
    await expect(readVolume(list, 'a.nhdr', files({ 's1.raw': RAMP.subarray(0, 12), 's2.raw': RAMP.subarray(13) }))).rejects.toMatchObject(refusal('truncated', /12 bytes.*holds 11/));
  });

  it('never asks for a file outside of the folder', async () => {
    for (const name of ['../a.raw', '/etc/passwd', 'b/../../a.raw', 'C:\\a.raw', '..\\a.raw']) {
      const asked: string[] = [];
      const options = { companion: (wanted: string) => (asked.push(wanted), Promise.resolve(RAMP)) };
      await expect(readVolume(nrrd([...BASIC, `data file: ${name}`]), 'a.nhdr', options)).rejects.toMatchObject(refusal('companion', /outside of its folder/));
      expect(asked).toEqual([]);
    }
    await expect(readVolume(nrrd([...BASIC, 'data file: gone.raw']), 'a.nhdr')).rejects.toMatchObject(refusal('companion', /gone\.raw/));
  });

  it('takes the place from space directions, and turns LAS into RAS', async () => {
    const lines = [...BASIC, 'space: left-anterior-superior', 'space directions: (0,2,0) (3,0,0) (0,0,-4)', 'space origin: (10,20,30)', 'space units: "mm" "mm" "mm"'];
    const { signal } = await readVolume(nrrd(lines), 'a.nrrd');
    expect(signal.metadata.geometry).toEqual({ spacing: [2, 3, 4], origin: [-10, 20, 30], directions: [0, 1, 0, -1, 0, 0, 0, 0, -1], space: 'RAS', unit: 'mm' });
    const mins = await readVolume(nrrd([...BASIC, 'axis mins: 0 10 20', 'axis maxs: 8 16 21', 'centers: cell node cell']), 'a.nrrd');
    // 4 cells of 2; 3 nodes 3 apart; 2 cells of 0.5: first centres at 1, 10 and 20.25.
    expect(mins.signal.metadata.geometry).toMatchObject({ spacing: [2, 3, 0.5], origin: [1, 10, 20.25] });
  });

  it('tells the values of a voxel and the volumes of a series from the axes of space', async () => {
    const four = (sizes: string, ...more: string[]) => readVolume(nrrd(['type: uchar', 'dimension: 4', `sizes: ${sizes}`, 'encoding: raw', ...more]), 'a.nrrd');
    expect((await four('2 3 2 2', 'kinds: vector domain domain domain')).signal).toMatchObject({ size: [3, 2, 2], channels: 2, voxels: RAMP });
    const planar = (await four('3 2 2 2', 'kinds: domain domain domain vector')).signal;
    expect(planar).toMatchObject({ size: [3, 2, 2], channels: 2 });
    expect([...planar.voxels.slice(0, 6)]).toEqual([0, 12, 1, 13, 2, 14]);
    const series = await four('3 2 2 2', 'kinds: domain domain domain time');
    expect([...series.signal.voxels]).toEqual([...RAMP.subarray(0, 12)]);
    expect(series.notes).toEqual(['holds 2 volumes; the first is used']);
    const among = (frame: number, sizes: string, ...more: string[]) => readVolume(nrrd(['type: uchar', 'dimension: 4', `sizes: ${sizes}`, 'encoding: raw', ...more]), 'a.nrrd', { frame });
    const second = await among(2, '3 2 2 2', 'kinds: domain domain domain time');
    expect([...second.signal.voxels]).toEqual([...RAMP.subarray(12)]);
    expect(second.notes).toEqual(['holds 2 volumes; number 2 is used']);
    expect([...(await among(2, '2 3 2 2', 'kinds: list domain domain domain')).signal.voxels]).toEqual([...RAMP].filter((value) => value % 2 === 1));
    await expect(among(3, '3 2 2 2', 'kinds: domain domain domain time')).rejects.toMatchObject(refusal('frame', /volume 3 was asked for, but there are 2/));
    const first = await four('2 3 2 2', 'kinds: list domain domain domain');
    expect([...first.signal.voxels]).toEqual([...RAMP].filter((value) => value % 2 === 0));
    expect((await four('2 3 2 2', 'space directions: none (1,0,0) (0,1,0) (0,0,1)')).signal).toMatchObject({ size: [3, 2, 2], channels: 2 });
    expect((await four('2 3 2 2')).notes.join()).toMatch(/first axis of 2/);
    await expect(four('6 2 2 1')).rejects.toMatchObject(refusal('unsupported', /kinds:/));
    const picture = await readVolume(nrrd(['type: uchar', 'dimension: 3', 'sizes: 3 4 2', 'encoding: raw', 'kinds: RGB-color domain domain']), 'a.nrrd');
    expect(picture.signal).toMatchObject({ size: [4, 2, 1], channels: 3 });
  });

  it('reads 64-bit integers', async () => {
    const of = (values: readonly bigint[]) => {
      const data = Buffer.alloc(8 * values.length);
      values.forEach((value, i) => data.writeBigInt64BE(value, 8 * i));
      return readVolume(nrrd(['type: int64', 'dimension: 3', `sizes: ${values.length} 1 1`, 'encoding: raw', 'endian: big'], data), 'a.nrrd');
    };
    expect((await of([-1n, 7n, 2147483647n])).signal.voxels).toEqual(Int32Array.of(-1, 7, 2147483647));
    const wide = await of([-(2n ** 40n), 5n, 2147483648n]);
    expect(wide.signal.voxels).toEqual(Float64Array.of(-(2 ** 40), 5, 2147483648));
    expect(wide.notes.join()).toMatch(/float64/);
  });

  it('repairs values and spacings, and says so', async () => {
    const data = Buffer.from(Float32Array.of(NaN, 1, Infinity, -3, -Infinity, 2).buffer);
    const lines = ['type: float', 'dimension: 3', 'sizes: 3 2 1', 'encoding: raw', 'endian: little'];
    const { signal, notes } = await readVolume(nrrd([...lines, 'spacings: 0 -2 nan'], data), 'a.nrrd');
    expect([...signal.voxels]).toEqual([-3, 1, 2, -3, -3, 2]);
    expect(signal.metadata.geometry).toMatchObject({ spacing: [1, 2, 1], directions: [1, 0, 0, 0, -1, 0, 0, 0, 1] });
    expect(notes.join('; ')).toMatch(/spacing of 0 along x.*negative spacing along y/);
    expect(notes.join('; ')).toMatch(/3 values/);
    const flat = await readVolume(nrrd([...lines, 'space dimension: 3', 'space directions: (0,2,0) (0,0,0) (0,0,5)', 'space origin: (nan,0,0)'], data), 'a.nrrd');
    expect(flat.signal.metadata.geometry).toMatchObject({ spacing: [2, 1, 5], directions: [0, 1, 0, -1, 0, 0, 0, 0, 1], origin: [0, 0, 0] });
    const parallel = await readVolume(nrrd([...lines, 'space directions: (1,0,0) (2,0,0) (0,0,1)'], data), 'a.nrrd');
    expect(parallel.signal.metadata.geometry).toMatchObject({ spacing: [1, 2, 1], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  });

  it('refuses headers that the data or the limits contradict, before it takes memory', async () => {
    const refuse = (lines: readonly string[], code: string, message?: RegExp, data?: Uint8Array) => expect(readVolume(nrrd(lines, data), 'a.nrrd')).rejects.toMatchObject(refusal(code, message));
    await refuse(BASIC.with(2, 'sizes: 4 3 3'), 'truncated', /take 36 bytes.*holds 24/);
    await refuse(BASIC.with(2, 'sizes: 4 3'), 'size');
    await refuse(BASIC.with(2, 'sizes: 4 -3 2'), 'size');
    await refuse(BASIC.with(2, 'sizes: 2000 2000 2000'), 'size', /8000000000/);
    await refuse(BASIC.with(2, 'sizes: 1000 1000 2000'), 'truncated');
    await refuse(['type: uchar', 'dimension: 3', 'sizes: 1000 1000 2000', 'encoding: gzip'], 'truncated', undefined, gzipSync(RAMP));
    await refuse(BASIC.with(0, 'type: constructor'), 'unsupported');
    await refuse(BASIC.with(3, 'encoding: bzip2'), 'unsupported', /gzip/);
    await refuse(BASIC.with(3, 'encoding: ascii'), 'damaged', /no number/, text('1 2 x '.padEnd(60, '1 ')));
    await refuse(BASIC.with(3, 'encoding: ascii'), 'damaged', /300/, text('1 300 '.padEnd(60, '1 ')));
  });

  it('unpacks no more than the header declares', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 24));
    const { signal, notes } = await readVolume(nrrd(BASIC.with(3, 'encoding: gzip'), bomb), 'a.nrrd');
    expect(signal.voxels.length).toBe(24);
    expect(notes).toEqual(['more data after the voxels left out']);
  });
});

describe('MetaImage', () => {
  const KEYS = ['ObjectType = Image', 'NDims = 3', 'DimSize = 4 3 2', 'ElementType = MET_UCHAR'];
  const meta = (more: readonly string[], data: Uint8Array, keys = KEYS) => Buffer.concat([text([...keys, ...more, ''].join('\n')), data]);

  it('reads samples behind the header and beside it, packed, as text and as slices', async () => {
    const local = 'ElementDataFile = LOCAL';
    const none = new Uint8Array(0);
    for (const file of [
      meta([local], RAMP),
      meta(['CompressedData = True', local], deflateSync(RAMP)),
      meta(['BinaryData = False', local], text([...RAMP].join(' '))),
      meta(['ElementDataFile = a.raw'], none),
      meta(['CompressedData = True', 'ElementDataFile = a.zraw'], none),
      meta(['ElementDataFile = s%02d.raw 1 2 1'], none),
      meta(['ElementDataFile = LIST', 's01.raw', 's02.raw'], none),
      meta(['HeaderSize = -1', 'ElementDataFile = long.raw'], none),
    ]) {
      const beside = files({ 'a.raw': RAMP, 'a.zraw': deflateSync(RAMP), 's01.raw': RAMP.subarray(0, 12), 's02.raw': RAMP.subarray(12), 'long.raw': Buffer.concat([text('head'), RAMP]) });
      expect(sniffVolume(file, 'a.mhd')).toBe('MetaImage');
      expect((await readVolume(file, 'a.mhd', beside)).signal.voxels).toEqual(RAMP);
    }
  });

  it('reads directions as the rows of the matrix, in LPS where the orientation is known', async () => {
    const place = ['TransformMatrix = 0 1 0 0 0 -1 1 0 0', 'Offset = 1 2 3', 'ElementSpacing = 0.5 2 4', 'DistanceUnits = mm'];
    const known = await readVolume(meta([...place, 'AnatomicalOrientation = ASR', 'ElementDataFile = LOCAL'], RAMP), 'a.mha');
    expect(known.signal.metadata.geometry).toEqual({ spacing: [0.5, 2, 4], origin: [1, 2, 3], directions: [0, 1, 0, 0, 0, -1, 1, 0, 0], space: 'LPS', unit: 'mm' });
    const unknown = await readVolume(meta([...place, 'ElementDataFile = LOCAL'], RAMP), 'a.mha');
    expect(unknown.signal.metadata.geometry.space).toBe('unknown');
  });

  it('reads big-endian numbers and the values of a voxel, and refuses what does not fit', async () => {
    const keys = ['NDims = 3', 'DimSize = 3 2 1', 'ElementType = MET_SHORT', 'ElementNumberOfChannels = 2', 'ElementByteOrderMSB = True', 'ElementDataFile = LOCAL'];
    const { signal } = await readVolume(meta([], RAMP, keys), 'a.mha');
    expect(signal.voxels).toEqual(Int16Array.from({ length: 12 }, (_, i) => 512 * i + 2 * i + 1));
    expect(signal.channels).toBe(2);
    await expect(readVolume(meta([], RAMP, keys.with(1, 'DimSize = 3 2 2')), 'a.mha')).rejects.toMatchObject(refusal('truncated', /48 bytes.*holds 24/));
    await expect(readVolume(meta([], RAMP, keys.with(2, 'ElementType = toString')), 'a.mha')).rejects.toMatchObject(refusal('unsupported'));
    await expect(readVolume(text('ObjectType = Image\nNDims = 3\n'), 'a.mha')).rejects.toMatchObject(refusal('truncated'));
  });
});

describe('NumPy', () => {
  const npy = (header: string, data: Uint8Array, version = 1) => {
    const length = version === 1 ? Buffer.from([header.length & 255, header.length >> 8]) : Buffer.from([header.length & 255, header.length >> 8, 0, 0]);
    return Buffer.concat([Buffer.from([0x93]), text('NUMPY'), Buffer.from([version, 0]), length, text(header), data]);
  };
  const dict = (descr: string, shape: string, fortran = 'False') => `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`;

  it('reads every version, order and number type', async () => {
    for (const version of [1, 2, 3]) expect((await readVolume(npy(dict('|u1', '2, 3, 4'), RAMP, version), 'a.npy')).signal).toMatchObject({ size: [4, 3, 2], voxels: RAMP });
    expect((await readVolume(npy(dict('|u1', '2, 3, 4', 'True'), RAMP), 'a.npy')).signal).toMatchObject({ size: [2, 3, 4], voxels: RAMP });
    expect((await readVolume(npy(dict('|b1', '4, 6'), RAMP), 'a.npy')).signal.size).toEqual([6, 4, 1]);
    const big = Buffer.alloc(16);
    [1.5, -2].forEach((value, i) => big.writeDoubleBE(value, 8 * i));
    expect((await readVolume(npy(dict('>f8', '1, 1, 2'), big), 'a.npy')).signal.voxels).toEqual(Float64Array.of(1.5, -2));
    // Half floats: 1.5 = 0x3e00, -2 = 0xc000, the smallest 0x0001 = 2^-24, 65504 = 0x7bff.
    const halves = Buffer.from(Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7bff).buffer);
    expect((await readVolume(npy(dict('<f2', '1, 2, 2'), halves), 'a.npy')).signal.voxels).toEqual(Float32Array.of(1.5, -2, 2 ** -24, 65504));
  });

  it('takes a short last axis for the values of a voxel, and asks where it is not clear', async () => {
    expect((await readVolume(npy(dict('|u1', '2, 2, 2, 3'), RAMP), 'a.npy')).signal).toMatchObject({ size: [2, 2, 2], channels: 3, voxels: RAMP });
    const planar = (await readVolume(npy(dict('|u1', '2, 2, 2, 3', 'True'), RAMP), 'a.npy')).signal;
    expect([...planar.voxels.slice(0, 6)]).toEqual([0, 8, 16, 1, 9, 17]);
    expect((await readVolume(npy(dict('|u1', '1, 1, 4, 6'), RAMP), 'a.npy')).signal.size).toEqual([6, 4, 1]);
    await expect(readVolume(npy(dict('|u1', '3, 1, 1, 8'), RAMP), 'a.npy')).rejects.toMatchObject(refusal('unsupported', /moveaxis/));
    await expect(readVolume(npy(dict('|u1', '24,'), RAMP), 'a.npy')).rejects.toMatchObject(refusal('unsupported'));
    await expect(readVolume(npy(dict('<c8', '1, 1, 3'), RAMP), 'a.npy')).rejects.toMatchObject(refusal('unsupported', /<c8/));
    await expect(readVolume(npy(dict('|O', '1, 1, 3'), RAMP), 'a.npy')).rejects.toMatchObject(refusal('unsupported'));
    await expect(readVolume(npy(dict('|u1', '2, 3, 5'), RAMP), 'a.npy')).rejects.toMatchObject(refusal('truncated', /30 bytes.*holds 24/));
  });
});

describe('raw files', () => {
  it('guesses from names and lengths', () => {
    expect(guessRaw('engine_256x256x128_uint8.raw.gz', 0)).toEqual({ shape: [256, 256, 128], type: 'uint8' });
    expect(guessRaw('foo_512x512x100_u16_le.raw', 512 * 512 * 200)).toEqual({ shape: [512, 512, 100], type: 'uint16', endian: 'little' });
    expect(guessRaw('dir.10x10x10/head.4x5x6.int16be.raw', 0)).toEqual({ shape: [4, 5, 6], type: 'int16', endian: 'big' });
    expect(guessRaw('ct_64x64x32_0.5x0.5x1.25_float32.raw', 0)).toEqual({ shape: [64, 64, 32], spacing: [0.5, 0.5, 1.25], type: 'float32' });
    expect(guessRaw('a_4x5x6.raw', 240)).toEqual({ shape: [4, 5, 6], type: 'uint16' });
    expect(guessRaw('a_4x5x6.raw', 360)).toEqual({ shape: [4, 5, 6], type: 'uint8', channels: 3 });
    expect(guessRaw('a_4x5_u8.raw', 240)).toEqual({ shape: [4, 5, 12], type: 'uint8' });
    expect(guessRaw('a_u16.raw', 2 * 27)).toEqual({ shape: [3, 3, 3], type: 'uint16' });
    expect(guessRaw('a.raw', 1000)).toEqual({});
    expect(guessRaw('a_4x5x6.raw', 241)).toEqual({ shape: [4, 5, 6] });
  });

  it('reads what name, length and user tell together', async () => {
    expect((await readVolume(gzipSync(RAMP), 'a_4x3x2_uint8.raw.gz')).signal).toMatchObject({ size: [4, 3, 2], voxels: RAMP });
    expect((await readVolume(gzipSync(RAMP), 'a_4x3x2.raw.gz')).signal.metadata.voxelType).toBe('uint8');
    const told = await readVolume(RAMP, 'whatever', { raw: { shape: [2, 5, 1], type: 'uint16', endian: 'big', skipBytes: 4, spacing: [1, 2, 3] } });
    expect(told.signal.voxels).toEqual(Uint16Array.from({ length: 10 }, (_, i) => (2 * i + 4) * 256 + 2 * i + 5));
    expect(told.signal.metadata.geometry.spacing).toEqual([1, 2, 3]);
    expect((await readVolume(RAMP, 'a.raw', { raw: { shape: [2, 2, 2], type: 'uint8' } })).signal.channels).toBe(3);
  });

  it('says which part is missing, and both numbers where they disagree', async () => {
    await expect(readVolume(RAMP, 'a.raw')).rejects.toMatchObject(refusal('raw', /shape and the type/));
    await expect(readVolume(RAMP, 'a_4x3x3_u8.raw')).rejects.toMatchObject(refusal('truncated', /36 bytes.*24/));
    await expect(readVolume(RAMP, 'a_3x3x2_u8.raw')).rejects.toMatchObject(refusal('size', /18 bytes.*6 more/));
    await expect(readVolume(new Uint8Array(0), 'a.raw')).rejects.toMatchObject(refusal('empty'));
    await expect(readVolume(RAMP, 'a.txt')).rejects.toMatchObject(refusal('unknown'));
  });
});
