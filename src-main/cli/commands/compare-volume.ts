/**
 * `inr compare` of volumes: what zfp, SPERR, TTHRESH and SZ3 make of the same voxels, as far as they are installed, measured as an .inr file
 * is. At the bytes and at the PSNR of an .inr file, or of what was asked for; without either a small rate-distortion table.
 */
import { pointCount } from '#core/signal/signal';
import { decibelOf } from '#core/signal/subject';
import { voxelDataBytes, type VolumeSignal } from '#core/signal/volume';
import { StudioError } from '#core/errors';
import type { CodecPoint, Goal } from '../../service/codec-trial';
import { compareVolumeCodecs, volumeCodecCurve, type VolumeCodecOptions } from '../../service/volume-codecs';
import { VOLUME_CODEC_NAMES, type VolumeCodecName } from '../../service/volume-programs';
import { decodeNamed } from '../decoded';
import { showBytes, showDecibel, table } from '../numbers';
import { createProgress } from '../progress';
import type { Terminal } from '../terminal';
import type { CompareOptions } from './compare';

/** Bytes of a voxel and channel in float32: papers give ratios against it whatever the data's own type. */
const FLOAT_BYTES = 4;

/** 'zfp,sz3' -> a list without doubles. Throws StudioError 'usage'/'codec.unknown'. */
export function readVolumeCodecs(text: string | undefined): VolumeCodecName[] {
  if (text === undefined) return [...VOLUME_CODEC_NAMES];
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const known = (name: string): name is VolumeCodecName => (VOLUME_CODEC_NAMES as readonly string[]).includes(name);
  const wrong = names.find((name) => !known(name));
  if (wrong !== undefined) throw new StudioError('usage', 'codec.unknown', `--codecs ${text}: there is no codec "${wrong}" of volumes. There are ${VOLUME_CODEC_NAMES.join(', ')}.`);
  return [...new Set(names.filter(known))];
}

const describe = ({ size, channels }: Pick<VolumeSignal, 'size' | 'channels'>, type: string): string => `${size.join(' x ')} voxels, ${channels === 1 ? '1 channel' : `${channels} channels`}, ${type}`;

async function goalOf(input: string, signal: VolumeSignal, { inr, bytes, psnr }: CompareOptions): Promise<Goal | null> {
  if (inr === undefined) return bytes === undefined && psnr === undefined ? null : { bytes: bytes ?? null, psnr: psnr ?? null };
  const decoded = await decodeNamed(inr);
  const { header } = decoded.content;
  const [lowest, highest] = signal.metadata.range;
  const wrong = (what: string): StudioError => new StudioError('input', 'eval.mismatch', `${inr}: ${what} Give the volume that the file was made from.`);
  if (header.kind !== 'volume') throw wrong(`it holds no volume, but ${input} is one.`);
  const mine = describe(header, header.metadata.voxelType);
  const other = describe(signal, signal.metadata.voxelType);
  if (mine !== other) throw wrong(`it is ${mine}, but ${input} is ${other}.`);
  // Codes stand for voxels by the range of the file; the signal's own is another where the voxels are.
  const reference = { ...signal, metadata: header.metadata };
  if (header.metadata.range[0] !== lowest || header.metadata.range[1] !== highest) {
    throw wrong(`its voxels lie between ${header.metadata.range.join(' and ')}, those of ${input} between ${lowest} and ${highest}.`);
  }
  return { bytes: decoded.bytes, psnr: decibelOf(reference, decoded.samples) };
}

interface Rates {
  /** Bits a voxel, all channels. */
  readonly bpp: number;
  /** Bytes of the stored voxels over the bytes of the file. */
  readonly ratio: number;
  /** The same for voxels stored as float32. */
  readonly ratioFloat32: number;
}

function ratesOf(signal: VolumeSignal, bytes: number): Rates {
  const voxels = pointCount(signal.size);
  return { bpp: (8 * bytes) / voxels, ratio: voxelDataBytes(signal) / bytes, ratioFloat32: (FLOAT_BYTES * signal.channels * voxels) / bytes };
}

const withRates = (signal: VolumeSignal, point: CodecPoint | null): (CodecPoint & Rates) | null => point && { ...point, ...ratesOf(signal, point.bytes) };

/** '0.119 bits/voxel  67.3x' */
const showRates = ({ bpp, ratio }: Rates): string => `${bpp.toFixed(3)} bits/voxel  ${ratio.toFixed(1)}x`;

/** A tolerance or a rate, with as many digits as tell two steps apart. */
const showSetting = (value: number): string => String(Number(value.toPrecision(4)));

