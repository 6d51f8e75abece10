/**
 * Every knob of a network and a plan as data: where it lies in the configuration, what it is called, its unit, its range and
 * what it does. The panel and its inline validation read this one list, so that a new knob is one entry. Knobs of the first level are always
 * in sight; the others are one fold deeper, and only where they mean something.
 */
import { FIELD_LIMITS, gridOf, type Activation, type Encoding } from '#core/field/field';
import { RESIDUAL_RANGE, type FitConfig, type Loss, type Sampling, type Schedule } from '#core/fit/config';
import type { SignalWord } from '#core/fit/presets';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Knob {
  /** Dotted path in FitConfig. */
  readonly path: string;
  readonly label: string;
  readonly unit: string;
  /** What it does, and which way to turn it. */
  readonly help: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'choice';
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly choices?: readonly Choice[];
  readonly section: Section;
  readonly level: 'first' | 'advanced';
  /** Shown only for configurations where it means something. */
  readonly applies?: (config: FitConfig) => boolean;
  /** Shown for these alone; absent: for all. */
  readonly signals?: readonly SignalWord[];
  /** What the configuration means where it does not say the value. */
  readonly absent?: unknown;
  /** The value may be null, in words; `start` is what it is when it is switched on. */
  readonly none?: { readonly words: string; readonly start: number };
}

export const SECTIONS = ['Network', 'Loss and samples', 'Optimizer'] as const;
export type Section = (typeof SECTIONS)[number];

type Range = readonly [min: number, max: number];
type Body = Pick<Knob, 'label' | 'unit' | 'kind' | 'help'> & Partial<Knob>;

const activation = (...kinds: Activation['kind'][]) => (config: FitConfig): boolean => kinds.includes(config.network.activation.kind);
const encoding = (...kinds: Encoding['kind'][]) => (config: FitConfig): boolean => kinds.includes(config.network.encoding.kind);
const grid = (config: FitConfig): boolean => gridOf(config.network.encoding) !== null;
const loss = (...kinds: Loss['kind'][]) => (config: FitConfig): boolean => kinds.includes(config.plan.loss.kind);
const sampling = (...kinds: Sampling['kind'][]) => (config: FitConfig): boolean => kinds.includes(config.plan.sampling.kind);
const schedule = (...kinds: Schedule['kind'][]) => (config: FitConfig): boolean => kinds.includes(config.plan.schedule.kind);
const muon = (config: FitConfig): boolean => config.plan.optimizer.kind === 'muon';

const knobsOf =
  (section: Section, level: Knob['level']) =>
  (path: string, { label, unit, kind, help, ...rest }: Body, [min, max]: Range | readonly [] = []): Knob => ({ section, level, path, label, unit, kind, help, ...(min !== undefined && { min, max: max! }), ...rest });

const first = knobsOf('Network', 'first');
const firstPlan = knobsOf('Optimizer', 'first');
const network = knobsOf('Network', 'advanced');
const samples = knobsOf('Loss and samples', 'advanced');
const optimizer = knobsOf('Optimizer', 'advanced');
const surface = (path: string, { applies = () => true, ...body }: Body, range: Range | readonly [] = []): Knob =>
  samples(path, { ...body, signals: ['surface'], applies: (config) => config.surface !== undefined && applies(config) }, range);
const choices = (labels: Readonly<Record<string, string>>): readonly Choice[] => Object.entries(labels).map(([value, label]) => ({ value, label }));
const WORD: Range = [0, 0xffffffff];

