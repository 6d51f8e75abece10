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
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as { drawIndex(step: number, element: number): number };
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
  const sizes = fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.constantFrom(1, 2, 65535, 65536, 65537, 2 ** 24, 2 ** 27, 2 ** 31 - 1));
  const word = fc.integer({ min: 0, max: 0xffffffff });

  it('are those of src-core, for every kind', () => {
    fc.assert(
      fc.property(word, word, sizes, fc.integer({ min: 64, max: 1_048_576 }), word, (seed, step, points, batch, salt) => {
        const table = drawTable(Float64Array.from({ length: Math.ceil(points / cellPointsFor(points)) }, (_, cell) => uniform(salt, 1, cell) ** 8), 0.05, points);
        for (const [kind, sampling] of KINDS) {
          setUp(kind, seed, points, batch, kind === SamplingKind.Error ? table : undefined);
          for (let i = 0; i < 20; i++) {
            const element = pcg3d(salt, 2, i) % Math.min(batch, points);
            expect(kernels.drawIndex(step, element) >>> 0).toBe(drawIndex({ sampling, batch }, seed, step, element, points, table));
          }
        }
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('are uniform as long as error-driven sampling has no table', () => {
    setUp(SamplingKind.Error, 9, 1000, 64);
    for (let element = 0; element < 64; element++) expect(kernels.drawIndex(3, element)).toBe(drawIndex({ sampling: ERROR, batch: 64 }, 9, 3, element, 1000));
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

  it('error: tables are made at their steps, with the parameters of that time, and at the start of a resumed fit', async () => {
    const asked = request(ERROR);
    const before = await fitted(asked, [8]);
    const expected = referenceGradient(asked, before.parameters, 8, await tableOf(asked, before.parameters, 8));
    const { moment1 } = await fitted(asked, [9]);
    const off = (gradient: Float64Array): number => Math.hypot(...moment1.map((value, i) => value - gradient[i]!)) / Math.hypot(...gradient);
    expect(off(expected.gradient)).toBeLessThan(1e-5);
    const stale = referenceGradient(asked, before.parameters, 8, await tableOf(asked, (await fitted(asked, [4])).parameters, 4));
    expect(off(stale.gradient)).toBeGreaterThan(1e-3);

    const middle = await fitted(asked, [6]);
    const resumed = await fitted({ ...asked, state: middle }, [1]);
    const again = referenceGradient(asked, middle.parameters, 6, await tableOf(asked, middle.parameters, 6));
    expect(Math.hypot(...resumed.moment1.map((value, i) => value - again.gradient[i]!)) / Math.hypot(...again.gradient)).toBeLessThan(1e-5);
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
