/** What a Draco bitstream says of its size, before a decoder asks for memory. */
import { damaged } from './faults';

/** Meshopt and Draco may take next to nothing for what is regular; more elements a byte than this are a lie. */
export const MOST_PER_BYTE = 1024;

/** Number of faces and points that a Draco bitstream of version 2.2 says it has, the larger one; null where that is not easily found. */
function dracoElements(data: Uint8Array): number | null {
  // 'DRACO', version, kind of geometry, method, flags (of which the highest means metadata first).
  const [major, minor, , method] = data.subarray(5, 9);
  if (major !== 2 || minor !== 2 || (data[10]! & 0x80) !== 0) return null;
  let at = method === 1 ? 12 : 11;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = data[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  return Math.max(varint(), varint());
}

/** Throws StudioError where a Draco bitstream promises more than it can hold. */
export function checkDraco(data: Uint8Array, name: string): void {
  const elements = dracoElements(data);
  if (elements !== null && elements > MOST_PER_BYTE * data.length) throw damaged(name, 'Draco', `it promises ${elements} elements from ${data.length} bytes`);
}
