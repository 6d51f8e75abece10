import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import type { TrainerRequest } from '../engine';
import { gradientFit } from '../grid-cases';
import { referenceGradient, referenceSample, pointCoordinates } from '../reference';
import { relativeError } from '../test-kinds';
import { createWebGpuEngine } from './engine';
import { testGpu } from './test-adapter';
import type { TuningName } from './tuning';

const SINE = { kind: 'sine', omega0: 20, omegaHidden: 20 } as const;

/** A fit whose first moments after a step are its gradient. */
function request(field: Partial<Field> & { width: number }, batch: number): TrainerRequest {
  return gradientFit({ inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, activation: SINE, ...field }, { batch });
}

/** Widths below a lane group, between multiples, at and above the blocks; narrow and wide heads; batches that fill nothing evenly. */
const SHAPES: readonly (readonly [name: string, request: TrainerRequest])[] = [
  ['width 4, 1 output', request({ width: 4, outputs: 1 }, 65)],
  ['width 12, 16 outputs', request({ width: 12, outputs: 16 }, 131)],
  ['width 20, 5 outputs, 3 inputs', request({ width: 20, outputs: 5, inputs: 3 }, 257)],
  ['width 64', request({ width: 64 }, 190)],
  ['width 64, a batch that is worth more code', request({ width: 64 }, 4099)],
  ['width 100, octaves', request({ width: 100, encoding: { kind: 'octaves', octaves: 9, includeInput: true } }, 77)],
  ['width 24 after 130 features, relu', request({ width: 24, encoding: { kind: 'fourier', features: 65, sigma: 3, seed: 1 }, activation: { kind: 'relu' } }, 99)],
  ['width 256, 4 outputs', request({ width: 256, outputs: 4 }, 70)],
];

/** The last tuning meets nearly all shapes; the others differ in their inner loops alone. 'mixed blocks' has those of two others. */
const SHAPES_OF: Partial<Record<TuningName, readonly number[]>> = {
  'large blocks': [1, 3],
  'small blocks': [6],
  unrolled: [2],
  'unrolled, subgroups': [0, 1, 2, 4, 5, 6, 7],
};

describe.each(Object.entries(SHAPES_OF) as [TuningName, number[]][])('products in %s', async (tuning, chosen) => {
  const engine = await createWebGpuEngine({ gpu: await testGpu(), tuning });
  afterAll(() => engine.dispose());

  it.each(chosen.map((i) => SHAPES[i]))('%s: the gradient and the samples are those of the float64 reference, twice to the bit', async (_, asked) => {
    const { field } = asked;
    const { parameters } = asked.state!;
    const { gradient } = referenceGradient(asked, parameters, 0);
    const states = [];
    for (let repeat = 0; repeat < 2; repeat++) {
      const trainer = await engine.createTrainer(asked);
      await trainer.run(Float32Array.of(1e-3));
      states.push(await trainer.checkpoint());
      trainer.dispose();
    }
    expect(states[1]).toEqual(states[0]);
    expect(relativeError(states[0].moment1, gradient)).toBeLessThan(2e-5);
    const size = [7, 5, 2].slice(0, field.inputs);
    const values = await engine.evaluate(field, parameters, size);
    const expected = Array.from({ length: values.length / field.outputs }, (__, i) => [...referenceSample(field, parameters, pointCoordinates(size, i))]).flat();
    expect(relativeError(values, expected)).toBeLessThan(1e-5);
  });
});
