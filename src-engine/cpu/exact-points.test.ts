import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { synthesize as plainGrid, synthesizePoints as plain } from '#core/coding/synthesis';
import { sampleOf } from '#core/coding/exact-math';
import { anyField } from '#core/coding/test-fields';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { uniform } from '#core/fit/random';
import { axisCoordinates } from '#core/signal/coordinates';
import { openPoints } from './exact-points';
import { WorkerPool } from './pool';

const pool = new WorkerPool(2);
afterAll(() => pool.dispose());

/** `count` coordinates in [-1, 1], the ends among them. */
const coordinates = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, i) => (i < 2 ? 2 * i - 1 : 2 * uniform(seed, 7, i) - 1));

function parametersFor(field: Field, seed: number, magnitude: number): Float32Array {
  const { tables } = parameterLayout(field);
  const parameters = initialParameters(field, seed).map((value) => value * magnitude);
  for (const { offset, length } of tables) for (let at = offset; at < offset + length; at++) parameters[at]! *= 5000;
  return parameters;
}

const torus: Field = { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };

describe('the exact synthesis at points', () => {
  it('equals the plain one to the bit, for any field', async () => {
    await fc.assert(
      fc.asyncProperty(anyField, fc.nat(), fc.constantFrom(0, 1, 10, 1e4), fc.integer({ min: 1, max: 700 }), async (field, seed, magnitude, count) => {
        const parameters = parametersFor(field, seed, magnitude);
        const points = coordinates(count * field.inputs, seed);
        const evaluator = openPoints(field, parameters, { pool });
        expect(await evaluator.evaluate(points)).toEqual(plain(field, parameters, points));
        await evaluator.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it('gives at the points of a grid what becomes its samples', async () => {
    await fc.assert(
      fc.asyncProperty(anyField, fc.nat(), async (field, seed) => {
        const size = [5, 4, 3, 2].slice(0, field.inputs);
        const axes = size.map(axisCoordinates);
        const total = size.reduce((a, b) => a * b, 1);
        const points = new Float32Array(total * field.inputs);
        for (let at = 0; at < total; at++) {
          let rest = at;
          axes.forEach((axis, i) => {
            points[at * field.inputs + i] = axis[rest % axis.length]!;
            rest = Math.floor(rest / axis.length);
          });
        }
        const parameters = parametersFor(field, seed, 1);
        const expected = await plainGrid(field, parameters, size, 'uint16');
        expect(Uint16Array.from(plain(field, parameters, points), (value) => sampleOf(value, 65535))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('passes long lists through its memory, one call after another, on one thread as on four', async () => {
    const parameters = parametersFor(torus, 3, 1);
    const points = coordinates(3 * 150_001, 5);
    const expected = plain(torus, parameters, points);
    for (const threads of [1, 4]) {
      const evaluator = openPoints(torus, parameters, { threads });
      expect(await evaluator.evaluate(points)).toEqual(expected);
      expect(await evaluator.evaluate(points.subarray(0, 30))).toEqual(expected.subarray(0, 10));
      expect(await evaluator.evaluate(new Float32Array(0))).toHaveLength(0);
      await evaluator.dispose();
    }
  });

  it('takes coordinates from outside into the cube, also where a grid would be left', async () => {
    const field: Field = { ...torus, encoding: { kind: 'hash-grid', levels: 4, features: 2, coarsest: 4, finest: 64, tableLog2: 9 } };
    const parameters = parametersFor(field, 3, 1);
    const evaluator = openPoints(field, parameters, { pool });
    const inside = await evaluator.evaluate(Float32Array.of(1, -1, 0, 1, 0.5, -1));
    expect(await evaluator.evaluate(Float32Array.of(7, -1e30, NaN, Infinity, 0.5, -Infinity))).toEqual(inside);
    await evaluator.dispose();
  });

  it('stops after an abort and refuses what does not fit', async () => {
    const parameters = parametersFor(torus, 3, 1);
    const controller = new AbortController();
    const evaluator = openPoints(torus, parameters, { pool, signal: controller.signal });
    const run = evaluator.evaluate(coordinates(3 * 1_000_000, 1));
    controller.abort();
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(evaluator.evaluate(new Float32Array(3))).rejects.toMatchObject({ kind: 'cancelled' });
    await evaluator.dispose();
    const other = openPoints(torus, parameters, { pool });
    await expect(other.evaluate(new Float32Array(4))).rejects.toMatchObject({ code: 'synthesis.shape' });
    await other.dispose();
    expect(() => openPoints(torus, parameters.subarray(1), { pool })).toThrow(/parameters/);
  });
});
