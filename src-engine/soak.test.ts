/**
 * A fit of 10^5 steps with checkpoints and pictures on its way must not take more and more memory. Minutes long, so only with INR_LONG=1:
 *
 *     INR_LONG=1 npx vitest run src-engine/soak.test.ts
 */
import { describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { createCpuEngine } from './cpu/engine';
import type { Engine, TrainingSet } from './engine';
import { createWebGpuEngine } from './webgpu/engine';
import { testGpu } from './webgpu/test-adapter';

const STEPS = 100_000;
const RUN = 500;
/** Growth over the last four fifths that garbage may cause before it is collected; half a kilobyte lost in each step is as much. */
const TOLERATED_MEGABYTES = 40;

const FIELD: Field = { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'sine', omega0: 5, omegaHidden: 5 } };
const PLAN: FitPlan = {
  steps: STEPS,
  batch: 64,
  ...PLAN_DEFAULTS,
  clip: 1,
  average: 0.99,
  optimizer: { kind: 'adam', learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { kind: 'constant' },
};
const DATA: TrainingSet = { size: [64], channels: 1, type: 'uint8', samples: Uint8Array.from({ length: 64 }, (_, i) => 128 + 90 * Math.sin(i / 9)) };

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  cpu: () => createCpuEngine({}),
  webgpu: async () => createWebGpuEngine({ gpu: await testGpu() }),
};

const megabytes = (): number => process.memoryUsage().rss / 1e6;

describe.runIf(process.env['INR_LONG'] === '1')('a long fit', () => {
  for (const [name, open] of Object.entries(ENGINES)) {
    it(`takes no more memory at its end than at its beginning: ${name}`, { timeout: 3_600_000 }, async () => {
      const engine = await open();
      const trainer = await engine.createTrainer({ field: FIELD, plan: PLAN, data: DATA, seed: 1 });
      const used: number[] = [];
      const rates = new Float32Array(RUN).fill(1e-4);
      for (let step = 0; step < STEPS; step += RUN) {
        const report = await trainer.run(rates);
        expect(report.step).toBe(step + RUN);
        const { parameters } = await trainer.checkpoint();
        expect(parameters.every(Number.isFinite)).toBe(true);
        await trainer.reconstruct([100]);
        await engine.evaluate(FIELD, parameters, [33]);
        used.push(megabytes());
      }
      const fifths = Array.from({ length: 6 }, (_, i) => used[Math.min(used.length - 1, Math.floor((i * used.length) / 5))]);
      console.log(`${name}: resident memory in MB after 0, 20, 40, 60, 80 and 100 %: ${fifths.map((value) => value.toFixed(0)).join(', ')}`);
      expect(fifths[5] - fifths[1]).toBeLessThan(TOLERATED_MEGABYTES);
      trainer.dispose();
      await engine.dispose();
    });
  }
});
