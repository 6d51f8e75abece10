/** Every kind against the float64 reference, in fields that nobody chose: the gradient of one step and the state after some. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { gridOf, type Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import type { Engine, TrainerRequest, TrainReport, TrainState } from '../engine';
import { referenceGradient, referenceTrainer } from '../reference';
import { ACTIVATIONS, ENCODINGS, HEADS, LOSSES, OPTIMIZERS, relativeError } from '../test-kinds';
import { createCpuEngine } from './engine';

/** Encodings without tables: tables.test.ts has the others. */
const PLAIN_ENCODINGS = ENCODINGS.filter((encoding) => !gridOf(encoding));
const ADAM = OPTIMIZERS[0]!;
const PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 10, batch: 70, optimizer: ADAM, schedule: { kind: 'constant' } };

const PICTURE = [13, 7, 3, 2];

const fields = fc.record<Field>({
  inputs: fc.integer({ min: 1, max: 4 }),
  outputs: fc.constantFrom(1, 2, 3, 4, 5, 9, 16),
  encoding: fc.constantFrom(...PLAIN_ENCODINGS),
  depth: fc.constantFrom(1, 2, 3, 4, 5),
  width: fc.constantFrom(4, 8, 12, 20, 36),
  activation: fc.constantFrom(...ACTIVATIONS),
  head: fc.constantFrom(...HEADS),
  residual: fc.boolean(),
});
const plans = fc.record<Partial<FitPlan>>({
  loss: fc.constantFrom(...LOSSES),
  batch: fc.integer({ min: 64, max: 150 }),
  optimizer: fc.constantFrom(...OPTIMIZERS),
  sampling: fc.constantFrom<FitPlan['sampling']>({ kind: 'uniform' }, { kind: 'stratified' }),
  clip: fc.constantFrom(null, 0.03, 100),
  average: fc.constantFrom(null, 0.7, 0.999),
});

function request(field: Field, plan: Partial<FitPlan>, seed = 3): TrainerRequest {
  const size = [23, 11, 7, 5].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, 1) * field.outputs;
  const samples = Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i % 11) * 19) & 255);
  return { field, plan: { ...PLAN, ...plan }, data: { size, channels: field.outputs, type: 'uint8', samples }, seed };
}

/** Everything that takes threads to agree on something. */
const INVOLVED: readonly [string, Partial<Field>, Partial<FitPlan>][] = [
  ['Muon', {}, { optimizer: OPTIMIZERS[3]! }],
  ['Muon, clipping and an average, in a residual network', { residual: true, depth: 5, width: 20 }, { optimizer: OPTIMIZERS[2]!, clip: 0.05, average: 0.9 }],
  ['clipping and decay over tables', { encoding: { kind: 'hash-grid', levels: 3, features: 2, coarsest: 4, finest: 40, tableLog2: 7 } }, { optimizer: OPTIMIZERS[1]!, clip: 0.02, average: 0.8 }],
];

