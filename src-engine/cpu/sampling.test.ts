import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { cellPointsFor, drawTable, type DrawTable } from '#core/fit/importance';
import { pcg3d, uniform } from '#core/fit/random';
import { arcLength, drawIndex } from '#core/fit/sampling';
import { wasmBase64 } from '#kernels/build/trainer.wasm';
import { SamplingKind, Slot } from '#kernels/slots';
import type { Engine, TrainerRequest } from '../engine';
import { errorTable } from '../importance';
import { pointCoordinates, referenceGradient, referenceSample } from '../reference';
import { createCpuEngine } from './engine';
import { JobRecord } from './plan';
import { cellGuide } from './training';

const ADAM = { kind: 'adam', learningRate: 1e-3, beta1: 0, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
const PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 10, batch: 70, optimizer: ADAM, schedule: { kind: 'constant' } };
const FIELD: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 12, activation: { kind: 'sine', omega0: 10, omegaHidden: 7 } };
const ERROR = { kind: 'error', refresh: 4, uniform: 0.2 } as const;

const KINDS: readonly [SamplingKind, FitPlan['sampling']][] = [
  [SamplingKind.Uniform, { kind: 'uniform' }],
  [SamplingKind.Stratified, { kind: 'stratified' }],
  [SamplingKind.Full, { kind: 'full' }],
  [SamplingKind.Error, ERROR],
];

function request(sampling: FitPlan['sampling'], batch = 70, size = [23, 11]): TrainerRequest {
  const samples = Uint8Array.from({ length: size[0]! * size[1]! * 3 }, (_, i) => (i * 37 + (i % 11) * 19) & 255);
  return { field: FIELD, plan: { ...PLAN, sampling, batch }, data: { size, channels: 3, type: 'uint8', samples }, seed: 5 };
}

