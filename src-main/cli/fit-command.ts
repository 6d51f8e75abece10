/**
 * `inr fit` as its users see it: its options, grouped, and its help. Ranges of the configuration are checked with the configuration
 * (fit/options.ts in core), not here a second time.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { KIND_DEFAULTS } from '#core/fit/kinds';
import { wordForms } from '#core/fit/option-words';
import { json, quiet, threads } from './common-options';
import { addInputOptions } from './input-options';
import type { FitOptions } from './commands/fit';
import { integerBetween, numberBetween, positive, readBytes, readNumber } from './numbers';
import type { Terminal } from './terminal';

/** Beyond this the number could not be a seed, a step or a size of anything here. */
const UNSIGNED = 0xffffffff;

const AFTER = `
Targets (at most one):
  --lambda takes the bits per parameter that make MSE + L x bits per pixel of the decoded file smallest.
  --target-bytes takes the widest network that fits before the fit and the most bits that fit after it.
  --target-ratio is --target-bytes as a part of the input's pixels, voxels or mesh.
  --target-psnr ends the fit once the decoded file is that good, and takes the fewest bits that keep it so.
  --max-error bounds the largest error of a voxel.
With a residual (volumes: the preset volume has one, --residual-step none leaves it out) the network stays as
it is, and the step of the residual is chosen so that the file meets the target.

A kind without its numbers (huber, step) keeps those of the preset where that has the same kind, else takes
usual ones.

Examples:
  inr fit photo.jpg -o photo.inr --preset siren-large --device gpu
  inr fit photo.jpg -o photo.inr --target-bytes 20k --seconds 120
  inr fit photo.jpg -o photo.inr --encoding fourier:96:20 --activation relu --width 96 --steps 5000
  inr fit photo.jpg -o photo.inr --activation finer --optimizer muon --sampling stratified
  inr fit engine_256x256x128_uint8.raw.gz -o engine.inr --target-ratio 100
  inr fit head.nii.gz -o head.inr --max-error 5
  inr fit bunny.ply -o bunny.inr --preset surface-small
  inr fit photo.jpg -o photo.inr --resume      go on after Ctrl-C

Ctrl-C stops the fit and keeps OUT.inr.checkpoint. --resume goes on from it: on the cpu engine
to the same file as without the interruption.`;

/** A number from 0 on. */
function nonNegative(text: string): number {
  const value = readNumber(text);
  if (value < 0) throw new InvalidArgumentError('It must not be negative.');
  return value;
}

const NONE = 'none';

/** The word 'none', or what `parse` reads. Commander takes null for a failure, so the word stays until all is read. */
const orNone =
  (parse: (text: string) => number) =>
  (text: string): number | string =>
    text === NONE ? NONE : parse(text);

const MAY_BE_NONE = ['clip', 'average', 'residualStep'] as const;

const kinds = (place: keyof typeof KIND_DEFAULTS): string[] => Object.keys(KIND_DEFAULTS[place]);
const forms = (option: Parameters<typeof wordForms>[0]): string => wordForms(option).join(', ');

