#!/usr/bin/env node
/** The command `inr`: hands over to the built command line. */
import { existsSync } from 'node:fs';

const cli = new URL('../out/main/cli.js', import.meta.url);
if (!existsSync(cli)) {
  console.error('inr: the command line is not built yet. Run `npm run build` in the folder of INR Studio, then try again.');
  process.exit(1);
}
await import(cli.href);
