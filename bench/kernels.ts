/**
 * Where the time of a training step goes on the cpu engine: each kernel alone on one tile of samples, in the shapes that a step
 * calls it with, then whole steps on all threads. Every figure stands beside its floor: the time that its multiply-adds take at the
 * measured peak (bench/peak.ts), or its bytes at the measured rate of the caches, whichever is larger.
 *
 * All kernels take turns, many short runs each, so that a busy moment of the machine falls on all of them; minimum and median count.
 */
import { fieldFor, type Field } from '#core/field/field';
import { presetById } from '#core/fit/presets';
import { createCpuEngine } from '#engine/cpu/engine';
import { createExactSynthesizer } from '#engine/cpu/exact';
import { kernelModules, type KernelBuild } from '#engine/cpu/modules';
import { WorkerPool, type PoolJob } from '#engine/cpu/pool';
import { createCpuTrainer } from '#engine/cpu/trainer';
import { initialParameters } from '#core/field/init';
import { LayerSlot, Place, Slot } from '#kernels/slots';
import { median } from './machine';
import type { SuiteOptions } from './main';
import { BUILDS, run as measurePeak } from './peak';

/** The row that is the sum of others. */
const WHOLE = 'trainChunk, all of the above';

type Kernel = (...numbers: number[]) => number | undefined;

interface Timed {
  readonly name: string;
  readonly run: () => void;
  /** Floating-point operations of one run, padding not counted. */
  readonly operations: number;
  /** Numbers that are loaded or stored, each once. */
  readonly bytes: number;
  /** How often a step of the whole batch runs it. */
  readonly calls: number;
  readonly times: number[];
}

/** SIREN with 4 hidden layers, 5 dense layers in all. */
export const sirenOf = (width: number): Field => fieldFor({ encoding: { kind: 'identity' }, depth: 4, width, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } }, 2, 3);

export function requestFor(field: Field, batch: number, side = 512): Parameters<typeof createCpuTrainer>[1] {
  const samples = Uint8Array.from({ length: side * side * 3 }, (_, i) => 128 + 90 * Math.sin(i * 0.31) + 30 * Math.cos(i * 0.007));
  return { field, plan: { ...presetById('siren').config.plan, batch }, data: { size: [side, side], channels: 3, type: 'uint8', samples }, seed: 1 };
}

/** Multiply-adds of one sample through all dense layers. */
const weightsOf = ({ width, depth, inputs, outputs }: Field): number => inputs * width + (depth - 1) * width * width + width * outputs;

/** A trainer whose memory this thread looks into: the pool is a stand-in that runs the jobs here. */
async function openMemory(build: KernelBuild, field: Field, batch: number): Promise<{ kernels: Record<string, Kernel>; job: DataView }> {
  let memory: WebAssembly.Memory | undefined;
  let kernels: Record<string, Kernel> = {};
  const pool = {
    threads: 1,
    async run(job: PoolJob): Promise<number> {
      const message = job.message(0);
      if (memory === undefined) {
        memory = message.memory as WebAssembly.Memory;
        kernels = new WebAssembly.Instance(kernelModules(build).trainer, { env: { memory } }).exports as unknown as Record<string, Kernel>;
      }
      if (message.kind === 'derive') kernels.derive();
      else if (message.kind === 'train') kernels.run(0, 1, message.first as number, message.steps as number);
      return 0;
    },
  };
  const trainer = await createCpuTrainer(pool as unknown as WorkerPool, requestFor(field, batch));
  await trainer.run(Float32Array.of(1e-4, 1e-4));
  return { kernels, job: new DataView(memory!.buffer, Place.Job, Place.JobBytes) };
}

