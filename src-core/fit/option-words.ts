/**
 * How one word spells a kind and its numbers: 'fourier:96:20', 'huber:0.1', 'step:0.2:0.5'. Reading and writing are each other's inverse; what
 * a word cannot say (the octaves' plain coordinates, the features' seed) has a fixed value, and options.ts checks that it is the wanted one.
 */
import { StudioError } from '../errors';
import { KIND_DEFAULTS, ofKind, type KindPlace } from './kinds';

/** Names of a kind's numbers in their order, each with what help calls it. */
type Numbers = readonly (readonly [key: string, label: string])[];

interface Spelling {
  readonly place: KindPlace;
  readonly noun: string;
  readonly kinds: Readonly<Record<string, Numbers>>;
  /** All numbers must be given; otherwise all or none. */
  readonly complete: boolean;
}

const GRID: Numbers = [
  ['levels', 'LEVELS'],
  ['features', 'FEATURES'],
  ['coarsest', 'COARSEST'],
  ['finest', 'FINEST'],
];

const SPELLINGS = {
  encoding: {
    place: 'network.encoding',
    noun: 'encoding',
    complete: true,
    kinds: {
      identity: [],
      octaves: [['octaves', 'N']],
      fourier: [
        ['features', 'N'],
        ['sigma', 'SIGMA'],
      ],
      'dense-grid': GRID,
      'hash-grid': [...GRID, ['tableLog2', 'LOG2']],
    },
  },
  loss: {
    place: 'plan.loss',
    noun: 'loss',
    complete: false,
    kinds: { l2: [], l1: [], 'relative-l2': [['epsilon', 'EPSILON']], huber: [['delta', 'DELTA']], mape: [['epsilon', 'EPSILON']] },
  },
  schedule: {
    place: 'plan.schedule',
    noun: 'schedule',
    complete: false,
    kinds: {
      constant: [],
      cosine: [['final', 'FINAL']],
      step: [
        ['interval', 'INTERVAL'],
        ['factor', 'FACTOR'],
      ],
    },
  },
  sampling: {
    place: 'plan.sampling',
    noun: 'sampling',
    complete: false,
    kinds: {
      uniform: [],
      stratified: [],
      full: [],
      error: [
        ['refresh', 'REFRESH'],
        ['uniform', 'UNIFORM'],
      ],
    },
  },
} as const satisfies Readonly<Record<string, Spelling>>;

export type WordOption = keyof typeof SPELLINGS;
export const WORD_OPTIONS = Object.keys(SPELLINGS) as readonly WordOption[];

const spellingOf = (option: WordOption): Spelling => SPELLINGS[option];

/** The forms that a word may have: ['l2', 'l1', 'relative-l2[:EPSILON]', ...]. */
export function wordForms(option: WordOption): readonly string[] {
  const { kinds, complete } = spellingOf(option);
  return Object.entries(kinds).map(([kind, numbers]) => {
    const tail = numbers.map(([, label]) => `:${label}`).join('');
    return complete || tail === '' ? kind + tail : `${kind}[${tail}]`;
  });
}

/**
 * The variant that a word names. A kind without its numbers keeps those of `current` where that is of the same kind. `seed` is that of Fourier
 * features. Throws StudioError 'usage'; ranges are not checked.
 */
export function readWord(option: WordOption, text: string, current: { readonly kind: string }, seed: number): unknown {
  const { place, noun, kinds, complete } = spellingOf(option);
  const [kind = '', ...parts] = text.split(':');
  const numbers = Object.hasOwn(kinds, kind) ? kinds[kind]! : null;
  const values = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const given = numbers !== null && values.length === numbers.length && values.every(Number.isFinite);
  if (numbers && !complete && values.length === 0) return ofKind(place, kind, current as never);
  if (!given) {
    const forms = wordForms(option);
    throw new StudioError('usage', `${option}.unknown`, `--${option} ${text}: no such ${noun}. Give ${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}.`);
  }
  const defaults: Readonly<Record<string, object>> = KIND_DEFAULTS[place];
  const own = Object.fromEntries(numbers.map(([key], index) => [key, values[index]]));
  return { ...defaults[kind], ...own, ...(kind === 'fourier' && { seed }) };
}

/** The word for a variant, with all its numbers. */
export function writeWord(option: WordOption, variant: { readonly kind: string }): string {
  const numbers = spellingOf(option).kinds[variant.kind] ?? [];
  const values = variant as unknown as Readonly<Record<string, unknown>>;
  return [variant.kind, ...numbers.map(([key]) => String(values[key]))].join(':');
}
