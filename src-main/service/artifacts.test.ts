import { describe, expect, it } from 'vitest';
import { synthesize } from '#core/coding/synthesis';
import { fieldFor } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parseConfig } from '#core/fit/config';
import { presetById } from '#core/fit/presets';
import type { GridSignal } from '#core/signal/signal';
import { Artifacts, type EncodeRequest } from './artifacts';
import { floatBytes } from './float-bytes';
import { sampledSubject } from './subject';

const { config } = presetById('siren-small');
const signal: GridSignal = { kind: 'grid', size: [12, 12], channels: 1, type: 'uint8', samples: new Uint8Array(144), metadata: { colorSpace: 'srgb', alpha: false } };
const parameters = floatBytes(initialParameters(fieldFor(config.network, 2, 1), 1));
const request: EncodeRequest = { source: { name: 'a.png', signal }, subject: sampledSubject(signal), signalToken: 'signal-1', config, parameters };

describe('an encoding', () => {
  it('that is cancelled at any stage leaves nothing behind, whatever is remembered of an earlier one', async () => {
    const artifacts = new Artifacts(synthesize, '1.0.0');
    const idle = { signal: new AbortController().signal, progress: () => undefined };
    expect((await artifacts.encode(request, idle)).quality?.psnrFloat).toBeGreaterThan(0);
    for (const stage of ['Decoding', 'Measuring']) {
      const abort = new AbortController();
      const progress = (label: string): void => {
        if (label === stage) abort.abort();
      };
      await expect(artifacts.encode(request, { signal: abort.signal, progress }), stage).rejects.toThrow();
    }
  });

  it('says in its provenance how it was made, without what goes without saying', async () => {
    const artifacts = new Artifacts(synthesize, '1.0.0');
    const idle = { signal: new AbortController().signal, progress: () => undefined };
    const unusual = { ...config, plan: { ...config.plan, loss: { kind: 'l1' as const }, average: 0.99 } };
    for (const made of [config, unusual]) {
      const { artifact, provenance } = await artifacts.encode({ ...request, config: made }, idle);
      const { config: said } = provenance as { config: unknown };
      expect(parseConfig(said, 'provenance')).toEqual(made);
      expect(JSON.stringify(said)).not.toMatch(/sampling|clip|weightDecay/);
      const reopened = await artifacts.open('a.inr', await artifacts.file(artifact, 'inr'), idle);
      expect(reopened).toMatchObject({ bits: config.coding.bits, provenance });
    }
  });

  it('says in its provenance how many steps were made when they are not the plan’s', async () => {
    const artifacts = new Artifacts(synthesize, '1.0.0');
    const idle = { signal: new AbortController().signal, progress: () => undefined };
    expect((await artifacts.encode({ ...request, steps: 7 }, idle)).provenance).toMatchObject({ steps: 7 });
    expect((await artifacts.encode({ ...request, steps: config.plan.steps }, idle)).provenance).not.toHaveProperty('steps');
  });
});
