/**
 * Files of independent programs (VTK, ITK, tifffile, pydicom): voxels and places that they write are read here, and what is written here they read. Skipped,
 * with a word, where Python or a module of it is missing.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inSpace, stepsOf } from './geometry';
import { readVolume, readVolumeParts, WRITABLE, writeVolume } from './index';
import { pythonWith, runPython } from './test-python';
import { PLACES, someVolume } from './test-volumes';

const folder = mkdtempSync(join(tmpdir(), 'inr-peers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIZE = [5, 4, 3] as const;
/** Value of voxel i in Python and here. */
const value = (i: number): number => ((i * 7919) % 30011) - 12000;

const vtk = pythonWith('vtk');
const VTK = `
import vtk, json
from vtk.util.numpy_support import numpy_to_vtk
import numpy as np
values = np.array([((i * 7919) % 30011) - 12000 for i in range(60)], dtype=np.int16)
names = []
for mode in range(3):
  for order in range(2):
    for wide in (32, 64):
      for packed in range(2):
        for cells in range(2):
          image = vtk.vtkImageData()
          image.SetOrigin(10.5, -2, 7)
          image.SetSpacing(0.5, 1.25, 3)
          image.SetDirectionMatrix([0, -1, 0, 0.8, 0, -0.6, 0.6, 0, 0.8])
          more = 1 if cells else 0
          image.SetExtent(2, 6 + more, -1, 2 + more, 3, 5 + more)
          array = numpy_to_vtk(values, deep=1)
          array.SetName('density')
          (image.GetCellData() if cells else image.GetPointData()).SetScalars(array)
          writer = vtk.vtkXMLImageDataWriter()
          name = f'{mode}{order}{wide}{packed}{cells}.vti'
          writer.SetFileName(name)
          writer.SetInputData(image)
          writer.SetDataMode(mode)
          writer.SetEncodeAppendedData(wide == 32)
          writer.SetByteOrder(order)
          (writer.SetHeaderTypeToUInt64 if wide == 64 else writer.SetHeaderTypeToUInt32)()
          if packed:
            writer.SetCompressorTypeToZLib()
            writer.SetBlockSize(32)
          else:
            writer.SetCompressorTypeToNone()
          writer.Write()
          first = [0.0] * 3
          image.TransformContinuousIndexToPhysicalPoint(2 + cells / 2, -1 + cells / 2, 3 + cells / 2, first)
          last = [0.0] * 3
          image.TransformContinuousIndexToPhysicalPoint(6 + cells / 2, 2 + cells / 2, 5 + cells / 2, last)
          names.append([name, first, last])
print(json.dumps(names))
`;

it.skipIf(!vtk)('reads what VTK writes: text, base64 and appended, packed or not, of points and of cells', async () => {
  const written = runPython(vtk!, VTK, folder) as [string, number[], number[]][];
  expect(written.length).toBe(48);
  for (const [name, first, last] of written) {
    const { signal } = await readVolume(readFileSync(join(folder, name)), name);
    expect(signal.size, name).toEqual(SIZE);
    expect(signal.voxels, name).toEqual(Int16Array.from({ length: 60 }, (_, i) => value(i)));
    const { geometry } = signal.metadata;
    const steps = stepsOf(geometry);
    for (const part of [0, 1, 2]) {
      expect(geometry.origin[part]).toBeCloseTo(first[part]!, 10);
      expect(geometry.origin[part]! + 4 * steps[part]! + 3 * steps[3 + part]! + 2 * steps[6 + part]!).toBeCloseTo(last[part]!, 10);
    }
  }
});

const itk = pythonWith('SimpleITK');
const ITK = `
import SimpleITK as sitk, json, sys
import numpy as np
out = []
for name in sys.argv[1:]:
  image = sitk.ReadImage(name)
  array = sitk.GetArrayFromImage(image)
  corner = [extent - 1 for extent in image.GetSize()]
  out.append(dict(name=name, size=image.GetSize(), type=str(array.dtype), values=array.ravel().tolist(), first=image.TransformIndexToPhysicalPoint([0, 0, 0]), last=image.TransformIndexToPhysicalPoint(corner)))
print(json.dumps(out))
`;

