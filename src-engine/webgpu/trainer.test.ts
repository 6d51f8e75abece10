import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import type { FitPlan } from '#core/fit/config';
import { DeviceLostError, type TrainerRequest } from '../engine';
import { PLAIN_PLAN } from '../test-kinds';
import { createWebGpuEngine, openDevice } from './engine';
import { isPresentingTrainer } from './present';
import { observedDevice, testGpu } from './test-adapter';

const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 128 };
const FIELD: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 1, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
/** A smooth picture of 31 x 21 pixels, 3 channels. */
const samples = Uint8Array.from({ length: 31 * 21 * 3 }, (_, i) => 128 + 60 * Math.sin(((i / 3) % 31) * 0.2) + 50 * Math.cos((i / 93) * 0.25));
const REQUEST: TrainerRequest = { field: FIELD, plan: PLAN, data: { size: [31, 21], channels: 3, type: 'uint8', samples }, seed: 5 };
const rates = (steps: number) => new Float32Array(steps).fill(2e-3);

/** Value of a 16-bit float. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

async function texels(device: GPUDevice, texture: GPUTexture): Promise<Float32Array> {
  const { width, height } = texture;
  const bytesPerRow = Math.ceil((8 * width) / 256) * 256;
  const staging = device.createBuffer({ size: bytesPerRow * height, usage: 0x8 | 0x1 });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer: staging, bytesPerRow }, [width, height]);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x1);
  const words = new Uint16Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return Float32Array.from({ length: 4 * width * height }, (_, i) => half(words[(Math.floor(i / (4 * width)) * bytesPerRow) / 2 + (i % (4 * width))]));
}

describe('webgpu trainer', async () => {
  const gpu = await testGpu();
  // Slices far smaller than the grids below, so that all paths meet several of them.
  const engine = await createWebGpuEngine({ gpu, maximumSlice: 192 });
  afterAll(() => engine.dispose());

  it('says what it runs on', () => {
    expect(engine.facts.engine).toBe('webgpu');
    expect(engine.facts.name.length).toBeGreaterThan(2);
    if (/swiftshader/i.test(engine.facts.name)) expect(engine.facts.software).toBe(true);
    expect(engine.refusal(FIELD, PLAN)).toBeNull();
  });

  it('learns: the loss falls', async () => {
    const trainer = await engine.createTrainer(REQUEST);
    const first = await trainer.run(rates(5));
    await trainer.run(rates(60));
    const last = await trainer.run(rates(5));
    expect(last.step).toBe(70);
    expect(last.loss).toBeLessThan(0.7 * first.loss);
    expect(await trainer.run(rates(0))).toEqual({ step: 70, loss: 0, squaredError: 0 });
    trainer.dispose();
  });

  it('gives the same parameters twice, to the bit, however the run is cut', async () => {
    const one = await engine.createTrainer(REQUEST);
    const two = await engine.createTrainer(REQUEST);
    await one.run(rates(30));
    for (const steps of [1, 7, 22]) await two.run(rates(steps));
    expect(await two.checkpoint()).toEqual(await one.checkpoint());
    one.dispose();
    two.dispose();
  });

  it('goes on from a checkpoint as if it had not stopped', async () => {
    const straight = await engine.createTrainer(REQUEST);
    await straight.run(rates(20));
    const first = await engine.createTrainer(REQUEST);
    await first.run(rates(8));
    const second = await engine.createTrainer({ ...REQUEST, state: await first.checkpoint() });
    expect((await second.run(rates(12))).step).toBe(20);
    expect(await second.checkpoint()).toEqual(await straight.checkpoint());
    for (const trainer of [straight, first, second]) trainer.dispose();
  });

  for (const channels of [1, 2, 3, 4]) {
    it(`shows ${channels} channels in a texture as it reconstructs them`, async () => {
      const data = { size: [31, 21], channels, type: 'uint8', samples: samples.slice(0, 31 * 21 * channels) } as const;
      const padded = new Uint8Array(31 * 21 * channels);
      padded.set(data.samples);
      const trainer = await engine.createTrainer({ ...REQUEST, field: { ...FIELD, outputs: channels }, data: { ...data, samples: padded } });
      await trainer.run(rates(2));
      expect(isPresentingTrainer(trainer)).toBe(true);
      const [width, height] = [37, 29];
      const texture = engine.device.createTexture({ size: [width, height], format: 'rgba16float', usage: 0x8 | 0x1 | 0x4 });
      trainer.writeTexture(texture);
      const shown = await texels(engine.device, texture);
      const values = await trainer.reconstruct([width, height]);
      for (let point = 0; point < width * height; point++) {
        const v = values.subarray(point * channels, (point + 1) * channels);
        const expected = channels < 3 ? [v[0], v[0], v[0], channels === 2 ? v[1] : 1] : [v[0], v[1], v[2], channels === 4 ? v[3] : 1];
        expected.forEach((value, i) => expect(Math.abs(shown[4 * point + i] - value)).toBeLessThanOrEqual(Math.abs(value) / 1024 + 1e-6));
      }
      texture.destroy();
      trainer.dispose();
    });
  }

  it('refuses a texture that a compute pass cannot write', async () => {
    const trainer = await engine.createTrainer(REQUEST);
    const texture = engine.device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: 0x4 });
    expect(() => trainer.writeTexture(texture)).toThrow(expect.objectContaining({ code: 'present.texture' }));
    trainer.dispose();
  });

  it('evaluates given parameters as its trainer does', async () => {
    const trainer = await engine.createTrainer(REQUEST);
    await trainer.run(rates(3));
    const { parameters } = await trainer.checkpoint();
    expect(await engine.evaluate(FIELD, parameters, [20, 19])).toEqual(await trainer.reconstruct([20, 19]));
    trainer.dispose();
  });

  it('refuses what does not fit together, and a closed fit, in words', async () => {
    await expect(engine.createTrainer({ ...REQUEST, field: { ...FIELD, outputs: 1 } })).rejects.toMatchObject({ code: 'engine.mismatch' });
    const trainer = await engine.createTrainer(REQUEST);
    await expect(trainer.reconstruct([5])).rejects.toMatchObject({ code: 'engine.grid' });
    trainer.dispose();
    trainer.dispose();
    await expect(trainer.run(rates(1))).rejects.toMatchObject({ code: 'engine.disposed' });
  });

  it('lets go of its kernels when it is closed: a shared device lives on, and held those of every fit', async () => {
    const { device, compiled } = await observedDevice();
    const sharing = await createWebGpuEngine({ device, gpu });
    const parameters = initialParameters(FIELD, 1);
    const look = (width: number): Promise<Float32Array> => sharing.evaluate({ ...FIELD, activation: { kind: 'relu' } }, parameters, [width, 4]);
    await look(4);
    const once = compiled();
    expect(once).toBeGreaterThan(0);
    await look(5);
    expect(compiled()).toBe(once);
    await sharing.dispose();
    await look(4);
    expect(compiled()).toBe(2 * once);
    await sharing.dispose();
    device.destroy();
  });

  const largeActivations = (most: number) => (name: string, bytes: number) => name.startsWith('activations') && bytes > most;

  it('does with smaller slices where memory is short, with the same result and no more kernels, and says so', async () => {
    const request = { ...REQUEST, plan: { ...PLAN, batch: 1024 } };
    const { device, compiled } = await observedDevice(largeActivations(200 * 4 * 16));
    const cramped = await createWebGpuEngine({ device, gpu, tuning: 'mixed blocks' });
    const trainer = await cramped.createTrainer(request);
    expect(trainer.notes).toEqual(['This GPU has little free memory; each step is done in 8 parts of at most 128 samples.']);
    const first = compiled();
    const plenty = await createWebGpuEngine({ device, gpu, maximumSlice: 128, tuning: 'mixed blocks' });
    const twin = await plenty.createTrainer(request);
    expect(compiled()).toBe(2 * first);
    expect(twin.notes).toEqual([]);
    await trainer.run(rates(5));
    await twin.run(rates(5));
    expect(await trainer.checkpoint()).toEqual(await twin.checkpoint());
    expect(await trainer.reconstruct([40, 40])).toEqual(await twin.reconstruct([40, 40]));
    device.destroy();
  });

  it('says what to do when even the smallest slices find no memory', async () => {
    const { device, held } = await observedDevice(largeActivations(63 * 4 * 16));
    const cramped = await createWebGpuEngine({ device, gpu });
    await expect(cramped.createTrainer(REQUEST)).rejects.toMatchObject({ kind: 'device', code: 'device.memory' });
    expect(held.size).toBe(0);
    device.destroy();
  });

  it('does not try shorter slices, nor compiles, where it is the signal that finds no memory', async () => {
    const { device, asked, held, compiled } = await observedDevice((name) => name === 'samples of the input');
    const cramped = await createWebGpuEngine({ device, gpu });
    await expect(cramped.createTrainer(REQUEST)).rejects.toMatchObject({ code: 'device.memory' });
    expect(asked.filter((name) => name === 'samples of the input')).toHaveLength(1);
    expect(compiled()).toBe(0);
    expect(held.size).toBe(0);
    device.destroy();
  });

  it('does not cut slices because many losses of a submit would not fit', async () => {
    const field: Field = { ...FIELD, inputs: 1, outputs: 16, width: 4 };
    const data = { size: [40], channels: 16, type: 'uint8', samples: samples.slice(0, 640) } as const;
    // The head takes 128 KB and the losses of 256 units 256 KB.
    const narrow = await createWebGpuEngine({ gpu, tuning: 'mixed blocks', maximumBinding: 200_000 });
    const trainer = await narrow.createTrainer({ field, plan: { ...PLAN, batch: 2048 }, data, seed: 1 });
    expect(trainer.notes).toEqual([]);
    expect((await trainer.run(rates(2))).loss).toBeGreaterThan(0);
    trainer.dispose();
    await narrow.dispose();
  });

  it('throws DeviceLostError at once when the device goes away in the middle of a run', async () => {
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error('no adapter');
    const device = await openDevice(adapter);
    const doomed = await createWebGpuEngine({ device, gpu });
    const trainer = await doomed.createTrainer(REQUEST);
    const run = trainer.run(rates(100_000));
    setTimeout(() => device.destroy(), 100);
    await expect(run).rejects.toBeInstanceOf(DeviceLostError);
    await expect(trainer.run(rates(1))).rejects.toBeInstanceOf(DeviceLostError);
    await expect(trainer.checkpoint()).rejects.toBeInstanceOf(DeviceLostError);
    await expect(trainer.reconstruct([4, 4])).rejects.toBeInstanceOf(DeviceLostError);
    await expect(doomed.createTrainer(REQUEST)).rejects.toBeInstanceOf(DeviceLostError);
    await expect(doomed.evaluate(FIELD, new Float32Array(99), [2, 2])).rejects.toBeInstanceOf(DeviceLostError);
    trainer.dispose();
  });
});

it('says what is missing where there is no WebGPU', async () => {
  await expect(createWebGpuEngine()).rejects.toMatchObject({ kind: 'device', code: 'device.noGpu' });
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  await expect(createWebGpuEngine({ gpu: none })).rejects.toMatchObject({ kind: 'device', code: 'device.noGpu' });
});
