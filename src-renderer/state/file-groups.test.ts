import { describe, expect, it } from 'vitest';
import { fileGroups } from './file-groups';

const groups = (...names: string[]): Record<string, string[]> =>
  Object.fromEntries(fileGroups(names.map((name) => ({ name }))).map(({ file, beside }) => [file.name, beside.map(({ name }) => name)]));

describe('files that came together', () => {
  it('are opened one by one where none names another', () => {
    expect(groups('b.png', 'a.nii.gz', 'c.raw')).toEqual({ 'b.png': [], 'a.nii.gz': [], 'c.raw': [] });
  });

  it('are voxels beside their header, in any order and of any name', () => {
    expect(groups('head.raw.gz', 'head.nhdr')).toEqual({ 'head.nhdr': ['head.raw.gz'] });
    expect(groups('HEAD.MHD', 'voxels.zraw', 'other.nii.gz', 'photo.jpg')).toEqual({ 'HEAD.MHD': ['voxels.zraw'], 'other.nii.gz': [], 'photo.jpg': [] });
    expect(groups('brain.img', 'brain.hdr')).toEqual({ 'brain.hdr': ['brain.img'] });
  });

  it('are buffers and pictures beside the scene that they are for, and pictures elsewhere', () => {
    expect(groups('scene.gltf', 'scene.bin', 'wood.png')).toEqual({ 'scene.gltf': ['scene.bin', 'wood.png'] });
    expect(groups('mesh.stl', 'wood.png')).toEqual({ 'mesh.stl': [], 'wood.png': [] });
  });

  it('are slices of one volume: DICOM files however they are named, TIFF files that are numbered', () => {
    expect(groups('b.dcm', 'a.DCM', 'report.pdf')).toEqual({ 'b.dcm': ['a.DCM'], 'report.pdf': [] });
    expect(groups('IM0002', 'IM0001', 'README')).toEqual({ IM0002: ['IM0001'], README: [] });
    expect(groups('1.2.840.10008.7', '1.2.840.10008.12')).toEqual({ '1.2.840.10008.7': ['1.2.840.10008.12'] });
    expect(groups('z2.tif', 'z1.tif', 'other1.tif', 'z3.png')).toEqual({ 'z2.tif': ['z1.tif'], 'other1.tif': [], 'z3.png': [] });
  });
});
