import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { pcg3d, uniform } from '#core/fit/random';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import type { Engine, TrainerRequest, TrainState } from '../engine';
import { referenceGradient, referenceTrainer } from '../reference';
import { createCpuEngine } from './engine';
import { planTables, roundSamples } from './tables';
import { Arena } from './plan';

const FEATURES = [1, 2, 3, 4, 8, 16];
/** Three levels; those of a hash grid that have more than 32 nodes are hashed. */
function encodingOf(kind: 'dense-grid' | 'hash-grid', features: number, inputs: number): Encoding {
  const shape = { levels: 3, features, coarsest: 3, finest: [60, 11, 7, 4][inputs - 1]! };
  return kind === 'dense-grid' ? { kind, ...shape } : { kind, ...shape, tableLog2: 5 };
}

function request(field: Field, plan: Partial<FitPlan> = {}): TrainerRequest {
  const size = [19, 7, 5, 3].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, field.outputs);
  const samples = Uint8Array.from({ length: count }, (_, i) => pcg3d(5, 8, i) >>> 24);
  const optimizer = { kind: 'adam', learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 } as const;
  return { field, data: { size, channels: field.outputs, type: 'uint8', samples }, plan: { steps: 50, batch: 150, ...PLAN_DEFAULTS, optimizer, schedule: { kind: 'constant' }, ...plan }, seed: 31 };
}

