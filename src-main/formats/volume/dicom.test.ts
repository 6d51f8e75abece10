/** DICOM series: every unpacked transfer syntax and RLE give the same voxels; order, place and values come from the headers alone. */
import { describe, expect, it } from 'vitest';
import { readVolume, readVolumeParts, sniffVolume, type ReadVolume } from './index';
import { dicom, slice, type Element, type SliceSpec, type Syntax } from './test-dicom';

const parts = (files: Readonly<Record<string, Uint8Array>>) => Object.entries(files).map(([name, bytes]) => ({ name, read: () => Promise.resolve(bytes) }));
const series = (files: Readonly<Record<string, Uint8Array>>, frame?: number): Promise<ReadVolume> => readVolumeParts(parts(files), 'folder', frame === undefined ? {} : { frame });
const read = (spec: SliceSpec): Promise<ReadVolume> => readVolume(slice(spec), 'a.dcm');
/** Slices at these places along z, their values their number in this list. */
const stack = (places: readonly number[], more: (at: number) => Partial<SliceSpec> = () => ({})): Record<string, Uint8Array> =>
  Object.fromEntries(places.map((z, at) => [`${100 - at}.dcm`, slice({ values: Array<number>(4).fill(at), position: [10, 20, z], number: 7, ...more(at) })]));

