/** Lists of points on the GPU: against the reference, streamed and bound, in slices, with a sweep, and next to grids. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import type { TrainerRequest, TrainState } from '../engine';
import { smallGrid } from '../grid-cases';
import { referenceTrainer } from '../reference';
import { asList, PLAIN_PLAN, relativeError, testData, testList, testState } from '../test-kinds';
import { tuningKey } from './autotune';
import { GpuContext } from './context';
import { createWebGpuEngine, type WebGpuEngine } from './engine';
import { TargetStream } from './stream';
import { testDevice, testGpu } from './test-adapter';

const FIELD: Field = { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'relu' } };
const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 200 };
const RATES = new Float32Array(7).fill(2e-3);

function requestOf(change: Partial<Field>, type: 'uint8' | 'uint16', plan: Partial<FitPlan> = {}): TrainerRequest {
  const field = { ...FIELD, ...change };
  return { field, plan: { ...PLAN, ...plan }, data: testList(431, field.inputs, field.outputs, type), seed: 6, state: testState(field, 3) };
}

async function fitted(engine: WebGpuEngine, request: TrainerRequest, calls = [7]): Promise<TrainState> {
  const trainer = await engine.createTrainer(request);
  for (const count of calls) await trainer.run(RATES.subarray(0, count));
  const state = await trainer.checkpoint();
  trainer.dispose();
  return state;
}

const CASES: readonly [string, TrainerRequest][] = [
  ['a line, 8 bits', requestOf({ inputs: 1, outputs: 3 }, 'uint8')],
  ['a plane, 16 bits, octaves', requestOf({ inputs: 2, encoding: { kind: 'octaves', octaves: 2, includeInput: true } }, 'uint16')],
  ['space, 16 bits, Fourier features', requestOf({ encoding: { kind: 'fourier', features: 8, sigma: 1, seed: 5 } }, 'uint16')],
  ['four axes, 8 bits', requestOf({ inputs: 4, outputs: 2 }, 'uint8')],
  ['space on a hash grid, 16 bits', requestOf({ encoding: smallGrid('hash-grid', 2, 3) }, 'uint16')],
  ['a plane on a dense grid, 8 bits, full batches', requestOf({ inputs: 2, encoding: smallGrid('dense-grid', 2, 2) }, 'uint8', { sampling: { kind: 'full' } })],
];

describe('webgpu on lists of points', async () => {
  const engine = await createWebGpuEngine({ gpu: await testGpu() });
  const sliced = await createWebGpuEngine({ gpu: await testGpu(), maximumSlice: 64 });
  const sweeping = await createWebGpuEngine({ gpu: await testGpu(), tuning: 'one sweep, mixed blocks' });
  afterAll(() => Promise.all([engine, sliced, sweeping].map((each) => each.dispose())));

  async function compare(on: WebGpuEngine, request: TrainerRequest): Promise<void> {
    const trainer = await on.createTrainer(request);
    const twin = referenceTrainer(request);
    const rates = new Float32Array(50).fill(2e-3);
    const [report, expected] = [await trainer.run(rates), await twin.run(rates)];
    expect(Math.abs(report.loss / expected.loss - 1)).toBeLessThan(1e-4);
    expect(relativeError((await trainer.checkpoint()).parameters, (await twin.checkpoint()).parameters)).toBeLessThan(1e-3);
    const size = [5, 3, 4, 2].slice(0, request.field.inputs);
    expect(relativeError(await trainer.reconstruct(size), await twin.reconstruct(size))).toBeLessThan(1e-3);
    trainer.dispose();
  }

  it.each(CASES)('agrees with the reference after 50 steps: %s', (_name, request) => compare(engine, request));
  it.each(CASES.slice(3, 5))('agrees with the reference in slices: %s', (_name, request) => compare(sliced, request));
  it('agrees with the reference in one sweep', () => compare(sweeping, CASES[2]![1]));

  it.each(CASES)('gives the same bits twice, and going on from a checkpoint: %s', async (_name, request) => {
    const whole = await fitted(engine, request);
    expect(await fitted(engine, request, [2, 5])).toEqual(whole);
    expect(await fitted(engine, { ...request, state: await fitted(engine, request, [3]) }, [4])).toEqual(whole);
  });

  it.each(CASES.filter(([, { field }]) => field.inputs > 1 && field.encoding.kind !== 'hash-grid'))('streams a list that is too large to be bound, with the same bits: %s', async (_name, asked) => {
    const { inputs, outputs } = asked.field;
    const request = { ...asked, data: testList(1201, inputs, outputs, asked.data.type) };
    // Slices of one length on both: how a batch is cut decides the order of its sums.
    const bound = await createWebGpuEngine({ gpu: await testGpu(), maximumSlice: 64 });
    const short = await createWebGpuEngine({ gpu: await testGpu(), maximumSlice: 64, maximumBinding: 4 * 1201 * inputs - 4 });
    const trainer = await short.createTrainer(request);
    expect(trainer.notes).toEqual([expect.stringContaining('larger than this GPU takes in one piece')]);
    trainer.dispose();
    const streamed = await fitted(short, request, [1, 6]);
    expect(streamed).toEqual(await fitted(bound, request));
    await Promise.all([bound.dispose(), short.dispose()]);
  });

  it('fits a grid and the list of its points alike', async () => {
    const request = { ...requestOf({}, 'uint8'), data: testData([9, 7, 5], 1) };
    const [list, grid] = [await fitted(engine, { ...request, data: asList(request.data) }), await fitted(engine, request)];
    expect(relativeError(list.parameters, grid.parameters)).toBeLessThan(1e-5);
  });

  it('takes points that rounding put beyond the border for points on it', async () => {
    const request = requestOf({ encoding: smallGrid('dense-grid', 2, 3) }, 'uint8');
    const coordinates = request.data.coordinates!.map((x, i) => (i % 3 === 0 ? (i % 2 === 0 ? 1 : -1) : x));
    const beyond = coordinates.map((x) => x * (Math.abs(x) === 1 ? 1.00009 : 1));
    const [on, off] = await Promise.all([coordinates, beyond].map((each) => fitted(engine, { ...request, data: { ...request.data, coordinates: each } })));
    expect(off).toEqual(on);
  });

  it('refuses draws that go by neighbours, points outside, and swarms', async () => {
    const [, request] = CASES[2]!;
    const outside = { ...request.data, coordinates: request.data.coordinates!.with(5, 1.5) };
    await expect(engine.createTrainer({ ...request, plan: { ...PLAN, sampling: { kind: 'stratified' } } })).rejects.toMatchObject({ code: 'engine.plan' });
    await expect(engine.createTrainer({ ...request, data: outside })).rejects.toMatchObject({ code: 'engine.mismatch' });
    await expect(engine.createSwarm!({ ...request, members: [request.data] })).rejects.toMatchObject({ code: 'engine.mismatch', message: expect.stringContaining('fit it by itself') as string });
  });
});

it('keeps choices of kernels for lists apart from those for grids', async () => {
  const device = await testDevice();
  const context = new GpuContext(device);
  const [, request] = CASES[2]!;
  const key = (data: TrainerRequest['data']): string => tuningKey(context, device.adapterInfo, { ...request, data });
  expect(key(testData([431, 1, 1], 1, 'uint16'))).not.toBe(key(request.data));
  expect(key({ ...request.data, coordinates: request.data.coordinates!.map((x) => -x) })).toBe(key(request.data));
  device.destroy();
});

it('cuts streams of lists so that neither buffer of a submit is large', () => {
  for (const [inputs, longest] of [[1, 76], [3, 4096], [4, 1_048_576]] as const) {
    const data = testList(64, inputs, 1, 'uint8');
    const fits = Math.min(longest, TargetStream.longestSlice(data, 2 ** 27));
    const stream = new TargetStream({ plan: PLAN, data, seed: 1 }, fits, 2 ** 27, 256);
    for (const count of [1, stream.units]) {
      const sent = stream.sent(count);
      expect(sent.map(([name]) => name)).toEqual(['samples of the input', 'places']);
      for (const [, { byteLength }] of sent) expect(byteLength % 4 === 0 && byteLength <= 16 * 2 ** 20).toBe(true);
      expect(sent[1]![1].length).toBe(sent[0]![1].length * inputs);
      expect(sent[1]![1].length).toBeGreaterThanOrEqual(count * fits * inputs);
    }
  }
});
