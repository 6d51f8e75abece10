import { describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { PLAN_DEFAULTS } from '#core/fit/config';
import { wasmBase64 as relaxedBase64 } from '#kernels/build/trainer-relaxed.wasm';
import type { TrainerRequest, TrainState } from '../engine';
import { referenceTrainer } from '../reference';
import { createCpuEngine } from './engine';
import { HOST_BUILD, kernelModules, type KernelBuild } from './modules';
import { WorkerPool } from './pool';

const STEPS = 25;
const BUILDS: readonly KernelBuild[] = HOST_BUILD === 'relaxed' ? ['plain', 'relaxed'] : ['plain'];

const SINE: Field = { inputs: 3, outputs: 3, encoding: { kind: 'octaves', octaves: 2, includeInput: true }, depth: 3, width: 28, activation: { kind: 'sine', omega0: 9, omegaHidden: 11 } };
const WIDE: Field = { inputs: 2, outputs: 5, encoding: { kind: 'identity' }, depth: 2, width: 132, activation: { kind: 'relu' } };

function request(field: Field, batch: number): TrainerRequest {
  const size = [19, 13, 6].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, 1) * field.outputs;
  return {
    field,
    data: { size, channels: field.outputs, type: 'uint16', samples: Uint16Array.from({ length: count }, (_, i) => 30000 + 25000 * Math.sin(i * 0.37) + 9000 * Math.cos(i * i)) },
    plan: {
      steps: STEPS,
      batch,
      ...PLAN_DEFAULTS,
      optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: { kind: 'constant' },
    },
    seed: 5,
  };
}

async function trained(build: KernelBuild, asked: TrainerRequest): Promise<TrainState> {
  const pool = new WorkerPool(2, false, build);
  const engine = await createCpuEngine({ pool });
  const trainer = await engine.createTrainer(asked);
  await trainer.run(new Float32Array(STEPS).fill(1e-3));
  const state = await trainer.checkpoint();
  trainer.dispose();
  await pool.dispose();
  return state;
}

function distance(actual: Float32Array, expected: Float32Array): number {
  const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(actual.map((value, i) => value - expected[i]!)) / norm(expected);
}

describe.each(BUILDS)('the %s build of the trainer', (build) => {
  it.each([
    ['sine, octaves, a batch that fills no tile', SINE, 333],
    ['ReLU, wide', WIDE, 65],
  ])('follows the float64 reference: %s', async (_name, field, batch) => {
    const asked = request(field, batch);
    const reference = referenceTrainer(asked);
    await reference.run(new Float32Array(STEPS).fill(1e-3));
    const expected = await reference.checkpoint();
    const actual = await trained(build, asked);
    expect(distance(actual.parameters, expected.parameters)).toBeLessThan(1e-3);
    expect(distance(actual.moment1, expected.moment1)).toBeLessThan(1e-2);
  });

  it('gives the same bits twice', async () => {
    const asked = request(SINE, 1000);
    expect(await trained(build, asked)).toEqual(await trained(build, asked));
  });
});

describe('the choice of a build', () => {
  it('is named in the facts, and the fastest without being asked', async () => {
    const engine = await createCpuEngine({ threads: 1 });
    expect(engine.facts.details.kernels).toBe(HOST_BUILD === 'relaxed' ? 'relaxed SIMD' : 'SIMD');
    expect(new WorkerPool(1).build).toBe(HOST_BUILD);
    await engine.dispose();
  });

  it('leaves no flag behind: what others may compile does not change', () => {
    const bytes = new Uint8Array(Buffer.from(relaxedBase64, 'base64'));
    const before = WebAssembly.validate(bytes);
    kernelModules(HOST_BUILD);
    expect(WebAssembly.validate(bytes)).toBe(before);
    expect(before).toBe(!/^11\.3\./.test(process.versions.v8) && HOST_BUILD === 'relaxed');
  });
});
