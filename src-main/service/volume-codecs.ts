/**
 * What the command-line codecs of volumes make of the same voxels, where they are installed: at the same bytes and at the same PSNR as pictures are
 * compared (codec-trial.ts). Quality is measured on what the codec's own program gives back from the file, with the measure of .inr files.
 * How each is called: volume-programs.ts. Channels are coded one by one, and their bytes added up. Everything happens in a folder of its own that is removed
 * at the end, whatever happens.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StudioError } from '#core/errors';
import { pointCount } from '#core/signal/signal';
import { voxelQuality } from '#core/signal/subject';
import { newVoxels, voxelRange, type VolumeSignal, type VoxelArray, type VoxelType } from '#core/signal/volume';
import type { CodecRow } from '../ipc/contract';
import { answer, CodecTrial, type CodecPoint, type CodedInput, type Goal } from './codec-trial';
import { runProgram } from './run-program';
import { VOLUME_PROGRAMS, type FileType, type ProgramVariant, type VolumeCodecName } from './volume-programs';

/** Longest time of one encode or decode. */
const MILLISECONDS = 600_000;
const VERSION_MILLISECONDS = 10_000;
/** What one file of plain numbers may have: they are held in one buffer. */
const MOST_FILE_BYTES = 2 ** 31 - 1;
/** Encodes that one question usually takes, for the progress alone. */
const USUAL_ENCODES = 6;

export interface VolumeCodecOptions {
  readonly abort?: AbortSignal;
  /** Fraction in [0, 1], and the codec that is at work. */
  readonly onProgress?: (fraction: number, label: string) => void;
  /** Folders to look for the programs; without it PATH. */
  readonly path?: string;
  /** Longest time of one encode or decode. */
  readonly milliseconds?: number;
}

export interface VolumeCompareRequest extends VolumeCodecOptions, Goal {
  readonly signal: VolumeSignal;
  readonly codecs: readonly VolumeCodecName[];
}

export interface VolumeCurve {
  readonly codec: VolumeCodecName;
  readonly version: string;
  readonly note: string;
  readonly points: readonly (CodecPoint & { readonly variant: string })[];
}

interface Bench {
  readonly folder: string;
  readonly options: VolumeCodecOptions;
  readonly tick: () => void;
}

const FILE_ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array, float64: Float64Array } as const;

/** Lowest and highest number of an integer type; null of floating-point types. */
const LIMITS: Readonly<Record<VoxelType, readonly [number, number] | null>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  float32: null,
  float64: null,
};

/** The most frequent voxel of 8- and 16-bit integers, the lowest such; 0 of other types. */
export function commonestVoxel(voxels: VoxelArray): number {
  if (voxels.BYTES_PER_ELEMENT > 2) return 0;
  const shift = 32768;
  const counts = new Uint32Array(3 * shift);
  for (const voxel of voxels) counts[voxel + shift]!++;
  let best = 0;
  for (let i = 1; i < counts.length; i++) if (counts[i]! > counts[best]!) best = i;
  return voxels.length > 0 ? best - shift : 0;
}

/** Numbers of one channel as a program reads them: (voxel - offset) * scale. */
function numbersOf(signal: VolumeSignal, channel: number, type: FileType, offset: number, scale: number): Uint8Array {
  const { voxels, channels } = signal;
  const numbers = new FILE_ARRAYS[type](voxels.length / channels);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (voxels[i * channels + channel]! - offset) * scale;
  return new Uint8Array(numbers.buffer);
}

/** Puts decoded numbers of one channel back among the voxels. */
function placeNumbers(bytes: Uint8Array, type: FileType, into: VoxelArray, place: { readonly channel: number; readonly channels: number; readonly offset: number; readonly scale: number; readonly limits: readonly [number, number] | null }): void {
  const { channel, channels, offset, scale, limits } = place;
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const numbers = new FILE_ARRAYS[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, into.length / channels);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]! / scale + offset;
    into[i * channels + channel] = limits ? Math.min(limits[1], Math.max(limits[0], Math.round(value))) : value;
  }
}

