/** VTK ImageData: every way to write its numbers gives the same voxels, and whatever contradicts itself is refused. */
import { describe, expect, it } from 'vitest';
import { readVolume, sniffVolume } from './index';
import { SIZE, VALUES, vti, type Writing } from './test-vti';
import { text } from './test-volumes';
import { decodeBase64 } from './vti-data';

const ways: Writing[] = [{ format: 'ascii' }];
for (const format of ['binary', 'appended raw', 'appended base64'] as const) for (const big of [false, true]) for (const header of [4, 8] as const) for (const block of [undefined, 12, 48, 32, 1000]) ways.push({ format, big, header, ...(block && { block }) });

describe('VTK ImageData', () => {
  it.each(ways)('%j', async (how) => {
    const bytes = vti(how);
    expect(sniffVolume(bytes, 'noname')).toBe('VTK');
    const { signal, notes } = await readVolume(bytes, 'a.vti');
    expect(signal.size).toEqual(SIZE);
    expect(signal.voxels).toEqual(Int16Array.from(VALUES));
    expect(signal.metadata.geometry).toMatchObject({ spacing: [0.5, 0.25, 4], origin: [1, 2, 3], space: 'unknown', unit: 'none' });
    expect(notes).toEqual(['holds 2 arrays; "a & b" is used']);
  });

  it('turns the axes by the columns of Direction, and counts from the origin at index 0', async () => {
    // Columns: x runs along y, y along -x.
    const direction = 'Direction="0 -1 0 1 0 0 0 0 1"';
    const turned = await readVolume(vti({ format: 'binary', image: `Origin="10 20 30" Spacing="2 3 4" ${direction}` }), 'a.vti');
    expect(turned.signal.metadata.geometry).toMatchObject({ spacing: [2, 3, 4], origin: [10, 20, 30], directions: [0, 1, 0, -1, 0, 0, 0, 0, 1] });
    const shifted = text(vti({ format: 'ascii', image: `Origin="10 20 30" Spacing="2 3 4" ${direction}` }).toString('latin1').replaceAll('"0 3 0 2 0 1"', '"5 8 -1 1 2 3"'));
    // 5 steps of 2 along y, -1 steps of 3 along -x, 2 steps of 4 along z.
    expect((await readVolume(shifted, 'a.vti')).signal.metadata.geometry.origin).toEqual([13, 30, 38]);
  });

  it('takes values of cells where points have none, in the middle of the cells', async () => {
    const cells = text('<VTKFile type="ImageData"><ImageData WholeExtent="0 2 0 1 0 1" Origin="0 0 0" Spacing="2 4 6"><Piece Extent="0 2 0 1 0 1"><PointData/><CellData><DataArray type="UInt8" NumberOfComponents="2" format="ascii">1 2 3 4</DataArray></CellData></Piece></ImageData></VTKFile>');
    const { signal } = await readVolume(cells, 'a.vti');
    expect(signal).toMatchObject({ size: [2, 1, 1], channels: 2, voxels: Uint8Array.of(1, 2, 3, 4) });
    expect(signal.metadata.geometry).toMatchObject({ spacing: [2, 4, 6], origin: [1, 2, 3] });
  });

  it('puts pieces together, and refuses those that leave a gap', async () => {
    const piece = (extent: string, values: string) => `<Piece Extent="${extent}"><PointData><DataArray type="UInt8" Name="v" format="ascii">${values}</DataArray></PointData></Piece>`;
    const file = (pieces: string) => text(`<VTKFile type="ImageData"><ImageData WholeExtent="0 3 0 1 0 0">${pieces}</ImageData></VTKFile>`);
    const { signal } = await readVolume(file(piece('0 1 0 1 0 0', '0 1 4 5') + piece('1 3 0 1 0 0', '1 2 3 5 6 7')), 'a.vti');
    expect(signal.voxels).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
    await expect(readVolume(file(piece('0 1 0 1 0 0', '0 1 4 5') + piece('0 1 0 1 0 0', '0 1 4 5')), 'a.vti')).rejects.toMatchObject({ code: 'input.size', message: /a\.vti: .*do not make up the whole/ });
    await expect(readVolume(file(piece('0 4 0 1 0 0', '0 1 2 3 4 5 6 7 8 9')), 'a.vti')).rejects.toMatchObject({ code: 'input.size' });
  });

  it.each([
    ['a length that is not the grid', () => vti({ format: 'binary', said: 46 }), 'input.size', /take 48 bytes.*has 46/],
    ['a gigantic grid', () => text(vti({ format: 'binary' }).toString('latin1').replaceAll('"0 3 0 2 0 1"', '"0 4095 0 4095 0 4095"')), 'input.size', /at most/],
    ['blocks beyond the file', () => vti({ format: 'appended raw', block: 12 }).subarray(0, -90), 'input.truncated', /48 bytes/],
    ['a compressor that is not read', () => text(vti({ format: 'binary', block: 48 }).toString('latin1').replace('ZLib', 'LZ4')), 'input.unsupported', /vtkLZ4DataCompressor.*ZLib/],
    ['another kind of grid', () => text('<VTKFile type="PolyData"><PolyData/></VTKFile>'), 'input.unsupported', /PolyData.*ImageData/],
    ['definitions of its own', () => text('<?xml version="1.0"?><VTKFile type="ImageData"><!DOCTYPE a [<!ENTITY b "c">]></VTKFile>'), 'input.damaged', /definitions/],
    ['numbers that are none', () => text(vti({ format: 'ascii' }).toString('latin1').replace(`>${VALUES[0]} `, '>twelve ')), 'input.damaged', /twelve/],
  ])('refuses %s', async (_, bytes, code, message) => {
    await expect(readVolume(bytes(), 'a.vti')).rejects.toMatchObject({ kind: 'input', code, message });
  });
});

describe('base64', () => {
  it('goes on after padding, over white space, and ends at the first other character', () => {
    const [a, b] = [text('any carnal pleas'), text('ure.')];
    expect(Buffer.from(decodeBase64(text(`${a.toString('base64')}\n ${b.toString('base64')}</DataArray>`), 1e9)).toString()).toBe('any carnal pleasure.');
    expect(decodeBase64(text('AAAA'), 2).length).toBe(2);
    for (let length = 0; length < 9; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => 251 - 37 * i));
      expect(Buffer.from(decodeBase64(text(bytes.toString('base64')), 100))).toEqual(bytes);
    }
  });
});
