/**
 * CRC32C (Castagnoli 1993, as in RFC 3720): polynomial 0x1EDC6F41, reflected 0x82F63B78, initial value and final xor all
 * ones. Finds every burst of up to 32 bits and every error of up to 5 bits in chunks of the size of an .inr file.
 */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC32C of `bytes`, an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ TABLE[(value ^ byte) & 0xff]!;
  return (value ^ 0xffffffff) >>> 0;
}
