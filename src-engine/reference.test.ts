import { describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import type { TrainerRequest } from './engine';
import { referenceGradient, referenceTrainer } from './reference';

const FIELDS: Field[] = [
  { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 8, activation: { kind: 'sine', omega0: 10, omegaHidden: 7 } },
  { inputs: 3, outputs: 1, encoding: { kind: 'octaves', octaves: 2, includeInput: true }, depth: 1, width: 4, activation: { kind: 'relu' } },
  { inputs: 1, outputs: 2, encoding: { kind: 'fourier', features: 4, sigma: 2, seed: 5 }, depth: 3, width: 4, activation: { kind: 'sine', omega0: 3, omegaHidden: 2 } },
];

function request(field: Field): TrainerRequest {
  const size = [9, 7, 5, 3].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, 1) * field.outputs;
  const samples = Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i % 11) * 19) & 255);
  const plan = { steps: 10, batch: 64, optimizer: { kind: 'adam' as const, learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, schedule: { kind: 'constant' as const } };
  return { field, plan, data: { size, channels: field.outputs, type: 'uint8', samples }, seed: 3 };
}

describe('the float64 reference', () => {
  it.each(FIELDS)('has the gradient that central differences of its loss give: $encoding.kind, $activation.kind', (field) => {
    const asked = request(field);
    const parameters = Float64Array.from(initialParameters(field, 3));
    const { gradient } = referenceGradient(asked, parameters, 4);
    for (let i = 0; i < parameters.length; i += 3) {
      const h = 1e-6;
      const above = parameters.slice();
      const below = parameters.slice();
      above[i]! += h;
      below[i]! -= h;
      const slope = (referenceGradient(asked, above, 4).loss - referenceGradient(asked, below, 4).loss) / (2 * h);
      expect(Math.abs(slope - gradient[i]!)).toBeLessThan(1e-6 + 1e-4 * Math.abs(slope));
    }
  });

  it('moves every parameter by the learning rate in the first step of Adam', async () => {
    const asked = request(FIELDS[0]!);
    const before = initialParameters(asked.field, 3);
    const trainer = referenceTrainer(asked);
    await trainer.run(Float32Array.of(1e-3));
    const after = (await trainer.checkpoint()).parameters;
    for (let i = 0; i < before.length; i++) expect(Math.abs(after[i]! - before[i]!)).toBeCloseTo(1e-3, 5);
  });
});
