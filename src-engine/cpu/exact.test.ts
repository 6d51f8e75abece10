import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { synthesize as plain } from '#core/coding/synthesis';
import type { Activation, Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { uniform } from '#core/fit/random';
import { createExactSynthesizer } from './exact';
import { synthesizeLocally } from './exact-local';

const exact = createExactSynthesizer({ threads: 2 });
afterAll(() => exact.dispose());

const encoding: fc.Arbitrary<Encoding> = fc.oneof(
  fc.constant<Encoding>({ kind: 'identity' }),
  fc.record({ kind: fc.constant('octaves' as const), octaves: fc.integer({ min: 1, max: 16 }), includeInput: fc.boolean() }),
  fc.record({ kind: fc.constant('fourier' as const), features: fc.integer({ min: 4, max: 37 }), sigma: fc.constantFrom(0.01, 3.3, 1000), seed: fc.nat() }),
);
const activation: fc.Arbitrary<Activation> = fc.oneof(
  fc.constant<Activation>({ kind: 'relu' }),
  fc.record({ kind: fc.constant('sine' as const), omega0: fc.constantFrom(0.01, 30, 1000), omegaHidden: fc.constantFrom(1, 30.7) }),
);
const field: fc.Arbitrary<Field> = fc.record({
  inputs: fc.integer({ min: 1, max: 4 }),
  outputs: fc.integer({ min: 1, max: 16 }),
  encoding,
  depth: fc.integer({ min: 1, max: 4 }),
  width: fc.integer({ min: 1, max: 10 }).map((n) => 4 * n),
  activation,
});

/** Parameters from ordinary to absurd: up to `magnitude` times the initial ones, and some poison. */
function parametersFor(shape: Field, seed: number, magnitude: number, poison: number): Float32Array {
  const parameters = initialParameters(shape, seed).map((value) => value * magnitude);
  const { length } = parameterLayout(shape);
  for (let i = 0; i < poison; i++) {
    const bad = [NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, -0][i % 7]!;
    parameters[Math.floor(uniform(seed, 1, i) * length)] = bad;
  }
  return parameters;
}

describe('the exact synthesizer', () => {
  it('equals the plain TypeScript synthesis to the bit, for any field and any parameters', async () => {
    await fc.assert(
      fc.asyncProperty(
        field,
        fc.nat(),
        fc.constantFrom(0, 1e-30, 1, 10, 1e4, 1e20),
        fc.constantFrom(0, 0, 1, 7),
        fc.constantFrom('uint8' as const, 'uint16' as const),
        async (shape, seed, magnitude, poison, type) => {
          const size = [13, 7, 3, 2].slice(0, shape.inputs);
          const parameters = parametersFor(shape, seed, magnitude, poison);
          const [expected, actual] = [await plain(shape, parameters, size, type), await exact.synthesize(shape, parameters, size, type)];
          expect(actual).toEqual(expected);
          expect(await synthesizeLocally(shape, parameters, size, type)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the order of many blocks, reports progress to the end, and serves calls in turn', async () => {
    const shape: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
    const parameters = initialParameters(shape, 4);
    const size = [301, 97];
    const fractions: number[] = [];
    const [first, second] = await Promise.all([
      exact.synthesize(shape, parameters, size, 'uint8', { onProgress: (fraction) => fractions.push(fraction) }),
      exact.synthesize(shape, parameters, size, 'uint16'),
    ]);
    expect(first).toEqual(await plain(shape, parameters, size, 'uint8'));
    expect(second).toEqual(await plain(shape, parameters, size, 'uint16'));
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('does the same on one thread without shared memory', async () => {
    const shape: Field = { inputs: 3, outputs: 2, encoding: { kind: 'octaves', octaves: 6, includeInput: true }, depth: 2, width: 16, activation: { kind: 'relu' } };
    const parameters = initialParameters(shape, 4);
    const fractions: number[] = [];
    const local = await synthesizeLocally(shape, parameters, [31, 29, 27], 'uint16', { onProgress: (fraction) => fractions.push(fraction) });
    expect(local).toEqual(await exact.synthesize(shape, parameters, [31, 29, 27], 'uint16'));
    expect(fractions.at(-1)).toBe(1);
    await expect(synthesizeLocally(shape, parameters, [31, 29, 27], 'uint16', { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('ends on abort with a cancelled error and works afterwards', async () => {
    const shape: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 6, width: 128, activation: { kind: 'relu' } };
    const parameters = initialParameters(shape, 4);
    const abort = new AbortController();
    const running = exact.synthesize(shape, parameters, [4096, 4096], 'uint8', { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(running).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(exact.synthesize(shape, parameters, [5, 5], 'uint8', { signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await exact.synthesize(shape, parameters, [5, 5], 'uint8')).toEqual(await plain(shape, parameters, [5, 5], 'uint8'));
  });

  it('lets others have the threads while a long decode goes on', async () => {
    const shape: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 6, width: 128, activation: { kind: 'relu' } };
    const parameters = initialParameters(shape, 4);
    const abort = new AbortController();
    let over = false;
    const long = exact.synthesize(shape, parameters, [2048, 2048], 'uint8', { signal: abort.signal }).then(
      () => (over = true),
      () => (over = true),
    );
    expect(await exact.synthesize(shape, parameters, [5, 5], 'uint8')).toEqual(await plain(shape, parameters, [5, 5], 'uint8'));
    expect(over).toBe(false);
    abort.abort();
    await long;
  });

  it('refuses grids that cannot be held, in words', async () => {
    const shape: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
    await expect(exact.synthesize(shape, initialParameters(shape, 1), [100000, 100000], 'uint8')).rejects.toMatchObject({ code: 'memory' });
  });
});