describe('ITK', () => {
  const places = Object.entries(PLACES).filter(([name]) => name !== 'sheared');

  it.skipIf(!itk)('reads what is written here, at the same place', async () => {
    const wanted = new Map<string, (typeof places)[number][1]>();
    for (const extension of WRITABLE.filter((each) => each !== 'npy' && each !== 'raw')) {
      for (const [place, geometry] of places) {
        const { files } = await writeVolume(someVolume('int16', geometry, SIZE), extension, `${place}-${extension}`);
        for (const file of files) writeFileSync(join(folder, file.name), file.bytes);
        wanted.set(files[0]!.name, geometry);
      }
    }
    const read = runPython(itk!, ITK, folder, ...wanted.keys()) as { name: string; size: number[]; type: string; values: number[]; first: number[]; last: number[] }[];
    expect(read.length).toBe(25);
    for (const { name, size, type, values, first, last } of read) {
      expect(size, name).toEqual(SIZE);
      expect(type, name).toBe('int16');
      expect(values, name).toEqual([...someVolume('int16', PLACES.plain!, SIZE).voxels]);
      // ITK counts in LPS, and takes an unknown space for that; NIfTI knows RAS alone.
      const nifti = name.includes('.nii');
      const geometry = wanted.get(name)!;
      const said = inSpace(geometry.space === 'unknown' && nifti && geometry !== PLACES.plain && geometry !== PLACES.spaced ? inSpace(geometry, 'RAS') : geometry, 'LPS');
      // ITK reads micrometres and metres of NIfTI as millimetres; the others say no unit.
      const scale = nifti ? { um: 1e-3, m: 1e3 }[geometry.unit as 'um'] ?? 1 : 1;
      const steps = stepsOf(said);
      for (const part of [0, 1, 2]) {
        expect(Math.abs(first[part]!), `${name} ${part}`).toBeCloseTo(Math.abs(scale * said.origin[part]!), 3);
        const corner = said.origin[part]! + 4 * steps[part]! + 3 * steps[3 + part]! + 2 * steps[6 + part]!;
        if (geometry.space === 'unknown') expect(Math.abs(last[part]!), `${name} ${part}`).toBeCloseTo(Math.abs(scale * corner), 3);
        else expect(last[part]! / scale, `${name} ${part}`).toBeCloseTo(corner, 3);
      }
    }
  });
});

const tifffile = pythonWith('tifffile');
const TIFFFILE = `
import tifffile, json
import numpy as np
try:
  import imagecodecs
  packed = ['lzw', 'deflate', 'packbits', None]
except ImportError:
  packed = ['zlib', None]
volume = (np.arange(3 * 20 * 30, dtype=np.int64) * 7919 % 30011 - 12000).reshape(3, 20, 30)
out = []
def write(name, array, **how):
  tifffile.imwrite(name, array, **how)
  out.append(dict(name=name, values=array.ravel().tolist()))
for kind in ('<i2', '>i2', '<u2', '<i4', '>f4', '<f8', 'u1', '>u4'):
  array = (volume % 251 if kind == 'u1' else np.abs(volume) if 'u' in kind else volume).astype(kind)
  for at, compression in enumerate(packed):
    for predictor in ((False, True) if 'imagecodecs' in dir() and compression in ('lzw', 'deflate') and np.dtype(kind).itemsize < 8 else (False,)):
      for more in (dict(), dict(tile=(16, 16)), dict(rowsperstrip=7)):
        if compression is None and 'rowsperstrip' in more: continue
        write(f'{kind[1:]}{kind[0]}{at}{predictor}{len(out)}.tif'.replace('<', 'L').replace('>', 'B'), array, byteorder='>' if kind[0] == '>' else '<', compression=compression, predictor=predictor, photometric='minisblack', metadata=None, bigtiff=len(out) % 2 == 0, **more)
write('imagej.tif', volume.astype('u2'), imagej=True, resolution=(4, 5), metadata=dict(spacing=2.5, unit='um', axes='ZYX'))
write('ome.ome.tif', volume.astype('i2'), photometric='minisblack', metadata=dict(axes='ZYX', PhysicalSizeX=0.25, PhysicalSizeY=0.2, PhysicalSizeZ=2.5, PhysicalSizeXUnit='um', PhysicalSizeYUnit='um', PhysicalSizeZUnit='um'))
print(json.dumps(out))
`;

it.skipIf(!tifffile)('reads stacks that tifffile writes: packings, byte orders, differences, ImageJ and OME', async () => {
  const written = runPython(tifffile!, TIFFFILE, folder) as { name: string; values: number[] }[];
  expect(written.length).toBeGreaterThan(30);
  for (const { name, values } of written) {
    const { signal } = await readVolume(readFileSync(join(folder, name)), name);
    expect(signal, name).toMatchObject({ size: [30, 20, 3], channels: 1 });
    expect(Array.from(signal.voxels), name).toEqual(values);
    if (/^(imagej|ome)/.test(name)) expect(signal.metadata.geometry, name).toMatchObject({ spacing: [0.25, 0.2, 2.5], unit: 'um' });
  }
});

