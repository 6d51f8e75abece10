/** Options that several commands have. */
import { Option } from 'commander';
import { integerBetween } from './numbers';

export const threads = (): Option => new Option('--threads <n>', 'threads to compute with (default: all cores)').argParser(integerBetween(1, 256));
export const json = (): Option => new Option('--json', 'print one JSON object on stdout');
export const quiet = (): Option => new Option('--quiet', 'no progress and no notes on stderr');
