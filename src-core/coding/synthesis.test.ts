import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fourierMatrix } from '../field/encoding';
import { encodedWidth, omegaOf, type Encoding, type Field } from '../field/field';
import { initialParameters } from '../field/init';
import { parameterLayout } from '../field/layout';
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

/** A field evaluated in double precision, straight from the definitions in field.ts. */
function evaluateDouble(field: Field, parameters: Float32Array, x: readonly number[]): number[] {
  const { encoding } = field;
  let values: number[] = [];
  if (encoding.kind === 'identity') values = [...x];
  else if (encoding.kind === 'octaves') {
    if (encoding.includeInput) values.push(...x);
    for (let k = 0; k < encoding.octaves; k++) {
      for (const xi of x) values.push(Math.sin(2 ** k * Math.PI * xi), Math.cos(2 ** k * Math.PI * xi));
    }
  } else if (encoding.kind === 'fourier') {
    const matrix = fourierMatrix(encoding.features, field.inputs, encoding.sigma, encoding.seed);
    const phase = Array.from({ length: encoding.features }, (_, j) =>
      x.reduce((sum, xi, i) => sum + xi * matrix[j * field.inputs + i]!, 0) * Math.PI,
    );
    values = [...phase.map(Math.sin), ...phase.map(Math.cos)];
  }
  for (const layer of parameterLayout(field).layers) {
    values = Array.from({ length: layer.fanOut }, (_, o) => {
      const z = values.reduce((sum, v, i) => sum + v * parameters[layer.weightOffset + i * layer.fanOut + o]!, parameters[layer.biasOffset + o]!);
      if (layer.index === field.depth) return z;
      return field.activation.kind === 'sine' ? Math.sin(omegaOf(field.activation, layer.index) * z) : Math.max(0, z);
    });
  }
  return values;
}

const encodings: Encoding[] = [
  { kind: 'identity' },
  { kind: 'octaves', octaves: 3, includeInput: true },
  { kind: 'octaves', octaves: 2, includeInput: false },
  { kind: 'fourier', features: 8, sigma: 2, seed: 7 },
];

describe('synthesize', () => {
  for (const encoding of encodings) {
    for (const kind of ['sine', 'relu'] as const) {
      it(`follows the definition of a ${kind} network with ${encoding.kind} encoding`, async () => {
        const activation = kind === 'sine' ? ({ kind, omega0: 20, omegaHidden: 15 } as const) : ({ kind } as const);
        const field: Field = { inputs: 2, outputs: 3, encoding, depth: 2, width: 12, activation };
        const parameters = initialParameters(field, 3);
        const size = [23, 17];
        const samples = await synthesize(field, parameters, size, 'uint16');
        expect(samples).toBeInstanceOf(Uint16Array);
        let worst = 0;
        for (let y = 0; y < 17; y++) {
          for (let x = 0; x < 23; x++) {
            evaluateDouble(field, parameters, [gridCoordinate(x, 23), gridCoordinate(y, 17)]).forEach((z, c) => {
              const expected = Math.min(1, Math.max(0, 0.5 + 0.5 * z)) * sampleMaximum('uint16');
              worst = Math.max(worst, Math.abs(samples[(y * 23 + x) * 3 + c]! - expected));
            });
          }
        }
        expect(worst).toBeLessThan(2); // of 65535: half a unit of rounding plus float32 noise
      });
    }
  }

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
