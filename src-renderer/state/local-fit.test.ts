/** What a fit on the GPU leaves behind, however it ends. */
import { describe, expect, it, vi } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { PLAIN_PLAN, testData } from '#engine/test-kinds';
import { observedDevice } from '#engine/webgpu/test-adapter';
import { Draft } from './draft.svelte';
import type { FitRequest, FitSink } from './fit-driver';
import type { Gpu } from './gpu.svelte';
import { startLocalFit } from './local-fit';
import type { Picture } from './original';
import { Run } from './runs.svelte';
import type { Shown } from './shown';

// Browsers have it as a global.
Object.assign(globalThis, { GPUTextureUsage: { COPY_SRC: 0x1, TEXTURE_BINDING: 0x4, STORAGE_BINDING: 0x8 } });

const CONFIG: FitConfig = {
  ...new Draft().config,
  network: { encoding: { kind: 'identity' }, depth: 1, width: 8, activation: { kind: 'relu' }, residual: false, head: 'linear' },
  plan: { ...PLAIN_PLAN, steps: 100_000 },
};
const DATA = testData([12, 9], 3);
const PICTURE = { kind: 'grid', info: { ...DATA, kind: 'grid', name: 'noise' }, samples: DATA.samples, thumbnail: null } as unknown as Picture;
const REQUEST: FitRequest = { original: PICTURE, config: CONFIG, engine: 'webgpu', seconds: null, secondsBefore: 0, state: null };

/** A studio's end of a fit: it takes previews into a run. */
function sinkOf(run: Run): FitSink {
  return { progress: () => undefined, device: () => undefined, notes: () => undefined, shown: (shown: Shown) => (run.shown = shown) };
}
const gpuOf = (device: GPUDevice): Gpu => ({ open: () => Promise.resolve(device), facts: { software: true } }) as unknown as Gpu;
const newRun = (): Run => new Run('fit', null, '', '', null, null);

describe('a fit in the window', () => {
  it('leaves nothing on the device when it cannot start', async () => {
    const { device, held, asked } = await observedDevice((name) => name === 'deltas 0');
    await expect(startLocalFit(gpuOf(device), REQUEST, sinkOf(newRun()), () => undefined)).rejects.toMatchObject({ code: 'device.memory' });
    expect(asked).toContain('parameters');
    expect(held.size).toBe(0);
    device.destroy();
  });

  for (const ending of ['fails midway', 'is stopped'] as const) {
    it(`leaves only the picture that it shows when it ${ending}, and nothing when that goes`, async () => {
      let full = false;
      const { device, held } = await observedDevice(() => full);
      const run = newRun();
      const driver = await startLocalFit(gpuOf(device), REQUEST, sinkOf(run), () => undefined);
      while (!run.shown) await new Promise((resolve) => setTimeout(resolve, 5));
      if (ending === 'is stopped') driver.stop();
      full = ending === 'fails midway';
      await expect(driver.ended.then(({ outcome }) => outcome, ({ code }: { code: string }) => code)).resolves.toBe(full ? 'device.memory' : 'stopped');
      run.endTexture(driver.dispose);
      expect([...held.values()]).toEqual([12 * 9]);
      run.hide();
      await vi.waitFor(() => expect(held.size).toBe(0), { timeout: 5000 });
      device.destroy();
    });
  }
});
