import { describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { isHiddenMatrix, parameterLayout } from '#core/field/layout';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { orthogonalized } from '#core/fit/optimizer';
import type { TrainerRequest } from './engine';
import { referenceGradient, referenceTrainer } from './reference';
import { ACTIVATIONS, ENCODINGS, HEADS, LOSSES } from './test-kinds';

const PLAN: FitPlan = {
  ...PLAN_DEFAULTS,
  steps: 10,
  batch: 64,
  optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { kind: 'constant' },
};

function request(field: Field, plan: Partial<FitPlan> = {}): TrainerRequest {
  const size = [9, 7, 5, 3].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, 1) * field.outputs;
  const samples = Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i % 11) * 19) & 255);
  return { field, plan: { ...PLAN, ...plan }, data: { size, channels: field.outputs, type: 'uint8', samples }, seed: 3 };
}

/** Tables begin near zero, where nothing would depend on them; biases of 0 put ReLU on its kink in the middle of the grid. */
function parametersOf(field: Field): Float64Array {
  const parameters = Float64Array.from(initialParameters(field, 3), (value, i) => value + 0.01 * Math.sin(2.3 * i));
  for (const table of parameterLayout(field).tables) {
    for (let i = 0; i < table.length; i++) parameters[table.offset + i] = Math.sin(1.7 * i + table.level);
  }
  return parameters;
}

function expectGradient(asked: TrainerRequest): void {
  const parameters = parametersOf(asked.field);
  const { gradient } = referenceGradient(asked, parameters, 4);
  const stride = Math.ceil(parameters.length / 40);
  for (let i = 0; i < parameters.length; i += stride) {
    const h = 1e-6;
    const above = parameters.slice();
    const below = parameters.slice();
    above[i]! += h;
    below[i]! -= h;
    const slope = (referenceGradient(asked, above, 4).loss - referenceGradient(asked, below, 4).loss) / (2 * h);
    expect(Math.abs(slope - gradient[i]!)).toBeLessThan(1e-6 + 1e-4 * Math.abs(slope));
  }
}

describe('the gradient of the float64 reference is that of central differences of its loss', () => {
  it.each(ACTIVATIONS)('$kind', (activation) => {
    for (const residual of [false, true]) expectGradient(request({ inputs: 2, outputs: 3, encoding: ENCODINGS[0]!, depth: 5, width: 4, activation, residual }));
  });
  it.each(ENCODINGS)('$kind', (encoding) => {
    for (const inputs of [1, 2, 3]) expectGradient(request({ inputs, outputs: 2, encoding, depth: 2, width: 8, activation: ACTIVATIONS[0]! }));
  });
  // The gradient of relative-l2 leaves its denominator alone (loss.ts): it is no slope of the loss.
  it.each(LOSSES.filter(({ kind }) => kind !== 'relative-l2'))('$kind', (loss) => {
    for (const head of HEADS) {
      expectGradient(request({ inputs: 2, outputs: 3, encoding: ENCODINGS[1]!, depth: 1, width: 8, activation: ACTIVATIONS[0]!, head }, { loss }));
    }
  });
});

describe('the update of the float64 reference', () => {
  const field: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[0]!, depth: 3, width: 8, activation: ACTIVATIONS[0]! };
  const oneStep = async (asked: TrainerRequest): Promise<{ before: Float32Array; after: Float32Array }> => {
    const trainer = referenceTrainer(asked);
    await trainer.run(Float32Array.of(1e-3));
    return { before: initialParameters(asked.field, asked.seed), after: (await trainer.checkpoint()).parameters };
  };

  it('moves every parameter by the learning rate in the first step of Adam', async () => {
    const { before, after } = await oneStep(request(field));
    for (let i = 0; i < before.length; i++) expect(Math.abs(after[i]! - before[i]!)).toBeCloseTo(1e-3, 5);
  });

  it('moves hidden matrices along nearly orthogonal directions with Muon', async () => {
    const optimizer = { ...PLAN.optimizer, kind: 'muon' as const, muonLearningRate: 0.02, momentum: 0.95 };
    const { before, after } = await oneStep(request(field, { optimizer }));
    const slot = parameterLayout(field).tensors.find((each) => isHiddenMatrix(field, each))!;
    const moved = Array.from({ length: 64 }, (_, i) => (before[slot.offset + i]! - after[slot.offset + i]!) / 0.02);
    for (let row = 0; row < 8; row++) {
      const length = Math.hypot(...moved.slice(8 * row, 8 * row + 8));
      expect(length).toBeGreaterThan(0.3);
      expect(length).toBeLessThan(1.3);
    }
  });

  it('orthogonalizes: the singular values of a matrix come near 1', () => {
    const x = orthogonalized(Array.from({ length: 16 }, (_, i) => Math.sin(3 * i * i + 1)), 4);
    const gram = Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + x[Math.floor(i / 4) * 4 + k]! * x[(i % 4) * 4 + k]!, 0));
    for (let row = 0; row < 4; row++) expect(Math.abs(gram[5 * row]! - 1)).toBeLessThan(0.6);
  });

  it('bounds the norm of the gradient when it clips, and keeps an average that lags behind', async () => {
    const clipped = referenceTrainer(request(field, { clip: 1e-3, average: 0.9, optimizer: { ...PLAN.optimizer, beta1: 0, beta2: 0, epsilon: 1 } }));
    await clipped.run(Float32Array.of(1));
    const { parameters, average, moment1 } = await clipped.checkpoint();
    expect(Math.hypot(...moment1)).toBeCloseTo(1e-3, 6);
    const before = initialParameters(field, 3);
    const gone = Math.hypot(...parameters.map((value, i) => value - before[i]!));
    const averaged = Math.hypot(...average!.map((value, i) => value - before[i]!));
    expect(averaged).toBeGreaterThan(0.5 * gone);
    expect(averaged).toBeLessThan(0.95 * gone);
  });

  it('leaves vectors of a table alone that no sample touched', async () => {
    const hashed: Field = { ...field, encoding: { kind: 'dense-grid', levels: 1, features: 2, coarsest: 64, finest: 64 } };
    const { before, after } = await oneStep(request(hashed));
    const [table] = parameterLayout(hashed).tables;
    const still = before.subarray(0, table!.length).filter((value, i) => value === after[i]).length;
    expect(still).toBeGreaterThan(table!.length / 2);
    expect(still).toBeLessThan(table!.length);
  });
});
