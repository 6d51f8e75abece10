/** The kernels' activations and heads held to those of the plain synthesis bit by bit, where samples would round differences away. */
import { describe, expect, it } from 'vitest';
import { activationScales, exactActivation, exactHead, headScale, residualMean } from '#core/coding/exact-activations';
import { SINE_COEFFICIENTS } from '#core/coding/exact-math';
import type { Activation } from '#core/field/field';
import { HEADS } from '#core/fit/test-kinds';
import { pcg3d } from '#core/fit/random';
import { wasmBase64 } from '#kernels/build/exact.wasm';

type Kernel = (at: number, bytes: number, ...rest: number[]) => void;
const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
const module = new WebAssembly.Module(Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0)));
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Record<string, Kernel>;

const COEFFICIENTS = 131072;
const VALUES = 262144;
const COUNT = 32768;
[...SINE_COEFFICIENTS].reverse().forEach((value, i) => new Float32Array(memory.buffer, COEFFICIENTS + 16 * i, 4).fill(value));

/** Half of any bits at all, half of practical size: +-10 and +-0.1. */
const inputs = new Float32Array(Uint32Array.from({ length: COUNT }, (_, i) => pcg3d(7, 11, i)).buffer);
for (let i = 0; i < COUNT; i += 2) inputs[i] = (i % 4 ? 10 : 0.1) * (pcg3d(3, 5, i) / 2 ** 31 - 1);
inputs.set([0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-45, 3.4e38, -3.4e38, -126, 126, 0.5, 1.5, 2.5]);

/** Bits, all NaN alike and zeros without their sign. */
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.map((value) => (Number.isNaN(value) ? NaN : value + 0)).buffer);

function run(kernel: string, ...rest: number[]): Float32Array {
  const values = new Float32Array(memory.buffer, VALUES, COUNT);
  values.set(inputs);
  kernels[kernel]!(VALUES, 4 * COUNT, ...rest);
  return values.slice();
}

describe('the kernels have every bit', () => {
  const activations: readonly (readonly [Activation, (phase: number, envelope: number) => Float32Array])[] = [
    [{ kind: 'sine', omega0: 30, omegaHidden: 17.3 }, (phase) => run('sinpiRows', phase, COEFFICIENTS)],
    [{ kind: 'relu' }, () => run('rectify')],
    [{ kind: 'gelu' }, () => run('exactGelu')],
    [{ kind: 'finer', omega0: 30, omegaHidden: 4.4, biasRange: 1 }, (phase) => run('exactFiner', phase, COEFFICIENTS)],
    [{ kind: 'gabor', omega0: 20, omegaHidden: 0.3, scale: 1.7 }, (phase, envelope) => run('exactGabor', phase, envelope, COEFFICIENTS)],
    [{ kind: 'gaussian', sigma: 0.7 }, (_, envelope) => run('exactGaussian', envelope)],
    [{ kind: 'snake-alt' }, (phase) => run('exactSnake', phase, COEFFICIENTS)],
  ];

  it.each(activations)('of $kind', (activation, kernel) => {
    for (const layer of [0, 1]) {
      const { phase, envelope } = activationScales(activation, layer);
      const actual = kernel(phase, envelope);
      expect(bits(actual)).toEqual(bits(inputs.map(exactActivation(activation, layer))));
      expect(new Set(actual).size).toBeGreaterThan(1000);
    }
  });

  it.each(HEADS)('of the %s head', (head) => {
    expect(bits(run('exactHead', headScale(head)))).toEqual(bits(inputs.map(exactHead(head))));
  });

  it('of a residual block', () => {
    const shortcuts = inputs.toReversed();
    const values = new Float32Array(memory.buffer, VALUES, COUNT);
    values.set(inputs);
    new Float32Array(memory.buffer, VALUES + 4 * COUNT, COUNT).set(shortcuts);
    kernels['residualMean']!(VALUES, VALUES + 4 * COUNT, 4 * COUNT);
    expect(bits(values)).toEqual(bits(inputs.map((value, i) => residualMean(shortcuts[i]!, value))));
  });
});
