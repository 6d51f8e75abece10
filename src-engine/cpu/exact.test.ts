import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { synthesize as plain } from '#core/coding/synthesis';
import { anyField } from '#core/coding/test-fields';
import type { Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { uniform } from '#core/fit/random';
import { ACTIVATIONS, HEADS } from '../test-kinds';
import { createExactSynthesizer } from './exact';
import { synthesizeLocally } from './exact-local';

const exact = createExactSynthesizer({ threads: 2 });
afterAll(() => exact.dispose());

/** Parameters from ordinary to absurd: up to `magnitude` times the initial ones, tables 5000 times that, and some poison. */
function parametersFor(shape: Field, seed: number, magnitude: number, poison: number): Float32Array {
  const { length, tables } = parameterLayout(shape);
  const parameters = initialParameters(shape, seed);
  for (const { offset, length: numbers } of tables) for (let at = offset; at < offset + numbers; at++) parameters[at]! *= 5000;
  for (let at = 0; at < length; at++) parameters[at]! *= magnitude;
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
        anyField,
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
      { numRuns: 100 },
    );
  });

  it.each(ACTIVATIONS)('equals it for $kind layers over the whole range of sums, with every head', async (activation) => {
    for (const head of HEADS) {
      const shape: Field = { inputs: 2, outputs: 5, encoding: { kind: 'identity' }, depth: 3, width: 20, activation, residual: head !== 'tanh', head };
      for (const magnitude of [0.3, 1, 4, 50]) {
        const parameters = parametersFor(shape, 11, magnitude, 0);
        const expected = await plain(shape, parameters, [41, 23], 'uint16');
        expect(await exact.synthesize(shape, parameters, [41, 23], 'uint16')).toEqual(expected);
        if (magnitude === 1) expect(new Set(expected).size).toBeGreaterThan(100);
      }
    }
  });

  it.each<Encoding>([
    { kind: 'dense-grid', levels: 3, features: 8, coarsest: 5, finest: 17 },
    { kind: 'hash-grid', levels: 8, features: 2, coarsest: 4, finest: 300, tableLog2: 9 },
    { kind: 'hash-grid', levels: 16, features: 3, coarsest: 2, finest: 8192, tableLog2: 11 },
    { kind: 'hash-grid', levels: 2, features: 16, coarsest: 3, finest: 8192, tableLog2: 24 },
  ])('equals it for a $kind of $levels levels with vectors of $features', async (encoding) => {
    const shape: Field = { inputs: encoding.kind === 'hash-grid' && encoding.tableLog2 === 24 ? 1 : 2, outputs: 3, encoding, depth: 1, width: 12, activation: { kind: 'relu' } };
    const parameters = parametersFor(shape, 5, 1, 0);
    const size = shape.inputs === 1 ? [5003] : [131, 67];
    const expected = await plain(shape, parameters, size, 'uint16');
    expect(await exact.synthesize(shape, parameters, size, 'uint16')).toEqual(expected);
    expect(await synthesizeLocally(shape, parameters, size, 'uint16')).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(1000);
  });

  it.each([1, 2, 3, 4])('equals it in the last bit of interpolated vectors, over %i axes', async (inputs) => {
    const encoding: Encoding = { kind: 'hash-grid', levels: 2, features: 2, coarsest: 5, finest: 23, tableLog2: 6 };
    const shape: Field = { inputs, outputs: 4, encoding, depth: 1, width: 4, activation: { kind: 'relu' } };
    const { tables, layers, length } = parameterLayout(shape);
    // Vectors near 0.5 go through a layer that passes them on and a head that spreads 2^-12 over the range of a sample.
    const parameters = new Float32Array(length);
    const gain = 4096;
    for (const { offset, length: numbers } of tables) for (let i = 0; i < numbers; i++) parameters[offset + i] = 0.5 + (uniform(9, offset, i) - 0.5) / gain;
    for (let i = 0; i < 4; i++) {
      parameters[layers[0]!.weightOffset + 5 * i] = 1;
      parameters[layers[1]!.weightOffset + 5 * i] = 2 * gain;
      parameters[layers[1]!.biasOffset + i] = -gain;
    }
    const size = [[3001], [61, 47], [17, 13, 11], [7, 8, 6, 5]][inputs - 1]!;
    const expected = await plain(shape, parameters, size, 'uint16');
    expect(await exact.synthesize(shape, parameters, size, 'uint16')).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(1000);
  });

  it('gives the same on one thread and on five', async () => {
    const shape: Field = { inputs: 3, outputs: 1, encoding: { kind: 'hash-grid', levels: 6, features: 4, coarsest: 3, finest: 64, tableLog2: 10 }, depth: 2, width: 16, activation: { kind: 'gelu' }, head: 'sigmoid' };
    const parameters = parametersFor(shape, 8, 1, 0);
    const results = [];
    for (const threads of [1, 5]) {
      const other = createExactSynthesizer({ threads });
      results.push(await other.synthesize(shape, parameters, [33, 31, 29], 'uint8'));
      await other.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]).toEqual(await synthesizeLocally(shape, parameters, [33, 31, 29], 'uint8'));
  });

  it('refuses parameters that are not those of the field', async () => {
    const shape: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
    for (const synthesize of [exact.synthesize, synthesizeLocally]) await expect(synthesize(shape, initialParameters(shape, 0).subarray(1), [4, 4], 'uint8')).rejects.toMatchObject({ code: 'synthesis.shape' });
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

  it('compiles its kernel anew on one thread where that failed before', async () => {
    vi.resetModules();
    const fresh = await import('./exact-local');
    const shape: Field = { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
    const decode = () => fresh.synthesizeLocally(shape, initialParameters(shape, 4), [9], 'uint8');
    const compile = vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new RangeError('out of memory'));
    await expect(decode()).rejects.toThrow('out of memory');
    expect(await decode()).toEqual(await plain(shape, initialParameters(shape, 4), [9], 'uint8'));
    await decode();
    expect(compile).toHaveBeenCalledTimes(2);
    compile.mockRestore();
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