/** The kernels of one tile in the shapes of `field`. */
function tileKernels(kernels: Record<string, Kernel>, job: DataView, field: Field, batch: number): Timed[] {
  const word = (slot: number): number => job.getUint32(slot * 4, true);
  const layer = (index: number, slot: LayerSlot): number => word(Slot.LayerTable + index * LayerSlot.Words + slot);
  const [tile, scratch, forward, backward, gradients] = [Slot.Tile, Slot.Scratch, Slot.Forward, Slot.Backward, Slot.Gradients].map(word);
  const stride = tile * 64;
  const { width, depth, outputs } = field;
  const tiles = batch / tile;
  const list: Timed[] = [];
  const add = (name: string, calls: number, operations: number, numbers: number, run: () => void): void => {
    list.push({ name, run, operations, bytes: numbers * 4, calls: calls * tiles, times: [] });
  };
  const input = (l: number): number => scratch + layer(l, LayerSlot.Input);
  const result = (l: number): number => scratch + layer(l, LayerSlot.Result);
  const slope = (l: number): number => scratch + layer(l, LayerSlot.Slope);
  const panelBytes = (l: number): number => layer(l, LayerSlot.InBlocks) * 256;
  const product = (l: number) => (): void => {
    kernels.product(input(l), stride, layer(l, LayerSlot.FanIn), forward + layer(l, LayerSlot.Weight), panelBytes(l), forward + layer(l, LayerSlot.Bias), layer(l, LayerSlot.OutPanels), result(l), stride, tile);
  };
  const gradientOf = (l: number): number => (l === depth ? result(l) : slope(l));
  const weightGradient = (l: number) => (): void => {
    kernels.weightGradient(input(l), stride, (layer(l, LayerSlot.FanIn) + 3) >> 2, gradientOf(l), stride, layer(l, LayerSlot.OutPanels), gradients + layer(l, LayerSlot.Weight), panelBytes(l), tile, 0);
  };
  const backProduct = (l: number) => (): void => {
    kernels.backProduct(gradientOf(l), stride, layer(l, LayerSlot.FanOut), backward + layer(l, LayerSlot.Weight), layer(l, LayerSlot.OutPanels) * 256, layer(l, LayerSlot.InBlocks), slope(l - 1), stride, tile);
  };
  const square = 2 * tile * width * width;
  const thin = 2 * tile * width;
  add('product, hidden', depth - 1, square, 2 * tile * width + width * width, product(1));
  add('backProduct, hidden', depth - 1, square, 3 * tile * width + width * width, backProduct(1));
  add('weightGradient, hidden', depth - 1, square, 2 * tile * width + 2 * width * width, weightGradient(1));
  add('biasGradient, hidden', depth, thin / 2, tile * width, () => void kernels.biasGradient(slope(1), stride, layer(1, LayerSlot.OutPanels), gradients + layer(1, LayerSlot.Bias), tile, 0));
  add('activateSine', depth, 0, 3 * tile * width, () => {
    const coefficients = word(Slot.Coefficients);
    for (let block = 0; block < Math.ceil(width / 16); block++) kernels.activateSine(result(1) + block * stride, slope(1) + block * stride, stride, coefficients);
  });
  add('product, first layer', 1, 2 * thin, tile * (2 + width), () => {
    kernels.pairProduct(input(0), forward + layer(0, LayerSlot.Weight), panelBytes(0), forward + layer(0, LayerSlot.Bias), layer(0, LayerSlot.OutPanels), result(0), stride, tile);
  });
  add('weightGradient, first layer', 1, 2 * thin, tile * (2 + width), () => {
    kernels.pairWeightGradient(input(0), slope(0), stride, layer(0, LayerSlot.OutPanels), gradients + layer(0, LayerSlot.Weight), panelBytes(0), tile, 0);
  });
  add('narrowProduct, head', 1, outputs * thin, tile * (outputs + width), () => {
    kernels.narrowProduct(input(depth), stride, width * 4, backward + layer(depth, LayerSlot.Weight), forward + layer(depth, LayerSlot.Bias), result(depth), tile);
  });
  add('narrowBackProduct, head', 1, outputs * thin, tile * (outputs + 2 * width), () => {
    kernels.narrowBackProduct(gradientOf(depth), backward + layer(depth, LayerSlot.Weight), layer(depth, LayerSlot.InBlocks), slope(depth - 1), stride, tile);
  });
  add('narrowWeightGradient, head', 1, outputs * thin, tile * (outputs + width), () => {
    kernels.narrowWeightGradient(input(depth), stride, (width + 3) >> 2, gradientOf(depth), gradients + layer(depth, LayerSlot.Weight), tile, 0);
  });
  const targets = result(depth) + stride;
  add('drawTile', 1, 0, tile * 5, () => void kernels.drawTile(scratch, targets, 3, 0, tile));
  add('headErrors', 1, 0, tile * 6, () => void kernels.headErrors(result(depth), targets, tile, tile, word(Slot.ChunkLoss)));
  const chunk = word(Slot.ChunkSamples);
  list.push({ name: WHOLE, run: () => void kernels.trainChunk(scratch, 3, 0), operations: 6 * weightsOf(field) * chunk, bytes: 0, calls: word(Slot.Chunks), times: [] });
  list.push({ name: 'update (reduction, Adam)', run: () => void kernels.update(0, 1, scratch, word(Slot.Rates)), operations: 0, bytes: word(Slot.GradientStride) * (word(Slot.Chunks) + 7), calls: 1, times: [] });
  return list;
}

