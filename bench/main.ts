/**
 * Entry of `npm run bench -- SUITE [--quick] [--only PART,PART]`. Each suite prints tables and one JSON line; figures go to
 * bench/RESULTS.md.
 */
import { machine } from './machine';

export interface SuiteOptions {
  /** A smoke run: shorter, not for the record. */
  readonly quick: boolean;
  /** Parts of the suite that are wished, for suites that have parts; null: all. */
  readonly only: readonly string[] | null;
}

interface Suite {
  run(options: SuiteOptions): Promise<unknown>;
  /** Parts that --only may name. */
  readonly partNames?: readonly string[];
}

const suites: Record<string, () => Promise<Suite>> = {
  'first-light': () => import('./first-light'),
  peak: () => import('./peak'),
  kernels: () => import('./kernels'),
  engines: () => import('./engines'),
  quality: () => import('./quality'),
  surfaces: () => import('./surfaces'),
  preview: () => import('./preview'),
  volumes: () => import('./volumes'),
};

function refuse(sentence: string): never {
  console.error(`bench: ${sentence}`);
  process.exit(2);
}

const words = process.argv.slice(2);
const quick = words.includes('--quick');
const onlyAt = words.indexOf('--only');
const only = onlyAt < 0 ? null : (words[onlyAt + 1] ?? refuse('--only wants names of parts, separated by commas.')).split(',');
const unknown = words.find((word, at) => word.startsWith('--') && word !== '--quick' && word !== '--only' && at !== onlyAt + 1);
if (unknown !== undefined) refuse(`no option ${unknown}. There are --quick and --only.`);
const [name = 'all', ...rest] = words.filter((word, at) => !word.startsWith('--') && (onlyAt < 0 || at !== onlyAt + 1));
if (rest.length > 0 || (name !== 'all' && !(name in suites))) refuse(`no suite "${[name, ...rest].join(' ')}". There are: ${Object.keys(suites).join(', ')}.`);

console.log(machine());
for (const key of name === 'all' ? Object.keys(suites) : [name]) {
  const suite = await suites[key]!();
  const strange = only?.find((part) => !suite.partNames?.includes(part));
  if (strange !== undefined) refuse(`suite ${key} has no part "${strange}". There are: ${suite.partNames?.join(', ') ?? 'none'}.`);
  console.log(`\n== ${key}${quick ? ' (quick: shorter runs, not for the record)' : ''}`);
  const figures = await suite.run({ quick, only });
  console.log(JSON.stringify({ suite: key, date: new Date().toISOString().slice(0, 10), quick, figures }));
}
process.exit(0);
