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
import type { InfoOptions } from './commands/info';
import type { ServeOptions } from './commands/serve';
import type { ValidateOptions } from './commands/validate';
import { addFit } from './fit-command';
import { json, quiet, threads } from './common-options';
import { addInputOptions } from './input-options';
import { integerBetween, numberBetween, readBytes, visible } from './numbers';
import type { Terminal } from './terminal';

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

const meshResolution = (): Option => new Option('--resolution <n>', 'of surfaces: points along each axis of the mesh that is measured (default: 256)').argParser(integerBetween(4, 1024));
const meshSamples = (): Option => new Option('--samples <n>', 'of surfaces: points drawn on each mesh (default: 200000)').argParser(integerBetween(1000, 10_000_000));

/** The program; `done` hears each command's exit code. */
export function buildProgram(terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command('inr');
  program
    .description('INR Studio: fits coordinate networks to pictures and volumes and turns their weights into small exact .inr files.')
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

  program.commandsGroup('To files, and back:');
  addFit(command('fit', 'fit a network to a picture or volume and write an .inr file', 'Fits a coordinate network to a picture or a volume and writes its quantized, entropy-coded weights.'), terminal, done);

  command('decode', 'write the picture, volume or mesh of an .inr file', 'Decodes an .inr file: samples and meshes are the same on every machine, to the bit.')
    .argument('<in.inr>', 'the file')
    .requiredOption('-o, --output <file>', 'what to write: a picture (.png .jpg .webp .avif .tif .npy), a volume (.nrrd .nhdr .nii .nii.gz .mha .npy .raw), or the mesh of a surface (.glb .obj .ply .stl)')
    .option('--resolution <n>', 'evaluate the network on a grid of this width instead of the one that the file certifies; of surfaces, points along each axis (4 to 1024, default 256)', integerBetween(1, 65_535))
    .addOption(threads())
    .addOption(quiet())
    .addOption(json())
    .action(async (input: string, options: DecodeCommandOptions) => done(await (await import('./commands/decode')).decode(input, options, terminal)));

  program.commandsGroup('Looking at files:');
  addInputOptions(
    command('eval', 'measure an .inr file against its original', 'Measures the decoded file against a reference. Pictures: PSNR, SSIM, MS-SSIM; volumes: PSNR, errors, SSIM of slices; surfaces: Chamfer and Hausdorff distance, normals, F-score, IoU of the extracted mesh.')
      .argument('<in.inr>', 'the file')
      .argument('<reference>', 'the picture, volume or mesh it was made from')
      .addOption(meshResolution())
      .addOption(meshSamples())
      .addOption(threads())
      .addOption(json()),
  ).action(async (input: string, reference: string, options: EvaluateOptions) =>
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
  addInputOptions(
    command(
      'compare',
      'what classical codecs make of a picture, volume or mesh',
      'Measures JPEG, WebP and AVIF on a picture, or zfp, SPERR, TTHRESH and SZ3 on a volume where their programs are installed (zfp, sperr3d, tthresh, sz3 on PATH): at the same bytes and at the same PSNR as an .inr file or as given, else at several qualities. Draco on a mesh: within the bytes of an .inr file or as given, and at several precisions.',
    )
      .argument('<input>', 'the picture, volume or mesh')
      .addOption(new Option('--inr <file>', 'compare with this .inr file').conflicts(['bytes', 'psnr']))
      .option('--bytes <n>', 'the best quality within so many bytes (20000, 20k)', readBytes)
      .option('--psnr <dB>', 'the smallest file of at least this PSNR', numberBetween(1, 120))
      .addOption(meshResolution())
      .addOption(meshSamples())
      .option('--codecs <list>', 'which, separated by commas: jpeg,webp,avif of pictures, zfp,sperr,tthresh,sz3 of volumes, draco of meshes (default: all)')
      .addOption(json()),
  ).action(async (input: string, options: CompareOptions) => done(await (await import('./commands/compare')).compare(input, options, terminal)));

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
  command('devices', 'list what can compute here')
    .addOption(json())
    .action(async (options: { readonly json?: boolean }) => done(await (await import('./commands/devices')).devices(options, terminal)));
  const help = new Command('help').argument('[command]').description('show help on a command').helpOption(false).helpGroup('The app, and the rest:');
  return program.addHelpCommand(help);
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
