/** The options that say which volume of a file is meant, and how raw voxels lie. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { integerBetween } from './numbers';

const TYPES = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float16', 'float32', 'float64'];

/** '256x256x128' -> three whole numbers from 1 on. */
export function readShape(text: string): [number, number, number] {
  const parts = text.split(/[x×,]/i).map(Number);
  if (parts.length !== 3 || parts.some((part) => !Number.isInteger(part) || part < 1 || part > 65_535)) throw new InvalidArgumentError('Give three whole numbers, x first: 256x256x128.');
  return parts as [number, number, number];
}

/** '1x1x2.5' -> three numbers above 0. */
export function readSpacing(text: string): [number, number, number] {
  const parts = text.split(/[x×,]/i).map(Number);
  if (parts.length !== 3 || parts.some((part) => !(part > 0 && Number.isFinite(part)))) throw new InvalidArgumentError('Give three lengths, x first: 0.5x0.5x2.');
  return parts as [number, number, number];
}

/** Adds the options, in a group of their own. */
export function addInputOptions(command: Command): Command {
  return command
    .optionsGroup('Volumes:')
    .option('--frame <n>', 'which volume of a series (time), counted from 1 (default: the first)', integerBetween(1, 1_000_000))
    .optionsGroup('Raw volumes (where the name does not say):')
    .option('--shape <x>x<y>x<z>', 'voxels along x, y, z', readShape)
    .addOption(new Option('--type <type>', 'of a voxel').choices(TYPES))
    .addOption(new Option('--endian <order>', 'of bytes in a voxel').choices(['little', 'big']))
    .option('--spacing <x>x<y>x<z>', 'distance of neighbours', readSpacing)
    .option('--channels <n>', 'interleaved samples of a voxel', integerBetween(1, 1024))
    .option('--skip-bytes <n>', 'bytes before the first voxel', integerBetween(0, Number.MAX_SAFE_INTEGER));
}