describe('pixels', () => {
  const signed = [-2000, -1, 0, 1, 500, 2047, -2048, 77];
  for (const syntax of ['implicit', 'explicit', 'big', 'deflated', 'rle'] as const satisfies readonly Syntax[]) {
    it(`${syntax}: 8 and 16 bits, with and without sign, fewer bits than there is room for`, async () => {
      const bytes = slice({ values: [0, 1, 254, 255], bits: 8, syntax });
      expect(sniffVolume(bytes, 'noname')).toBe('DICOM');
      expect((await readVolume(bytes, 'a')).signal).toMatchObject({ size: [2, 2, 1], voxels: Uint8Array.of(0, 1, 254, 255) });
      expect((await read({ values: [-128, -1, 0, 127], bits: 8, signed: true, syntax })).signal.voxels).toEqual(Int8Array.of(-128, -1, 0, 127));
      expect((await read({ values: [0, 256, 65535, 4660], syntax })).signal.voxels).toEqual(Uint16Array.of(0, 256, 65535, 4660));
      expect((await read({ values: signed, columns: 4, signed: true, stored: 12, syntax })).signal.voxels).toEqual(Int16Array.from(signed));
      // Bits above those that count belong to no value.
      expect((await read({ values: [0xf123, 0x0fff, 0x8000, 0x1001], stored: 12, syntax })).signal.voxels).toEqual(Uint16Array.of(0x123, 0xfff, 0, 1));
    });
  }

  it('keeps whole numbers where they are only moved, and makes floats where they are scaled', async () => {
    const rescaled = (slope: string, intercept: string, spec: Partial<SliceSpec> = {}) => read({ values: [0, 1024, 4095, 2000], stored: 12, ...spec, more: [[0x00281052, 'DS', intercept], [0x00281053, 'DS', slope]] });
    const moved = await rescaled('1', '-1024');
    expect(moved.signal.voxels).toEqual(Int16Array.of(-1024, 0, 3071, 976));
    expect(moved.notes.join()).toMatch(/moved by -1024/);
    expect((await rescaled('1', '10')).signal.voxels).toEqual(Uint16Array.of(10, 1034, 4105, 2010));
    expect((await rescaled('1', '-60000', { values: [0, 65535, 1, 2], stored: 16 })).signal.voxels).toEqual(Int32Array.of(-60000, 5535, -59999, -59998));
    expect((await rescaled('0.1', '-3')).signal.voxels).toEqual(Float32Array.from([0, 1024, 4095, 2000], (value) => value * 0.1 - 3));
    const files = { a: slice({ values: [1, 2, 3, 4], position: [0, 0, 0], more: [[0x00281053, 'DS', '2']] }), b: slice({ values: [1, 2, 3, 4], position: [0, 0, 1], more: [[0x00281053, 'DS', '3']] }) };
    const each = await series(files);
    expect([...each.signal.voxels]).toEqual([2, 4, 6, 8, 3, 6, 9, 12]);
    expect(each.notes.join()).toMatch(/each slice scaled/);
  });

  it('puts the samples of colours together', async () => {
    const colours = (planar: number, syntax: Syntax) => dicom([[0x0020000e, 'UI', '1'], [0x00280002, 'US', 3], [0x00280004, 'CS', 'RGB'], [0x00280006, 'US', planar], [0x00280010, 'US', 1], [0x00280011, 'US', 2], [0x00280100, 'US', 8], [0x00280101, 'US', 8], [0x00280102, 'US', 7], [0x00280103, 'US', 0], [0x7fe00010, 'OB', Buffer.from(planar ? [1, 4, 2, 5, 3, 6] : [1, 2, 3, 4, 5, 6])]], syntax);
    for (const planar of [0, 1]) {
      const { signal } = await readVolume(colours(planar, 'explicit'), 'a');
      expect(signal).toMatchObject({ size: [2, 1, 1], channels: 3, voxels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    }
  });

  it('names what packs pixels, and the way out', async () => {
    await expect(readVolume(slice({ values: [1, 2, 3, 4], uid: '1.2.840.10008.1.2.4.90' }), 'a.dcm')).rejects.toMatchObject({ kind: 'input', code: 'input.unsupported', message: /a\.dcm: .*JPEG 2000 lossless.*gdcmconv --raw/ });
    await expect(readVolume(slice({ values: [1, 2, 3, 4], uid: '1.2.3.4' }), 'a.dcm')).rejects.toMatchObject({ message: /transfer syntax 1\.2\.3\.4/ });
  });
});

describe('series', () => {
  it('sorts slices by their places, not by names or numbers', async () => {
    const { signal, notes, format } = await series(stack([4, -2, 1]));
    expect(signal.size).toEqual([2, 2, 3]);
    expect([...signal.voxels].filter((_, at) => at % 4 === 0)).toEqual([1, 2, 0]);
    expect(signal.metadata.geometry).toEqual({ spacing: [0.25, 0.5, 3], origin: [10, 20, -2], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'LPS', unit: 'mm' });
    expect(format).toBe('DICOM');
    expect(notes).toEqual(['3 slices read as one volume']);
  });

  it('turns the axes as the images lie, sagittal and leaning', async () => {
    const orientation = [0, 1, 0, 0, 0, -1];
    const sagittal = await series({ a: slice({ values: [1, 1, 1, 1], position: [8, 0, 0], orientation }), b: slice({ values: [2, 2, 2, 2], position: [5, 0, 0], orientation }) });
    // The normal is -x: the slice at 8 comes first.
    expect(sagittal.signal.voxels[0]).toBe(1);
    expect(sagittal.signal.metadata.geometry).toMatchObject({ spacing: [0.25, 0.5, 3], origin: [8, 0, 0], directions: [0, 1, 0, 0, 0, -1, -1, 0, 0] });
    const leaning = await series({ a: slice({ values: [1, 1, 1, 1], position: [0, 0, 0] }), b: slice({ values: [2, 2, 2, 2], position: [0, 3, 4] }) });
    const { spacing, directions } = leaning.signal.metadata.geometry;
    expect(spacing[2]).toBeCloseTo(5, 12);
    expect(directions.slice(6).map((part) => Number(part.toFixed(12)))).toEqual([0, 0.6, 0.8]);
    expect(leaning.notes.join()).toMatch(/lean by 36\.9°/);
  });

  it('says what is missing or uneven', async () => {
    expect((await series(stack([0, 2, 4, 10, 12]))).notes.join()).toMatch(/2 slices are missing: neighbours are 2 mm apart, some 6; the mean of 3/);
    expect((await series(stack([0, 2, 4, 6, 9]))).notes.join()).toMatch(/slices are 2 to 3 mm apart; the mean of 2\.25/);
    expect((await series(stack([0, 2, 4.0001, 6]))).notes).toEqual(['4 slices read as one volume']);
  });

  it('takes the largest of several series, and leaves copies and other files out', async () => {
    const files = { ...stack([0, 1, 2], (at) => ({ instance: `1.${at}` })), 'copy.dcm': slice({ values: [0, 0, 0, 0], position: [10, 20, 0], number: 7, instance: '1.0' }), 'x.dcm': slice({ values: [9, 9, 9, 9], series: '9', position: [0, 0, 0] }), 'notes.txt': Buffer.from('nothing'), DICOMDIR: dicom([[0x00041130, 'CS', 'A']]) };
    const { signal, notes } = await series(files);
    expect([...signal.voxels].filter((_, at) => at % 4 === 0)).toEqual([0, 1, 2]);
    expect(notes).toEqual(['1 file that is no slice left out', '1 other series (or images of another size or direction) left out, of 1 slices', '1 DICOM file without images left out', '1 copy of a file left out', '3 slices read as one volume']);
  });

  it('takes images at one place for a series in time', async () => {
    const files = Object.fromEntries([0, 1, 2].flatMap((time) => [0, 5].map((z) => [`${time}${z}`, slice({ values: Array<number>(4).fill(10 * time + z), position: [0, 0, z], number: 50 - z, more: [[0x00200100, 'IS', String(3 - time)]] })])));
    const first = await series(files);
    expect(first.notes[0]).toBe('holds 3 volumes; the first is used');
    // Times count down here.
    expect([first.signal.voxels[0], first.signal.voxels[4]]).toEqual([20, 25]);
    const last = await series(files, 3);
    expect([last.signal.voxels[0], last.signal.voxels[4]]).toEqual([0, 5]);
    await expect(series(files, 4)).rejects.toMatchObject({ code: 'input.frame' });
  });

  it('goes by numbers where nothing tells places, and says so', async () => {
    const { signal, notes } = await series({ 'a.dcm': slice({ values: [1, 1, 1, 1], number: 12 }), 'b.dcm': slice({ values: [2, 2, 2, 2], number: 3 }) });
    expect([signal.voxels[0], signal.voxels[4]]).toEqual([2, 1]);
    expect(signal.metadata.geometry).toMatchObject({ spacing: [0.25, 0.5, 1], space: 'unknown', unit: 'mm' });
    expect(notes.join()).toMatch(/carry no places.*distance of slices is not said/);
  });

  it('reads files of many frames: with places of their own, with distances from the first, with neither', async () => {
    const values = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3];
    const frameAt = (z: number): Element[] => [[0x00209113, 'SQ', [[[0x00200032, 'DS', `0\\0\\${z}`]]]]];
    const shared: Element = [0x52009229, 'SQ', [[[0x00209116, 'SQ', [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]]], [0x00289110, 'SQ', [[[0x00280030, 'DS', '4\\3']]]], [0x00289145, 'SQ', [[[0x00281052, 'DS', '-5'], [0x00281053, 'DS', '1']]]]]]];
    for (const syntax of ['explicit', 'implicit', 'big', 'rle'] as const) {
      const enhanced = await read({ values, frames: 3, syntax, more: [shared, [0x52009230, 'SQ', [4, 0, 2].map(frameAt)]] });
      expect([...enhanced.signal.voxels].filter((_, at) => at % 4 === 0)).toEqual([-3, -2, -4]);
      expect(enhanced.signal.metadata.geometry).toMatchObject({ spacing: [3, 4, 2], origin: [0, 0, 0], space: 'LPS' });
    }
    const dose = await read({ values, frames: 3, position: [1, 2, 3], more: [[0x3004000c, 'DS', '0\\2.5\\5'], [0x3004000e, 'DS', '0.5']] });
    expect(dose.signal.metadata.geometry).toMatchObject({ spacing: [0.25, 0.5, 2.5], origin: [1, 2, 3] });
    expect(dose.signal.voxels[4]).toBe(1);
    const bare = await read({ values, frames: 3, more: [[0x00180088, 'DS', '7']] });
    expect(bare.signal.metadata.geometry.spacing).toEqual([0.25, 0.5, 7]);
    expect([...bare.signal.voxels].filter((_, at) => at % 4 === 0)).toEqual([1, 2, 3]);
  });

  it('says nothing of the person', async () => {
    const { notes, format, signal } = await series(stack([0, 1, 5], (at) => ({ series: `1.${at}` })));
    expect(JSON.stringify([notes, format, signal.metadata])).not.toMatch(/DOE|JANE|1\.0|\.dcm/);
    await expect(series(stack([0, 1], () => ({ uid: '1.2.840.10008.1.2.4.50' })))).rejects.toMatchObject({ message: expect.not.stringMatching(/DOE/) });
  });

  it('names the file that is at fault', async () => {
    const files = stack([0, 1, 2]);
    await expect(series({ ...files, '50.dcm': files['100.dcm']!.subarray(0, 300) })).rejects.toMatchObject({ kind: 'input', message: /^50\.dcm: / });
    const short = slice({ values: [1], position: [10, 20, 9] });
    await expect(series({ ...files, '50.dcm': short })).rejects.toMatchObject({ code: 'input.truncated', message: /^50\.dcm: a frame takes 8 bytes, but the file holds 2/ });
    await expect(series({ 'a.txt': Buffer.from('a'), 'b.txt': Buffer.from('b') })).rejects.toMatchObject({ code: 'input.folder', message: /^folder: none of the 2 files/ });
    await expect(series({ a: slice({ values: [1, 2, 3, 4], rows: 65535, columns: 65535, position: [0, 0, 0] }) })).rejects.toMatchObject({ code: 'input.size' });
    await expect(readVolume(dicom([[0x00041130, 'CS', 'A']]), 'DICOMDIR')).rejects.toMatchObject({ code: 'input.unsupported', message: /holds no images/ });
  });
});
