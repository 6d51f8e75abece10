/**
 * Volumes: what the presets make of them, beside the codecs of volumes that are installed. A volume is fitted on the cpu engine, coded with its
 * residual, and decoded from those bytes to a file of voxels; zfp, SPERR, TTHRESH and SZ3 (what PATH has of them) answer at as many bytes and
 * at the same PSNR. The dB at which others were measured elsewhere (goals) are met by the residual's step over the same fit. The volumes lie
 * in the folder `volumes` of INR_BENCH_DATA, or of ../shared/data.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCpuEngine } from '#engine/cpu/engine';
import { createExactSynthesizer } from '#engine/cpu/exact';
import { residualCodec } from '#engine/cpu/residual';
import { modelParameters } from '#engine/engine';
import { FitSession } from '#engine/session';
import { sampleBytes } from '#core/coding/sha256';
import { unpackFile } from '#core/coding/pack';
import { fieldFor } from '#core/field/field';
import { presetById } from '#core/fit/presets';
import { pointCount } from '#core/signal/signal';
import { voxelDataBytes, type VolumeSignal } from '#core/signal/volume';
import { Coder, sha256, type CodedFile } from '../src-main/cli/coded-file';
import { provenanceOf } from '../src-main/cli/fit-plan';
import { table } from '../src-main/cli/numbers';
import type { CodecRow } from '../src-main/ipc/contract';
import { readSignal } from '../src-main/service/ingest';
import { sampledSubject } from '../src-main/service/subject';
import { compareVolumeCodecs } from '../src-main/service/volume-codecs';
import { VOLUME_CODEC_NAMES } from '../src-main/service/volume-programs';
import type { SuiteOptions } from './main';

const CASES = [
  { name: 'engine', file: 'engine_256x256x128_uint8.raw.gz', goals: [41.6, 42.3, 37.6] },
  { name: 'bonsai', file: 'bonsai.nii.gz', goals: [42.2, 43.4] },
  { name: 'fuel', file: 'fuel.nii.gz', goals: [52] },
  { name: 'brainweb-t1', file: 'brainweb-t1_180x216x180_uint8.raw.gz', goals: [40] },
] as const;
export const partNames = CASES.map(({ name }) => name);
const PRESETS = ['volume', 'volume-small', 'volume-grid', 'volume-hash', 'volume-siren'] as const;

interface Row {
  readonly volume: string;
  readonly what: string;
  readonly bytes: number;
  readonly ratio: number;
  readonly bitsPerVoxel: number;
  readonly psnr: number | null;
  readonly maximumError: number | null;
  /** The fit alone, with coding, and the decode to a file; null for peers. */
  readonly fitSeconds: number | null;
  readonly codingSeconds: number | null;
  readonly decodeSeconds: number | null;
}

interface Fitted {
  readonly coder: Coder;
  readonly fitSeconds: number;
}

const since = (began: number): number => (performance.now() - began) / 1000;

async function fitted(signal: VolumeSignal, preset: string, quick: boolean, exact: ReturnType<typeof createExactSynthesizer>): Promise<Fitted> {
  const { config } = presetById(preset);
  const plan = quick ? { ...config.plan, steps: Math.min(20, config.plan.steps) } : config.plan;
  const subject = sampledSubject(signal);
  const field = fieldFor(config.network, 3, signal.channels);
  const engine = await createCpuEngine();
  try {
    const request = { field, plan, data: subject.data, seed: config.seed };
    const session = new FitSession({ request, trainer: await engine.createTrainer(request) });
    const { state, seconds } = await session.run();
    session.trainer.dispose();
    const provenance = provenanceOf({ provenance: true }, config, null, null);
    const coder = new Coder({ subject, field, config, synthesize: exact.synthesize, provenance, abort: new AbortController().signal }, modelParameters(state));
    return { coder, fitSeconds: seconds };
  } finally {
    await engine.dispose();
  }
}

