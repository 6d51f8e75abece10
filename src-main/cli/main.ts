/**
 * Entry of the command line (out/main/cli.js). It loads nothing heavy: `inr --version` answers before a picture library or an
 * engine is thought of; each command imports what it needs when it runs.
 */
import { runCommandLine } from './program';
import { processTerminal } from './terminal';

// `inr info x.inr | head -1`: whoever reads has seen enough, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.stderr.on('error', () => {});

const code = await runCommandLine(process.argv.slice(2), processTerminal());
// What is written must have left before the process ends; worker threads and GPU drivers must not hold it open.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