/** Gives the command its arguments, options and action; `done` hears the exit code. */
export function addFit(command: Command, terminal: Terminal, done: (code: number) => void): void {
  addInputOptions(command.argument('<input>', 'a picture (PNG, JPEG, WebP, AVIF, TIFF, GIF), a volume (NRRD, NIfTI, MetaImage, .vti, TIFF stack, raw, .npy; or a folder of DICOM or TIFF slices), or a mesh (OBJ, PLY, STL, OFF, GLB, glTF)'))
    .requiredOption('-o, --output <file>', 'the .inr file to write')
    .optionsGroup('What to fit:')
    .option('--preset <name|file>', 'a preset (`inr presets` lists them) or a configuration in JSON')
    .addOption(new Option('--device <device>', 'what computes').choices(['auto', 'gpu', 'cpu', 'tfjs']).default('auto'))
    .option('--steps <n>', 'optimizer steps', integerBetween(1, 10_000_000))
    .option('--seconds <s>', 'bounds the fitting time alone; the steps too only when --steps is given', positive)
    .option('--seed <n>', 'seed of weights and batches; same seed, same file on the cpu engine', integerBetween(0, UNSIGNED))
    .addOption(threads())
    .optionsGroup('Size and quality:')
    .addOption(new Option('--lambda <l>', 'best trade: smallest MSE + l x bits per pixel (0.02 small ... 0.0001 fine)').argParser(positive).conflicts(['targetBytes', 'targetRatio', 'targetPsnr', 'maxError', 'bits']))
    .addOption(new Option('--target-bytes <n>', 'the best file of at most so many bytes (20000, 20k)').argParser(readBytes).conflicts(['targetRatio', 'targetPsnr', 'maxError']))
    .addOption(new Option('--target-ratio <r>', 'the best file of at most an r-th of the pixels, voxels or mesh, uncompressed').argParser(positive).conflicts(['targetPsnr', 'maxError']))
    .addOption(new Option('--target-psnr <dB>', 'stop as soon as the decoded file is that good').argParser(numberBetween(1, 120)).conflicts(['maxError']))
    .addOption(new Option('--max-error <e>', "volumes: the smallest file whose voxels are all that near, in the voxels' own units").argParser(nonNegative))
    .option('--bits <n>', 'bits per parameter, 3 to 16 (with --target-bytes: those that the network is planned for)', integerBetween(3, 16))
    .option('--residual-step <s|none>', 'volumes: also code what the network lacks, with a step of that share of the full scale', orNone(positive))
    .option('--no-provenance', 'leave out how the file was made (saves some 400 bytes)')
    .optionsGroup("Network (instead of the preset's):")
    .option('--width <n>', 'units of a hidden layer: 4 to 256, a multiple of 4', integerBetween(4, 256))
    .option('--depth <n>', 'hidden layers: 1 to 12', integerBetween(1, 12))
    .option('--encoding <e>', forms('encoding'))
    .addOption(new Option('--activation <a>', 'of the hidden layers').choices(kinds('network.activation')))
    .option('--omega0 <w>', 'frequency of the first layer (sine, finer, gabor)', positive)
    .option('--omega-hidden <w>', 'frequency of the other layers (sine, finer, gabor)', positive)
    .option('--bias-range <k>', "finer: the first layer's biases are drawn from -k to k", nonNegative)
    .option('--gabor-scale <s>', 'gabor: narrowness of the envelope', positive)
    .option('--gaussian-sigma <s>', 'gaussian: width of the bell', positive)
    .option('--residual', 'average every second layer with the one two before it')
    .option('--no-residual', 'plain layers')
    .addOption(new Option('--head <h>', 'what makes samples of the last layer').choices(['linear', 'sigmoid', 'tanh']))
    .optionsGroup("Loss and samples (instead of the preset's):")
    .option('--loss <l>', forms('loss'))
    .option('--sampling <s>', forms('sampling'))
    .option('--batch <n>', 'samples in a step (full sampling takes all pixels)', integerBetween(64, 1_048_576))
    .option('--clip <n|none>', 'largest norm of the gradient', orNone(positive))
    .option('--average <d|none>', 'decay of a moving average of the weights, which is then shown and saved', orNone(nonNegative))
    .optionsGroup("Surfaces (instead of the preset's; lengths in halves of the cube around the mesh):")
    .option('--truncation <t>', 'distances beyond it are cut off', positive)
    .option('--surface-points <n>', 'points that are drawn before the fit', integerBetween(4096, 16_777_216))
    .option('--surface-near <s>', 'share of the points near the surface, 0 to 1', nonNegative)
    .option('--surface-spread <s>', 'how far those lie from it, standard deviation', positive)
    .addOption(new Option('--surface-mode <m>', 'a solid, or sheets that get a thickness').choices(['auto', 'signed', 'thickness']))
    .option('--thickness <t>', 'of sheets', positive)
    .optionsGroup("Optimizer (instead of the preset's):")
    .addOption(new Option('--optimizer <o>', 'muon updates the hidden matrices and leaves the rest to adam').choices(kinds('plan.optimizer')))
    .option('--learning-rate <r>', 'of Adam', positive)
    .option('--muon-learning-rate <r>', 'of Muon', positive)
    .option('--momentum <m>', 'of Muon', nonNegative)
    .option('--weight-decay <w>', 'decoupled: weights shrink by learning rate x w in every step', nonNegative)
    .option('--epsilon <e>', "Adam's", positive)
    .option('--schedule <s>', forms('schedule'))
    .optionsGroup('Running:')
    .option('--resume', 'go on from OUT.inr.checkpoint')
    .option('--save-config <file>', 'write the configuration as JSON, for --preset')
    .addOption(quiet())
    .addOption(json())
    .optionsGroup('Help:')
    .addHelpText('after', AFTER)
    .hook('preAction', (_, read) => {
      for (const name of MAY_BE_NONE) if (read.getOptionValue(name) === NONE) read.setOptionValue(name, null);
    })
    .action(async (input: string, options: FitOptions) => done(await (await import('./commands/fit')).fit(input, options, terminal)));
}