export const KNOBS: readonly Knob[] = [
  first('network.encoding.kind', { label: 'Encoding', unit: '', kind: 'choice', choices: choices({ identity: 'None', octaves: 'NeRF octaves', fourier: 'Fourier features', 'dense-grid': 'Dense grids', 'hash-grid': 'Hash grids' }), help: 'What is made of the coordinates before the first layer. Grids are trained with the network: quick to learn, large as files.' }),
  first('network.activation.kind', { label: 'Activation', unit: '', kind: 'choice', choices: choices({ sine: 'Sine (SIREN)', finer: 'FINER', gabor: 'Gabor (WIRE)', gaussian: 'Gaussian', relu: 'ReLU', gelu: 'GELU', 'snake-alt': 'SnakeAlt' }), help: 'Sine, FINER, Gabor and Gaussian layers hold fine detail by themselves; the others need an encoding.' }),
  first('network.depth', { label: 'Hidden layers', unit: 'layers', kind: 'integer', step: 1, help: 'More layers hold more, and are harder to fit.' }, FIELD_LIMITS.depth),
  first('network.width', { label: 'Width', unit: 'units', kind: 'integer', step: 4, help: 'Units in each hidden layer, a multiple of 4. Bytes and time grow with its square.' }, FIELD_LIMITS.width),
  firstPlan('plan.optimizer.learningRate', { label: 'Learning rate', unit: '', kind: 'number', step: 0.0001, help: 'Too high diverges, too low crawls.' }, [1e-8, 1]),

  network('network.activation.omega0', { label: 'ω₀, first layer', unit: '', kind: 'number', step: 1, applies: activation('sine', 'finer', 'gabor'), help: 'Frequency of the first layer: higher for finer detail, too high is noise.' }, FIELD_LIMITS.omega),
  network('network.activation.omegaHidden', { label: 'ω, other layers', unit: '', kind: 'number', step: 1, applies: activation('sine', 'finer', 'gabor'), help: 'Frequency of the other layers.' }, FIELD_LIMITS.omega),
  network('network.activation.biasRange', { label: 'First biases ±', unit: '', kind: 'number', step: 0.5, applies: activation('finer'), help: 'The first layer’s biases start within this range: wider reaches higher frequencies.' }, FIELD_LIMITS.biasRange),
  network('network.activation.scale', { label: 'Envelope', unit: '', kind: 'number', step: 1, applies: activation('gabor'), help: 'Narrowness of the wavelet: higher for sharper, more local detail.' }, FIELD_LIMITS.gaborScale),
  network('network.activation.sigma', { label: 'Bell width σ', unit: '', kind: 'number', step: 0.01, applies: activation('gaussian'), help: 'Smaller for finer detail, too small is noise.' }, FIELD_LIMITS.gaussianSigma),
  network('network.encoding.octaves', { label: 'Octaves', unit: '', kind: 'integer', step: 1, applies: encoding('octaves'), help: 'The finest has 2^(octaves − 1) half-turns across half the extent.' }, FIELD_LIMITS.octaves),
  network('network.encoding.includeInput', { label: 'Plain coordinates too', unit: '', kind: 'boolean', applies: encoding('octaves'), help: 'Hands the coordinates themselves to the network beside their sines and cosines.' }),
  network('network.encoding.features', { label: 'Features', unit: '', kind: 'integer', step: 4, applies: encoding('fourier'), help: 'Number of random frequencies; each gives a sine and a cosine.' }, FIELD_LIMITS.features),
  network('network.encoding.sigma', { label: 'Spread σ', unit: 'half-turns', kind: 'number', step: 1, applies: encoding('fourier'), help: 'Spread of the random frequencies: higher for finer detail.' }, FIELD_LIMITS.sigma),
  network('network.encoding.seed', { label: 'Feature seed', unit: '', kind: 'integer', step: 1, applies: encoding('fourier'), help: 'Draws the frequencies; it goes into the file.' }, WORD),
  network('network.encoding.levels', { label: 'Grids', unit: 'levels', kind: 'integer', step: 1, applies: grid, help: 'Grids of rising resolution, the coarsest to the finest.' }, FIELD_LIMITS.levels),
  network('network.encoding.features', { label: 'Vector length', unit: 'numbers', kind: 'integer', step: 1, applies: grid, help: 'Numbers at each node; bytes grow with them.' }, FIELD_LIMITS.gridFeatures),
  network('network.encoding.coarsest', { label: 'Coarsest grid', unit: 'nodes', kind: 'integer', step: 1, applies: grid, help: 'Nodes along each side.' }, FIELD_LIMITS.resolution),
  network('network.encoding.finest', { label: 'Finest grid', unit: 'nodes', kind: 'integer', step: 1, applies: grid, help: 'Nodes along each side; more than there are samples gain nothing.' }, FIELD_LIMITS.resolution),
  network('network.encoding.tableLog2', { label: 'Table size', unit: 'log₂', kind: 'integer', step: 1, applies: encoding('hash-grid'), help: 'A grid of more nodes than 2 to this power shares so many vectors: smaller files, more collisions.' }, FIELD_LIMITS.tableLog2),
  network('network.residual', { label: 'Residual blocks', unit: '', kind: 'boolean', absent: false, help: 'Averages every second layer with the one two before it; helps deep networks.' }),
  network('network.head', { label: 'Head', unit: '', kind: 'choice', absent: 'linear', choices: choices({ linear: 'Linear', tanh: 'Tanh', sigmoid: 'Sigmoid' }), help: 'What makes samples of the last layer. Tanh and sigmoid keep them within their range.' }),

  samples('plan.loss.kind', { label: 'Loss', unit: '', kind: 'choice', choices: choices({ l2: 'L2', l1: 'L1', huber: 'Huber', 'relative-l2': 'Relative L2', mape: 'MAPE' }), help: 'What a step makes small. L2 is what PSNR measures.' }),
  samples('plan.loss.delta', { label: 'Huber δ', unit: '', kind: 'number', step: 0.01, applies: loss('huber'), help: 'Errors beyond it count like L1, smaller ones like L2.' }, [1e-6, 1]),
  samples('plan.loss.epsilon', { label: 'Loss ε', unit: '', kind: 'number', step: 0.01, applies: loss('relative-l2', 'mape'), help: 'Keeps dark samples from weighing without bound.' }, [1e-6, 1]),
  samples('plan.sampling.kind', { label: 'Sampling', unit: '', kind: 'choice', choices: choices({ uniform: 'Uniform', stratified: 'Stratified', full: 'All samples', error: 'By error' }), help: 'Which samples a step sees. Stratified spreads them evenly; by error looks more often where the model is wrong.' }),
  samples('plan.sampling.refresh', { label: 'New table every', unit: 'steps', kind: 'integer', step: 10, applies: sampling('error'), help: 'How often it is found out where the model is wrong.' }, [1, 100_000]),
  samples('plan.sampling.uniform', { label: 'Uniform share', unit: '', kind: 'number', step: 0.05, applies: sampling('error'), help: 'Share of the draws that stays uniform, so that nothing is forgotten.' }, [0.01, 1]),
  samples('plan.batch', { label: 'Batch', unit: 'samples', kind: 'integer', step: 64, applies: sampling('uniform', 'stratified', 'error'), help: 'Samples drawn in each step.' }, [64, 1_048_576]),
  surface('surface.truncation', { label: 'Truncation', unit: '', kind: 'number', step: 0.01, help: 'Distances beyond it are cut off; the surface spans about 1.8. Shorter spends the network on the surface, too short loses parts of it.' }, [0.001, 2]),
  surface('surface.points', { label: 'Points', unit: '', kind: 'integer', step: 65_536, help: 'Drawn before the fit and learned from: more for fine detail, and more memory.' }, [4096, 16_777_216]),
  surface('surface.near', { label: 'Share near', unit: '', kind: 'number', step: 0.05, help: 'Share of the points near the surface; the others fill the cube.' }, [0, 1]),
  surface('surface.spread', { label: 'Spread', unit: '', kind: 'number', step: 0.005, help: 'How far near points lie from the surface: less for finer detail.' }, [1e-5, 1]),
  surface('surface.mode', { label: 'Taken as', unit: '', kind: 'choice', choices: choices({ auto: 'As it is', signed: 'A solid', thickness: 'A sheet' }), help: 'A solid has an inside; a sheet becomes a thin solid. By itself an open mesh is a sheet.' }),
  surface('surface.thickness', { label: 'Thickness', unit: '', kind: 'number', step: 0.005, applies: (config) => config.surface?.mode !== 'signed', help: 'Of sheets.' }, [0.001, 0.5]),

  samples('plan.clip', { label: 'Clip gradients', unit: 'norm', kind: 'number', step: 0.1, none: { words: 'never', start: 1 }, help: 'Longer gradients are shortened to this norm: tames fits that jump.' }, [1e-6, 1e6]),
  samples('plan.average', { label: 'Average weights', unit: 'decay', kind: 'number', step: 0.001, none: { words: 'no', start: 0.995 }, help: 'A moving average of the weights is shown and saved in their place; nearer to 1 looks further back.' }, [0, 0.99999]),

  optimizer('plan.optimizer.kind', { label: 'Optimizer', unit: '', kind: 'choice', choices: choices({ adam: 'Adam', muon: 'Muon' }), help: 'Muon makes the steps of hidden matrices orthogonal; Adam does the rest.' }),
  optimizer('plan.optimizer.muonLearningRate', { label: 'Muon learning rate', unit: '', kind: 'number', step: 0.0001, applies: muon, help: 'Of the hidden matrices; the rest follows the learning rate above.' }, [1e-8, 1]),
  optimizer('plan.optimizer.momentum', { label: 'Muon momentum', unit: '', kind: 'number', step: 0.01, applies: muon, help: 'Memory of the gradient, for hidden matrices.' }, [0, 0.9999]),
  optimizer('plan.optimizer.weightDecay', { label: 'Weight decay', unit: '', kind: 'number', step: 0.001, help: 'Weights shrink by learning rate times this in every step; 0 is none.' }, [0, 1]),
  optimizer('plan.optimizer.beta1', { label: 'Adam β₁', unit: '', kind: 'number', step: 0.01, help: 'Memory of the gradient.' }, [0, 0.9999]),
  optimizer('plan.optimizer.beta2', { label: 'Adam β₂', unit: '', kind: 'number', step: 0.001, help: "Memory of the gradient's size." }, [0, 0.999999]),
  optimizer('plan.optimizer.epsilon', { label: 'Adam ε', unit: '', kind: 'number', step: 1e-8, help: 'Keeps the update finite where the gradient vanishes.' }, [1e-15, 1]),
  optimizer('plan.schedule.kind', { label: 'Schedule', unit: '', kind: 'choice', choices: choices({ cosine: 'Cosine', step: 'Steps', constant: 'Constant' }), help: 'How the learning rate falls over the fit.' }),
  optimizer('plan.schedule.final', { label: 'Final rate', unit: '× start', kind: 'number', step: 0.01, applies: schedule('cosine'), help: 'The learning rate at the end, as a part of the first.' }, [0, 1]),
  optimizer('plan.schedule.interval', { label: 'Falls every', unit: '× plan', kind: 'number', step: 0.05, applies: schedule('step'), help: 'Part of the plan between two falls.' }, [0.001, 1]),
  optimizer('plan.schedule.factor', { label: 'Falls to', unit: '×', kind: 'number', step: 0.05, applies: schedule('step'), help: 'What remains of the learning rate at each fall.' }, [0.001, 1]),
  network('coding.residual.step', { label: 'Residual', unit: '× full scale', kind: 'number', step: 0.01, absent: null, none: { words: 'none', start: 0.1 }, signals: ['volume'], help: 'Codes what the network lacks of a volume, to an error of about a third of this. Smaller: nearer to the volume, larger file.' }, RESIDUAL_RANGE),
  optimizer('seed', { label: 'Seed', unit: '', kind: 'integer', step: 1, help: 'Same seed, same configuration, same file on the cpu engine.' }, WORD),
];

export const STEPS_KNOB: Knob = optimizer('plan.steps', { label: 'Steps', unit: 'steps', kind: 'integer', step: 100, help: 'Optimizer steps; twice as many fit a little better.' }, [1, 10_000_000]);
export const BITS_KNOB: Knob = network('coding.bits', { label: 'Bits per parameter', unit: 'bits', kind: 'integer', step: 1, help: 'Fewer bits, smaller file, rougher result.' }, [3, 16]);

/** The knobs that mean something for a configuration, and for a signal where one is given. */
export function knobsFor(config: FitConfig, signal?: SignalWord): readonly Knob[] {
  return KNOBS.filter((knob) => (knob.applies?.(config) ?? true) && (signal === undefined || (knob.signals?.includes(signal) ?? true)));
}
