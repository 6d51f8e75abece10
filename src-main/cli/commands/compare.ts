/**
 * `inr compare`: what classical codecs make of a picture, measured as an .inr file is. At the bytes and at the PSNR of an .inr
 * file, or of what was asked for; without either a small rate-distortion table at several qualities. Volumes: compare-volume.ts; meshes:
 * compare-surface.ts.
 */
import { pointCount, rawBytes, type GridSignal } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import type { CodecRow } from '../../ipc/contract';
import { CODEC_NAMES, codecCurve, codecVersion, compareCodecs, type CodecName } from '../../service/codecs';
import { VOLUME_CODEC_NAMES } from '../../service/volume-programs';
import { decibelOf } from '#core/signal/subject';
import { decodeNamed } from '../decoded';
import { openSignal, type InputOptions } from '../open-signal';
import { showBytes, showDecibel, table } from '../numbers';
import { createProgress } from '../progress';
import type { Terminal } from '../terminal';
import { requireSameShape } from './evaluate';

export interface CompareOptions extends InputOptions {
  readonly inr?: string;
  readonly bytes?: number;
  readonly psnr?: number;
  readonly codecs?: string;
  /** Of surfaces: points along each axis, and points drawn on each mesh. */
  readonly resolution?: number;
  readonly samples?: number;
  readonly json?: boolean;
}

/** What meshes are compared with. */
const SURFACE_CODEC = 'draco';

/** Spread over what is in use: from a sketch to hardly any loss. */
const QUALITIES = [10, 30, 50, 70, 85, 95];

/** 'jpeg,webp' -> a list without doubles. Throws StudioError 'usage'/'codec.unknown'. */
export function readCodecs(text: string | undefined): CodecName[] {
  if (text === undefined) return [...CODEC_NAMES];
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const known = (name: string): name is CodecName => (CODEC_NAMES as readonly string[]).includes(name);
  const wrong = names.find((name) => !known(name));
  if (wrong !== undefined) throw new StudioError('usage', 'codec.unknown', `--codecs ${text}: there is no codec "${wrong}" of pictures. There are ${CODEC_NAMES.join(', ')} of pictures, ${VOLUME_CODEC_NAMES.join(', ')} of volumes and ${SURFACE_CODEC} of meshes.`);
  return [...new Set(names.filter(known))];
}

/**
 * A list of names is refused before the input is read unless all of them are of pictures, or all of volumes. Returns which; null where none
 * are given. Throws as readCodecs does.
 */
function checkCodecs(text: string | undefined): 'picture' | 'volume' | 'surface' | null {
  if (text === undefined) return null;
  if (text.trim().toLowerCase() === SURFACE_CODEC) return 'surface';
  const ofVolumes = text.split(',').every((name) => (VOLUME_CODEC_NAMES as readonly string[]).includes(name.trim().toLowerCase()));
  if (ofVolumes) return 'volume';
  readCodecs(text);
  return 'picture';
}

interface Goal {
  readonly bytes: number | null;
  readonly psnr: number | null;
}

async function goalOf(input: string, signal: GridSignal, options: CompareOptions): Promise<Goal | null> {
  if (options.inr !== undefined) {
    const decoded = await decodeNamed(options.inr);
    requireSameShape(options.inr, decoded, signal, input);
    return { bytes: decoded.bytes, psnr: decibelOf(signal, decoded.samples) };
  }
  if (options.bytes === undefined && options.psnr === undefined) return null;
  return { bytes: options.bytes ?? null, psnr: options.psnr ?? null };
}

/** Runs the command; resolves to the exit code. */
export async function compare(input: string, options: CompareOptions, terminal: Terminal): Promise<number> {
  const wanted = checkCodecs(options.codecs);
  const { signal } = await openSignal(input, options);
  if (signal.kind === 'volume') return (await import('./compare-volume')).compareVolume(input, signal, options, terminal);
  if (signal.kind === 'surface') return (await import('./compare-surface')).compareSurface(input, signal, options, terminal);
  if (wanted !== null && wanted !== 'picture') throw new StudioError('usage', 'codec.unknown', `--codecs ${options.codecs}: that codes ${wanted === 'volume' ? 'volumes' : 'meshes'}, but ${input} is a picture. There are ${CODEC_NAMES.join(', ')}.`);
  const codecs = readCodecs(options.codecs);
  const goal = await goalOf(input, signal, options);
  const progress = createProgress(terminal, terminal.columns === 0);
  try {
    if (goal) await compareAt(input, signal, goal, codecs, options, terminal, (fraction) => progress.stage('comparing', fraction));
    else await curves(input, signal, codecs, options, terminal, (label) => progress.stage(label));
  } finally {
    progress.end();
  }
  return 0;
}

async function compareAt(
  input: string,
  signal: GridSignal,
  goal: Goal,
  codecs: readonly CodecName[],
  options: CompareOptions,
  terminal: Terminal,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const rows: CodecRow[] = await compareCodecs({ signal, bytes: goal.bytes, psnr: goal.psnr, codecs: [...codecs], onProgress });
  if (options.json) {
    terminal.out(`${JSON.stringify({ input, rawBytes: rawBytes(signal), bytes: goal.bytes, psnr: goal.psnr, rows })}\n`);
    return;
  }
  const head = options.inr === undefined ? `${input}` : `${options.inr}  ${showBytes(goal.bytes!)}  ${showDecibel(goal.psnr)}`;
  const point = (value: CodecRow['atBytes'], none: string): string => (value ? `${showBytes(value.bytes)}  ${showDecibel(value.psnr)}  q${value.quality}` : none);
  const lines = rows.map(({ codec, atBytes, atPsnr }) => [
    codec,
    ...(goal.bytes === null ? [] : [point(atBytes, 'does not get that small')]),
    ...(goal.psnr === null ? [] : [point(atPsnr, 'does not get that good')]),
  ]);
  const titles = ['codec', ...(goal.bytes === null ? [] : [`within ${showBytes(goal.bytes)}`]), ...(goal.psnr === null ? [] : [`at ${showDecibel(goal.psnr)} or more`])];
  const notes = rows.filter(({ note }) => note !== '').map(({ codec, note }) => `  ${codec}: ${note}\n`);
  terminal.out(`${head}\n${table([titles, ...lines], [0, 1, 2])}${notes.join('')}`);
}

async function curves(
  input: string,
  signal: GridSignal,
  codecs: readonly CodecName[],
  options: CompareOptions,
  terminal: Terminal,
  onStage: (label: string) => void,
): Promise<void> {
  const pixels = pointCount(signal.size);
  const results = [];
  for (const codec of codecs) {
    onStage(codec);
    const curve = await codecCurve(signal, codec, QUALITIES);
    results.push({ codec, version: codecVersion(codec), points: curve.map((point) => ({ ...point, bpp: (8 * point.bytes) / pixels })) });
  }
  if (options.json) {
    terminal.out(`${JSON.stringify({ input, rawBytes: rawBytes(signal), curves: results })}\n`);
    return;
  }
  const rows = results.flatMap(({ codec, points }) =>
    points.map(({ variant, quality, bytes, bpp, psnr }) => [
      variant === '' || variant === codec ? codec : `${codec} ${variant}`,
      `${quality}`,
      showBytes(bytes),
      bpp.toFixed(3),
      `${(rawBytes(signal) / bytes).toFixed(1)}x`,
      showDecibel(psnr),
    ]),
  );
  terminal.out(`${input}  ${showBytes(rawBytes(signal))} uncompressed\n${table([['codec', 'quality', 'size', 'bpp', 'ratio', 'PSNR'], ...rows])}`);
}
