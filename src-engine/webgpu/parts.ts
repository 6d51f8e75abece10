/**
 * The interchangeable parts of kernels: which modules an activation, a head, a loss, a way to draw points are made of, and their
 * constants. Activations and heads give `activated(z)`, value and slope; losses `sampleLoss(y, t)`; points `pointOf(sample)`; targets
 * `targetOf(sample, channel)`. A kernel takes any of them by these names.
 */
import { GELU_CUBIC, GELU_SCALE } from '#core/field/activation';
import { encodedWidth, omegaOf, type Activation, type Field, type Head } from '#core/field/field';
import type { FitPlan, Loss } from '#core/fit/config';
import { CELL_STREAM, LARGEST_TABLE } from '#core/fit/importance';
import { arcLength, GOLDEN_STEP, STRATUM_STREAM, TURN_SHIFT } from '#core/fit/sampling';
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import type { BindingKind } from './context';
import { MODULES, type Constants, type ModuleName } from './shader';

export interface Part {
  /** In the order in which they lean on each other. */
  readonly modules: readonly ModuleName[];
  readonly constants: Constants;
}

/** Leading 12 bits of a float32 and the rest, as shaders/sine-product.wgsl wants factors. */
export function splitFactor(value: number): readonly [number, number] {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  word[0]! &= 0xfffff000;
  const high = new Float32Array(word.buffer)[0]!;
  return [high, value - high];
}

function turns(omega: number): Constants {
  const [high, low] = splitFactor(omega / Math.PI);
  return { OMEGA: { float: omega }, TURNS_HIGH: { float: high }, TURNS_LOW: { float: low } };
}

/** Of encodings without trainable tables. `directions`: where those of a Fourier encoding are bound. */
export function encodingConstants({ encoding, inputs }: Field, directions: number): Constants {
  return {
    INPUTS: inputs,
    FEATURES: encodedWidth(encoding, inputs),
    INCLUDE_INPUT: encoding.kind === 'octaves' && encoding.includeInput,
    FOURIER_FEATURES: encoding.kind === 'fourier' ? encoding.features : 0,
    DIRECTIONS_BINDING: directions,
  };
}

/** Activation of hidden layer `layer` (0 = first). */
export function activationParts(activation: Activation, layer: number): Part {
  const omega = omegaOf(activation, layer);
  switch (activation.kind) {
    case 'sine':
      return { modules: ['sine', 'activation-sine'], constants: { OMEGA: { float: omega } } };
    case 'relu':
      return { modules: ['activation-relu'], constants: {} };
    case 'gelu':
      return { modules: ['activation-gelu'], constants: { GELU_SCALE: { float: GELU_SCALE }, GELU_CUBIC: { float: GELU_CUBIC } } };
    case 'finer':
      return { modules: ['sine', 'sine-product', 'activation-finer'], constants: turns(omega) };
    case 'gabor':
      return { modules: ['sine', 'sine-product', 'activation-gabor'], constants: { ...turns(omega), GABOR_SQUARE: { float: activation.scale ** 2 } } };
    case 'gaussian':
      return { modules: ['activation-gaussian'], constants: { GAUSSIAN_INVERSE_SQUARE: { float: activation.sigma ** -2 } } };
    case 'snake-alt':
      return { modules: ['sine', 'activation-snake-alt'], constants: {} };
    default:
      return activation satisfies never;
  }
}

/**
 * Activations of a kernel that has several layers: modules, and code before them with `enterLayer(layer)`, which sets what differs between
 * the first layer and the others.
 */
export function layeredActivation(field: Field): { readonly modules: readonly ModuleName[]; readonly code: string } {
  const first = activationParts(field.activation, 0);
  const hidden = activationParts(field.activation, 1).constants;
  const number = (constants: Constants, name: string): string => `${Math.fround((constants[name] as { float: number }).float)}f`;
  const names = Object.keys(first.constants);
  const variables = names.map((name) => `var<private> ${name}: f32;`);
  const settings = names.map((name) => `  ${name} = select(${number(hidden, name)}, ${number(first.constants, name)}, layer == 0u);`);
  return { modules: first.modules, code: [...variables, 'fn enterLayer(layer: u32) {', ...settings, '}'].join('\n') };
}

