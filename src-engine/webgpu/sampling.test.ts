/** Draws on the GPU against drawIndex, fits with every kind of sampling against the reference, and streamed signals against bound ones. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import type { FitPlan, Sampling } from '#core/fit/config';
import { drawTable, type DrawTable } from '#core/fit/importance';
import { drawIndex, LARGEST_FULL_BATCH } from '#core/fit/sampling';
import type { TrainerRequest, TrainState } from '../engine';
import { errorTable } from '../importance';
import { pointCoordinates, referenceGradient, referenceSample, referenceTrainer } from '../reference';
import { referenceUpdate } from '../reference-update';
import { ADAM, PLAIN_PLAN, relativeError, testData } from '../test-kinds';
import { Allocation } from './allocation';
import { GpuContext, USAGE } from './context';
import { createWebGpuEngine } from './engine';
import { cutFit, holdFit } from './machinery';
import { pointPart } from './parts';
import { kernelPlan } from './program';
import { TargetStream } from './stream';
import { bindStep, dispatch } from './step';
import { testDevice, testGpu } from './test-adapter';
import { domainBytes, evaluationWork, writeWork } from './work';

const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 200, optimizer: { ...ADAM, epsilon: 1e-6 } };
const FIELD: Field = { inputs: 2, outputs: 3, encoding: { kind: 'fourier', features: 4, sigma: 2, seed: 1 }, depth: 1, width: 12, activation: { kind: 'relu' } };
const ERROR: Sampling = { kind: 'error', refresh: 3, uniform: 0.25 };
const SAMPLINGS: readonly Sampling[] = [{ kind: 'uniform' }, { kind: 'stratified' }, { kind: 'full' }, ERROR];
const RATES = new Float32Array(7).fill(2e-3);

describe('draws on the GPU', async () => {
  const device = await testDevice();
  const context = new GpuContext(device);
  afterAll(() => device.destroy());

  /** Points of elements [start, start + count) of a batch. */
  async function draws(plan: FitPlan, points: number, seed: number, step: number, start: number, count: number, table?: GPUBuffer): Promise<Uint32Array> {
    const part = pointPart(plan, 1);
    const body = `@group(1) @binding(0) var<storage, read_write> drawn: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < work.count) { drawn[id.x] = pointOf(id.x); }
      }`;
    const kernel = kernelPlan('draws', part.constants, ['work', ...part.modules], ['write', ...part.bindings], (samples) => Math.ceil(samples / 64));
    const composed = { ...kernel, code: `${kernel.code}\n${body}` };
    const works = new DataView(new ArrayBuffer(context.workStride));
    writeWork(works, 0, { ...evaluationWork(start, count), step });
    const drawn = context.buffer('drawn', 4 * count, USAGE.storage | USAGE.copySource);
    const resources = table ? [drawn, table] : [drawn];
    const bound = bindStep(context, composed, await context.kernel(composed), resources);
    const frame = context.bindFrame(context.buffer('works', 0, USAGE.uniform, works), context.buffer('domain', 0, USAGE.uniform, domainBytes({ size: [points], seed, lossGroups: 0, lossScale: 0 })));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, frame, [0]);
    dispatch(pass, bound, count);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return new Uint32Array(await context.read(drawn, 4 * count));
  }

  const GRIDS = [1, 7, 65536, 65537, 1_000_003, 2 ** 27];
  for (const sampling of SAMPLINGS) {
    it(`are those of the CPU, word by word: ${sampling.kind}`, async () => {
      for (const points of GRIDS) {
        for (const [seed, step, start] of [[1, 0, 0], [0xfffffff1, 65, 128], [77, 2 ** 31 + 5, 64]]) {
          const plan: FitPlan = { ...PLAN, sampling, batch: points === 7 ? 1_048_576 : 777 };
          const cells = Math.ceil(points / Math.ceil(points / 65536));
          const table = sampling.kind === 'error' ? drawTable(Float64Array.from({ length: cells }, (_, cell) => Math.max(0, Math.sin(cell * 1.7 + seed))), 0.2, points) : undefined;
          const count = 300;
          const drawn = await draws(plan, points, seed, step, start, count, table && context.buffer('draw table', 0, USAGE.storage, table.limits));
          expect(Array.from(drawn)).toEqual(Array.from({ length: count }, (_, i) => drawIndex(plan, seed, step, start + i, points, table)));
        }
      }
    });
  }

  it('find a uniform table where nobody looked at the model yet, so that kernels can be timed with it', async () => {
    const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, sampling: ERROR }, data: testData([19, 17], 3, 'uint8'), seed: 8 };
    const points = 19 * 17;
    const buffers = new Allocation(context);
    await holdFit(context, request, cutFit(context, request, context.tuning), buffers);
    const drawn = await draws(request.plan, points, 8, 5, 0, 300, buffers.get('draw table'));
    buffers.dispose();
    const table = drawTable(new Float64Array(points).fill(1), 1, points);
    expect(Array.from(drawn)).toEqual(Array.from({ length: 300 }, (_, i) => drawIndex(request.plan, 8, 5, i, points, table)));
    expect(new Set(drawn).size).toBeGreaterThan(150);
  });
});

