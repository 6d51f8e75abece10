/** Entry of `npm run bench -- SUITE [--quick]`. Each suite prints a table and one JSON line; figures go to bench/RESULTS.md. */
import { machine } from './machine';

const suites: Record<string, () => Promise<{ run(options: { quick: boolean }): Promise<unknown> }>> = {
  'first-light': () => import('./first-light'),
  peak: () => import('./peak'),
  kernels: () => import('./kernels'),
};

const [name = 'all', ...rest] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const quick = process.argv.includes('--quick');
if (rest.length > 0 || (name !== 'all' && !(name in suites))) {
  console.error(`bench: no suite "${[name, ...rest].join(' ')}". There are: ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}
console.log(machine());
for (const suite of name === 'all' ? Object.keys(suites) : [name]) {
  console.log(`\n== ${suite}${quick ? ' (quick: shorter runs, not for the record)' : ''}`);
  const figures = await (await suites[suite]()).run({ quick });
  console.log(JSON.stringify({ suite, date: new Date().toISOString().slice(0, 10), figures }));
}
process.exit(0);
