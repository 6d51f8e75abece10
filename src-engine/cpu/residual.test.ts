import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { plainResidualCodec } from '#core/coding/residual/codec';
import type { SampleGrid } from '#core/coding/types';
import { pcg3d } from '#core/fit/random';
import { pointCount } from '#core/signal/signal';
import { residualCodecOn } from './residual';

const threaded = residualCodecOn(0);
const grid: SampleGrid = { size: [270, 40, 21], channels: 2, type: 'uint16' };

/** Steps in noise; `seed` makes others. */
const codes = (seed: number): Uint16Array =>
  Uint16Array.from({ length: pointCount(grid.size) * grid.channels }, (_, i) => 20_000 * ((i >> (7 + (seed % 3))) & 1) + (pcg3d(seed, 1, i) & 1023) + 3000);
/** Of what is too long for toEqual. */
const digest = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string => createHash('sha256').update(new Uint8Array(buffer, byteOffset, byteLength)).digest('hex');
const original = codes(4);
const field = codes(9);

describe('residuals on a thread', () => {
  it('are those of this thread, to the bit, and tell how far they are', async () => {
    const told: number[] = [];
    const watch = { onProgress: (fraction: number) => void told.push(fraction) };
    const expected = await plainResidualCodec.encode(original, field, grid, 400);
    const made = await threaded.encode(original, field, grid, 400, watch);
    expect([digest(made.data), digest(made.samples)]).toEqual([digest(expected.data), digest(expected.samples)]);
    expect(made.samples).toBeInstanceOf(Uint16Array);
    expect(told).toEqual([0.25, 0.5, 0.75, 1]);
    for (const codec of [plainResidualCodec, threaded]) expect(digest(await codec.decode(made.data, Promise.resolve(field.slice()), grid))).toBe(digest(made.samples));
    expect([digest(field), digest(original)]).toEqual([digest(codes(9)), digest(codes(4))]);
  });

  it('wait for a field that comes late', async () => {
    const { data, samples } = await plainResidualCodec.encode(original, field, grid, 4000);
    const late = new Promise<Uint16Array>((resolve) => setTimeout(() => resolve(field.slice()), 300));
    expect(digest(await threaded.decode(data, late, grid))).toBe(digest(samples));
  });

  it('end with an abort, before and meanwhile, on either thread', async () => {
    const { data } = await plainResidualCodec.encode(original, field, grid, 4000);
    for (const codec of [plainResidualCodec, threaded]) {
      for (const early of [true, false]) {
        const abort = new AbortController();
        const watch = { signal: abort.signal, onProgress: () => abort.abort() };
        if (early) abort.abort();
        await expect(codec.encode(original, field, grid, 400, watch)).rejects.toMatchObject({ kind: 'cancelled' });
        const again = new AbortController();
        if (early) again.abort();
        await expect(codec.decode(data, Promise.resolve(field.slice()), grid, { signal: again.signal, onProgress: () => again.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
      }
    }
  });

  it('fail with the words of this thread, though the field has not come, and with its failure', async () => {
    const { data } = await plainResidualCodec.encode(original, field, grid, 4000);
    const never = new Promise<Uint16Array>(() => undefined);
    await expect(threaded.decode(data.subarray(0, 3), never, grid)).rejects.toMatchObject({ kind: 'container', code: 'container.residual' });
    await expect(threaded.encode(original, field, grid, 0)).rejects.toMatchObject({ kind: 'usage', code: 'residual.step' });
    for (const codec of [plainResidualCodec, threaded]) {
      await expect(codec.decode(Uint8Array.of(...data, 0), Promise.resolve(field.slice()), grid)).rejects.toMatchObject({ kind: 'container', code: 'container.residual' });
      await expect(codec.decode(data, Promise.reject(new Error('no field')), grid)).rejects.toThrow('no field');
      await expect(codec.decode(data, Promise.resolve(field.subarray(1)), grid)).rejects.toMatchObject({ code: 'residual.shape' });
    }
  });
});
