/**
 * The command `inr` as its users see it: commands, options, help, exit codes. What a command does is imported when it runs,
 * so that help and version answer at once.
 *
 * Faults are one or two lines on stderr, `inr: FILE: fault. What to do.`, and an exit code (errors.ts); a stack is shown only
 * with INR_DEBUG=1.
 */
import { Command, CommanderError, Option } from 'commander';
import { asStudioError, EXIT_CODES } from '#core/errors';
import { version } from '../../package.json';
import type { DecodeCommandOptions } from './commands/decode';
import type { CompareOptions } from './commands/compare';
import type { EvaluateOptions } from './commands/evaluate';
import type { FitOptions } from './commands/fit';
import type { InfoOptions } from './commands/info';
import type { ServeOptions } from './commands/serve';
import type { ValidateOptions } from './commands/validate';
import { integerBetween, numberBetween, positive, readBytes, visible } from './numbers';
import type { Terminal } from './terminal';

const THREADS = integerBetween(1, 256);
/** Beyond this the number could not be a seed, a step or a size of anything here. */
const UNSIGNED = 0xffffffff;

const threads = (): Option => new Option('--threads <n>', 'threads to compute with (default: all cores)').argParser(THREADS);
const json = (): Option => new Option('--json', 'print one JSON object on stdout');
const quiet = (): Option => new Option('--quiet', 'no progress and no notes on stderr');

const EXAMPLES = `
Examples:
  inr fit photo.jpg -o photo.inr               fit with the default preset
  inr fit photo.jpg -o photo.inr --seconds 60  fit for a minute
  inr decode photo.inr -o photo.png            the picture back, the same on every machine
  inr eval photo.inr photo.jpg                 PSNR, SSIM, MS-SSIM of the decoded file
  inr compare photo.jpg --inr photo.inr        what JPEG, WebP and AVIF make of the same bytes
  inr serve                                    the app in a browser on this machine

\`inr help COMMAND\` tells all about one.
Exit codes: 0 done, 1 failed, 2 usage, 3 bad input file, 4 damaged or refused .inr, 5 no such device, 130 cancelled.`;

const FIT_EXAMPLES = `
Targets (at most one):
  --lambda takes the bits per parameter that make MSE + L x bits per pixel of the decoded file smallest.
  --target-bytes takes the widest network that fits before the fit and the most bits that fit after it.
  --target-psnr ends the fit once the decoded file is that good, and takes the fewest bits that keep it so.

Examples:
  inr fit photo.jpg -o photo.inr --preset siren-large --device gpu
  inr fit photo.jpg -o photo.inr --target-bytes 20k --seconds 120
  inr fit photo.jpg -o photo.inr --encoding fourier:96:20 --activation relu --width 96 --steps 5000
  inr fit photo.jpg -o photo.inr --resume      go on after Ctrl-C

Ctrl-C stops the fit and keeps OUT.inr.checkpoint. --resume goes on from it, to the same file as without
the interruption.`;

/** The program; `done` hears each command's exit code. */
export function buildProgram(terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command('inr');
  program
    .description('INR Studio: fits coordinate networks to pictures and turns their weights into small exact .inr files.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'inr: ')),
    })
    .addHelpText('after', EXAMPLES);

  const command = (usage: string, summary: string, description = summary): Command => {
    const made = program.command(usage).summary(summary).description(description);
    return made.showHelpAfterError(`\`inr help ${made.name()}\` says what is possible.`);
  };

  program.commandsGroup('Pictures to files, and back:');
  addFit(command, terminal, done);

  command('decode', 'write the picture of an .inr file', 'Decodes an .inr file: the samples are the same on every machine, to the bit.')
    .argument('<in.inr>', 'the file')
    .requiredOption('-o, --output <file>', 'picture to write: .png .jpg .webp .avif .tif .npy')
    .option('--resolution <n>', 'evaluate the network on a grid of this width instead (not the grid that the file certifies)', integerBetween(1, 65_535))
    .addOption(threads())
    .addOption(quiet())
    .addOption(json())
    .action(async (input: string, options: DecodeCommandOptions) => done(await (await import('./commands/decode')).decode(input, options, terminal)));

  program.commandsGroup('Looking at files:');
  command('eval', 'measure an .inr file against a picture', 'Measures the decoded file against a reference: PSNR, SSIM, MS-SSIM.')
    .argument('<in.inr>', 'the file')
    .argument('<reference>', 'the picture it was made from')
    .addOption(threads())
    .addOption(json())
    .action(async (input: string, reference: string, options: EvaluateOptions) =>
      done(await (await import('./commands/evaluate')).evaluate(input, reference, options, terminal)),
    );
  command('info', 'show what an .inr file holds and where its bytes go')
    .argument('<in.inr>', 'the file')
    .addOption(json())
    .action(async (input: string, options: InfoOptions) => done(await (await import('./commands/info')).info(input, options, terminal)));
  command('validate', 'check an .inr file', 'Checks structure, checksums and limits, then decodes and compares with the certified digest. Exit code 4 when it is not ok.')
    .argument('<in.inr>', 'the file')
    .option('--quick', 'structure and checksums only')
    .addOption(threads())
    .addOption(json())
    .action(async (input: string, options: ValidateOptions) => done(await (await import('./commands/validate')).validate(input, options, terminal)));
  command(
    'compare',
    'what classical codecs make of a picture',
    'Measures JPEG, WebP and AVIF on a picture: at the same bytes and at the same PSNR as an .inr file or as given, else at several qualities.',
  )
    .argument('<input>', 'the picture')
    .addOption(new Option('--inr <file>', 'compare with this .inr file').conflicts(['bytes', 'psnr']))
    .option('--bytes <n>', 'the best quality within so many bytes (20000, 20k)', readBytes)
    .option('--psnr <dB>', 'the smallest file of at least this PSNR', numberBetween(1, 120))
    .option('--codecs <list>', 'which, separated by commas: jpeg,webp,avif (default: all)')
    .addOption(json())
    .action(async (input: string, options: CompareOptions) => done(await (await import('./commands/compare')).compare(input, options, terminal)));

  program.commandsGroup('The app, and the rest:');
  command('serve', 'serve the app to a browser on this machine', 'Serves the app on loopback until Ctrl-C. The address it prints holds a secret.')
    .option('--port <n>', 'port (default: a free one)', integerBetween(0, 65_535))
    .option('--root <folder>', 'the one folder that the app may list, read and save into (default: none; uploads and downloads only)')
    .option('--open <file...>', 'files to open')
    .addOption(json())
    .action(async (options: ServeOptions) => done(await (await import('./commands/serve')).serve(options, terminal)));
  command('presets', 'list the presets')
    .addOption(json())
    .action(async (options: { readonly json?: boolean }) => done(await (await import('./commands/presets')).presets(options, terminal)));
  const help = new Command('help').argument('[command]').description('show help on a command').helpOption(false).helpGroup('The app, and the rest:');
  return program.addHelpCommand(help);
}