const pydicom = pythonWith('SimpleITK', 'pydicom');
const PYDICOM = `
import pydicom, SimpleITK as sitk, json, os, copy, random
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import generate_uid, ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless
random.seed(4)
out = []
row, column = np.array([0.8, 0.6, 0.0]), np.array([0.0, 0.0, -1.0])
normal = np.cross(row, column)
for name, syntax, dtype, stored, tilt in (('implicit', ImplicitVRLittleEndian, 'u2', 12, 0), ('explicit', ExplicitVRLittleEndian, 'i2', 16, 0), ('big', ExplicitVRBigEndian, 'i2', 16, 0), ('big8', ExplicitVRBigEndian, 'u1', 8, 0), ('deflated', DeflatedExplicitVRLittleEndian, 'u2', 16, 0), ('rle', RLELossless, 'u2', 16, 0), ('rle8', RLELossless, 'u1', 8, 0), ('tilted', ExplicitVRLittleEndian, 'i2', 16, 0.3)):
  os.makedirs(name)
  low, high = (0, 2 ** stored - 1) if dtype[0] == 'u' else (-2 ** (stored - 1), 2 ** (stored - 1) - 1)
  values = (np.arange(5 * 6 * 8, dtype=np.int64) * 7919 % (high - low + 1) + low).astype(dtype).reshape(5, 6, 8)
  values[:, 2:4, 1:6] = low + 3
  series = generate_uid()
  names = [f'IM{random.randrange(10**6)}' for z in range(5)]
  for z in range(5):
    ds = Dataset()
    ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.2'
    ds.SOPInstanceUID = generate_uid()
    ds.SeriesInstanceUID, ds.StudyInstanceUID = series, generate_uid()
    ds.PatientName, ds.Modality, ds.InstanceNumber = 'Doe^Jane', 'CT', 3
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 6, 8, 1, 'MONOCHROME2'
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = values.dtype.itemsize * 8, stored, stored - 1, int(dtype[0] == 'i')
    ds.PixelSpacing, ds.SliceThickness = [0.75, 0.5], 9
    ds.ImageOrientationPatient = list(row) + list(column)
    ds.ImagePositionPatient = [round(float(x), 6) for x in np.array([10, -20, 30]) + 2.5 * z * (normal + tilt * column)]
    ds.RescaleSlope, ds.RescaleIntercept = 1, -7
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    data = values[z]
    if syntax == ExplicitVRBigEndian: data = data.byteswap() if data.itemsize > 1 else data.reshape(-1, 2)[:, ::-1].copy()
    ds.PixelData = data.tobytes()
    ds['PixelData'].VR = 'OW'
    if syntax == RLELossless: ds.compress(RLELossless)
    pydicom.dcmwrite(os.path.join(name, names[z]), ds, enforce_file_format=True)
  read = [pydicom.dcmread(os.path.join(name, each)).pixel_array for each in names]
  assert (np.stack(read) == values).all(), name
  files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(name)
  entry = dict(name=name, values=(values.astype(np.int64) - 7).ravel().tolist())
  if name in ('implicit', 'explicit', 'big', 'deflated'):
    image = sitk.ReadImage(files)
    assert (sitk.GetArrayFromImage(image) == values.astype(np.int64) - 7).all()
    entry.update(first=image.TransformIndexToPhysicalPoint([0, 0, 0]), last=image.TransformIndexToPhysicalPoint([7, 5, 4]))
  else:
    corner = np.array([10, -20, 30]) + 10 * (normal + tilt * column) + 3.5 * row + 3.75 * column
    entry.update(first=[10, -20, 30], last=corner.tolist())
  out.append(entry)
print(json.dumps(out))
`;

it.skipIf(!pydicom)('reads series that pydicom writes, at the place that ITK gives them', async () => {
  const home = join(folder, 'dicom');
  mkdirSync(home);
  const written = runPython(pydicom!, PYDICOM, home) as { name: string; values: number[]; first: number[]; last: number[] }[];
  expect(written.length).toBe(8);
  for (const { name, values, first, last } of written) {
    const parts = readdirSync(join(home, name)).map((file) => ({ name: file, read: () => Promise.resolve(readFileSync(join(home, name, file))) }));
    const { signal, notes } = await readVolumeParts(parts, name);
    expect(signal.size, name).toEqual([8, 6, 5]);
    expect(Array.from(signal.voxels), name).toEqual(values);
    const { geometry } = signal.metadata;
    const steps = stepsOf(geometry);
    for (const part of [0, 1, 2]) {
      expect(geometry.origin[part], name).toBeCloseTo(first[part]!, 5);
      expect(geometry.origin[part]! + 7 * steps[part]! + 5 * steps[3 + part]! + 4 * steps[6 + part]!, name).toBeCloseTo(last[part]!, 4);
    }
    expect(geometry).toMatchObject({ space: 'LPS', unit: 'mm' });
    expect(notes.length, name).toBe(name === 'tilted' ? 3 : 2);
  }
});