/** Parameters whose tables are as large as the coordinates: the initial 1e-4 would leave the first layer nothing to learn from. */
function startOf(field: Field): TrainState {
  const parameters = initialParameters(field, 3);
  for (const { offset, length } of parameterLayout(field).tables) for (let i = offset; i < offset + length; i++) parameters[i] = 2 * uniform(1, 2, i) - 1;
  return { step: 0, parameters, moment1: new Float32Array(parameters.length), moment2: new Float32Array(parameters.length) };
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, from = 0, to = expected.length): number {
  let difference = 0;
  let norm = 0;
  for (let i = from; i < to; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

const engines = new Map<number, Engine>();
async function engineWith(threads: number): Promise<Engine> {
  if (!engines.has(threads)) engines.set(threads, await createCpuEngine({ threads }));
  return engines.get(threads)!;
}
afterAll(async () => {
  for (const engine of engines.values()) await engine.dispose();
});

async function trained(threads: number, asked: TrainerRequest, steps: number): Promise<TrainState> {
  const trainer = await (await engineWith(threads)).createTrainer(asked);
  await trainer.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
  const state = await trainer.checkpoint();
  trainer.dispose();
  return state;
}

describe.each(['dense-grid', 'hash-grid'] as const)('a %s on the cpu engine', (kind) => {
  for (const inputs of [1, 2, 3, 4]) {
    it(`has the gradient of the float64 reference, ${inputs} inputs`, async () => {
      for (const features of FEATURES) {
        const field: Field = { inputs, outputs: 2, encoding: encodingOf(kind, features, inputs), depth: 2, width: 12, activation: { kind: 'sine', omega0: 2, omegaHidden: 3 } };
        const asked = request(field);
        const { optimizer } = asked.plan;
        const state = startOf(field);
        const plain = { ...asked, state, plan: { ...asked.plan, optimizer: { ...optimizer, beta1: 0 } } };
        const { moment1 } = await trained(2, plain, 1);
        const { gradient } = referenceGradient(asked, state.parameters, 0);
        const { tables, layers, length } = parameterLayout(field);
        for (const { offset, length: numbers } of tables) {
          expect(relativeError(moment1, gradient, offset, offset + numbers)).toBeLessThan(1e-5);
          const untouched = (values: ArrayLike<number>): number[] => Array.from({ length: numbers }, (_, i) => i).filter((i) => values[offset + i] === 0);
          expect(untouched(moment1)).toEqual(untouched(gradient));
        }
        expect(relativeError(moment1, gradient, layers[0]!.weightOffset, length)).toBeLessThan(1e-5);
      }
    });

    it(`follows the reference for 20 steps, ${inputs} inputs`, async () => {
      for (const features of [1, 2, 3, 8]) {
        const field: Field = { inputs, outputs: 3, encoding: encodingOf(kind, features, inputs), depth: 1, width: 16, activation: { kind: 'relu' } };
        const asked = { ...request(field), state: startOf(field) };
        const reference = referenceTrainer(asked);
        await reference.run(new Float32Array(20).fill(1e-2));
        const expected = await reference.checkpoint();
        const actual = await trained(2, asked, 20);
        expect(relativeError(actual.parameters, expected.parameters)).toBeLessThan(1e-3);
        const engine = await engineWith(2);
        const size = [9, 8, 3, 2].slice(0, inputs);
        expect(relativeError(await engine.evaluate(field, expected.parameters, size), await reference.reconstruct(size))).toBeLessThan(1e-5);
      }
    });
  }
});

describe('tables on the cpu engine', () => {
  const field: Field = { inputs: 2, outputs: 3, encoding: { kind: 'hash-grid', levels: 5, features: 2, coarsest: 4, finest: 128, tableLog2: 9 }, depth: 2, width: 20, activation: { kind: 'relu' } };

  it('get the same bits on 1, 2, 3 and 11 threads, and again', async () => {
    const asked = request(field, { batch: 3001 });
    const one = await trained(1, asked, 12);
    for (const threads of [1, 2, 3, 11]) expect(await trained(threads, asked, 12)).toEqual(one);
    const { encoding } = field;
    const single = request({ ...field, encoding: { ...encoding, levels: 1, coarsest: 64 } as Encoding }, { batch: 3001 });
    expect(await trained(3, single, 12)).toEqual(await trained(1, single, 12));
  });

  it('go on from a checkpoint as if they had never stopped', async () => {
    const asked = request(field);
    const whole = await trained(2, asked, 15);
    expect(await trained(2, { ...asked, state: await trained(1, asked, 6) }, 9)).toEqual(whole);
  });

  it('keep every bit of the vectors that no sample touched, their moments too', async () => {
    const sparse: Field = { ...field, encoding: { kind: 'dense-grid', levels: 2, features: 4, coarsest: 90, finest: 150 } };
    const asked = request(sparse, { batch: 64 });
    const start = startOf(sparse);
    start.moment1.fill(0.25);
    start.moment2.fill(0.5);
    const state = await trained(2, { ...asked, state: start }, 1);
    const { gradient } = referenceGradient(asked, start.parameters, 0);
    const { tables } = parameterLayout(sparse);
    const numbers = tables.reduce((sum, table) => sum + table.length, 0);
    const indices = Array.from({ length: numbers }, (_, i) => i);
    const still = indices.filter((i) => state.parameters[i] === start.parameters[i] && state.moment1[i] === 0.25 && state.moment2[i] === 0.5);
    expect(still).toEqual(indices.filter((i) => gradient[i] === 0));
    expect(still.length).toBeGreaterThan(numbers / 2);
  });

  it('take batches whose vectors exceed the memory of a round in several rounds', async () => {
    const wide: Field = { ...field, inputs: 1, encoding: { kind: 'hash-grid', levels: 16, features: 16, coarsest: 2, finest: 90, tableLog2: 6 }, depth: 1, width: 4 };
    const batch = 32768;
    const plan = planTables(new Arena(), wide, parameterLayout(wide), 128)!;
    expect(roundSamples(plan, wide, 32, batch / 32)).toBeLessThan(batch / 32);
    const asked = request(wide, { batch, optimizer: { ...request(wide).plan.optimizer, beta1: 0 } });
    const state = startOf(wide);
    const { gradient } = referenceGradient(asked, state.parameters, 0);
    expect(relativeError((await trained(2, { ...asked, state }, 1)).moment1, gradient)).toBeLessThan(1e-4);
  });

  it('hold 16 levels of 2^19 pairs', async () => {
    const large: Field = { ...field, encoding: { kind: 'hash-grid', levels: 16, features: 2, coarsest: 512, finest: 8192, tableLog2: 19 }, depth: 1, width: 8 };
    expect(parameterLayout(large).tables.reduce((sum, table) => sum + table.length, 0)).toBeGreaterThan(15e6);
    const asked = request(large, { batch: 256 });
    const trainer = await (await engineWith(2)).createTrainer(asked);
    const rates = new Float32Array(8).fill(1e-2);
    const first = await trainer.run(rates);
    await trainer.run(rates);
    const last = await trainer.run(rates);
    expect(last.loss).toBeLessThan(first.loss);
    trainer.dispose();
  });
});