/** Runs the command; resolves to the exit code. `path`: folders to look for the codecs, without it PATH. */
export async function compareVolume(input: string, signal: VolumeSignal, options: CompareOptions, terminal: Terminal, path?: string): Promise<number> {
  const codecs = readVolumeCodecs(options.codecs);
  const goal = await goalOf(input, signal, options);
  const progress = createProgress(terminal, terminal.columns === 0);
  const settings: VolumeCodecOptions = {
    abort: terminal.cancellation(),
    onProgress: (fraction, label) => progress.stage(`comparing ${label}`, fraction),
    ...(path !== undefined && { path }),
  };
  try {
    if (goal) await compareAt(input, signal, goal, codecs, options, terminal, settings);
    else await curves(input, signal, codecs, options, terminal, settings, (label) => progress.stage(label));
  } finally {
    progress.end();
  }
  return 0;
}

async function compareAt(
  input: string,
  signal: VolumeSignal,
  goal: Goal,
  codecs: readonly VolumeCodecName[],
  options: CompareOptions,
  terminal: Terminal,
  settings: VolumeCodecOptions,
): Promise<void> {
  const found = await compareVolumeCodecs({ signal, ...goal, codecs, ...settings });
  const rows = found.map((row) => ({ ...row, atBytes: withRates(signal, row.atBytes), atPsnr: withRates(signal, row.atPsnr) }));
  if (options.json) {
    const rates = goal.bytes === null ? {} : ratesOf(signal, goal.bytes);
    terminal.out(`${JSON.stringify({ input, rawBytes: voxelDataBytes(signal), bytes: goal.bytes, psnr: goal.psnr, ...rates, rows })}\n`);
    return;
  }
  const head =
    options.inr === undefined ? `${input}  ${showBytes(voxelDataBytes(signal))} uncompressed` : `${options.inr}  ${showBytes(goal.bytes!)}  ${showDecibel(goal.psnr)}  ${showRates(ratesOf(signal, goal.bytes!))}`;
  const point = (value: (CodecPoint & Rates) | null, missing: boolean, none: string): string =>
    value ? `${showBytes(value.bytes)}  ${showDecibel(value.psnr)}  ${showRates(value)}` : missing ? '-' : none;
  const lines = rows.map(({ codec, version, atBytes, atPsnr }) => [
    codec,
    ...(goal.bytes === null ? [] : [point(atBytes, version === '', 'does not get that small')]),
    ...(goal.psnr === null ? [] : [point(atPsnr, version === '', 'does not get that good')]),
  ]);
  const titles = ['codec', ...(goal.bytes === null ? [] : [`within ${showBytes(goal.bytes)}`]), ...(goal.psnr === null ? [] : [`at ${showDecibel(goal.psnr)} or more`])];
  const notes = rows.map(({ codec, version, note }) => `  ${codec}: ${[version, note].filter((part) => part !== '').join('; ')}\n`);
  terminal.out(`${head}\n${table([titles, ...lines], [0, 1, 2])}${notes.join('')}`);
}

async function curves(
  input: string,
  signal: VolumeSignal,
  codecs: readonly VolumeCodecName[],
  options: CompareOptions,
  terminal: Terminal,
  settings: VolumeCodecOptions,
  onStage: (label: string) => void,
): Promise<void> {
  const results = [];
  for (const codec of codecs) {
    onStage(codec);
    const { points, ...facts } = await volumeCodecCurve(signal, codec, settings);
    results.push({ ...facts, points: points.map((point) => ({ ...point, ...ratesOf(signal, point.bytes) })) });
  }
  if (options.json) {
    terminal.out(`${JSON.stringify({ input, rawBytes: voxelDataBytes(signal), curves: results })}\n`);
    return;
  }
  const rows = results.flatMap(({ codec, points }) =>
    points.map(({ variant, quality, bytes, bpp, ratio, ratioFloat32, psnr, maximumError }) => [
      `${codec} ${variant}`,
      showSetting(quality),
      showBytes(bytes),
      bpp.toFixed(3),
      `${ratio.toFixed(1)}x`,
      `${ratioFloat32.toFixed(1)}x`,
      showDecibel(psnr),
      maximumError === undefined ? '' : showSetting(maximumError),
    ]),
  );
  const notes = results.map(({ codec, version, note }) => `  ${codec}: ${[version, note].filter((part) => part !== '').join('; ')}\n`);
  const titles = ['codec', 'setting', 'size', 'bits/voxel', 'ratio', 'of float32', 'PSNR', 'max error'];
  terminal.out(`${input}  ${showBytes(voxelDataBytes(signal))} uncompressed\n${table([titles, ...rows])}${notes.join('')}`);
}