/** Seconds from the bytes of a file to its voxels on disk, hash checked: the lesser of two. */
async function decodeSeconds({ file }: CodedFile, exact: ReturnType<typeof createExactSynthesizer>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'inr-bench-'));
  let least = Infinity;
  for (let count = 0; count < 2; count++) {
    const began = performance.now();
    const { samples } = await unpackFile(file, exact.synthesize, { residualCodec, sha256 });
    await writeFile(join(folder, 'voxels.raw'), sampleBytes(samples));
    least = Math.min(least, since(began));
  }
  await rm(folder, { recursive: true });
  return least;
}

const seconds = (value: number | null): string => (value === null ? '' : value.toFixed(1));
const rowWords = ({ volume, what, bytes, ratio, bitsPerVoxel, psnr, maximumError, ...times }: Row): string[] => [
  volume,
  what,
  bytes.toLocaleString('en'),
  ratio.toFixed(1),
  bitsPerVoxel.toFixed(4),
  psnr === null ? 'identical' : psnr.toFixed(2),
  maximumError === null ? '' : String(Number(maximumError.toPrecision(3))),
  seconds(times.fitSeconds),
  seconds(times.codingSeconds),
  seconds(times.decodeSeconds),
];
const HEAD = ['volume', 'by', 'bytes', 'ratio', 'bits/voxel', 'PSNR [dB]', 'max error', 'fit [s]', 'coding [s]', 'decode [s]'];

export async function run({ quick, only }: SuiteOptions): Promise<unknown> {
  const folder = resolve(process.env.INR_BENCH_DATA ?? '../shared/data', 'volumes');
  const rows: Row[] = [];
  const notes = new Set<string>();
  const exact = createExactSynthesizer();
  for (const { name, file, goals } of CASES) {
    if (only && !only.includes(name)) continue;
    const path = resolve(folder, file);
    if (!existsSync(path)) {
      console.log(`${name}: ${file} is not in the folder volumes of INR_BENCH_DATA; left out.`);
      continue;
    }
    const { signal } = await readSignal(new Uint8Array(readFileSync(path)), file);
    if (signal.kind !== 'volume') throw new Error(`${file} is no volume.`);
    const stored = voxelDataBytes(signal);
    console.log(`${name}: ${signal.size.join(' x ')}, ${signal.metadata.voxelType}, ${stored} bytes`);
    const add = (what: string, made: { readonly bytes: number; readonly psnr: number | null; readonly maximumError?: number | undefined }, times: Partial<Row> = {}): void => {
      const { bytes, psnr, maximumError = null } = made;
      const row: Row = { volume: name, what, bytes, ratio: stored / bytes, bitsPerVoxel: (8 * bytes) / pointCount(signal.size), psnr, maximumError, fitSeconds: null, codingSeconds: null, decodeSeconds: null, ...times };
      rows.push(row);
      console.log(`  ${rowWords(row).slice(1).join('  ')}`);
    };
    const addPeers = (what: string, peers: readonly CodecRow[]): void => {
      for (const { codec, version, atBytes, atPsnr, note } of peers) {
        if (version !== '' || note !== '') notes.add(`${codec}: ${[version, note].filter(Boolean).join('; ')}`);
        if (atBytes) add(`${codec}, bytes of ${what}`, atBytes);
        if (atPsnr) add(`${codec}, PSNR of ${what}`, atPsnr);
      }
    };
    for (const preset of PRESETS) {
      const { coder, fitSeconds } = await fitted(signal, preset, quick, exact);
      const began = performance.now();
      const chosen = await coder.choose({ kind: 'bits' }, pointCount(signal.size));
      add(preset, chosen, { fitSeconds, codingSeconds: since(began), decodeSeconds: await decodeSeconds(chosen, exact) });
      if (preset !== 'volume') continue;
      if (!quick) addPeers(preset, await compareVolumeCodecs({ signal, codecs: VOLUME_CODEC_NAMES, bytes: chosen.bytes, psnr: chosen.psnr }));
      for (const decibel of goals) {
        const searching = performance.now();
        add(`volume at ${decibel} dB`, await coder.choose({ kind: 'psnr', decibel }, pointCount(signal.size)), { fitSeconds, codingSeconds: since(searching) });
      }
    }
  }
  await exact.dispose();
  console.log(`\n${table([HEAD, ...rows.map(rowWords)], [0, 1])}\n${[...notes].join('\n')}`);
  return { rows, codecs: [...notes] };
}