/** Runs a codec's program; a failure names it and repeats the last thing it said. */
async function mustRun(program: string, words: readonly string[], { folder, options }: Bench): Promise<void> {
  const { abort, path, milliseconds = MILLISECONDS } = options;
  const result = await runProgram(program, words, { folder, milliseconds, ...(path !== undefined && { path }), ...(abort && { abort }) });
  if (result?.code === 0) return;
  const last = result?.said.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  throw new StudioError('failed', 'codecs.program', `${program} failed${last === '' ? '' : `: ${last}`}`);
}

async function fileBytes(path: string, program: string): Promise<number> {
  const facts = await stat(path).catch(() => null);
  if (!facts || facts.size === 0) throw new StudioError('failed', 'codecs.program', `${program} wrote no file`);
  return facts.size;
}

/** Encodes at a step, all channels; the files stay in the folder until it is removed. */
async function encodeVolume(signal: VolumeSignal, program: string, variant: ProgramVariant, step: number, prefix: string, bench: Bench): Promise<CodedInput> {
  const { folder, options, tick } = bench;
  options.abort?.throwIfAborted();
  const { channels, voxels, metadata } = signal;
  const limits = LIMITS[metadata.voxelType];
  const run = variant.run(step);
  const offset = variant.centred ? commonestVoxel(voxels) : 0;
  const input = join(folder, 'input.raw');
  const output = join(folder, 'output.raw');
  const coded = Array.from({ length: channels }, (_, channel) => join(folder, `${prefix}-${step}-${channel}.bin`));
  let bytes = 0;
  for (const [channel, file] of coded.entries()) {
    await writeFile(input, numbersOf(signal, channel, variant.type, offset, run.scale));
    await mustRun(program, run.encode({ input, coded: file }), bench);
    bytes += await fileBytes(file, program);
  }
  tick();
  const measure = async (): Promise<Pick<CodecPoint, 'psnr' | 'maximumError'>> => {
    const decoded = newVoxels(metadata.voxelType, voxels.length);
    const expected = (voxels.length / channels) * FILE_ARRAYS[variant.type].BYTES_PER_ELEMENT;
    for (const [channel, file] of coded.entries()) {
      await rm(output, { force: true });
      await mustRun(program, run.decode({ coded: file, output }), bench);
      const written = await fileBytes(output, program);
      if (written !== expected) throw new StudioError('failed', 'codecs.program', `${program} gave back ${written} bytes where ${expected} were expected`);
      placeNumbers(await readFile(output), variant.type, decoded, { channel, channels, offset, scale: run.scale, limits });
    }
    const { psnr, maximumError } = voxelQuality(voxels, decoded);
    return { psnr, maximumError };
  };
  return { bytes, measure };
}

function checkVolume({ size, channels, voxels }: VolumeSignal): void {
  if (size.length !== 3 || voxels.length !== pointCount(size) * channels) throw new StudioError('usage', 'codecs.shape', 'Only volumes can be compared with codecs of volumes.');
  const bytes = pointCount(size) * 8;
  if (bytes > MOST_FILE_BYTES) throw new StudioError('usage', 'codecs.size', `The volume has ${pointCount(size)} voxels, more than codecs can be given here (${Math.floor(MOST_FILE_BYTES / 8)}). Compare a part of it.`);
}

interface Candidate {
  readonly codec: VolumeCodecName;
  readonly program: string;
  /** '' where it tells none; null where it is not installed. */
  readonly version: string | null;
  readonly from: string;
  readonly variants: readonly ProgramVariant[];
}

