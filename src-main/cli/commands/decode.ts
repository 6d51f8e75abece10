/**
 * `inr decode`: what an .inr file reconstructs. Pictures and volumes are exactly the samples that the file certifies, or its network on another
 * grid; a surface is a mesh of its field at any resolution.
 */
import { basename, dirname, join } from 'node:path';
import { decodeFile } from '#core/coding/file';
import { decodeDemand, DEFAULT_LIMITS } from '#core/coding/limits';
import { dequantize } from '#core/coding/quantizer';
import { sampleBytes } from '#core/coding/sha256';
import type { Header } from '#core/coding/types';
import { StudioError } from '#core/errors';
import { triangleCount, vertexCount } from '#core/signal/mesh';
import { topologyOf } from '#core/signal/mesh-topology';
import type { MeshExtension } from '../../formats/mesh';
import { writeAtomically } from '../../service/atomic-write';
import { EXTENSIONS, exportSamples, extensionOf, type ExportedFile } from '../../service/exports';
import { sha256 } from '../coded-file';
import { contentWords } from '../content-words';
import { decodeNamed, withSynthesizer, type Samples } from '../decoded';
import { about, readFileNamed } from '../files';
import { showBytes, showCount, showSeconds } from '../numbers';
import { checkOutput } from '../output-path';
import { createProgress, type Progress } from '../progress';
import type { Terminal } from '../terminal';

