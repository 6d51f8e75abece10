/** Which format a mesh file has. Apart from the readers, which are large and loaded when they are needed. */
import { isGlb } from './gltf-container';
import { OFF_WORD } from './off';
import { isBinaryStl, isTextStl } from './stl';
import { latin } from './text';

export type MeshFormat = 'OBJ' | 'PLY' | 'STL' | 'OFF' | 'GLB' | 'glTF';

const FORMAT_OF_EXTENSION: Readonly<Record<string, MeshFormat>> = { obj: 'OBJ', ply: 'PLY', stl: 'STL', off: 'OFF', glb: 'GLB', gltf: 'glTF' };
/** How lines of an OBJ may start. */
const OBJ_LINE = /^(v|vt|vn|vp|f|o|g|s|l|p|mtllib|usemtl)\s+\S/;

/** The format of a mesh file by its content, and by its name where the content does not tell; null where it is none. */
export function sniffMesh(bytes: Uint8Array, name: string): MeshFormat | null {
  const promised = FORMAT_OF_EXTENSION[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''] ?? null;
  if (isGlb(bytes)) return 'GLB';
  const start = latin(bytes.subarray(0, 4096)).replace(/^\u00ef\u00bb\u00bf/, '');
  if (/^ply[\r\n]/.test(start)) return 'PLY';
  if (isTextStl(bytes) || isBinaryStl(bytes)) return 'STL';
  if (/^\s*\{/.test(start)) return promised === 'glTF' || /"(asset|meshes|accessors|bufferViews)"\s*:/.test(start) ? 'glTF' : null;
  // Of formats without a mark the first line that is no comment tells, and only in text.
  const text = !start.includes('\0');
  const line = text ? (start.split(/[\r\n]+/).find((each) => /^\s*[^#\s]/.test(each)) ?? '').trim() : '';
  if (OFF_WORD.test(line.split(/\s/)[0]!)) return 'OFF';
  if (OBJ_LINE.test(line)) return 'OBJ';
  // A binary STL that is cut off, an OFF without its word, an OBJ of comments, and what is damaged: the reader says what is wrong.
  return promised === 'STL' || (text && (promised === 'OFF' || promised === 'OBJ')) ? promised : null;
}
