/** Vectors of 32-bit numbers as they cross to the renderer: little-endian (which every platform of this program is). */

/** A view, not a copy. */
export const floatBytes = (values: Float32Array | Uint32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Floats, an aligned copy; null when the length is no multiple of 4. */
export function floatsFrom(bytes: Uint8Array): Float32Array | null {
  // Not slice(): of a Node Buffer that is a view, and may be unaligned.
  return bytes.length % 4 === 0 ? new Float32Array(new Uint8Array(bytes).buffer) : null;
}
