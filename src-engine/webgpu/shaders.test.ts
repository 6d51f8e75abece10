import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { batchIndex, pcg3d, scaleToRange } from '#core/fit/random';
import { activate, headSample } from '#core/field/activation';
import { omegaOf, type Activation } from '#core/field/field';
import { lossOf } from '#core/fit/loss';
import { HEADS, LOSSES } from '../test-kinds';
import { activationParts, headParts, lossConstants, splitFactor } from './parts';
import { composeShader, type Constants, type ModuleName } from './shader';
import { testDevice } from './test-adapter';

describe('WGSL modules and their TypeScript twins', async () => {
  const device = await testDevice();
  afterAll(() => device.destroy());

  /** Runs `body`, which computes `output[i]` from `input`, for i in [0, count). */
  async function run(modules: readonly ModuleName[], input: Uint32Array<ArrayBuffer>, count: number, body: string, constants: Constants = {}): Promise<ArrayBuffer> {
    const code = `${composeShader({ ...constants, COUNT: count }, modules)}
      @group(0) @binding(0) var<storage, read> input: array<u32>;
      @group(0) @binding(1) var<storage, read_write> output: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        let i = id.x;
        if (i >= COUNT) { return; }
        ${body}
      }`;
    const [STORAGE, COPY_SRC, COPY_DST, MAP_READ] = [0x80, 0x4, 0x8, 0x1];
    const source = device.createBuffer({ size: input.byteLength, usage: STORAGE | COPY_DST });
    device.queue.writeBuffer(source, 0, input);
    const target = device.createBuffer({ size: 4 * count, usage: STORAGE | COPY_SRC });
    const staging = device.createBuffer({ size: 4 * count, usage: COPY_DST | MAP_READ });
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [source, target].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(count / 64));
    pass.end();
    encoder.copyBufferToBuffer(target, 0, staging, 0, 4 * count);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const result = staging.getMappedRange().slice(0);
    for (const buffer of [source, target, staging]) buffer.destroy();
    return result;
  }

  it('draw the same batch, to the bit', async () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const bound = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 70000 }), fc.constantFrom(1, 2, 65535, 65536, 65537, 2 ** 31 - 1, 2 ** 31));
    const cases = fc.sample(fc.tuple(word, word, word, bound), { numRuns: 4000, seed: 11 });
    for (const first of [0, 1, 0xffffffff]) cases.push([first, first, 0xffffffff, 2 ** 31]);
    const input = new Uint32Array(cases.flat());
    const indices = new Uint32Array(
      await run(['random'], input, cases.length, 'output[i] = batchIndex(input[4*i], input[4*i+1], input[4*i+2], input[4*i+3]);'),
    );
    cases.forEach(([seed, step, element, samples], i) => expect(indices[i]).toBe(batchIndex(seed, step, element, samples)));
    const scaled = new Uint32Array(await run(['random'], input, cases.length, 'output[i] = scaleToRange(input[4*i], input[4*i+3]);'));
    cases.forEach(([first, , , samples], i) => expect(scaled[i]).toBe(scaleToRange(first, samples)));
    const words = new Uint32Array(await run(['random'], input, cases.length, 'output[i] = pcg3d(input[4*i], input[4*i+1], input[4*i+2]);'));
    cases.forEach(([a, b, c], i) => expect(words[i]).toBe(pcg3d(a, b, c)));
  });

  it('compute sine and cosine within 3e-7 to +-1000 radians', async () => {
    const count = 40000;
    const x = Float32Array.from({ length: count }, (_, i) => (i < 20000 ? (i / 10000 - 1) * 1000 : (i / 10000 - 3) * 8));
    const input = new Uint32Array(x.buffer);
    const sine = new Float32Array(await run(['sine'], input, count, 'output[i] = bitcast<u32>(sineCosineRadians(bitcast<f32>(input[i])).sine);'));
    const cosine = new Float32Array(await run(['sine'], input, count, 'output[i] = bitcast<u32>(sineCosineRadians(bitcast<f32>(input[i])).cosine);'));
    let worst = 0;
    x.forEach((value, i) => (worst = Math.max(worst, Math.abs(sine[i] - Math.sin(value)), Math.abs(cosine[i] - Math.cos(value)))));
    expect(worst).toBeLessThan(3e-7);
  });

  it('compute sine and cosine of half-turns within 3e-7', async () => {
    const x = Float32Array.from({ length: 20000 }, (_, i) => (i / 10000 - 1) * 32768);
    const body = 'let v = sineCosineHalfTurns(bitcast<f32>(input[i / 2u])); output[i] = bitcast<u32>(select(v.sine, v.cosine, (i & 1u) == 1u));';
    const values = new Float32Array(await run(['sine'], new Uint32Array(x.buffer), 2 * x.length, body));
    let worst = 0;
    x.forEach((value, i) => {
      const rest = Math.PI * (value - 2 * Math.round(value / 2));
      worst = Math.max(worst, Math.abs(values[2 * i] - Math.sin(rest)), Math.abs(values[2 * i + 1] - Math.cos(rest)));
    });
    expect(worst).toBeLessThan(3e-7);
  });

  /** Values and slopes of `activated(z)` at float32 numbers z. */
  async function sweep(modules: readonly ModuleName[], constants: Constants, z: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    const body = 'let v = activated(bitcast<f32>(input[i / 2u])); output[i] = bitcast<u32>(select(v.value, v.slope, (i & 1u) == 1u));';
    return new Float32Array(await run(modules, new Uint32Array(z.buffer), 2 * z.length, body, constants));
  }

  /** Activations and how far out they are looked at: FINER has phases of 20 000 there. */
  const ACTIVATIONS: readonly (readonly [Activation, number])[] = [
    [{ kind: 'sine', omega0: 30, omegaHidden: 30 }, 30],
    [{ kind: 'relu' }, 1e4],
    [{ kind: 'gelu' }, 1e4],
    [{ kind: 'finer', omega0: 30, omegaHidden: 300, biasRange: 1 }, 8],
    [{ kind: 'gabor', omega0: 400, omegaHidden: 20, scale: 0.7 }, 1e4],
    [{ kind: 'gabor', omega0: 10, omegaHidden: 20, scale: 30 }, 1e4],
    [{ kind: 'gaussian', sigma: 0.05 }, 1e4],
    [{ kind: 'gaussian', sigma: 3 }, 1e4],
    [{ kind: 'snake-alt' }, 900],
  ];
  // Dense around 0 and out to where envelopes vanish and phases reach thousands; 0 and extremes too.
  const ARGUMENTS = Float32Array.from({ length: 20000 }, (_, i) => Math.sinh((i / 10000 - 1) * 1.87) * (i % 3 === 0 ? 0.05 : 1));
  ARGUMENTS.set([0, -0, 1e-37, 40, -40, 1e4, -1e4]);

  for (const [activation, reach] of ACTIVATIONS) {
    for (const layer of 'omega0' in activation ? [0, 1] : [0]) {
      it(`compute ${JSON.stringify(activation)} in layer ${layer} within 2e-6 of its size`, async () => {
        const z = ARGUMENTS.map((x) => Math.max(-reach, Math.min(reach, x)));
        const { modules, constants } = activationParts(activation, layer);
        const values = await sweep(modules, constants, z);
        let worst = 0;
        z.forEach((x, i) => {
          const { value, slope } = activate(activation, layer, x);
          const omega = omegaOf(activation, layer);
          // Sine layers round the phase: it is off by half a unit in its last place.
          const allowed = activation.kind === 'sine' ? 2e-6 + Math.abs(omega * x) * 2 ** -24 : 2e-6;
          const steepest = Math.max(1, Math.abs(slope), omega * (activation.kind === 'finer' ? 2 * Math.abs(x) + 1 : 1));
          worst = Math.max(worst, Math.abs(values[2 * i] - value) / Math.max(1, Math.abs(value)) / allowed, Math.abs(values[2 * i + 1] - slope) / steepest / allowed);
        });
        expect(worst).toBeLessThan(1);
      });
    }
  }

  for (const head of HEADS) {
    it(`compute the ${head} head within 2e-7 of its size, also where it saturates`, async () => {
      const { modules, constants } = headParts(head);
      const values = await sweep(modules, constants, ARGUMENTS);
      let worst = 0;
      ARGUMENTS.forEach((z, i) => {
        const { value, slope } = headSample(head, z);
        worst = Math.max(worst, Math.abs(values[2 * i] - value) / Math.max(1, Math.abs(value)), Math.abs(values[2 * i + 1] - slope));
      });
      expect(worst).toBeLessThan(2e-7);
    });
  }

  for (const loss of LOSSES) {
    it(`compute the ${loss.kind} loss and its slope`, async () => {
      const pairs = Float32Array.from({ length: 8000 }, (_, i) => (i % 2 === 0 ? Math.sin(i * 0.7) * 1.5 : Math.abs(Math.sin(i * 0.31))));
      pairs.set([0.5, 0.5, 0, 0, 0.25, 0.125, 0.125, 0.25]);
      const body = 'let v = sampleLoss(bitcast<f32>(input[i / 2u * 2u]), bitcast<f32>(input[i / 2u * 2u + 1u])); output[i] = bitcast<u32>(select(v.loss, v.slope, (i & 1u) == 1u));';
      const values = new Float32Array(await run(['loss-terms', `loss-${loss.kind}`], new Uint32Array(pairs.buffer), pairs.length, body, lossConstants(loss)));
      for (let i = 0; i < pairs.length; i += 2) {
        const expected = lossOf(loss, pairs[i], pairs[i + 1]);
        expect(Math.abs(values[i] - expected.loss)).toBeLessThan(1e-6 * Math.max(1, expected.loss));
        expect(Math.abs(values[i + 1] - expected.slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected.slope)));
      }
    });
  }
});

it('splits factors so that 12 bits lie in the first part and nothing is lost', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.003, max: 400, noNaN: true }), (value) => {
      const [high, low] = splitFactor(value);
      expect(high + low).toBe(value);
      expect(Math.fround(high * 2 ** -Math.floor(Math.log2(high)) * 2048) % 1).toBe(0);
    }),
  );
});

describe('composeShader', () => {
  it('writes every kind of constant so that WGSL reads the same value', () => {
    expect(composeShader({ COUNT: 3, ON: true, RATE: { float: 0.1 } }, [])).toBe(
      'const COUNT: u32 = 3u;\nconst ON: bool = true;\nconst RATE: f32 = 0.10000000149011612f;',
    );
  });

  it('refuses what WGSL could not hold', () => {
    for (const value of [-1, 0.5, 2 ** 32, Number.NaN, { float: Infinity }]) expect(() => composeShader({ VALUE: value }, [])).toThrow(RangeError);
  });
});
