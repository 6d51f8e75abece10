/** PackBits (Apple; TIFF 6.0 section 9; the RLE of DICOM PS3.5 annex G): a byte n, then n + 1 bytes as they are, or one byte 257 - n times. */

/** Unpacks until the target is full or the bytes end; returns how many bytes were made. */
export function unpackBits(packed: Uint8Array, target: Uint8Array): number {
  let filled = 0;
  for (let at = 0; at < packed.length && filled < target.length; ) {
    const head = packed[at++]!;
    if (head < 128) {
      const piece = packed.subarray(at, at + Math.min(head + 1, target.length - filled));
      target.set(piece, filled);
      filled += piece.length;
      at += head + 1;
    } else if (head > 128 && at < packed.length) {
      const end = Math.min(target.length, filled + 257 - head);
      target.fill(packed[at++]!, filled, end);
      filled = end;
    }
  }
  return filled;
}
