/**
 * The command lines of codecs for volumes: zfp (1.0), SPERR (sperr3d), TTHRESH and SZ3. Each is used as gives it the smallest files:
 *
 * - Numbers. 8- and 16-bit voxels go in as float32, which holds them exactly; as float64 what is wider. TTHRESH takes uint8, uint16 and int32 as
 *   they are. (zfp on integers promoted to int32, by fixed precision, makes files a fifth to a half larger at equal PSNR than fixed accuracy on
 *   float32, which integers do not have: `-a` on them is lossless, without a word.)
 * - zfp rounds its tolerance down to a power of two. Voxels are therefore scaled by 1 ... 2, so that every tolerance can be had, and not one
 *   in 6 dB alone. Integers are taken less their most frequent voxel: a background of zeros costs zfp next to nothing. Both numbers would be a few bytes
 *   more in a file; they are not counted.
 * - SPERR is told a PSNR (its quantizer alone, no corrections of single voxels), TTHRESH a root mean square error, SZ3 a largest error.
 *
 * x is the fastest axis in all of them. Decoded integers are rounded and clipped to the range of their type.
 */
import type { VoxelType } from '#core/signal/volume';
import type { CodecScale } from './codec-trial';

export const VOLUME_CODEC_NAMES = ['zfp', 'sperr', 'tthresh', 'sz3'] as const;
export type VolumeCodecName = (typeof VOLUME_CODEC_NAMES)[number];

/** Number types of the files that the programs read and write. */
export type FileType = 'uint8' | 'uint16' | 'int32' | 'float32' | 'float64';

/** One run: file = (voxel - offset) * scale in `type`, with these words before the names of the files. */
export interface ProgramRun {
  readonly scale: number;
  readonly encode: (files: { readonly input: string; readonly coded: string }) => readonly string[];
  readonly decode: (files: { readonly coded: string; readonly output: string }) => readonly string[];
}

export interface ProgramVariant extends CodecScale {
  readonly type: FileType;
  /** Integers are taken less their most frequent voxel. */
  readonly centred: boolean;
  /** Steps of a small table, from coarse to fine. */
  readonly table: readonly number[];
  readonly run: (step: number) => ProgramRun;
}

export interface VolumeFacts {
  /** Extents, x first. */
  readonly size: readonly number[];
  readonly voxelType: VoxelType;
  /** highest - lowest voxel, or 1. */
  readonly range: number;
}

export interface VolumeProgram {
  readonly program: string;
  /** Words that make it tell its version, and where that stands; null where it tells none. */
  readonly version: { readonly words: readonly string[]; readonly pattern: RegExp } | null;
  /** How to get it. */
  readonly from: string;
  readonly variants: (facts: VolumeFacts) => readonly ProgramVariant[];
}

/** 8- and 16-bit integers and float32 as float32, the rest as float64. */
const floatFor = (type: VoxelType): 'float32' | 'float64' => (type === 'float64' || type === 'int32' || type === 'uint32' ? 'float64' : 'float32');

/** Steps of a factor of two, for tolerances: 0.2 dB each. */
const STEPS_PER_OCTAVE = 32;

/** Tolerances from `coarsest` to `finest` times the range, in logarithmic steps. `slopes`: usual growth an octave. */
function toleranceScale(range: number, coarsest: number, finest: number): Required<Pick<CodecScale, 'best' | 'setting' | 'slopes'>> & { readonly stepOf: (share: number) => number } {
  const stepOf = (share: number): number => 1 + Math.round(STEPS_PER_OCTAVE * Math.log2(coarsest / share));
  return {
    best: stepOf(finest),
    setting: (step) => range * coarsest * 2 ** ((1 - step) / STEPS_PER_OCTAVE),
    slopes: { bytes: 0.6 / STEPS_PER_OCTAVE, psnr: 4 / STEPS_PER_OCTAVE },
    stepOf,
  };
}

/** A positive number without an exponent, which not all of them read. */
function plain(value: number): string {
  const digits = Math.min(100, Math.max(0, 7 - Math.floor(Math.log10(value))));
  return value.toFixed(digits);
}