function addFit(command: (usage: string, summary: string, description?: string) => Command, terminal: Terminal, done: (code: number) => void): void {
  command('fit', 'fit a network to a picture and write an .inr file', 'Fits a coordinate network to a picture and writes its quantized, entropy-coded weights.')
    .argument('<input>', 'a picture: PNG, JPEG, WebP, AVIF, TIFF')
    .requiredOption('-o, --output <file>', 'the .inr file to write')
    .optionsGroup('What to fit:')
    .option('--preset <name|file>', 'a preset (`inr presets` lists them) or a configuration in JSON')
    .addOption(new Option('--device <device>', 'what computes').choices(['auto', 'gpu', 'cpu', 'tfjs']).default('auto'))
    .option('--steps <n>', 'optimizer steps', integerBetween(1, 10_000_000))
    .option('--seconds <s>', 'bounds the fitting time alone; the steps too only when --steps is given', positive)
    .option('--seed <n>', 'seed of weights and batches; same seed, same file on the cpu engine', integerBetween(0, UNSIGNED))
    .addOption(threads())
    .optionsGroup('Size and quality:')
    .addOption(new Option('--lambda <l>', 'best trade: smallest MSE + l x bits per pixel (0.02 small ... 0.0001 fine)').argParser(positive).conflicts(['targetBytes', 'targetPsnr', 'bits']))
    .addOption(new Option('--target-bytes <n>', 'the best file of at most so many bytes (20000, 20k)').argParser(readBytes).conflicts(['targetPsnr']))
    .addOption(new Option('--target-psnr <dB>', 'stop as soon as the decoded file is that good').argParser(numberBetween(1, 120)).conflicts(['bits']))
    .option('--bits <n>', 'bits per parameter, 3 to 16 (with --target-bytes: those that the network is planned for)', integerBetween(3, 16))
    .option('--no-provenance', 'leave out how the file was made (saves some 400 bytes)')
    .optionsGroup('Network and plan (instead of the preset\'s):')
    .option('--width <n>', 'units of a hidden layer: 4 to 256, a multiple of 4', integerBetween(4, 256))
    .option('--depth <n>', 'hidden layers: 1 to 12', integerBetween(1, 12))
    .option('--encoding <e>', 'identity, octaves:N or fourier:N:SIGMA')
    .addOption(new Option('--activation <a>', 'of the hidden layers').choices(['sine', 'relu']))
    .option('--omega0 <w>', 'frequency of the first sine layer', positive)
    .option('--omega-hidden <w>', 'frequency of the other sine layers', positive)
    .option('--learning-rate <r>', 'of Adam', positive)
    .option('--batch <n>', 'samples in a step', integerBetween(64, 1_048_576))
    .optionsGroup('Running:')
    .option('--resume', 'go on from OUT.inr.checkpoint')
    .option('--save-config <file>', 'write the configuration as JSON, for --preset')
    .addOption(quiet())
    .addOption(json())
    .optionsGroup('Help:')
    .addHelpText('after', FIT_EXAMPLES)
    .action(async (input: string, options: FitOptions) => done(await (await import('./commands/fit')).fit(input, options, terminal)));
}

/** What a fault looks like on stderr; with INR_DEBUG=1 its stack as well. */
export function faultText(error: unknown, debug: boolean): string {
  const known = asStudioError(error);
  const cause = known.code === 'internal' && known.cause instanceof Error ? known.cause : known;
  if (debug) return `inr: ${known.message} [${known.code}]\n${cause.stack ?? ''}\n`;
  const message = visible(known.message.replace(/\s*\n\s*/g, ' '));
  if (known.code !== 'internal') return `inr: ${message}\n`;
  return `inr: ${message.replace(/[.\s]*$/, '.')} This is a fault of inr itself: INR_DEBUG=1 shows where; please report it.\n`;
}

/** Runs `inr` with these arguments (those after the program's name); resolves to the exit code and never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  try {
    const program = buildProgram(terminal, (result) => (code = result));
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong already, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    terminal.err(faultText(error, Boolean(process.env.INR_DEBUG)));
    return EXIT_CODES[asStudioError(error).kind];
  }
}
