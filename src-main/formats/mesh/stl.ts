/**
 * STL, binary (80 bytes of anything, the number of triangles, 50 bytes each: normal, three corners, two bytes of anything) and text ("facet", "outer
 * loop", "vertex x y z"). Corners at bit-equal places become one vertex; the facets' normals, which follow from the corners, are passed over.
 *
 * Binary files may start with "solid" like text does. So a file whose length is that of its number of triangles is binary, whatever it starts with.
 */
import type { Mesh } from '#core/signal/mesh';
import { VertexWelder } from '#core/signal/weld';
import { damaged, truncated } from './faults';
import { Polygons } from './growing';
import { latin, TextScanner } from './text';

const HEADER = 84;
const FACET = 50;

/** Number of triangles that a binary STL would promise; null where the file is too short for one. */
function promised(bytes: Uint8Array): number | null {
  return bytes.length >= HEADER ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(80, true) : null;
}

/** The length is exactly that of a binary STL. */
export function isBinaryStl(bytes: Uint8Array): boolean {
  const triangles = promised(bytes);
  return triangles !== null && HEADER + FACET * triangles === bytes.length;
}

/** Starts as text and goes on with a facet or the end. */
export function isTextStl(bytes: Uint8Array): boolean {
  const start = latin(bytes.subarray(0, 1024));
  return /^\s*solid\b/i.test(start) && (/\b(facet|endsolid)\b/i.test(start) || !start.slice(start.search(/[\r\n]|$/)).trim()) && !start.includes('\0');
}

export function readStl(bytes: Uint8Array, name: string): { mesh: Mesh; kind: string; notes: string[] } {
  if (!isBinaryStl(bytes) && isTextStl(bytes)) return { ...readText(bytes, name), kind: 'text' };
  return { ...readBinary(bytes, name), kind: 'binary' };
}

function readBinary(bytes: Uint8Array, name: string): { mesh: Mesh; notes: string[] } {
  const triangles = promised(bytes);
  if (triangles === null) throw truncated(name, 'STL', `${bytes.length} bytes are too few for a binary STL`);
  const there = Math.floor((bytes.length - HEADER) / FACET);
  if (triangles > there) throw truncated(name, 'STL', `it promises ${triangles} triangles and has ${there}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const welder = new VertexWelder(Math.ceil(triangles / 2));
  const indices = new Uint32Array(3 * triangles);
  for (let i = 0; i < indices.length; i++) {
    const at = HEADER + FACET * Math.floor(i / 3) + 12 + 12 * (i % 3);
    indices[i] = welder.add(view.getFloat32(at, true), view.getFloat32(at + 4, true), view.getFloat32(at + 8, true));
  }
  const extra = bytes.length - HEADER - FACET * triangles;
  return { mesh: { positions: welder.positions(), indices }, notes: extra > 0 ? [`${extra} bytes after the last triangle were passed over`] : [] };
}

/** v, f, e, s. */
const KEYWORD_STARTS = new Set([...'vfesVFES'].map((letter) => letter.charCodeAt(0)));

function readText(bytes: Uint8Array, name: string): { mesh: Mesh; notes: string[] } {
  const scan = new TextScanner(bytes, name, 'STL');
  const welder = new VertexWelder();
  const polygons = new Polygons();
  let [open, ended] = [false, false];
  for (let more = true; more; more = scan.nextLine()) {
    // Lines may hold several words: "facet normal 0 0 1 outer loop".
    for (let c = scan.peek(); c !== -1; c = scan.peek()) {
      if (!KEYWORD_STARTS.has(c)) {
        scan.skipWord();
        continue;
      }
      switch (scan.word().toLowerCase()) {
        case 'vertex':
          polygons.corner(welder.add(scan.number(), scan.number(), scan.number()));
          break;
        case 'facet':
          if (open) throw scan.fault('a facet starts inside of another');
          open = true;
          polygons.begin();
          break;
        case 'endfacet':
          open = false;
          break;
        case 'endsolid':
          ended = true;
          scan.passLine();
          break;
        case 'solid':
          // A name follows, of any words.
          scan.passLine();
          break;
      }
    }
  }
  if (open) throw truncated(name, 'STL', 'it ends inside of a facet');
  if (welder.count === 0 && !ended) throw damaged(name, 'STL', 'there is no facet in it');
  return { mesh: { positions: welder.positions(), indices: polygons.indices.finish() }, notes: ended ? [] : ['the line "endsolid" is missing: the end may be cut off'] };
}
