/**
 * Samples of one frame of a DICOM file as whole numbers or floats, those of a pixel together: plain (of either byte order) or RLE (PS3.5 annex G).
 * Bits beyond those that count are left out, and the sign of shorter numbers is spread (PS3.5 chapter 8).
 */
import { newVoxels, voxelsOver, type VoxelArray, type VoxelType } from '#core/signal/volume';
import type { DicomImage, OpenDicom } from './dicom-header';
import { unpackBits } from './pack-bits';
import type { Reading } from './types';

/** Type of the samples as they are stored. */
export function sampleType({ bits, signed, float }: DicomImage): VoxelType {
  if (float) return bits === 64 ? 'float64' : 'float32';
  return `${signed ? 'int' : 'uint'}${bits}` as VoxelType;
}

/** Throws StudioError input.truncated, input.unsupported, input.damaged. */
export function decodeFrame(file: OpenDicom, index: number, reading: Reading): VoxelArray {
  const { image } = file;
  const { columns, rows, samples, bits } = image;
  const wide = bits / 8;
  const length = columns * rows * samples * wide;
  const { bytes, planar } = image.syntax.packing === null ? plainFrame(file, index, length, reading) : packedFrame(file, index, length, reading);
  const ordered = planar && samples > 1 ? interleaved(bytes, samples, wide) : bytes;
  const voxels = voxelsOver(sampleType(image), ordered.buffer as ArrayBuffer, ordered.byteOffset, columns * rows * samples);
  if (!image.float) clean(voxels, image);
  return voxels;
}

/** A frame in memory of its own, in the byte order of this machine. */
function plainFrame({ image, bytes, element }: OpenDicom, index: number, length: number, reading: Reading): { bytes: Uint8Array; planar: boolean } {
  const from = element.dataOffset + index * length;
  const end = Math.min(bytes.length, element.dataOffset + element.length);
  if (element.encapsulatedPixelData || from + length > end) throw reading.fault('truncated', `a frame takes ${length} bytes, but the file holds ${Math.max(0, end - from)}. Copy or export it again.`);
  const frame = new Uint8Array(bytes.subarray(from, from + length));
  const swapped = Buffer.from(frame.buffer);
  // Bytes travel in pairs where they are said to be words.
  if (image.syntax.bigEndian) {
    if (image.bits === 16 || (image.bits === 8 && element.vr === 'OW' && length % 2 === 0)) swapped.swap16();
    else if (image.bits === 32) swapped.swap32();
    else if (image.bits === 64) swapped.swap64();
  }
  return { bytes: frame, planar: image.planar };
}

/** RLE: each byte of each sample is a segment of its own, highest byte first. */
function packedFrame(file: OpenDicom, index: number, length: number, reading: Reading): { bytes: Uint8Array; planar: boolean } {
  const { image, element } = file;
  if (image.syntax.packing !== 'rle') {
    throw reading.fault('unsupported', `the pixels are packed as ${image.syntax.name}, which cannot be read here. Unpack the files first, for example with "gdcmconv --raw in.dcm out.dcm" or dcmdjpeg of DCMTK.`);
  }
  const damaged = () => reading.fault('damaged', `frame ${index + 1} of the RLE pixels is damaged. Copy or export the file again.`);
  const packed = fragmentOf(file, index);
  if (!packed || packed.length < 64) throw reading.fault('truncated', `the RLE pixels of frame ${index + 1} of ${image.frames.length} are not there (${element.fragments?.length ?? 0} fragments). Copy or export the file again.`);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const wide = image.bits / 8;
  const segments = image.samples * wide;
  if (view.getUint32(0, true) !== segments || segments > 15) throw damaged();
  const plane = length / segments;
  const result = new Uint8Array(length);
  const unpacked = new Uint8Array(plane);
  for (let segment = 0; segment < segments; segment++) {
    const from = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : packed.length;
    if (from < 64 || end > packed.length || end < from || unpackBits(packed.subarray(from, end), unpacked) < plane) throw damaged();
    const start = Math.floor(segment / wide) * plane * wide + wide - 1 - (segment % wide);
    for (let i = 0; i < plane; i++) result[start + i * wide] = unpacked[i]!;
  }
  return { bytes: result, planar: true };
}

/** The packed bytes of a frame: its fragment, or those from its offset to that of the next frame. */
function fragmentOf({ image, bytes, element }: OpenDicom, index: number): Uint8Array | null {
  const { fragments = [], basicOffsetTable: table = [] } = element;
  const pieceOf = ({ position, length }: { position: number; length: number }): Uint8Array => bytes.subarray(position, position + length);
  const frames = image.frames.length;
  if (fragments.length === frames) return pieceOf(fragments[index]!);
  const mine = frames === 1 ? fragments : table.length === frames ? fragments.filter(({ offset }) => offset >= table[index]! && offset < (table[index + 1] ?? Infinity)) : [];
  return mine.length === 0 ? null : Buffer.concat(mine.map(pieceOf));
}

/** Planes of samples of `wide` bytes, put side by side. */
function interleaved(planes: Uint8Array, samples: number, wide: number): Uint8Array {
  const result = new Uint8Array(planes.length);
  const points = planes.length / samples / wide;
  for (let sample = 0, from = 0; sample < samples; sample++) {
    for (let point = 0; point < points; point++) for (let byte = 0; byte < wide; byte++) result[(point * samples + sample) * wide + byte] = planes[from++]!;
  }
  return result;
}

/** Leaves the bits that count, in place. */
function clean(voxels: VoxelArray, { bits, bitsStored, highBit, signed }: DicomImage): void {
  if (bitsStored === bits) return;
  const [left, right] = [31 - highBit, 32 - bitsStored];
  if (signed) for (let i = 0; i < voxels.length; i++) voxels[i] = (voxels[i]! << left) >> right;
  else for (let i = 0; i < voxels.length; i++) voxels[i] = (voxels[i]! << left) >>> right;
}

/** Whole numbers moved by a whole number: of their own type where they fit, else of the smallest that holds them. */
export function moved(voxels: VoxelArray, by: number): VoxelArray {
  if (by === 0) return voxels;
  let [lowest, highest] = [Infinity, -Infinity];
  for (const voxel of voxels) {
    if (voxel < lowest) lowest = voxel;
    if (voxel > highest) highest = voxel;
  }
  const own = Object.prototype.toString.call(voxels).slice(8, -6).toLowerCase() as VoxelType;
  const type = ([own, 'int16', 'uint16', 'int32', 'uint32', 'float64'] as const).find((each) => lowest + by >= LOWEST[each]! && highest + by <= HIGHEST[each]!)!;
  const result = newVoxels(type, voxels.length);
  for (let i = 0; i < voxels.length; i++) result[i] = voxels[i]! + by;
  return result;
}

const LOWEST: Readonly<Partial<Record<VoxelType, number>>> = { uint8: 0, int8: -128, uint16: 0, int16: -32768, uint32: 0, int32: -(2 ** 31), float64: -Infinity };
const HIGHEST: Readonly<Partial<Record<VoxelType, number>>> = { uint8: 255, int8: 127, uint16: 65535, int16: 32767, uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1, float64: Infinity };