function interleave(list: readonly Timed[], runs: number): void {
  for (const { run } of list) for (let warm = 0; warm < 300; warm++) run();
  const repeats = list.map(({ run }) => {
    const began = performance.now();
    for (let i = 0; i < 10; i++) run();
    return Math.max(1, Math.round(0.05 / ((performance.now() - began) / 10)));
  });
  for (let round = 0; round < runs; round++) {
    list.forEach(({ run, times }, index) => {
      const began = performance.now();
      for (let i = 0; i < repeats[index]; i++) run();
      times.push((performance.now() - began) / repeats[index]);
    });
  }
}

const cell = (value: number, digits: number, width: number): string => value.toFixed(digits).padStart(width);

async function kernelTable(build: KernelBuild, peak: number, width: number, batch: number, runs: number): Promise<unknown> {
  const field = sirenOf(width);
  const { kernels, job } = await openMemory(build, field, batch);
  const list = tileKernels(kernels, job, field, batch);
  interleave(list, runs);
  console.log(`\n  ${build}, width ${width}, batch ${batch}: one tile of ${job.getUint32(Slot.Tile * 4, true)} samples; "step" is all its calls in a step, one thread`);
  console.log('  kernel                        min us  median us   GFLOP/s  GB/s   floor us    step ms');
  let total = 0;
  const figures = list.map(({ name, times, operations, bytes, calls }) => {
    const least = Math.min(...times) * 1000;
    const floor = operations / (peak * 1000);
    if (name !== WHOLE) total += (least * calls) / 1000;
    console.log(`  ${name.padEnd(28)}${cell(least, 2, 8)}${cell(median(times) * 1000, 2, 11)}${operations > 0 ? cell(operations / least / 1000, 1, 10) : ' '.repeat(10)}${cell(bytes / least / 1000, 1, 6)}${floor > 0 ? cell(floor, 2, 11) : ' '.repeat(11)}${cell((least * calls) / 1000, 2, 11)}`);
    return { name, microseconds: least, operations, bytes, calls };
  });
  console.log(`  sum of a step on one thread ${total.toFixed(2)} ms`);
  return { build, width, batch, figures, total };
}

