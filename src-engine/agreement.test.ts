import { afterAll, describe, expect, it } from 'vitest';
import type { Activation, Encoding, Field } from '#core/field/field';
import { presetById } from '#core/fit/presets';
import { createCpuEngine } from './cpu/engine';
import { createTfjsEngine } from './tfjs/engine';

/** What engine.ts promises, between the fast engine of the main process and the reference (webgpu has its own: webgpu/parity.test.ts). */
describe('cpu and tfjs agree after 50 steps', async () => {
  const cpu = await createCpuEngine({ threads: 2 });
  const tfjs = await createTfjsEngine();
  afterAll(() => Promise.all([cpu.dispose(), tfjs.dispose()]));

  const encodings: readonly Encoding[] = [
    { kind: 'identity' },
    { kind: 'octaves', octaves: 4, includeInput: true },
    { kind: 'fourier', features: 10, sigma: 3, seed: 5 },
  ];
  const activations: readonly Activation[] = [{ kind: 'sine', omega0: 30, omegaHidden: 30 }, { kind: 'relu' }];
  const { plan } = presetById('siren').config;

  for (const encoding of encodings) {
    for (const activation of activations) {
      it(`${encoding.kind}, ${activation.kind}`, async () => {
        const field: Field = { inputs: 2, outputs: 3, encoding, depth: 3, width: 24, activation };
        const samples = Uint8Array.from({ length: 23 * 17 * 3 }, (_, i) => 128 + 90 * Math.sin(i * 0.31) + 30 * Math.cos(i * 0.007));
        const request = { field, plan: { ...plan, batch: 200 }, data: { size: [23, 17], channels: 3, type: 'uint8' as const, samples }, seed: 11 };
        const rates = new Float32Array(50).fill(1e-3);
        const [a, b] = await Promise.all([cpu, tfjs].map(async (engine) => {
          const trainer = await engine.createTrainer(request);
          const report = await trainer.run(rates);
          const { parameters } = await trainer.checkpoint();
          trainer.dispose();
          return { parameters, loss: report.loss };
        }));
        const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        expect(norm(a.parameters.map((value, i) => value - b.parameters[i])) / norm(b.parameters)).toBeLessThan(1e-3);
        expect(a.loss).toBeCloseTo(b.loss, 5);
      });
    }
  }
});
