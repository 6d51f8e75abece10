import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { referenceSample } from '../reference';
import { testDevice } from './test-adapter';
import { SurfaceTracer, type TraceView } from './trace';

const TRUNCATION = 0.3;
const SIZE = [24, 16] as const;
const EYE = [0.4, -2.6, 0.7];
const PLAIN: Field = { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 3, width: 12, activation: { kind: 'sine', omega0: 4, omegaHidden: 3 } };

const KINDS: readonly (readonly [string, Partial<Field>])[] = [
  ['sine layers', {}],
  ['a residual network on octaves with a head', { residual: true, depth: 5, width: 8, head: 'tanh', activation: { kind: 'gelu' }, encoding: { kind: 'octaves', octaves: 2, includeInput: true } }],
  ['Fourier features, two phases of FINER, two channels', { outputs: 2, encoding: { kind: 'fourier', features: 6, sigma: 0.4, seed: 5 }, activation: { kind: 'finer', omega0: 2, omegaHidden: 1, biasRange: 0.2 } }],
  ['a hash grid', { encoding: { kind: 'hash-grid', levels: 3, features: 2, coarsest: 3, finest: 7, tableLog2: 6 }, depth: 1, activation: { kind: 'relu' } }],
  ['a dense grid with a sigmoid', { encoding: { kind: 'dense-grid', levels: 2, features: 4, coarsest: 3, finest: 5 }, depth: 2, activation: { kind: 'snake-alt' }, head: 'sigmoid' }],
];

/** Parameters with a surface: the head's bias is moved until the middle of the cube lies inside. */
function shaped(field: Field): Float32Array {
  const parameters = initialParameters(field, 17);
  const { layers, tableLength } = parameterLayout(field);
  for (let i = 0; i < tableLength; i++) parameters[i] = 0.4 * Math.sin(1.7 * i + 0.3 * i * i);
  const head = layers[field.depth]!;
  for (let i = 0; i < 60 && referenceSample(field, parameters, [0, 0, 0])[0]! > 0.47; i++) parameters[head.biasOffset] = parameters[head.biasOffset]! - 0.05;
  return parameters;
}

function halves(bytes: ArrayBuffer): Float32Array {
  return Float32Array.from(new Uint16Array(bytes), (bits) => {
    const exponent = (bits >> 10) & 31;
    const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
    return bits & 0x8000 ? -size : size;
  });
}

