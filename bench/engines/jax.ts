/**
 * jax-js (npm @jax-js/jax, no dependency of ours) as a contender, where it is installed or INR_BENCH_JAX names its folder: the same step,
 * compiled whole by its jit, in WebAssembly and on the WebGPU adapter of the others. Its arrays count references: an argument is used up
 * unless `.ref` is passed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { uniform } from '#core/fit/random';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import type { Contender, TrainingRun } from './contender';
import { pointWriter } from '#engine/tfjs/points';
import { DEPTH, sirenField } from './work';

interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  mean(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  astype(type: unknown): JaxArray;
  slice(rows: JaxArray): JaxArray;
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}
type Numbers = JaxArray[];
type Loss = (parameters: Numbers, points: JaxArray, targets: JaxArray) => JaxArray;
type Step = (parameters: Numbers, moment1: Numbers, moment2: Numbers, key: JaxArray, correction1: JaxArray, correction2: JaxArray, points: JaxArray, colors: JaxArray) => [Numbers, Numbers, Numbers, JaxArray];

interface Jax {
  readonly numpy: {
    readonly int32: unknown;
    array(values: Float32Array | number): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    sin(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    floor(x: JaxArray): JaxArray;
    dot(a: JaxArray, b: JaxArray): JaxArray;
  };
  readonly random: { key(seed: number): JaxArray; uniform(key: JaxArray, shape: readonly number[]): JaxArray };
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): void;
  jit(step: Step): Step & { dispose?(): void };
  valueAndGrad(loss: Loss): (parameters: Numbers, points: JaxArray, targets: JaxArray) => [JaxArray, Numbers];
}

const SIDE = 256;
const [BETA1, BETA2, EPSILON, RATE] = [0.9, 0.999, 1e-8, 1e-4];

function picture(jax: Jax): { points: JaxArray; colors: JaxArray } {
  const write = pointWriter([SIDE, SIDE]);
  const coordinates = new Float32Array(SIDE * SIDE * 2);
  for (let point = 0; point < SIDE * SIDE; point++) write(point, coordinates, 2 * point);
  const colors = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => uniform(1, 0, i));
  return { points: jax.numpy.array(coordinates).reshape([SIDE * SIDE, 2]), colors: jax.numpy.array(colors).reshape([SIDE * SIDE, 3]) };
}

function stepOf({ numpy: np, random, valueAndGrad }: Jax, batch: number): Step {
  const loss: Loss = (parameters, points, targets) => {
    let x = points;
    for (let layer = 0; layer < DEPTH; layer++) x = np.sin(np.dot(x, parameters[2 * layer]!).add(parameters[2 * layer + 1]!).mul(30));
    const y = np.dot(x, parameters[2 * DEPTH]!).add(parameters[2 * DEPTH + 1]!).mul(0.5).add(0.5);
    return np.square(y.sub(targets)).mean();
  };
  return (parameters, moment1, moment2, key, correction1, correction2, points, colors) => {
    const chosen = np.floor(random.uniform(key, [batch]).mul(SIDE * SIDE)).astype(np.int32);
    const [value, gradients] = valueAndGrad(loss)(parameters.map((p) => p.ref), points.slice(chosen.ref), colors.slice(chosen));
    const first = moment1.map((m, i) => m.mul(BETA1).add(gradients[i]!.ref.mul(1 - BETA1)));
    const second = moment2.map((v, i) => v.mul(BETA2).add(np.square(gradients[i]!).mul(1 - BETA2)));
    const next = parameters.map((p, i) => {
      const root = np.sqrt(second[i]!.ref.mul(correction2.ref)).add(EPSILON);
      return p.sub(first[i]!.ref.mul(correction1.ref).div(root).mul(RATE));
    });
    correction1.dispose();
    correction2.dispose();
    return [next, first, second, value];
  };
}

async function prepare(jax: Jax, device: string, width: number, batch: number): Promise<TrainingRun> {
  jax.defaultDevice(device);
  const { numpy: np } = jax;
  const field = sirenField(width, DEPTH);
  const initial = initialParameters(field, 1);
  const step = jax.jit(stepOf(jax, batch));
  const { points, colors } = picture(jax);
  let parameters = parameterLayout(field).tensors.map(({ offset, length, shape }) => np.array(initial.slice(offset, offset + length)).reshape(shape));
  let moment1 = parameters.map(({ shape }) => np.zeros(shape));
  let moment2 = parameters.map(({ shape }) => np.zeros(shape));
  let t = 0;
  return {
    async run(steps) {
      jax.defaultDevice(device);
      let loss: JaxArray | undefined;
      const began = performance.now();
      for (let done = 0; done < steps; done++) {
        t++;
        loss?.dispose();
        const corrections = [np.array(1 / (1 - BETA1 ** t)), np.array(1 / (1 - BETA2 ** t))] as const;
        [parameters, moment1, moment2, loss] = step(parameters, moment1, moment2, jax.random.key(t), ...corrections, points.ref, colors.ref);
      }
      await loss?.data();
      return performance.now() - began;
    },
    async dispose() {
      for (const array of [points, colors, ...parameters, ...moment1, ...moment2]) array.dispose();
      step.dispose?.();
    },
  };
}

/** The package's folder, or null. */
function folderOfJax(): string | null {
  const named = process.env['INR_BENCH_JAX'];
  if (named) return named;
  try {
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve('@jax-js/jax')));
  } catch {
    return null;
  }
}

/** Its contenders on the devices that there are; call it when `navigator.gpu` is in place. */
export async function findJax(emulated: boolean): Promise<{ contenders: Contender[]; absent: { what: string; why: string }[] }> {
  const folder = folderOfJax();
  if (folder === null) return { contenders: [], absent: [{ what: 'jax-js', why: '@jax-js/jax is not installed (INR_BENCH_JAX may name its folder)' }] };
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
  const jax = (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, 'dist', 'index.js')).href)) as Jax;
  const contenders: Contender[] = [];
  const absent: { what: string; why: string }[] = [];
  for (const device of ['wasm', 'webgpu']) {
    if (!(await jax.init(device)).includes(device)) {
      absent.push({ what: `jax-js on ${device}`, why: 'it finds no such device' });
      continue;
    }
    contenders.push({
      name: `jax-js-${device}`,
      device: `jax-js ${version} ${device}`,
      emulated: emulated && device === 'webgpu',
      prepare: (width, batch) => prepare(jax, device, width, batch),
      close: () => undefined,
    });
  }
  return { contenders, absent };
}
