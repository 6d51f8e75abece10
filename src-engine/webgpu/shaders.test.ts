import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { batchIndex, pcg3d, scaleToRange } from '#core/fit/random';
import { composeShader, type ModuleName } from './shader';
import { testDevice } from './test-adapter';

describe('WGSL modules and their TypeScript twins', async () => {
  const device = await testDevice();
  afterAll(() => device.destroy());

  /** Runs `body`, which computes `output[i]` from `input`, for i in [0, count). */
  async function run(modules: readonly ModuleName[], input: Uint32Array<ArrayBuffer>, count: number, body: string): Promise<ArrayBuffer> {
    const code = `${composeShader({ COUNT: count }, modules)}
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
