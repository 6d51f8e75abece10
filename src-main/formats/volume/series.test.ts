/** Many files, one volume: TIFF slices of a folder in their natural order, and which files that are opened together belong together. */
import { describe, expect, it } from 'vitest';
import { areSlices, readVolumeParts } from './index';
import { slice } from './test-dicom';
import { tiff } from './test-tiff';

const page = (value: number, width = 2, samples = 1) => tiff({ pages: [{ width, height: 2, data: Buffer.alloc(2 * width * samples, value) }], samples });
const part = (name: string, bytes: Uint8Array) => ({ name, read: () => Promise.resolve(bytes) });

describe('TIFF slices', () => {
  it('count by the numbers in their names', async () => {
    const { signal, notes, format } = await readVolumeParts([part('s10.tif', page(10)), part('s9.tif', page(9)), part('s11.tif', page(11)), part('readme.txt', Buffer.from('text'))], 'folder');
    expect(signal).toMatchObject({ size: [2, 2, 3], voxels: Uint8Array.of(9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11) });
    expect(format).toBe('TIFF stack');
    expect(notes).toEqual(['1 file that is no slice left out', '3 pages read as slices of one volume']);
  });

  it('of another size are left out, and those that cannot be read are named', async () => {
    const { signal, notes } = await readVolumeParts([part('a1.tif', page(1, 3)), part('a2.tif', page(2)), part('a3.tif', page(3))], 'folder');
    expect(signal.size).toEqual([2, 2, 2]);
    expect(notes[0]).toBe('1 slice of another size or type left out');
    const packed = tiff({ pages: [{ width: 2, height: 2, data: Buffer.alloc(4), tags: { 259: 7 } }] });
    await expect(readVolumeParts([part('a1.tif', page(1)), part('a2.tif', packed)], 'folder')).rejects.toMatchObject({ kind: 'input', message: /^a2\.tif: .*deflate, LZW or no compression/ });
  });

  it('are not kept in memory: each file is read when it is put in', async () => {
    let open = 0;
    const files = Array.from({ length: 5 }, (_, at) => ({ name: `${at}.tif`, read: () => ((open += 1), Promise.resolve(page(at))) }));
    await readVolumeParts(files, 'folder');
    // Once for its header, once for its samples.
    expect(open).toBe(10);
  });
});

describe('files that are opened together', () => {
  it('are slices where they are DICOM, or grey pictures of one size and name', async () => {
    const bytes = page(1);
    const dicom = slice({ values: [1, 2, 3, 4] });
    expect(await areSlices(dicom, 'a.dcm', [part('whatever', Buffer.from('x'))])).toBe(true);
    expect(await areSlices(dicom, 'a.dcm', [])).toBe(false);
    expect(await areSlices(bytes, 'scan 01.tif', [part('scan 02.tif', page(2)), part('scan 10.tif', page(2))])).toBe(true);
    expect(await areSlices(bytes, 'scan 01.tif', [part('other 02.tif', page(2))])).toBe(false);
    expect(await areSlices(bytes, 'scan 01.tif', [part('scan 02.tif', page(2, 3))])).toBe(false);
    expect(await areSlices(page(1, 2, 3), 'IMG_1.tif', [part('IMG_2.tif', page(1, 2, 3))])).toBe(false);
    expect(await areSlices(Buffer.from('no picture'), 'scan 01.tif', [part('scan 02.tif', page(2))])).toBe(false);
  });
});
