/** `inr decode`: the picture of an .inr file, exactly the one it certifies, or its network evaluated on another grid. */
import { decodeFile } from '#core/coding/file';
import { decodeDemand, DEFAULT_LIMITS } from '#core/coding/limits';
import { sampleBytes } from '#core/coding/sha256';
import { dequantize } from '#core/coding/quantizer';
import type { GridHeader, Header } from '#core/coding/types';
import { StudioError } from '#core/errors';
import { writeAtomically } from '../../service/atomic-write';
import { encodeImage, EXPORT_EXTENSIONS } from '../../service/image-export';
import { sha256 } from '../coded-file';
import { decodeNamed, withSynthesizer, type Samples } from '../decoded';
import { about, readFileNamed } from '../files';
import { showBytes, showChannels, showSeconds } from '../numbers';
import { checkOutput } from '../output-path';
import { createProgress } from '../progress';
import type { Terminal } from '../terminal';

export interface DecodeCommandOptions {
  readonly output: string;
  readonly resolution?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface Picture {
  readonly header: GridHeader;
  readonly samples: Samples;
  readonly seconds: number;
  readonly sha256: string;
  /** The grid and the samples are those that the file's digest stands for. */
  readonly certified: boolean;
}

function extensionOf(path: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const extensions: readonly string[] = EXPORT_EXTENSIONS;
  if (!extensions.includes(extension)) {
    const known = extensions.map((each) => `.${each}`).join(', ');
    throw new StudioError('usage', 'output.format', `${path}: this name does not say in which format to write. Let it end in one of ${known}.`);
  }
  return extension;
}

function pictureHeader(header: Header): GridHeader {
  if (header.kind !== 'grid') throw new StudioError('usage', 'decode.kind', `It holds a ${header.kind}, not a picture.`);
  return header;
}

/** The network on `width` points across, the other axes in proportion. */
async function resample(path: string, width: number, options: Parameters<typeof withSynthesizer>[0]): Promise<Picture> {
  return about(path, async () => {
    const { header: any, field, quantized } = decodeFile(await readFileNamed(path));
    const header = pictureHeader(any);
    const size = header.size.map((extent, axis) => (axis === 0 ? width : Math.max(1, Math.round((extent * width) / header.size[0]!))));
    const demand = decodeDemand(field, size);
    if (demand.samples > DEFAULT_LIMITS.samples || demand.multiplyAdds > DEFAULT_LIMITS.multiplyAdds) {
      throw new StudioError('usage', 'resolution.limit', `${path}: --resolution ${width} makes ${size.join(' x ')} points, more than can be decoded. Give a smaller one.`);
    }
    const began = performance.now();
    const samples = await withSynthesizer(options, (synthesize) => synthesize(field, dequantize(field, quantized), size, header.type));
    const seconds = (performance.now() - began) / 1000;
    return { header: { ...header, size }, samples, seconds, sha256: sha256(sampleBytes(samples)), certified: false };
  });
}

/** Runs the command; resolves to the exit code. */
export async function decode(input: string, options: DecodeCommandOptions, terminal: Terminal): Promise<number> {
  const extension = extensionOf(options.output);
  const output = await checkOutput(options.output, [input]);
  const abort = terminal.cancellation();
  const progress = createProgress(terminal, options.quiet === true || terminal.columns === 0);
  const settings = { abort, progress, ...(options.threads !== undefined && { threads: options.threads }) };
  let picture: Picture;
  if (options.resolution === undefined) {
    const { content, samples, seconds } = await decodeNamed(input, settings);
    picture = { header: pictureHeader(content.header), samples, seconds, sha256: content.sha256, certified: true };
  } else {
    picture = await resample(input, options.resolution, settings);
    if (!options.quiet) terminal.err(`${input}: evaluated on ${picture.header.size.join(' x ')} points, which is not the grid that the file certifies.\n`);
  }
  const { header, samples, seconds, certified } = picture;
  const { bytes, notes } = await encodeImage(header, samples, extension);
  abort.throwIfAborted();
  await writeAtomically(output, bytes);
  if (!options.quiet) for (const note of notes) terminal.err(`${options.output}: ${note}.\n`);
  if (options.json) {
    const { size, channels, type } = header;
    terminal.out(`${JSON.stringify({ input, output: options.output, bytes: bytes.length, size, channels, type, sha256: picture.sha256, certified, seconds })}\n`);
  } else if (!options.quiet) {
    terminal.out(`${options.output}  ${showBytes(bytes.length)}  ${header.size.join(' x ')}, ${showChannels(header.channels)}  decoded in ${showSeconds(seconds)}\n`);
  }
  return 0;
}
