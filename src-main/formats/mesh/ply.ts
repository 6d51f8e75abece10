/**
 * PLY (Turk 1994): a header that describes elements and their properties in any order, then their values as text or binary of either byte
 * order. Of "vertex" x, y, z and nx, ny, nz are kept, of "face" the list vertex_indices (or vertex_index), of "tristrips" likewise with -1
 * between strips; everything else is passed over.
 *
 * An element's rows are at least as long as their fixed parts: counts that the rest of the file is too short for are refused before memory is
 * asked for.
 */
import type { Mesh } from '#core/signal/mesh';
import { damaged, truncated } from './faults';
import { Polygons, stripTriangles, unitNormals, vertexIndex } from './growing';
import { readPlyHeader, TYPE_BYTES, type PlyElement, type PlyHeader, type PlyProperty, type PlyType } from './ply-header';
import { TextScanner } from './text';

/** Reads value after value; `skip` passes over many. */
interface Values {
  /** Bytes that are left. */
  readonly left: number;
  /** Fewest bytes of a value of that type. */
  least(type: PlyType): number;
  read(type: PlyType): number;
  skip(type: PlyType, count: number): void;
}

/** Throws StudioError 'input.damaged', 'input.truncated'. */
export function readPly(bytes: Uint8Array, name: string): { mesh: Mesh; kind: string } {
  const header = readPlyHeader(bytes, name);
  const values = header.kind === 'text' ? textValues(bytes, name, header) : binaryValues(bytes, name, header);
  const polygons = new Polygons();
  let vertices: { positions: Float64Array; normals?: Float32Array } | null = null;
  for (const element of header.elements) {
    checkLength(element, values, name);
    if (element.name === 'vertex' && !vertices) vertices = readVertices(element, values, name);
    else readFaces(element, values, name, polygons);
  }
  if (!vertices) throw damaged(name, 'PLY', 'it has no element "vertex"');
  return { mesh: { ...vertices, indices: polygons.indices.finish() }, kind: header.kind };
}

function checkLength(element: PlyElement, values: Values, name: string): void {
  const row = element.properties.reduce((sum, { type, count }) => sum + values.least(count ?? type), 0);
  // The last value of a text file needs no blank behind it.
  if (row * element.count - 1 > values.left) throw truncated(name, 'PLY', `it promises ${element.count} of "${element.name}", which it is too short for`);
}

/** Reads a list's length. */
function readLength(values: Values, { type, count }: PlyProperty, name: string): number {
  const length = values.read(count!);
  if (!(Number.isInteger(length) && length >= 0)) throw damaged(name, 'PLY', `a list has ${length} values`);
  if (length * values.least(type) - 1 > values.left) throw truncated(name, 'PLY', `it ends inside of a list of ${length} values`);
  return length;
}

const SLOTS = ['x', 'y', 'z', 'nx', 'ny', 'nz'];

function readVertices({ count, properties }: PlyElement, values: Values, name: string): { positions: Float64Array; normals?: Float32Array } {
  const slots = properties.map((property) => (property.count ? -1 : SLOTS.indexOf(property.name)));
  const has = (from: number): boolean => [0, 1, 2].every((axis) => slots.includes(from + axis));
  if (!has(0)) throw damaged(name, 'PLY', 'its vertices have no x, y and z');
  const positions = new Float64Array(3 * count);
  const normals = has(3) ? new Float32Array(3 * count) : undefined;
  for (let vertex = 0; vertex < count; vertex++) {
    for (let p = 0; p < properties.length; p++) {
      const property = properties[p]!;
      if (property.count) {
        values.skip(property.type, readLength(values, property, name));
        continue;
      }
      const value = values.read(property.type);
      const slot = slots[p]!;
      if (slot >= 3) {
        if (normals) normals[3 * vertex + slot - 3] = value;
      } else if (slot >= 0) positions[3 * vertex + slot] = value;
    }
  }
  return normals ? { positions, normals: unitNormals(normals) } : { positions };
}

/** Faces, strips, and elements that are passed over. */
function readFaces({ name: element, count, properties }: PlyElement, values: Values, name: string, polygons: Polygons): void {
  // Rows of nothing: however many there are, they take no bytes.
  if (properties.length === 0) return;
  const lists = element === 'face' || element === 'tristrips';
  for (let row = 0; row < count; row++) {
    for (const property of properties) {
      if (!property.count) values.skip(property.type, 1);
      else {
        const length = readLength(values, property, name);
        if (!lists || !/^vertex_(indices|index)$/.test(property.name)) values.skip(property.type, length);
        else if (element === 'face') {
          polygons.begin();
          for (let i = 0; i < length; i++) polygons.corner(vertexIndex(values.read(property.type)));
        } else readStrips(Array.from({ length }, () => values.read(property.type)), polygons);
      }
    }
  }
}

function readStrips(corners: readonly number[], polygons: Polygons): void {
  for (let from = 0; from < corners.length; ) {
    const end = corners.indexOf(-1, from);
    const to = end < 0 ? corners.length : end;
    stripTriangles(corners.slice(from, to).map(vertexIndex), (index) => polygons.indices.push(index));
    from = to + 1;
  }
}

function textValues(bytes: Uint8Array, name: string, { dataStart }: PlyHeader): Values {
  const scan = new TextScanner(bytes, name, 'PLY', {}, dataStart);
  const read = (): number => scan.numberBeyond('another value');
  return {
    get left() {
      return bytes.length - scan.at;
    },
    // A digit and a blank.
    least: () => 2,
    read,
    skip: (_, count) => {
      for (let i = 0; i < count; i++) read();
    },
  };
}

function binaryValues(bytes: Uint8Array, name: string, { kind, dataStart }: PlyHeader): Values {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = kind === 'binary, little-endian';
  let at = dataStart;
  return {
    get left() {
      // Text may do without its last byte, binary may not: checks allow for one too few.
      return bytes.length - at - 1;
    },
    least: (type) => TYPE_BYTES[type],
    read: (type) => {
      const from = at;
      at += TYPE_BYTES[type];
      if (at > bytes.length) throw truncated(name, 'PLY', 'it ends inside of its values');
      switch (type) {
        case 'int8':
          return view.getInt8(from);
        case 'uint8':
          return view.getUint8(from);
        case 'int16':
          return view.getInt16(from, little);
        case 'uint16':
          return view.getUint16(from, little);
        case 'int32':
          return view.getInt32(from, little);
        case 'uint32':
          return view.getUint32(from, little);
        case 'float32':
          return view.getFloat32(from, little);
        case 'float64':
          return view.getFloat64(from, little);
      }
    },
    skip: (type, count) => {
      at += TYPE_BYTES[type] * count;
    },
  };
}