describe('tracing a network on the GPU', async () => {
  const device = await testDevice();
  afterAll(() => device.destroy());

  async function read(texture: GPUTexture): Promise<Float32Array> {
    const [width, height] = SIZE;
    const buffer = device.createBuffer({ size: 256 * height, usage: 0x9 });
    const encoder = device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow: 256 }, [width, height]);
    device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(1);
    const rows = buffer.getMappedRange().slice(0);
    buffer.destroy();
    const picture = new Float32Array(4 * width * height);
    for (let row = 0; row < height; row++) picture.set(halves(rows.slice(256 * row, 256 * row + 8 * width)), 4 * width * row);
    return picture;
  }

  const unit = (v: readonly number[]): number[] => v.map((each) => each / Math.hypot(...v));
  const forward = unit(EYE.map((each) => -each));
  const right = unit([-forward[1]!, forward[0]!, 0]);
  const up = [right[1]! * forward[2]! - right[2]! * forward[1]!, right[2]! * forward[0]! - right[0]! * forward[2]!, right[0]! * forward[1]! - right[1]! * forward[0]!];
  const VIEW: TraceView = { eye: EYE, right: right.map((v) => 0.54 * v), up: up.map((v) => 0.36 * v), forward, least: [-1, -1, -1], most: [1, 1, 1], cut: null, steps: 160, occlusion: true };

  const directionOf = (pixel: number): number[] => {
    const [x, y] = [(2 * ((pixel % SIZE[0]) + 0.5)) / SIZE[0] - 1, 1 - (2 * (Math.floor(pixel / SIZE[0]) + 0.5)) / SIZE[1]];
    return unit(forward.map((value, axis) => value + x * VIEW.right[axis]! + y * VIEW.up[axis]!));
  };

  /** Whether a ray that enters the cube outside of the surface goes into it. */
  function crosses(along: (t: number) => number[], distance: (point: readonly number[]) => number): boolean {
    let entered = false;
    for (let t = 1; t < 5; t += 0.02) {
      const point = along(t);
      if (point.some((value) => Math.abs(value) > 1)) continue;
      const inside = distance(point) < 0;
      if (!entered && inside) return false;
      entered = true;
      if (inside) return true;
    }
    return false;
  }

  async function traced(field: Field, parameters: Float32Array, view: TraceView, products?: number): Promise<{ normals: Float32Array; places: Float32Array }> {
    const tracer = await SurfaceTracer.create(device, field, TRUNCATION, true);
    tracer.setParameters(parameters);
    let bands = 0;
    for (const submit of tracer.bands(view, SIZE, products)) {
      submit();
      bands++;
    }
    expect(bands).toBe(products ? SIZE[1] / 8 : 1);
    const { normals, places } = tracer.pictures!;
    const result = { normals: await read(normals), places: await read(places) };
    tracer.dispose();
    return result;
  }

  it.each(KINDS)('meets the surface where the float64 reference has its first change of sign: %s', async (_name, part) => {
    const field: Field = { ...PLAIN, ...part };
    const parameters = shaped(field);
    const distance = (point: readonly number[]): number => TRUNCATION * (2 * referenceSample(field, parameters, point)[0]! - 1);
    const { normals, places } = await traced(field, parameters, VIEW);
    let met = 0;
    let missed = 0;
    for (let pixel = 0; pixel < SIZE[0] * SIZE[1]; pixel++) {
      const direction = directionOf(pixel);
      const along = (t: number): number[] => EYE.map((value, axis) => value + t * direction[axis]!);
      if (places[4 * pixel + 3] !== 1) {
        if (crosses(along, distance)) missed++;
        continue;
      }
      met++;
      const t = places[4 * pixel]! + places[4 * pixel + 1]!;
      // Steps that cross a change of sign are no longer than the distance or a hundredth.
      expect(distance(along(t + 2e-4))).toBeLessThan(2e-3);
      expect(distance(along(t - 2e-4))).toBeGreaterThan(-2e-3);
      const gradient = [0, 1, 2].map((axis) => {
        const [above, below] = [along(t), along(t)];
        above[axis] = above[axis]! + 0.008;
        below[axis] = below[axis]! - 0.008;
        return distance(above) - distance(below);
      });
      // Kinks of grids and rectifiers turn the normal within the error of the place.
      const turned = unit(gradient).reduce((sum, value, axis) => sum + value * normals[4 * pixel + axis]!, 0);
      expect(turned).toBeGreaterThan(0.97);
      expect(normals[4 * pixel + 3]).toBeGreaterThanOrEqual(0);
      expect(normals[4 * pixel + 3]).toBeLessThanOrEqual(1);
    }
    expect(met).toBeGreaterThan(8);
    // Grazing rays may go either way.
    expect(missed).toBeLessThan(0.1 * met);
  });

  it('leaves out what is cut away, and shows the same bits twice, in one band or in many', async () => {
    const field: Field = { ...PLAIN, width: 32 };
    const parameters = shaped(field);
    const cut = { ...VIEW, cut: { normal: [0, -1, 0], offset: -0.1 } };
    const first = await traced(field, parameters, cut);
    expect(await traced(field, parameters, cut)).toEqual(first);
    expect(await traced(field, parameters, cut, 1)).toEqual(first);
    const whole = await traced(field, parameters, VIEW);
    expect(whole.places).not.toEqual(first.places);
    for (let pixel = 0; pixel < SIZE[0] * SIZE[1]; pixel++) {
      if (first.places[4 * pixel + 3] !== 1) continue;
      const y = EYE[1]! + (first.places[4 * pixel]! + first.places[4 * pixel + 1]!) * directionOf(pixel)[1]!;
      expect(y).toBeGreaterThan(0.1 - 1e-3);
    }
  });

  it('refuses networks of other dimensions and parameters of other networks', async () => {
    await expect(SurfaceTracer.create(device, { ...PLAIN, inputs: 2 }, 1, true)).rejects.toMatchObject({ code: 'trace.field' });
    const tracer = await SurfaceTracer.create(device, PLAIN, 1, true);
    expect(() => tracer.setParameters(new Float32Array(3))).toThrow(/parameters/);
    tracer.dispose();
  });
});