describe('the cpu engine agrees with the float64 reference', async () => {
  const engine = await createCpuEngine({ threads: 2 });
  afterAll(() => engine.dispose());

  async function trained(asked: TrainerRequest, steps: number, on: Engine = engine): Promise<TrainState & TrainReport & { picture: Float32Array }> {
    const trainer = await on.createTrainer(asked);
    const report = await trainer.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
    const state = await trainer.checkpoint();
    const picture = await trainer.reconstruct(PICTURE.slice(0, asked.field.inputs));
    trainer.dispose();
    return { ...report, ...state, picture };
  }

  /**
   * With beta1 = 0 the first moment is the gradient. Deep waves are chaotic: how much roundings may change is measured by moving every
   * parameter by half a unit in its last place.
   */
  async function expectGradient(asked: TrainerRequest): Promise<void> {
    const bare: TrainerRequest = { ...asked, plan: { ...asked.plan, clip: null, optimizer: { ...ADAM, beta1: 0 } } };
    const parameters = Float64Array.from(initialParameters(bare.field, bare.seed));
    const expected = referenceGradient(bare, parameters, 0);
    const moved = referenceGradient(bare, parameters.map((value, i) => value * (1 + 6e-8 * Math.sin(12.9 * i * i))), 0);
    const tolerance = 3e-6 + 10 * relativeError(moved.gradient, expected.gradient);
    const actual = await trained(bare, 1);
    expect(relativeError(actual.moment1, expected.gradient)).toBeLessThan(tolerance);
    expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(tolerance);
    expect(Math.abs(actual.squaredError / expected.squaredError - 1)).toBeLessThan(tolerance);
  }

  async function expectSteps(asked: TrainerRequest, steps: number): Promise<void> {
    const reference = referenceTrainer(asked);
    const report = await reference.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
    const expected = await reference.checkpoint();
    const actual = await trained(asked, steps);
    expect(relativeError(actual.parameters, expected.parameters)).toBeLessThan(1e-3);
    expect(relativeError(actual.moment1, expected.moment1)).toBeLessThan(1e-2);
    if (expected.average) expect(relativeError(actual.average!, expected.average)).toBeLessThan(1e-3);
    else expect(actual.average).toBeUndefined();
    expect(relativeError(actual.picture, await reference.reconstruct(PICTURE.slice(0, asked.field.inputs)))).toBeLessThan(3e-3);
    expect(Math.abs(actual.loss / report.loss - 1)).toBeLessThan(1e-3);
    expect(Math.abs(actual.squaredError / report.squaredError - 1)).toBeLessThan(1e-3);
  }

  const PLAIN: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[1]!, depth: 2, width: 12, activation: ACTIVATIONS[0]! };

  it.each(LOSSES)('in the loss $kind with every head', async (loss) => {
    for (const head of HEADS) {
      await expectGradient(request({ ...PLAIN, head }, { loss }));
      await expectSteps(request({ ...PLAIN, head }, { loss }), 20);
    }
  });

  it.each(ACTIVATIONS)('in layers of $kind', async (activation) => {
    await expectGradient(request({ ...PLAIN, activation, depth: 1 }, {}));
    await expectGradient(request({ ...PLAIN, activation, depth: 12, width: 8 }, {}));
    await expectSteps(request({ ...PLAIN, activation, depth: 3 }, {}), 20);
  });

  it.each([1, 2, 3, 4, 5, 6, 12])('in residual networks of %i hidden layers', async (depth) => {
    for (const activation of ACTIVATIONS.slice(0, 3)) await expectGradient(request({ ...PLAIN, activation, depth, residual: true }, { batch: 140 }));
  });

  it.each(OPTIMIZERS)('in the update by $kind, decay $weightDecay', async (optimizer) => {
    for (const [clip, average, depth] of [[null, null, 3], [0.02, null, 1], [null, 0.9, 4], [0.01, 0.5, 3]] as const) {
      await expectSteps(request({ ...PLAIN, width: 20, depth }, { optimizer, clip, average }), 20);
    }
  });

  it('in the gradient of any field', async () => {
    await fc.assert(fc.asyncProperty(fields, plans, fc.nat(1000), (field, plan, seed) => expectGradient(request(field, plan, seed))), { numRuns: 40, seed: 1 });
  });

  it('after some steps of any field', async () => {
    await fc.assert(fc.asyncProperty(fields, plans, fc.nat(1000), (field, plan, seed) => expectSteps(request(field, plan, seed), 10)), { numRuns: 15, seed: 2 });
  });

  it.each(INVOLVED)('over tables too, and to the bit for any number of threads and after a stop: %s', async (_name, field, plan) => {
    const asked = request({ ...PLAIN, ...field }, { batch: 1003, ...plan });
    const whole = await trained(asked, 12);
    for (const threads of [1, 3]) {
      const other = await createCpuEngine({ threads });
      expect(await trained(asked, 12, other)).toEqual(whole);
      await other.dispose();
    }
    const half = await trained(asked, 5);
    const { parameters, moment1, moment2, average, picture } = await trained({ ...asked, state: half }, 7);
    expect({ parameters, moment1, moment2, average, picture }).toEqual({ parameters: whole.parameters, moment1: whole.moment1, moment2: whole.moment2, average: whole.average, picture: whole.picture });
    await expectSteps(request({ ...PLAIN, ...field }, plan), 10);
  });
});