/** Whole steps on all threads, builds and widths in turn. */
async function wholeSteps(peaks: Awaited<ReturnType<typeof measurePeak>>, widths: readonly number[], batch: number, runs: number): Promise<unknown> {
  const cases = [];
  for (const width of widths) {
    for (const build of BUILDS) {
      const pool = new WorkerPool(undefined, false, build);
      const engine = await createCpuEngine({ pool });
      const field = sirenOf(width);
      const trainer = await engine.createTrainer(requestFor(field, batch));
      const steps = Math.max(1, Math.round(10 / ((6 * weightsOf(field) * batch) / 80e6)));
      await trainer.run(new Float32Array(2 * steps + 10).fill(1e-5));
      cases.push({ width, build, pool, trainer, steps, operations: 6 * weightsOf(field) * batch, times: [] as number[], busy: [] as number[] });
    }
  }
  for (let round = 0; round < runs; round++) {
    for (const { trainer, steps, times, busy } of cases) {
      const [began, used] = [performance.now(), process.cpuUsage()];
      await trainer.run(new Float32Array(steps).fill(1e-5));
      times.push((performance.now() - began) / steps);
      busy.push(process.cpuUsage(used).user / 1000 / steps);
    }
  }
  console.log(`\n  whole steps, SIREN 5 layers, batch ${batch}: forward, backward, Adam`);
  // Processor time tells how fast steps are where other programs take a part of the cores.
  console.log('  width  build      min ms  median ms  processor ms   GFLOP/s  of peak   by processor time');
  const figures = [];
  for (const { width, build, pool, trainer, operations, times, busy } of cases) {
    const least = Math.min(...times);
    const rate = operations / least / 1e6;
    const share = rate / peaks[build]!.all;
    const processor = Math.min(...busy);
    const processorShare = operations / processor / 1e6 / peaks[build]!.one;
    console.log(`  ${String(width).padEnd(7)}${build.padEnd(8)}${cell(least, 2, 9)}${cell(median(times), 2, 11)}${cell(processor, 2, 14)}${cell(rate, 1, 10)}${cell(100 * share, 0, 8)}%${cell(100 * processorShare, 0, 19)}%`);
    figures.push({ width, build, batch, milliseconds: least, median: median(times), processor, gigaflops: rate, share, processorShare });
    trainer.dispose();
    await pool.dispose();
  }
  return figures;
}

async function exactDecode(runs: number): Promise<unknown> {
  const field = sirenOf(64);
  const parameters = initialParameters(field, 1);
  const exact = createExactSynthesizer({ threads: 1 });
  const times: number[] = [];
  const busy: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    await exact.synthesize(field, parameters, [512, 512], 'uint8');
    if (run === 0) continue;
    times.push(performance.now() - began);
    busy.push(process.cpuUsage(used).user / 1000);
  }
  await exact.dispose();
  const [least, processor] = [Math.min(...times), Math.min(...busy)];
  console.log(`\n  exact decode of 512 x 512 RGB, 5 layers of width 64, one thread: ${least.toFixed(0)} ms (median ${median(times).toFixed(0)}, processor ${processor.toFixed(0)}), ${((2 * weightsOf(field) * 262144) / least / 1e6).toFixed(1)} GFLOP/s`);
  return { minimum: least, median: median(times), processor };
}

const WIDTHS: readonly number[] = [16, 32, 64, 128, 256];

/** Kernel tables by width, whole steps by width and by batch, the exact decode. */
export const partNames: readonly string[] = [...WIDTHS.map((width) => `width${width}`), 'steps', 'batches', 'exact'];

export async function run({ quick, only }: SuiteOptions): Promise<unknown> {
  const peaks = await measurePeak({ quick });
  const tables = [];
  const wanted = (part: string): boolean => only?.includes(part) ?? (!quick || part === 'width64' || part === 'steps' || part === 'exact');
  const widths = WIDTHS.filter((width) => wanted(`width${width}`));
  for (const build of BUILDS) for (const width of widths) tables.push(await kernelTable(build, peaks[build]!.one, width, 16384, quick ? 60 : 300));
  const steps = wanted('steps') ? [await wholeSteps(peaks, quick && only === null ? [64] : WIDTHS, 16384, quick ? 15 : 50)] : [];
  if (wanted('batches')) for (const batch of [4096, 65536, 1048576]) steps.push(await wholeSteps(peaks, [64], batch, batch > 100_000 ? 5 : 15));
  return { peaks, tables, steps, exact: wanted('exact') ? await exactDecode(quick ? 5 : 15) : undefined };
}