/** A head beside activations in one kernel: its function is called headActivated. */
export function renamedHead(head: Part): string {
  return head.modules.map((name) => MODULES[name].replace(/\bactivated\b/g, 'headActivated').replace(/\bActivated\b/g, 'HeadActivated')).join('\n');
}

/** The sample in [0, 1] of the head's weighted sum. */
export function headParts(head: Head): Part {
  if (head === 'linear') return { modules: ['head-linear'], constants: {} };
  return { modules: ['head-logistic'], constants: { HEAD_GAIN: { float: head === 'tanh' ? 2 : 1 } } };
}

export function lossConstants(loss: Loss): Constants {
  switch (loss.kind) {
    case 'l1':
    case 'l2':
      return {};
    case 'relative-l2':
    case 'mape':
      return { LOSS_EPSILON: { float: loss.epsilon } };
    case 'huber':
      return { LOSS_DELTA: { float: loss.delta } };
    default:
      return loss satisfies never;
  }
}

/** A part that also reads or writes buffers, from the binding on that its maker was told. */
export interface BoundPart extends Part {
  readonly bindings: readonly BindingKind[];
  /** Names of the buffers. */
  readonly buffers: readonly string[];
}

/** Which grid points a kernel sees: one after the other, those of a list, or those that a plan draws. */
export type PointSource = 'grid' | 'list' | FitPlan;

/** Constants of shaders/stratum.wgsl. */
const strata = ({ batch }: FitPlan): Part['constants'] => ({ STRATUM_STREAM, GOLDEN_STEP, TURN_SHIFT, STRATUM_ARC: arcLength(batch) });

/** `pointOf(sample)`, which may read 'point list' or 'draw table' at `binding`. */
export function pointPart(source: PointSource, binding: number): BoundPart {
  const bound = (name: string): Omit<BoundPart, 'modules'> => ({ constants: { POINT_BINDING: binding }, bindings: ['read'], buffers: [name] });
  const free = { constants: {}, bindings: [], buffers: [] };
  if (source === 'grid') return { modules: ['point-grid'], ...free };
  if (source === 'list') return { modules: ['point-list'], ...bound('point list') };
  switch (source.sampling.kind) {
    case 'uniform':
      return { modules: ['random', 'point-uniform'], ...free };
    case 'full':
      return { modules: ['point-grid'], ...free };
    case 'stratified':
      return { modules: ['random', 'stratum', 'point-stratified'], ...free, constants: strata(source) };
    case 'error': {
      const part = bound('draw table');
      return { modules: ['random', 'stratum', 'point-error'], ...part, constants: { ...part.constants, ...strata(source), CELL_STREAM, LARGEST_TABLE } };
    }
    default:
      return source.sampling satisfies never;
  }
}

/** Which points a kernel sees, and where they lie: on the grid, where a list says, or where each submit says. */
export interface PlaceSource {
  readonly points: PointSource;
  readonly places: 'grid' | 'list' | 'stream';
}

/** Points of a grid. */
export const onGrid = (points: PointSource): PlaceSource => ({ points, places: 'grid' });

/** `placeOf(sample)`, the coordinates of a sample, which may read what pointPart reads and 'places' from `binding` on. INPUTS is a constant of the kernel. */
export function placePart({ points, places }: PlaceSource, binding: number): BoundPart {
  const point: BoundPart = places === 'stream' ? { modules: [], constants: {}, bindings: [], buffers: [] } : pointPart(points, binding);
  if (places === 'grid') return { ...point, modules: [...point.modules, 'coordinates', 'place-grid'] };
  return {
    modules: [...point.modules, `place-${places}`],
    constants: { ...point.constants, PLACE_BINDING: binding + point.bindings.length },
    bindings: [...point.bindings, 'read'],
    buffers: [...point.buffers, 'places'],
  };
}

/** Where the targets of a fit come from: the whole signal is bound, or each submit brings its own. */
export type TargetSource = 'signal' | 'stream';

/** `targetOf(sample, channel)`, reading raw samples of `type` at binding 1. */
export function targetPart(source: TargetSource, type: SampleType): Part {
  const constants = { SAMPLE_BYTES: type === 'uint8' ? 1 : 2, SAMPLE_MAXIMUM: { float: sampleMaximum(type) } };
  return { modules: ['raw-sample', `target-${source}`], constants };
}
