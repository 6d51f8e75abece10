/**
 * Time to quality: how long a recipe takes to the PSNR that Adam with uniform batches reaches in 5000 steps. Fitting time alone is
 * counted; PSNR is that of the float model over all pixels, looked at every few per cent of the plan.
 *
 * A recipe that follows a cosine schedule has to know its end, so each recipe is a plan of its own length, and the time that counts is
 * when it first passes the goal.
 */
import { fieldFor, type Field, type Network } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import { presetById } from '#core/fit/presets';
import { learningRate } from '#core/fit/schedule';
import { createCpuEngine } from '#engine/cpu/engine';
import type { Engine, TrainingSet } from '#engine/engine';
import { photograph } from './photograph';

interface Recipe {
  readonly name: string;
  readonly plan: FitPlan;
}

export interface Curve {
  readonly name: string;
  readonly steps: number;
  readonly seconds: readonly number[];
  readonly psnr: readonly number[];
}

const LOOKS = 40;

/** Mean squared error of the float model, clamped as a file's samples are, against the data. */
function psnrOf(values: Float32Array, data: TrainingSet): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (Math.min(1, Math.max(0, values[i])) - data.samples[i] / 255) ** 2;
  return -10 * Math.log10(sum / values.length);
}

/** Fits one plan to its end and notes the quality along the way. */
export async function follow(engine: Engine, name: string, field: Field, plan: FitPlan, data: TrainingSet, seed: number): Promise<Curve> {
  const trainer = await engine.createTrainer({ field, plan, data, seed });
  const seconds: number[] = [];
  const psnr: number[] = [];
  let spent = 0;
  const stride = Math.max(1, Math.round(plan.steps / LOOKS));
  for (let step = 0; step < plan.steps; step += stride) {
    const count = Math.min(stride, plan.steps - step);
    const rates = Float32Array.from({ length: count }, (_, i) => learningRate(plan, (step + i) / plan.steps));
    const began = performance.now();
    await trainer.run(rates);
    spent += (performance.now() - began) / 1000;
    seconds.push(spent);
    psnr.push(psnrOf(await trainer.reconstruct(data.size), data));
  }
  trainer.dispose();
  return { name, steps: plan.steps, seconds, psnr };
}

/** Seconds until a curve passes `goal`, interpolated between two looks; null when it never does. */
export function secondsTo(curve: Curve, goal: number): number | null {
  const at = curve.psnr.findIndex((value) => value >= goal);
  if (at < 0) return null;
  if (at === 0) return curve.seconds[0];
  const share = (goal - curve.psnr[at - 1]) / (curve.psnr[at] - curve.psnr[at - 1]);
  return curve.seconds[at - 1] + share * (curve.seconds[at] - curve.seconds[at - 1]);
}

/** Muon for the hidden matrices and points drawn where the model is wrong, with half the batch. */
function muon(base: FitPlan, steps: number, muonLearningRate: number): Recipe {
  const optimizer = { ...base.optimizer, kind: 'muon' as const, learningRate: 2e-3, muonLearningRate, momentum: 0.95 };
  return { name: `Muon, error-driven, batch ${base.batch / 2}`, plan: { ...base, steps, batch: base.batch / 2, sampling: DRIVEN, optimizer } };
}

const DRIVEN = { kind: 'error' as const, refresh: 50, uniform: 0.75 };

interface Case {
  readonly name: string;
  readonly network: Network;
  /** Adam's best of 5e-4, 1e-3 and 2e-3 that did not diverge in short runs. */
  readonly learningRate: number;
  readonly recipes: (base: FitPlan) => readonly Recipe[];
}

const sine = { kind: 'sine' as const, omega0: 60, omegaHidden: 30 };

const CASES: readonly Case[] = [
  {
    name: 'SIREN 5 x 64',
    network: { encoding: { kind: 'identity' }, depth: 5, width: 64, activation: sine },
    learningRate: 1e-3,
    recipes: (base) => [
      { name: 'Adam, stratified', plan: { ...base, steps: base.steps / 2, sampling: { kind: 'stratified' } } },
      { name: 'Adam, error-driven', plan: { ...base, steps: base.steps / 2, sampling: DRIVEN } },
      muon(base, 0.4 * base.steps, 3e-3),
      muon(base, 0.3 * base.steps, 3e-3),
    ],
  },
  {
    name: 'SIREN 3 x 256',
    network: { encoding: { kind: 'identity' }, depth: 3, width: 256, activation: sine },
    learningRate: 1e-3,
    recipes: (base) => [muon(base, 0.76 * base.steps, 4e-3), muon(base, 0.4 * base.steps, 2e-3)],
  },
];

export async function run({ quick }: { quick: boolean }): Promise<unknown> {
  const { samples } = await photograph();
  const data: TrainingSet = { size: [256, 256], channels: 3, type: 'uint8', samples };
  const engine = await createCpuEngine({});
  const figures: unknown[] = [];
  const plan = presetById('siren').config.plan;
  for (const each of CASES) {
    const field = fieldFor(each.network, 2, 3);
    const base: FitPlan = { ...plan, steps: quick ? 100 : 5000, optimizer: { ...plan.optimizer, learningRate: each.learningRate } };
    const baseline = await follow(engine, 'Adam, uniform', field, base, data, 1);
    const goal = baseline.psnr.at(-1) ?? 0;
    const whole = baseline.seconds.at(-1) ?? 0;
    console.log(`${each.name}: ${baseline.name}, ${base.steps} steps: ${goal.toFixed(2)} dB in ${whole.toFixed(1)} s`);
    for (const recipe of each.recipes(base)) {
      const curve = await follow(engine, recipe.name, field, recipe.plan, data, 1);
      const seconds = secondsTo(curve, goal);
      const verdict = seconds === null ? `never (${Math.max(...curve.psnr).toFixed(2)} dB)` : `${seconds.toFixed(1)} s, ${(seconds / whole).toFixed(2)} of the time`;
      console.log(`  ${recipe.name}: ${recipe.plan.steps} steps, ${(curve.psnr.at(-1) ?? 0).toFixed(2)} dB in ${(curve.seconds.at(-1) ?? 0).toFixed(1)} s; the goal after ${verdict}`);
      figures.push({ network: each.name, goal, baselineSeconds: whole, recipe: recipe.name, seconds, curve });
    }
  }
  await engine.dispose();
  return figures;
}