function zfpVariants({ size, voxelType, range }: VolumeFacts): readonly ProgramVariant[] {
  const type = floatFor(voxelType);
  const shape = ['-t', type === 'float32' ? 'f32' : 'f64', '-3', ...size.map(String)];
  const run = (scale: number, words: readonly string[]): ProgramRun => ({
    scale,
    encode: ({ input, coded }) => ['-h', ...shape, ...words, '-i', input, '-z', coded],
    decode: ({ coded, output }) => ['-h', '-z', coded, '-o', output],
  });
  const { stepOf, ...scale } = toleranceScale(range, 2 ** 4, 2 ** -20);
  const accuracy: ProgramVariant = {
    ...scale,
    label: `${type}, fixed accuracy`,
    type,
    centred: true,
    table: [2, 0.5, 2 ** -3, 2 ** -5, 2 ** -7].map(stepOf),
    run(step) {
      const tolerance = scale.setting(step);
      // Of a tolerance that is a power of two but for rounding, not the next one.
      const power = 2 ** Math.ceil(Math.log2(tolerance) - 1e-9);
      return run(Math.max(1, power / tolerance), ['-a', power.toExponential(17)]);
    },
  };
  /** Bits a voxel: 1/8 to 16, in whole bits a block of 64. */
  const bits = (step: number): number => Math.round(8 * 2 ** ((step - 1) / 16)) / 64;
  const rate: ProgramVariant = {
    label: `${type}, fixed rate`,
    best: 113,
    setting: bits,
    slopes: { bytes: 1 / 16, psnr: 0.3 },
    type,
    centred: true,
    table: [17, 33, 49, 65],
    run: (step) => run(1, ['-r', String(bits(step))]),
  };
  return [accuracy, rate];
}

function sperrVariants({ size, voxelType }: VolumeFacts): readonly ProgramVariant[] {
  const type = floatFor(voxelType);
  const decibels = (step: number): number => 10 + 0.1 * (step - 1);
  return [
    {
      label: `${type}, by PSNR`,
      best: 1201,
      setting: decibels,
      slopes: { bytes: 0.025, psnr: 0.1 },
      type,
      centred: false,
      table: [201, 251, 301, 351, 401, 501],
      run: (step) => ({
        scale: 1,
        encode: ({ input, coded }) => ['-c', input, '--ftype', type === 'float32' ? '32' : '64', '--dims', ...size.map(String), '--psnr', decibels(step).toFixed(1), '--bitstream', coded],
        decode: ({ coded, output }) => ['-d', coded, type === 'float32' ? '--decomp_f' : '--decomp_d', output],
      }),
    },
  ];
}

const TTHRESH_TYPES: Readonly<Partial<Record<VoxelType, readonly [FileType, string]>>> = { uint8: ['uint8', 'uchar'], uint16: ['uint16', 'ushort'], int32: ['int32', 'int'] };

function tthreshVariants({ size, voxelType, range }: VolumeFacts): readonly ProgramVariant[] {
  const float = floatFor(voxelType);
  const [type, word] = TTHRESH_TYPES[voxelType] ?? ([float, float === 'float32' ? 'float' : 'double'] as const);
  const { stepOf, ...scale } = toleranceScale(range, 0.5, 2 ** -20);
  return [
    {
      ...scale,
      slopes: { bytes: 1 / STEPS_PER_OCTAVE, psnr: 6 / STEPS_PER_OCTAVE },
      label: `${type}, by root mean square error`,
      type,
      centred: false,
      table: [4, 5, 6, 7, 8, 9].map((octaves) => stepOf(2 ** -octaves)),
      run: (step) => ({
        scale: 1,
        encode: ({ input, coded }) => ['-i', input, '-t', word, '-s', ...size.map(String), '-r', plain(scale.setting(step)), '-c', coded],
        decode: ({ coded, output }) => ['-c', coded, '-o', output],
      }),
    },
  ];
}

function sz3Variants({ size, voxelType, range }: VolumeFacts): readonly ProgramVariant[] {
  const type = floatFor(voxelType);
  const letter = type === 'float32' ? '-f' : '-d';
  const { stepOf, ...scale } = toleranceScale(range, 1, 2 ** -20);
  return [
    {
      ...scale,
      label: `${type}, by largest error`,
      type,
      centred: false,
      table: [0.25, 0.125, 2 ** -4, 2 ** -5, 2 ** -6, 2 ** -7].map(stepOf),
      run(step) {
        const shape = ['-3', ...size.map(String), '-M', 'ABS', plain(scale.setting(step))];
        return {
          scale: 1,
          encode: ({ input, coded }) => [letter, '-i', input, '-z', coded, ...shape],
          decode: ({ coded, output }) => [letter, '-z', coded, '-o', output, ...shape],
        };
      },
    },
  ];
}

export const VOLUME_PROGRAMS: Readonly<Record<VolumeCodecName, VolumeProgram>> = {
  zfp: { program: 'zfp', version: { words: [], pattern: /zfp version (\d[\d.]*)/ }, from: 'Debian: apt-get install zfp', variants: zfpVariants },
  sperr: { program: 'sperr3d', version: null, from: 'sperr3d of SPERR, to be built from its source', variants: sperrVariants },
  tthresh: { program: 'tthresh', version: null, from: 'to be built from its source', variants: tthreshVariants },
  sz3: { program: 'sz3', version: { words: ['-v'], pattern: /Version: *(\d[\d.]*)/i }, from: 'to be built from its source', variants: sz3Variants },
};