export interface DecodeCommandOptions {
  readonly output: string;
  readonly resolution?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface Work {
  readonly threads?: number;
  readonly abort: AbortSignal;
  readonly progress: Progress;
}

/** What was decoded, ready to be written. */
interface Result {
  readonly files: readonly ExportedFile[];
  readonly notes: readonly string[];
  readonly words: string;
  /** For --json. */
  readonly facts: Readonly<Record<string, unknown>>;
}

interface Grid {
  readonly header: Exclude<Header, { kind: 'surface' }>;
  readonly samples: Samples;
  readonly seconds: number;
  readonly sha256: string;
  /** The grid and the samples are those that the file's digest stands for. */
  readonly certified: boolean;
}

function sampledHeader(header: Header): Grid['header'] {
  if (header.kind === 'surface') throw new StudioError('failed', 'decode.kind', 'It holds a surface, which has no samples to write.');
  return header;
}

/** The network on `width` points across, the other axes in proportion. */
async function resample(path: string, width: number, work: Work): Promise<Grid> {
  return about(path, async () => {
    const content = decodeFile(await readFileNamed(path));
    const { field, quantized, residual } = content;
    if (residual) throw new StudioError('usage', 'resolution.residual', `${path}: --resolution evaluates the network alone, and this file holds a residual on its own grid. Leave --resolution out.`);
    const header = sampledHeader(content.header);
    const size = header.size.map((extent, axis) => (axis === 0 ? width : Math.max(1, Math.round((extent * width) / header.size[0]!))));
    const demand = decodeDemand(field, size);
    if (demand.samples > DEFAULT_LIMITS.samples || demand.multiplyAdds > DEFAULT_LIMITS.multiplyAdds) {
      throw new StudioError('usage', 'resolution.limit', `${path}: --resolution ${width} makes ${size.join(' x ')} points, more than can be decoded. Give a smaller one.`);
    }
    const began = performance.now();
    const samples = await withSynthesizer(work, (synthesize) => synthesize(field, dequantize(field, quantized), size, header.type));
    const seconds = (performance.now() - began) / 1000;
    const resized = header.kind === 'volume' ? { ...header, size, metadata: { ...header.metadata, geometry: stretched(header, size) } } : { ...header, size };
    return { header: resized, samples, seconds, sha256: sha256(sampleBytes(samples)), certified: false };
  });
}

/** Another grid over the same box: its voxels are larger or smaller, and the centre of the first one moves. */
function stretched({ size: before, metadata }: Extract<Header, { kind: 'volume' }>, size: readonly number[]) {
  const { spacing, origin, directions } = metadata.geometry;
  const factors = size.map((extent, axis) => before[axis]! / extent);
  const moved = origin.map((value, world) => value + factors.reduce((sum, factor, axis) => sum + directions[3 * axis + world]! * spacing[axis]! * (factor - 1) * 0.5, 0));
  const spaced = spacing.map((value, axis) => value * factors[axis]!);
  return { ...metadata.geometry, spacing: spaced as [number, number, number], origin: moved as [number, number, number] };
}

async function decodeGrid(input: string, options: DecodeCommandOptions, work: Work, terminal: Terminal): Promise<Result> {
  let grid: Grid;
  if (options.resolution === undefined) {
    const { content, samples, seconds } = await decodeNamed(input, work);
    grid = { header: sampledHeader(content.header), samples, seconds, sha256: content.sha256, certified: true };
  } else {
    grid = await resample(input, options.resolution, work);
    if (!options.quiet) terminal.err(`${input}: evaluated on ${grid.header.size.join(' x ')} points, which is not the grid that the file certifies.\n`);
  }
  const { header, samples, seconds, certified } = grid;
  const { files, notes } = await exportSamples(header, samples, basename(options.output));
  const { size, channels } = header;
  const type = header.kind === 'volume' ? header.metadata.voxelType : header.type;
  return { files, notes, words: `${contentWords(header)}  decoded in ${showSeconds(seconds)}`, facts: { size, channels, type, sha256: grid.sha256, certified, seconds } };
}

/** Checks the file against its digest, then extracts the mesh of its field where the original lies. */
async function decodeMesh(input: string, options: DecodeCommandOptions, extension: MeshExtension, { abort, ...work }: Work): Promise<Result> {
  const [{ surfaceMesh, DEFAULT_RESOLUTION }, { RESOLUTION_LIMITS }, { writeMesh }] = await Promise.all([import('../../service/surface-mesh'), import('#engine/surface/extract'), import('../../formats/mesh')]);
  const { resolution = DEFAULT_RESOLUTION } = options;
  const [least, most] = RESOLUTION_LIMITS;
  if (resolution < least || resolution > most) throw new StudioError('usage', 'surface.resolution', `--resolution ${resolution}: a mesh is extracted at ${least} to ${most} points along each axis.`);
  const { content, seconds: decoding } = await decodeNamed(input, { ...work, abort });
  const began = performance.now();
  const mesh = await about(input, () =>
    surfaceMesh(content, { resolution, threads: work.threads, signal: abort, onProgress: (fraction) => work.progress.stage('extracting the mesh', fraction) }),
  );
  const [vertices, triangles] = [vertexCount(mesh), triangleCount(mesh)];
  const { watertight } = topologyOf(mesh.indices, vertices);
  const bytes = await writeMesh(mesh, extension);
  const seconds = decoding + (performance.now() - began) / 1000;
  const words = `${showCount(vertices)} vertices, ${showCount(triangles)} triangles${watertight ? '' : ', not watertight'}, from ${resolution} x ${resolution} x ${resolution} points  decoded in ${showSeconds(seconds)}`;
  return { files: [{ name: basename(options.output), bytes }], notes: [], words, facts: { vertices, triangles, watertight, resolution, sha256: content.sha256, seconds } };
}

/** Runs the command; resolves to the exit code. */
export async function decode(input: string, options: DecodeCommandOptions, terminal: Terminal): Promise<number> {
  const extension = extensionOf(options.output);
  const output = await checkOutput(options.output, [input]);
  const { kind } = (await about(input, async () => decodeFile(await readFileNamed(input)))).header;
  if (!EXTENSIONS[kind].includes(extension)) {
    const word = kind === 'grid' ? 'picture' : kind;
    throw new StudioError('usage', 'output.format', `${options.output}: ${input} holds a ${word}, which is not written as .${extension}. Let the name end in one of ${EXTENSIONS[kind].map((each) => `.${each}`).join(', ')}.`);
  }
  const abort = terminal.cancellation();
  const progress = createProgress(terminal, options.quiet === true || terminal.columns === 0);
  const work: Work = { abort, progress, ...(options.threads !== undefined && { threads: options.threads }) };
  let result: Result;
  try {
    result = kind === 'surface' ? await decodeMesh(input, options, extension as MeshExtension, work) : await decodeGrid(input, options, work, terminal);
  } finally {
    progress.end();
  }
  const { files, notes, words, facts } = result;
  abort.throwIfAborted();
  // The header that names the voxels comes last: a file that is there is whole.
  for (const { name, bytes } of [...files].reverse()) await writeAtomically(name === basename(options.output) ? output : join(dirname(output), name), bytes);
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (!options.quiet) for (const note of notes) terminal.err(`${options.output}: ${note}.\n`);
  if (options.json) terminal.out(`${JSON.stringify({ input, output: options.output, bytes, ...facts })}\n`);
  else if (!options.quiet) terminal.out(`${options.output}  ${showBytes(bytes)}  ${words}\n`);
  return 0;
}