describe('draws of the kernels', () => {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
  const module = new WebAssembly.Module(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as { drawPoints(rows: number, step: number, first: number, count: number): void };
  const ROWS = 7 * 65536;
  const LIMITS = 3 * 65536;
  const GUIDE = 2 * 65536;

  function setUp(kind: SamplingKind, seed: number, points: number, batch: number, table?: DrawTable): void {
    const job = new JobRecord(memory.buffer);
    const words: [number, number][] = [
      [Slot.Sampling, kind],
      [Slot.Seed, seed],
      [Slot.Points, points],
      [Slot.Arc, arcLength(batch)],
      [Slot.Cells, table?.limits.length ?? 0],
      [Slot.CellPoints, cellPointsFor(points)],
      [Slot.CellLimits, LIMITS],
      [Slot.CellGuide, GUIDE],
    ];
    for (const [slot, value] of words) job.set(slot, value);
    if (!table) return;
    new Uint32Array(memory.buffer, LIMITS, table.limits.length).set(table.limits);
    new Uint32Array(memory.buffer, GUIDE, 4097).set(cellGuide(table));
  }

  /** Numbers of the points of some elements in a row. */
  function drawn(step: number, first: number, count: number): number[] {
    kernels.drawPoints(ROWS, step, first, count);
    const rows = new Uint32Array(memory.buffer, ROWS, 16 * count);
    return Array.from({ length: count }, (_, i) => rows[16 * i + 15]!);
  }
  const sizes = fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.constantFrom(1, 2, 65535, 65536, 65537, 2 ** 24, 2 ** 27, 2 ** 31 - 1));
  const word = fc.integer({ min: 0, max: 0xffffffff });

  it('are those of src-core, for every kind', () => {
    fc.assert(
      fc.property(word, word, sizes, fc.integer({ min: 64, max: 1_048_576 }), word, (seed, step, points, batch, salt) => {
        const table = drawTable(Float64Array.from({ length: Math.ceil(points / cellPointsFor(points)) }, (_, cell) => uniform(salt, 1, cell) ** 8), 0.05, points);
        for (const [kind, sampling] of KINDS) {
          setUp(kind, seed, points, batch, kind === SamplingKind.Error ? table : undefined);
          for (let count = 1; count < 10; count++) {
            const first = pcg3d(salt, 2, count) % Math.min(batch, points);
            const some = Math.min(count, batch - first, kind === SamplingKind.Full ? points - first : Infinity);
            expect(drawn(step, first, some)).toEqual(Array.from({ length: some }, (_, i) => drawIndex({ sampling, batch }, seed, step, first + i, points, table)));
          }
        }
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('are uniform as long as error-driven sampling has no table', () => {
    setUp(SamplingKind.Error, 9, 1000, 64);
    expect(drawn(3, 0, 64)).toEqual(Array.from({ length: 64 }, (_, element) => drawIndex({ sampling: ERROR, batch: 64 }, 9, 3, element, 1000)));
  });
});

describe('coordinates of the kernels', () => {
  it('are those of src-core at points of grids of any shape', () => {
    const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
    const { drawPoints } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(Buffer.from(wasmBase64, 'base64'))), { env: { memory } }).exports as unknown as {
      drawPoints(rows: number, step: number, first: number, count: number): void;
    };
    const ROWS = 7 * 65536;
    const extent = fc.integer({ min: 1, max: 200 });
    const grids = fc.oneof(
      fc.array(extent, { minLength: 1, maxLength: 4 }),
      fc.constantFrom([65_535, 32_768], [46_341, 46_340], [3, 8_388_607], [255, 1, 8_388_607], [1290, 1290, 1289]),
    );
    fc.assert(
      fc.property(grids, fc.nat(), (grid, salt) => {
        const points = grid.reduce((product, axis) => product * axis, 1);
        const job = new JobRecord(memory.buffer);
        job.set(Slot.Sampling, SamplingKind.Full);
        job.set(Slot.Points, points);
        job.set(Slot.Inputs, grid.length);
        grid.forEach((axis, at) => job.set(Slot.DataGrid + at, axis));
        for (const first of [0, salt % points, Math.max(0, points - 5)]) {
          const count = Math.min(7, points - first);
          drawPoints(ROWS, 0, first, count);
          const rows = new Float32Array(memory.buffer, ROWS, 16 * count);
          for (let i = 0; i < count; i++) expect([...rows.subarray(16 * i, 16 * i + grid.length)]).toEqual([...pointCoordinates(grid, first + i)].map(Math.fround));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('coordinates of a list', () => {
  it('are copied as they are, up to the border, and what is beside them stays 0', () => {
    const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
    const { drawPoints } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(Buffer.from(wasmBase64, 'base64'))), { env: { memory } }).exports as unknown as {
      drawPoints(rows: number, step: number, first: number, count: number): void;
    };
    const [LIST, ROWS] = [3 * 65536, 7 * 65536];
    const coordinate = fc.oneof(fc.float({ min: -1, max: 1, noNaN: true }), fc.constantFrom(-1.00005, 1.00005, 1, -1).map(Math.fround));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(coordinate, { minLength: 4, maxLength: 160 }), (inputs, numbers) => {
        const points = Math.floor(numbers.length / inputs);
        const job = new JobRecord(memory.buffer);
        const words: [number, number][] = [[Slot.Sampling, SamplingKind.Full], [Slot.Points, points], [Slot.Inputs, inputs], [Slot.DataPoints, LIST]];
        for (const [slot, value] of words) job.set(slot, value);
        new Float32Array(memory.buffer, LIST, numbers.length).set(numbers);
        drawPoints(ROWS, 0, 0, points);
        const rows = new Float32Array(memory.buffer, ROWS, 16 * points);
        for (let point = 0; point < points; point++) {
          const inside = numbers.slice(point * inputs, (point + 1) * inputs).map((x) => Math.max(-1, Math.min(1, x)));
          expect([...rows.subarray(16 * point, 16 * point + 8)]).toEqual([...inside, ...new Array<number>(8 - inputs).fill(0)]);
        }
      }),
    );
  });
});

describe('fits by their sampling', async () => {
  const engine = await createCpuEngine({ threads: 2 });
  const single = await createCpuEngine({ threads: 1 });
  afterAll(() => Promise.all([engine.dispose(), single.dispose()]));

  async function fitted(asked: TrainerRequest, calls: readonly number[], on: Engine = engine) {
    const trainer = await on.createTrainer(asked);
    const reports = [];
    for (const steps of calls) reports.push(await trainer.run(new Float32Array(steps).fill(1e-3)));
    const state = await trainer.checkpoint();
    trainer.dispose();
    return { ...state, report: reports.at(-1)! };
  }

  async function tableOf(asked: TrainerRequest, parameters: Float32Array, step: number): Promise<DrawTable> {
    return errorTable(asked.data, asked.plan, asked.seed, step, async (indices) =>
      Float32Array.from([...indices].flatMap((index) => [...referenceSample(FIELD, parameters, pointCoordinates(asked.data.size, index))])),
    );
  }

  it.each([{ kind: 'stratified' }, { kind: 'full' }, ERROR] as const)('$kind: the gradient of the first batch is that of the reference', async (sampling) => {
    const asked = request(sampling);
    const parameters = initialParameters(FIELD, asked.seed);
    const table = sampling.kind === 'error' ? await tableOf(asked, parameters, 0) : undefined;
    const expected = referenceGradient(asked, parameters, 0, table);
    const { moment1, report } = await fitted(asked, [1]);
    expect(Math.hypot(...moment1.map((value, i) => value - expected.gradient[i]!)) / Math.hypot(...expected.gradient)).toBeLessThan(1e-5);
    expect(report.loss / expected.loss).toBeCloseTo(1, 5);
  });

  it('error: tables are made at their steps, with the parameters of that time, and at the start of a fit that goes on without one', async () => {
    const asked = request(ERROR);
    const before = await fitted(asked, [8]);
    const expected = referenceGradient(asked, before.parameters, 8, await tableOf(asked, before.parameters, 8));
    const { moment1 } = await fitted(asked, [9]);
    const off = (gradient: Float64Array): number => Math.hypot(...moment1.map((value, i) => value - gradient[i]!)) / Math.hypot(...gradient);
    expect(off(expected.gradient)).toBeLessThan(1e-5);
    const stale = referenceGradient(asked, before.parameters, 8, await tableOf(asked, (await fitted(asked, [4])).parameters, 4));
    expect(off(stale.gradient)).toBeGreaterThan(1e-3);

    const middle = await fitted(asked, [6]);
    const { drawLimits: _limits, ...without } = middle;
    const resumed = await fitted({ ...asked, state: without }, [1]);
    const again = referenceGradient(asked, middle.parameters, 6, await tableOf(asked, middle.parameters, 6));
    expect(Math.hypot(...resumed.moment1.map((value, i) => value - again.gradient[i]!)) / Math.hypot(...again.gradient)).toBeLessThan(1e-5);
  });

  it.each([1, 3, 4, 6])('error: goes on from step %i to the same bits as without a stop, its table with it', async (step) => {
    const asked = request(ERROR, 500, [70, 60]);
    const { report: _whole, ...whole } = await fitted(asked, [11]);
    const state = await fitted(asked, [step]);
    expect(state.drawLimits).toHaveLength(4200);
    const { report: _rest, ...resumed } = await fitted({ ...asked, state }, [11 - step]);
    expect(resumed).toEqual(whole);
  });

  it.each([{ kind: 'stratified' }, { kind: 'full' }, ERROR] as const)('$kind: the same bits on 1 or 2 threads, whatever the calls', async (sampling) => {
    const asked = request(sampling, 500, [70, 60]);
    const whole = await fitted(asked, [11]);
    const { report: _one, ...pieces } = await fitted(asked, [3, 1, 7]);
    const { report: _two, ...alone } = await fitted(asked, [11], single);
    const { report: _three, ...expected } = whole;
    expect(pieces).toEqual(expected);
    expect(alone).toEqual(expected);
  });
});