describe('fits with every kind of sampling', async () => {
  const gpu = await testGpu();
  // Several slices a step; the signals below are larger than a buffer of the one that streams.
  const engine = await createWebGpuEngine({ gpu, maximumSlice: 128 });
  const streaming = await createWebGpuEngine({ gpu, maximumSlice: 128, maximumBinding: 10_000 });
  afterAll(async () => {
    await engine.dispose();
    await streaming.dispose();
  });

  for (const sampling of SAMPLINGS.filter(({ kind }) => kind !== 'error')) {
    it(`agree with the reference: ${sampling.kind}`, async () => {
      const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, sampling }, data: testData([17, 15], 3, 'uint8'), seed: 3 };
      const trainer = await engine.createTrainer(request);
      const twin = referenceTrainer(request);
      const report = await trainer.run(RATES);
      const expected = await twin.run(RATES);
      expect(Math.abs(report.loss - expected.loss)).toBeLessThan(1e-5 * expected.loss);
      expect(relativeError((await trainer.checkpoint()).parameters, (await twin.checkpoint()).parameters)).toBeLessThan(1e-4);
      trainer.dispose();
    });
  }

  it('agree with the reference: error, tables made anew in time', async () => {
    const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, sampling: ERROR, average: 0.5 }, data: testData([17, 15], 3, 'uint8'), seed: 4 };
    const { data, plan, seed } = request;
    const trainer = await engine.createTrainer(request);
    for (const count of [2, 5]) await trainer.run(RATES.subarray(0, count));
    const start = Float64Array.from(initialParameters(FIELD, seed));
    const state = { parameters: start, moment1: new Float64Array(start.length), moment2: new Float64Array(start.length), average: start.slice() };
    let table: DrawTable | undefined;
    for (let step = 0; step < 7; step++) {
      if (step % 3 === 0) {
        table = await errorTable(data, plan, seed, step, async (indices) => Float32Array.from([...indices].flatMap((index) => [...referenceSample(FIELD, state.parameters, pointCoordinates(data.size, index))])));
      }
      referenceUpdate(request, state, referenceGradient(request, state.parameters, step, table).gradient, step + 1, 2e-3);
    }
    const reached = await trainer.checkpoint();
    expect(relativeError(reached.parameters, state.parameters)).toBeLessThan(1e-4);
    // Without a table the points would be others.
    const uniform = await engine.createTrainer({ ...request, plan: { ...plan, sampling: { kind: 'uniform' } } });
    await uniform.run(RATES);
    expect(relativeError((await uniform.checkpoint()).parameters, state.parameters)).toBeGreaterThan(1e-3);
    trainer.dispose();
    uniform.dispose();
  });

  it.each([1, 3, 5])('error: goes on from step %i to the same bits as without a stop, its table with it', async (step) => {
    const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, sampling: ERROR, average: 0.5 }, data: testData([37, 29], 3, 'uint8'), seed: 6 };
    const fitted = async (asked: TrainerRequest, steps: number): Promise<TrainState> => {
      const trainer = await engine.createTrainer(asked);
      await trainer.run(RATES.subarray(0, steps));
      const state = await trainer.checkpoint();
      trainer.dispose();
      return state;
    };
    const state = await fitted(request, step);
    expect(state.drawLimits).toHaveLength(37 * 29);
    expect(await fitted({ ...request, state }, 7 - step)).toEqual(await fitted(request, 7));
  });

  for (const [sampling, type, size] of [
    [SAMPLINGS[0], 'uint8', [61, 57]],
    [SAMPLINGS[1], 'uint16', [61, 37]],
    [SAMPLINGS[2], 'uint8', [61, 57]],
    [SAMPLINGS[2], 'uint16', [47, 37]],
    [ERROR, 'uint16', [61, 37]],
  ] as const) {
    it(`stream a signal that is too large to be bound, with the same bits: ${sampling.kind}, ${type}`, async () => {
      const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, sampling }, data: testData(size, 3, type), seed: 5 };
      const bound = await engine.createTrainer(request);
      const streamed = await streaming.createTrainer(request);
      expect(bound.notes).toEqual([]);
      expect(streamed.notes).toHaveLength(1);
      expect(streamed.notes![0]).toMatch(/larger than this GPU takes in one piece/);
      const report = await bound.run(RATES);
      let loss = 0;
      for (const count of [1, 6]) loss += (await streamed.run(RATES.subarray(0, count))).loss * (count / 7);
      expect(await streamed.checkpoint()).toEqual(await bound.checkpoint());
      expect(Math.abs(loss - report.loss)).toBeLessThan(1e-6);
      bound.dispose();
      streamed.dispose();
    });
  }

  it('refuse full batches of too many points in words', async () => {
    const points = LARGEST_FULL_BATCH + 1;
    const data = { size: [points, 1], channels: 3, type: 'uint8', samples: new Uint8Array(3 * points) } as const;
    await expect(engine.createTrainer({ field: FIELD, plan: { ...PLAN, sampling: { kind: 'full' } }, data, seed: 1 })).rejects.toMatchObject({ kind: 'usage', code: 'engine.plan' });
  });
});

it('cuts streams so that a submit stays small and has whole words', () => {
  for (const [channels, longest, type] of [[1, 76, 'uint8'], [3, 4096, 'uint8'], [16, 100_032, 'uint16'], [1, 1_048_576, 'uint16']] as const) {
    const data = { size: [8, 8], channels, type, samples: type === 'uint8' ? new Uint8Array(64 * channels) : new Uint16Array(64 * channels) };
    const fits = Math.min(longest, TargetStream.longestSlice(data, 2 ** 27));
    const stream = new TargetStream({ plan: PLAN, data, seed: 1 }, fits, 2 ** 27, 256);
    expect(stream.units).toBeGreaterThanOrEqual(1);
    expect(stream.units).toBeLessThanOrEqual(256);
    const [[name, all]] = stream.sent();
    expect(name).toBe('samples of the input');
    expect(all.byteLength).toBeLessThanOrEqual(16 * 2 ** 20);
    expect(stream.sent()).toHaveLength(1);
    for (const count of [1, stream.units]) expect(stream.sent(count)[0][1].byteLength % 4).toBe(0);
    expect(stream.sent(stream.units)[0][1].byteLength).toBe(all.byteLength);
  }
});
