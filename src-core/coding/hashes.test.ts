import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { crc32c } from './crc32c';
import { sampleBytes, sha256 } from './sha256';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('sha256', () => {
  it('passes the vectors of the standard', () => {
    expect(sha256(ascii(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256(ascii('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'))).toBe('248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
    expect(sha256(new Uint8Array(1_000_000).fill(0x61))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
  });

  it('agrees with another implementation on any bytes and any offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(10), (bytes, offset) => {
        const part = bytes.subarray(offset);
        expect(sha256(part)).toBe(createHash('sha256').update(part).digest('hex'));
      }),
    );
  });

  it('hashes 16-bit samples as little-endian bytes', () => {
    expect([...sampleBytes(Uint16Array.of(1, 0x1234).subarray(1))]).toEqual([0x34, 0x12]);
  });
});

describe('crc32c', () => {
  it('passes the known vectors', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});
