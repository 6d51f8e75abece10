import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fourierMatrix } from '../field/encoding';
import { activate, headSample } from '../field/activation';
import { closesBlock, encodedWidth, headOf, type Encoding, type Field } from '../field/field';
import { vectorIndex } from '../field/grid';
import { initialParameters } from '../field/init';
import { parameterLayout } from '../field/layout';
import { ACTIVATIONS, ENCODINGS, HEADS } from '../fit/test-kinds';
import { gridCoordinate } from '../signal/coordinates';
import { sampleMaximum } from '../signal/signal';
import { cosHalfTurns, INVERSE_PI, roundHalfEven, sampleOf, SINE_COEFFICIENTS, sineScale, sinHalfTurns } from './exact-math';
import { synthesize } from './synthesis';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('exact arithmetic', () => {
  it('rounds to the nearest integer, ties to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 254.5, 8388607.5, 1e30, -Infinity].map((x) => roundHalfEven(x) + 0)).toEqual([
      0, 2, 2, 0, -2, 254, 8388608, 1e30, -Infinity,
    ]);
  });

  it('has coefficients that are float32 numbers', () => {
    for (const constant of [...SINE_COEFFICIENTS, INVERSE_PI]) expect(Math.fround(constant)).toBe(constant);
  });

  it('is within 2e-7 of the true sine for phases that float32 resolves', () => {
    let worst = 0;
    for (let i = -100000; i <= 100000; i++) {
      const h = Math.fround(i * 0.00071);
      worst = Math.max(worst, Math.abs(sinHalfTurns(h) - Math.sin(Math.PI * (h - 2 * Math.round(h / 2)))));
    }
    expect(worst).toBeLessThan(2e-7);
  });

  it('is odd, bounded, zero at whole half-turns and periodic', () => {
    fc.assert(
      fc.property(float32, (h) => {
        const sine = sinHalfTurns(h);
        expect(Math.abs(sine)).toBeLessThanOrEqual(1.0000003);
        expect(sinHalfTurns(-h) + 0).toBe(0 - sine);
        if (Math.abs(h) >= 8388608) expect(Math.abs(sine)).toBe(0);
        if (Math.abs(h) < 8) expect(sinHalfTurns(roundHalfEven(h)) + 0).toBe(0);
      }),
    );
    expect(sinHalfTurns(Infinity)).toBeNaN();
    expect(sinHalfTurns(NaN)).toBeNaN();
    expect(cosHalfTurns(0)).toBeCloseTo(1, 6);
  });

  it('clamps samples, rounds ties to even and turns NaN into 0', () => {
    expect([-2, -1, 0, 1, 2, NaN, Infinity, -Infinity].map((z) => sampleOf(z, 255))).toEqual([0, 0, 128, 255, 255, 0, 255, 0]);
    expect([-1, 0, 1].map((z) => sampleOf(z, 65535))).toEqual([0, 32768, 65535]);
  });
});

/** Interpolation written the other way round: one axis after the other, the last first, between two halves of the corners. */
function interpolate(at: (node: readonly number[]) => number, places: readonly number[], resolution: number, node: readonly number[] = []): number {
  if (places.length === 0) return at(node);
  const place = places.at(-1)!;
  const cell = Math.min(Math.floor(place), resolution - 2);
  const [low, high] = [cell, cell + 1].map((position) => interpolate(at, places.slice(0, -1), resolution, [position, ...node]));
  return low! + (place - cell) * (high! - low!);
}

/** A field evaluated in double precision, straight from the definitions in field/. */
function evaluateDouble(field: Field, parameters: Float32Array, x: readonly number[]): number[] {
  const { encoding } = field;
  const layout = parameterLayout(field);
  let values: number[] = [];
  if (encoding.kind === 'identity') values = [...x];
  else if (encoding.kind === 'octaves') {
    if (encoding.includeInput) values.push(...x);
    for (let k = 0; k < encoding.octaves; k++) {
      for (const xi of x) values.push(Math.sin(2 ** k * Math.PI * xi), Math.cos(2 ** k * Math.PI * xi));
    }
  } else if (encoding.kind === 'fourier') {
    const matrix = fourierMatrix(encoding.features, field.inputs, encoding.sigma, encoding.seed);
    const phase = Array.from({ length: encoding.features }, (_, j) => x.reduce((sum, xi, i) => sum + xi * matrix[j * field.inputs + i]!, 0) * Math.PI);
    values = [...phase.map(Math.sin), ...phase.map(Math.cos)];
  } else {
    const { features } = encoding;
    for (const table of layout.tables) {
      const places = x.map((xi) => ((table.resolution - 1) * (xi + 1)) / 2);
      for (let j = 0; j < features; j++) values.push(interpolate((node) => parameters[table.offset + vectorIndex(table, node) * features + j]!, places, table.resolution));
    }
  }
  const outputs: number[][] = [];
  for (const layer of layout.layers) {
    values = Array.from({ length: layer.fanOut }, (_, o) => {
      const z = values.reduce((sum, v, i) => sum + v * parameters[layer.weightOffset + i * layer.fanOut + o]!, parameters[layer.biasOffset + o]!);
      return layer.index === field.depth ? headSample(headOf(field), z).value : activate(field.activation, layer.index, z).value;
    });
    if (layer.index < field.depth && closesBlock(field, layer.index)) values = values.map((value, i) => (outputs[layer.index - 2]![i]! + value) / 2);
    outputs.push(values);
  }
  return values;
}

