/** Lists of points as training sets, on the engines of the main process; webgpu has its own in webgpu/points.test.ts. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import type { FitPlan, Sampling } from '#core/fit/config';
import { createCpuEngine } from './cpu/engine';
import type { Engine, TrainerRequest, TrainingSet, TrainState } from './engine';
import { smallGrid } from './grid-cases';
import { referenceGradient, referenceTrainer } from './reference';
import { asList, PLAIN_PLAN, relativeError, testData, testList, testState } from './test-kinds';
import { createTfjsEngine } from './tfjs/engine';

const RELU = { kind: 'relu' } as const;
const SINE = { kind: 'sine', omega0: 8, omegaHidden: 6 } as const;
const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 150 };
const FULL: Sampling = { kind: 'full' };
const rates = (steps: number): Float32Array => Float32Array.from({ length: steps }, (_, step) => 2e-3 * (1 - step / 100));

function requestOf(inputs: number, type: 'uint8' | 'uint16', encoding: Encoding, change: Partial<Field> = {}, plan: Partial<FitPlan> = {}): TrainerRequest {
  const field: Field = { inputs, outputs: 1 + (inputs % 4), encoding, depth: 2, width: 12, activation: SINE, ...change };
  return { field, plan: { ...PLAN, ...plan }, data: testList(211, inputs, field.outputs, type), seed: 40 + inputs, state: testState(field, 3) };
}

async function fitted(engine: Engine, request: TrainerRequest, calls: readonly number[] = [7]): Promise<TrainState> {
  const trainer = await engine.createTrainer(request);
  const all = rates(calls.reduce((a, b) => a + b, 0));
  let done = 0;
  for (const count of calls) await trainer.run(all.subarray(done, (done += count)));
  const state = await trainer.checkpoint();
  trainer.dispose();
  return state;
}

const cpu = await createCpuEngine({ threads: 2 });
const single = await createCpuEngine({ threads: 1 });
const many = await createCpuEngine({ threads: 3 });
const tfjs = await createTfjsEngine();
afterAll(() => Promise.all([cpu, single, many, tfjs].map((engine) => engine.dispose())));

const CASES: readonly [string, TrainerRequest][] = [
  ['a line, 8 bits', requestOf(1, 'uint8', { kind: 'identity' })],
  ['a plane, 16 bits, octaves', requestOf(2, 'uint16', { kind: 'octaves', octaves: 2, includeInput: true })],
  ['space, 8 bits, Fourier features', requestOf(3, 'uint8', { kind: 'fourier', features: 8, sigma: 1, seed: 5 }, { activation: RELU })],
  ['four axes, 16 bits', requestOf(4, 'uint16', { kind: 'identity' }, { activation: RELU })],
  ['a line on a dense grid, 16 bits', requestOf(1, 'uint16', smallGrid('dense-grid', 2, 1), { activation: RELU })],
  ['a plane on a hash grid, 8 bits', requestOf(2, 'uint8', smallGrid('hash-grid', 2, 2), { activation: RELU })],
  ['space on a hash grid, 16 bits', requestOf(3, 'uint16', smallGrid('hash-grid', 4, 3), { activation: RELU })],
  ['four axes on a hash grid, 8 bits', requestOf(4, 'uint8', smallGrid('hash-grid', 1, 4), { activation: RELU })],
  ['a plane, 16 bits, clipped', requestOf(2, 'uint16', { kind: 'identity' }, {}, { clip: 0.01 })],
  ['full batches, space, 16 bits', requestOf(3, 'uint16', { kind: 'identity' }, {}, { sampling: FULL })],
  ['full batches, a hash grid, averaged', requestOf(3, 'uint8', smallGrid('hash-grid', 2, 3), { activation: RELU }, { sampling: FULL, average: 0.9 })],
];

describe.each([
  ['cpu', cpu],
  ['tfjs', tfjs],
])('%s on lists of points', (_, engine) => {
  it.each(CASES)('agrees with the reference after 50 steps: %s', async (_name, request) => {
    const trainer = await engine.createTrainer(request);
    const twin = referenceTrainer(request);
    const report = await trainer.run(rates(50));
    const expected = await twin.run(rates(50));
    expect(Math.abs(report.loss / expected.loss - 1)).toBeLessThan(1e-4);
    const [state, wanted] = [await trainer.checkpoint(), await twin.checkpoint()];
    expect(relativeError(state.parameters, wanted.parameters)).toBeLessThan(1e-3);
    // Points are learned from, grids are shown.
    const size = [5, 3, 4, 2].slice(0, request.field.inputs);
    expect(relativeError(await trainer.reconstruct(size), await twin.reconstruct(size))).toBeLessThan(1e-3);
    trainer.dispose();
  });

  it.each(CASES.filter((_each, i) => i % 2 === 0))('gives the same bits twice, and going on from a checkpoint: %s', async (_name, request) => {
    const whole = await fitted(engine, request, [7]);
    expect(await fitted(engine, request, [7])).toEqual(whole);
    const trainer = await engine.createTrainer({ ...request, state: await fitted(engine, request, [3]) });
    await trainer.run(rates(7).subarray(3));
    expect(await trainer.checkpoint()).toEqual(whole);
    trainer.dispose();
  });

  it('keeps its own copy of the points', async () => {
    const [, request] = CASES[2]!;
    const data = { ...request.data, coordinates: request.data.coordinates!.slice() };
    const trainer = await engine.createTrainer({ ...request, data });
    data.coordinates.fill(0);
    await trainer.run(rates(7));
    expect(await trainer.checkpoint()).toEqual(await fitted(engine, request));
    trainer.dispose();
  });

  it.each([[[97]], [[11, 13]], [[5, 7, 6]], [[3, 4, 2, 5]]])('fits a grid of %j and the list of its points to the same bits', async (size) => {
    const request = { ...requestOf(size.length, 'uint8', { kind: 'identity' }), data: testData(size, 1 + (size.length % 4)) };
    expect(await fitted(engine, { ...request, data: asList(request.data) })).toEqual(await fitted(engine, request));
  });

  it('takes points that rounding put beyond the border for points on it', async () => {
    for (const encoding of [{ kind: 'identity' }, smallGrid('dense-grid', 2, 3)] as const) {
      const request = requestOf(3, 'uint8', encoding, { activation: RELU });
      const coordinates = request.data.coordinates!.map((x, i) => (i % 3 === 0 ? (i % 2 === 0 ? 1 : -1) : x));
      const beyond = coordinates.map((x) => x * (Math.abs(x) === 1 ? 1.00009 : 1));
      const states = [coordinates, beyond].map((each) => fitted(engine, { ...request, data: { ...request.data, coordinates: each } }));
      expect(await states[1]).toEqual(await states[0]);
    }
  });

  const refused = async (change: Partial<TrainerRequest>): Promise<unknown> => engine.createTrainer({ ...CASES[2]![1], ...change }).then((trainer) => (trainer.dispose(), 'taken'), (error: unknown) => error);

  it('refuses lists that do not belong to the field, or whose numbers are no places', async () => {
    const { data } = CASES[2]![1];
    const changed = (value: number): Float32Array => data.coordinates!.with(100, value);
    const wrong: readonly [Partial<TrainingSet>, RegExp][] = [
      [{ coordinates: data.coordinates!.subarray(1) }, /^A list of 211 points with 3 coordinates each has 633 numbers of 32 bits, but 632 of 32 bits were given\.$/],
      [{ coordinates: new Float64Array(data.coordinates!) as unknown as Float32Array }, /of 64 bits were given/],
      [{ size: [210] }, /^A list of 210 points/],
      [{ size: [211, 1] }, /211 x 1 was given/],
      [{ size: [0], coordinates: new Float32Array(0), samples: new Uint8Array(0) }, /at least one; 0 was given/],
      [{ channels: 2 }, /^The field maps 3 coordinates to 4 channels, but the data has 2 channels\.$/],
      [{ samples: data.samples.subarray(4) }, /^A list of 211 points with 4 channels of 8 bits has 844 samples, but 840/],
      [{ coordinates: changed(Number.NaN) }, /^Point 34 of the list has the coordinate NaN; the domain goes from -1 to 1\.$/],
      [{ coordinates: changed(-Infinity) }, /coordinate -Infinity/],
      [{ coordinates: changed(1.0002) }, /coordinate 1\.0002/],
      [{ coordinates: changed(-1e30) }, /domain goes from -1 to 1/],
    ];
    for (const [change, message] of wrong) {
      expect(await refused({ data: { ...data, ...change } })).toMatchObject({ kind: 'usage', code: 'engine.mismatch', message: expect.stringMatching(message) as string });
    }
    expect(await refused({ data: { ...data, coordinates: changed(1.00009) } })).toBe('taken');
  });

  it('refuses draws that go by neighbours', async () => {
    for (const sampling of [{ kind: 'stratified' }, { kind: 'error', refresh: 5, uniform: 0.5 }] as const) {
      expect(await refused({ plan: { ...PLAN, sampling } })).toMatchObject({ kind: 'usage', code: 'engine.plan', message: expect.stringContaining('choose uniform sampling') as string });
    }
  });
});

describe('the cpu engine on lists of points', () => {
  it.each(CASES)('has the same bits on 1, 2 and 3 threads, whatever the calls: %s', async (_name, request) => {
    const expected = await fitted(cpu, request, [7]);
    expect(await fitted(single, request, [7])).toEqual(expected);
    expect(await fitted(many, request, [2, 1, 4])).toEqual(expected);
  });

  it('has the gradient of the reference, for lists of any length and dimension', async () => {
    const encodings = (inputs: number): readonly Encoding[] => [{ kind: 'identity' }, { kind: 'fourier', features: 8, sigma: 1, seed: 2 }, smallGrid('hash-grid', 2, inputs), smallGrid('dense-grid', 1, inputs)];
    const cases = fc.record({
      inputs: fc.integer({ min: 1, max: 4 }),
      outputs: fc.integer({ min: 1, max: 9 }),
      count: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 7, max: 700 })),
      batch: fc.integer({ min: 64, max: 300 }),
      type: fc.constantFrom('uint8', 'uint16'),
      encoding: fc.nat(3),
      sampling: fc.constantFrom<Sampling>({ kind: 'uniform' }, FULL),
      salt: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ inputs, outputs, count, batch, type, encoding, sampling, salt }) => {
        const field: Field = { inputs, outputs, encoding: encodings(inputs)[encoding]!, depth: 1, width: 8, activation: { kind: 'gelu' } };
        // Without momentum the first moments are the gradient.
        const plan: FitPlan = { ...PLAN, batch, sampling, optimizer: { ...PLAN.optimizer, beta1: 0 } };
        const request: TrainerRequest = { field, plan, data: testList(count, inputs, outputs, type, salt), seed: salt, state: testState(field, salt) };
        const { moment1 } = await fitted(cpu, request, [1]);
        expect(relativeError(moment1, referenceGradient(request, request.state!.parameters, 0).gradient)).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('has no swarms of them', async () => {
    const [, { field, plan, data }] = CASES[0]!;
    await expect(cpu.createSwarm!({ field, plan, members: [testData([9], 2), data], seed: 1 })).rejects.toMatchObject({ kind: 'usage', code: 'engine.mismatch', message: expect.stringContaining('fit it by itself') as string });
  });
});
