/**
 * The step of a residual that meets a target. Bytes, dB and the largest error of a file follow from the step over the same fitted parameters, and
 * are nearly straight lines over its logarithm: the search brackets the target and goes on by the secant (regula falsi with the Illinois
 * halving, Dowell and Jarratt 1971), by bisection where that is slow. A trial is a whole encode of the residual, so few are made.
 */
import { RESIDUAL_STEPS } from '#core/coding/residual/residual';
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import { StudioError } from '#core/errors';

export interface SearchSpace {
  /** Finest and coarsest step, as shares of the full scale. */
  readonly finest: number;
  readonly coarsest: number;
  /** Where to begin. */
  readonly start: number;
}

/** What a trial is held against: the value rises with ln(step) where `rising` is set, else it falls. */
export interface StepGoal<M> {
  value(trial: M): number;
  readonly rising: boolean;
  /** Most that the value may be. */
  readonly most: number;
  /** A value from most - slack to most ends the search. */
  readonly slack: number;
  /** Guess of |d value / d ln step|. */
  readonly slope: number;
}

const MOST_TRIALS = 16;
/** Steps nearer than this are one: a residual says its step in 1/256 of a code. */
const NEAREST = Math.log(1.004);

interface Trial<M> {
  /** ln(step), turned round where the value falls: values rise with x. */
  readonly x: number;
  readonly value: number;
  readonly made: M;
}

const shortened = (step: number): number => Number(step.toPrecision(4));

/**
 * The trial whose value is at most the goal's and nearest to it, as far as found; null where even the end of the space that has the least value
 * is beyond it. `measure` is asked about shares of the full scale with four digits.
 */
export async function searchStep<M>(goal: StepGoal<M>, space: SearchSpace, measure: (step: number) => Promise<M>): Promise<M | null> {
  const sign = goal.rising ? 1 : -1;
  const ends = [space.finest, space.coarsest].map((step) => sign * Math.log(step)).sort((a, b) => a - b) as [number, number];
  const within = (x: number): number => Math.min(ends[1], Math.max(ends[0], x));
  const trialAt = async (wanted: number): Promise<Trial<M>> => {
    const step = Math.min(space.coarsest, Math.max(space.finest, shortened(Math.exp(sign * wanted))));
    const made = await measure(step);
    return { x: within(sign * Math.log(step)), value: goal.value(made), made };
  };
  let low: Trial<M> | null = null;
  let high: Trial<M> | null = null;
  let weights = { low: 1, high: 1 };
  let { slope } = goal;
  let before: Trial<M> | null = null;
  let x = within(sign * Math.log(space.start));
  for (let count = 0; count < MOST_TRIALS; count++) {
    const trial = await trialAt(x);
    if (trial.value <= goal.most) {
      if (trial.value >= goal.most - goal.slack || trial.x >= ends[1] - NEAREST) return trial.made;
      weights = { low: 1, high: low ? weights.high / 2 : 1 };
      low = trial;
    } else {
      if (trial.x <= ends[0] + NEAREST) return null;
      weights = { low: high ? weights.low / 2 : 1, high: 1 };
      high = trial;
    }
    if (low && high && high.x - low.x <= NEAREST) break;
    const seen: number = before ? (trial.value - before.value) / (trial.x - before.x) : slope;
    if (seen > slope / 10 && seen < slope * 10) slope = seen;
    before = trial;
    x = within(next(low, high, { ...goal, slope }, weights, count));
  }
  return low?.made ?? null;
}

/** Where the value should be inside of the slack. */
function next<M>(low: Trial<M> | null, high: Trial<M> | null, { most, slack, slope }: StepGoal<M>, weights: { readonly low: number; readonly high: number }, count: number): number {
  const aim = most - slack / 2;
  if (low && high) {
    const width = high.x - low.x;
    if (count % 4 === 3 || !Number.isFinite(low.value) || !Number.isFinite(high.value)) return low.x + width / 2;
    const [below, above] = [(low.value - aim) * weights.low, (high.value - aim) * weights.high];
    const share = above > below ? -below / (above - below) : 0.5;
    return low.x + width * Math.min(0.9, Math.max(0.1, share));
  }
  // One side alone: as the slope says, and a little further, so that the other side is found.
  const one = (low ?? high)!;
  const distance = Number.isFinite(one.value) ? (1.15 * (aim - one.value)) / slope : Math.sign(aim - one.value) * 2;
  return one.x + Math.sign(distance) * Math.max(Math.abs(distance), 0.02);
}

/** All steps that a residual of such codes may have. */
export function spaceFor(type: SampleType, start: number): SearchSpace {
  const finest = shortened(RESIDUAL_STEPS[0] / sampleMaximum(type));
  return { finest, coarsest: 1, start: Math.min(1, Math.max(finest, start)) };
}

/** No residual makes a file of this network that small. */
export function residualTooLarge(bytes: number, smallest: number): StudioError {
  return new StudioError('failed', 'target.bytes', `--target-bytes ${bytes}: with the coarsest residual this network's file has ${smallest} bytes. Ask for that many, or give a smaller network (--preset, --width) or --no-provenance.`);
}