/** Initial parameters with tables that matter. */
function parametersOf(field: Field): Float32Array {
  const parameters = initialParameters(field, 3);
  for (const { offset, length } of parameterLayout(field).tables) for (let at = offset; at < offset + length; at++) parameters[at]! *= 5000;
  return parameters;
}

/** Largest difference of the synthesis from the definition, in units of a 16-bit sample. */
async function deviation(field: Field, size: readonly number[]): Promise<{ worst: number; different: number }> {
  const parameters = parametersOf(field);
  const samples = await synthesize(field, parameters, size, 'uint16');
  expect(samples).toBeInstanceOf(Uint16Array);
  let worst = 0;
  for (let index = 0; index < samples.length / field.outputs; index++) {
    let rest = index;
    const point = size.map((extent) => {
      const position = rest % extent;
      rest = Math.floor(rest / extent);
      return gridCoordinate(position, extent);
    });
    evaluateDouble(field, parameters, point).forEach((sample, channel) => {
      const expected = Math.min(1, Math.max(0, sample)) * sampleMaximum('uint16');
      worst = Math.max(worst, Math.abs(samples[index * field.outputs + channel]! - expected));
    });
  }
  return { worst, different: new Set(samples).size };
}

describe('synthesize', () => {
  for (const encoding of ENCODINGS) {
    for (const activation of ACTIVATIONS) {
      it(`follows the definition of a ${activation.kind} network with ${encoding.kind} encoding`, async () => {
        const { worst, different } = await deviation({ inputs: 2, outputs: 3, encoding, depth: 2, width: 12, activation }, [23, 17]);
        expect(worst).toBeLessThan(2); // of 65535: half a unit of rounding plus float32 noise
        expect(different).toBeGreaterThan(100);
      });
    }
  }

  for (const head of HEADS) {
    it.each([1, 2, 3, 4, 5])(`follows the definition of residual blocks with ${head} head at depth %i`, async (depth) => {
      const field: Field = { inputs: 2, outputs: 2, encoding: ENCODINGS[1]!, depth, width: 8, activation: { kind: 'sine', omega0: 6, omegaHidden: 5 }, residual: true, head };
      expect((await deviation(field, [19, 11])).worst).toBeLessThan(2);
    });
  }

  it.each([1, 2, 3, 4])('interpolates grids over %i axes, dense and hashed levels, out to the border', async (inputs) => {
    const encoding: Encoding = { kind: 'hash-grid', levels: 5, features: 5, coarsest: 2, finest: 31, tableLog2: 7 };
    const field: Field = { inputs, outputs: 1, encoding, depth: 1, width: 16, activation: { kind: 'relu' } };
    expect(parameterLayout(field).tables.map(({ hashed }) => hashed)).toContain(inputs > 1);
    const { worst, different } = await deviation(field, [[401], [29, 17], [9, 11, 7], [5, 6, 4, 7]][inputs - 1]!);
    expect(worst).toBeLessThan(2);
    expect(different).toBeGreaterThan(100);
  });

  it('gives the same samples whatever the place of a point in its block', async () => {
    const field: Field = { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 8, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
    const parameters = initialParameters(field, 1);
    const line = await synthesize(field, parameters, [1001], 'uint16');
    for (const index of [0, 255, 256, 500, 1000]) {
      // A grid of n points holds the coordinates of a grid of 3n points at every third place.
      expect((await synthesize(field, parameters, [3003], 'uint16'))[3 * index + 1]).toBe(line[index]);
    }
  });

  it('survives parameters that overflow', async () => {
    const field: Field = { inputs: 2, outputs: 2, encoding: { kind: 'identity' }, depth: 2, width: 4, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
    const parameters = new Float32Array(parameterLayout(field).length).fill(3e38);
    expect([...(await synthesize(field, parameters, [2, 2], 'uint8'))].every((sample) => sample === 0)).toBe(true);
  });

  it('refuses shapes that do not fit and stops when asked', async () => {
    const field: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
    const parameters = initialParameters(field, 0);
    await expect(synthesize(field, parameters.subarray(1), [4, 4], 'uint8')).rejects.toMatchObject({ code: 'synthesis.shape' });
    await expect(synthesize(field, parameters, [4], 'uint8')).rejects.toMatchObject({ code: 'synthesis.shape' });
    await expect(synthesize(field, parameters, [4, 4], 'uint8', { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
    expect(encodedWidth(field.encoding, 2)).toBe(2);
    expect(sineScale(30)).toBeCloseTo(30 / Math.PI, 5);
  });
});