/** Looks for the program and asks for its version. */
async function candidateFor(codec: VolumeCodecName, signal: VolumeSignal, { folder, options }: Bench): Promise<Candidate> {
  const { program, version, from, variants } = VOLUME_PROGRAMS[codec];
  const { path, abort } = options;
  const [lowest, highest] = voxelRange(signal.voxels);
  const facts = { size: signal.size, voxelType: signal.metadata.voxelType, range: highest > lowest ? highest - lowest : 1 };
  const common = { codec, program, from, variants: variants(facts) };
  const said = await runProgram(program, version?.words ?? ['-h'], { folder, milliseconds: VERSION_MILLISECONDS, ...(path !== undefined && { path }), ...(abort && { abort }) });
  if (!said) return { ...common, version: null };
  const number = version ? (version.pattern.exec(said.said)?.[1] ?? '') : '';
  return { ...common, version: `${program} ${number}`.trim() };
}

const missing = ({ from }: Candidate): string => `not installed (${from})`;

/** What went wrong with one codec, for its note; an abort goes on. */
function reasonOf(abort: AbortSignal | undefined): (error: unknown) => string {
  return (error) => {
    if (abort?.aborted) throw new StudioError('cancelled', 'cancelled', 'Cancelled.', { cause: error });
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'inr-codecs-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const trialsOf = (signal: VolumeSignal, { codec, program, variants }: Candidate, bench: Bench): CodecTrial[] =>
  variants.map((variant, at) => new CodecTrial(variant, (step) => encodeVolume(signal, program, variant, step, `${codec}-${at}`, bench)));

/**
 * One row a codec, in the order asked for; its note says how it was used, or why it is missing. Throws StudioError 'usage' for what is no
 * volume or too large, and 'cancelled' after abort.
 */
export async function compareVolumeCodecs(request: VolumeCompareRequest): Promise<CodecRow[]> {
  const { signal, codecs, abort, onProgress } = request;
  checkVolume(signal);
  return inFolder(async (folder) => {
    let done = 0;
    let label = '';
    let expected = 1;
    const bench: Bench = { folder, options: request, tick: () => onProgress?.(Math.min(0.99, ++done / expected), label) };
    const candidates: Candidate[] = [];
    for (const codec of codecs) candidates.push(await candidateFor(codec, signal, bench));
    const questions = (request.bytes === null ? 0 : 1) + (request.psnr === null ? 0 : 1);
    expected = Math.max(1, candidates.reduce((sum, { version, variants }) => sum + (version === null ? 0 : variants.length), 0) * questions * USUAL_ENCODES);
    const rows: CodecRow[] = [];
    for (const candidate of candidates) {
      const { codec, version } = candidate;
      label = codec;
      if (version === null) {
        rows.push({ codec, version: '', atBytes: null, atPsnr: null, note: missing(candidate) });
        continue;
      }
      const { atBytes, atPsnr, notes } = await answer(trialsOf(signal, candidate, bench), request, reasonOf(abort));
      rows.push({ codec, version, atBytes, atPsnr, note: notes.join('; ') });
    }
    onProgress?.(1, '');
    return rows;
  });
}

/** Points of a codec over its usable range, for each of its variants; none, and a note, where it is not installed or fails. */
export async function volumeCodecCurve(signal: VolumeSignal, codec: VolumeCodecName, options: VolumeCodecOptions = {}): Promise<VolumeCurve> {
  checkVolume(signal);
  return inFolder(async (folder) => {
    const bench: Bench = { folder, options, tick: () => {} };
    const candidate = await candidateFor(codec, signal, bench);
    if (candidate.version === null) return { codec, version: '', note: missing(candidate), points: [] };
    const points: (CodecPoint & { variant: string })[] = [];
    let note = '';
    try {
      for (const [at, trial] of trialsOf(signal, candidate, bench).entries()) {
        const { table, label } = candidate.variants[at]!;
        for (const step of table) points.push({ ...(await trial.point(step)), variant: label });
      }
    } catch (error) {
      note = reasonOf(options.abort)(error);
    }
    return { codec, version: candidate.version, note, points };
  });
}
