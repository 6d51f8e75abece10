import { describe, expect, it } from 'vitest';
import type { GridSignal } from '#core/signal/signal';
import { codecCurve, compareCodecs } from './codecs';

const WIDTH = 96;
const HEIGHT = 64;

/** A smooth picture with some texture. */
function picture(channels: number, type: 'uint8' | 'uint16' = 'uint8'): GridSignal {
  const samples = new (type === 'uint8' ? Uint8Array : Uint16Array)(WIDTH * HEIGHT * channels);
  const scale = type === 'uint8' ? 1 : 257;
  for (let i = 0; i < samples.length; i++) {
    const channel = i % channels;
    const x = Math.floor(i / channels) % WIDTH;
    const y = Math.floor(i / channels / WIDTH);
    const alpha = channels % 2 === 0 && channel === channels - 1;
    samples[i] = scale * Math.round(alpha ? 40 + 2 * x : 128 + 60 * Math.sin(x / 9 + channel) + 40 * Math.cos(y / 5) + ((Math.imul(x * 31 + y, 2654435761) >>> 28) - 8));
  }
  return { kind: 'grid', size: [WIDTH, HEIGHT], channels, type, samples, metadata: { colorSpace: 'srgb', alpha: channels % 2 === 0 } };
}

describe('compareCodecs', () => {
  it('finds files that keep to the bytes and reach the PSNR', async () => {
    const seen: number[] = [];
    const rows = await compareCodecs({ signal: picture(3), bytes: 2500, psnr: 32, codecs: ['jpeg', 'webp', 'avif'], onProgress: (fraction) => seen.push(fraction) });
    expect(rows.map(({ codec }) => codec)).toEqual(['jpeg', 'webp', 'avif']);
    for (const { codec, version, atBytes, atPsnr } of rows) {
      expect(version).toMatch(/\d/);
      expect(atBytes!.bytes, codec).toBeLessThanOrEqual(2500);
      expect(atBytes!.psnr!, codec).toBeGreaterThan(20);
      expect(atPsnr!.psnr!, codec).toBeGreaterThanOrEqual(32);
    }
    expect(seen.at(-1)).toBe(1);
    expect(seen.every((value, i) => i === 0 || value >= seen[i - 1]!)).toBe(true);
  });

  it('no neighbouring quality answers better', async () => {
    const signal = picture(1);
    const [row] = await compareCodecs({ signal, bytes: 1500, psnr: 33, codecs: ['jpeg'] });
    const at = row!.atBytes!.quality;
    const [next] = await codecCurve(signal, 'jpeg', [at + 1]);
    expect(next!.bytes).toBeGreaterThan(1500);
    const [below] = await codecCurve(signal, 'jpeg', [row!.atPsnr!.quality - 1]);
    expect(below!.psnr!).toBeLessThan(33);
  });

  it('says what cannot be reached', async () => {
    const [row] = await compareCodecs({ signal: picture(3), bytes: 20, psnr: 90, codecs: ['jpeg'] });
    expect(row).toMatchObject({ atBytes: null, atPsnr: null });
    expect(row!.note).toMatch(/smallest file has \d+ bytes.*reaches at most \d+\.\d dB/);
  });

  it('is honest about alpha and depth', async () => {
    const [jpeg, webp] = await compareCodecs({ signal: picture(4, 'uint16'), bytes: 4000, psnr: 30, codecs: ['jpeg', 'webp'] });
    expect(jpeg!.note).toMatch(/16 to 8 bits.*alpha dropped/);
    expect(webp!.note).toMatch(/16 to 8 bits/);
    expect(webp!.note).not.toContain('alpha');
    expect(webp!.atPsnr!.psnr!).toBeGreaterThanOrEqual(30);
    const rows = await compareCodecs({ signal: picture(2), bytes: null, psnr: 30, codecs: ['webp', 'avif'] });
    for (const row of rows) expect(row.atPsnr!.psnr!).toBeGreaterThanOrEqual(30);
  });

  it('stops when told to', async () => {
    const abort = new AbortController();
    const work = compareCodecs({ signal: picture(3), bytes: 2000, psnr: 30, codecs: ['avif'], abort: abort.signal, onProgress: () => abort.abort() });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});
