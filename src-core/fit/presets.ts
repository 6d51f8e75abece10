/**
 * Named presets: versioned JSON under assets/presets, each with a parent whose configuration it refines and a reason for
 * each number that it sets. Resolved and checked when first asked for.
 */
import { StudioError } from '../errors';
import { parseConfig, type FitConfig } from './config';
import denseGrid from '../../assets/presets/dense-grid.json';
import finer from '../../assets/presets/finer.json';
import fourier from '../../assets/presets/fourier.json';
import gaussian from '../../assets/presets/gaussian.json';
import hashGrid from '../../assets/presets/hash-grid.json';
import nerf from '../../assets/presets/nerf.json';
import siren from '../../assets/presets/siren.json';
import sirenLarge from '../../assets/presets/siren-large.json';
import sirenMuon from '../../assets/presets/siren-muon.json';
import sirenResidual from '../../assets/presets/siren-residual.json';
import sirenSmall from '../../assets/presets/siren-small.json';
import surface from '../../assets/presets/surface.json';
import surfaceFine from '../../assets/presets/surface-fine.json';
import surfaceSmall from '../../assets/presets/surface-small.json';
import volume from '../../assets/presets/volume.json';
import volumeFine from '../../assets/presets/volume-fine.json';
import volumeGrid from '../../assets/presets/volume-grid.json';
import volumeHash from '../../assets/presets/volume-hash.json';
import volumeSiren from '../../assets/presets/volume-siren.json';
import volumeSmall from '../../assets/presets/volume-small.json';
import wire from '../../assets/presets/wire.json';

interface PresetFile {
  readonly id: string;
  readonly parent?: string;
  /** What it is for; absent: pictures. */
  readonly signals?: readonly string[];
  readonly title: string;
  readonly summary: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly why?: Readonly<Record<string, string>>;
}

/** What a preset may be for, as users call it. */
export type SignalWord = 'picture' | 'volume' | 'surface';

export interface Preset {
  readonly id: string;
  /** What it is for: offered for these alone, though it can fit anything that its network takes. */
  readonly signals: readonly SignalWord[];
  readonly title: string;
  readonly summary: string;
  readonly config: FitConfig;
  /** Reasons for numbers, by dotted path ('plan.batch'); the parent's where the preset has the same value. */
  readonly why: Readonly<Record<string, string>>;
}

const files: readonly PresetFile[] = [siren, sirenSmall, sirenLarge, sirenMuon, sirenResidual, finer, wire, gaussian, nerf, fourier, hashGrid, denseGrid, volume, volumeSmall, volumeFine, volumeGrid, volumeHash, volumeSiren, surface, surfaceSmall, surfaceFine];

export const DEFAULT_PRESET = 'siren';

/** The preset that a fit begins with, by what is fitted. */
export const DEFAULT_PRESETS: Readonly<Record<SignalWord, string>> = { picture: DEFAULT_PRESET, volume: 'volume', surface: 'surface' };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Deep merge; an object with another `kind` replaces the parent's instead of mixing with it. */
function refine(parent: Record<string, unknown>, child: Record<string, unknown>): Record<string, unknown> {
  if ('kind' in child && child.kind !== parent.kind) return child;
  const merged: Record<string, unknown> = { ...parent };
  for (const [key, value] of Object.entries(child)) {
    const base = parent[key];
    merged[key] = isRecord(value) && isRecord(base) ? refine(base, value) : value;
  }
  return merged;
}

function resolve(id: string): Record<string, unknown> {
  const file = files.find((candidate) => candidate.id === id);
  if (!file) throw new StudioError('usage', 'preset.unknown', `No preset "${id}". There are: ${files.map((each) => each.id).join(', ')}.`);
  return file.parent ? refine(resolve(file.parent), file.config) : { ...file.config };
}

const valueAt = (config: unknown, path: string): unknown => path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), config);

/** The preset's own reasons, and its parent's for what it left as it was. */
function reasons(id: string): Record<string, string> {
  const file = files.find((candidate) => candidate.id === id);
  if (!file?.parent) return { ...file?.why };
  const [mine, parents] = [resolve(id), resolve(file.parent)];
  const same = (path: string): boolean => JSON.stringify(valueAt(mine, path)) === JSON.stringify(valueAt(parents, path));
  return { ...Object.fromEntries(Object.entries(reasons(file.parent)).filter(([path]) => same(path))), ...file.why };
}

/** The preset of that name. Throws StudioError 'usage'/'preset.unknown' that lists the names there are. */
export function presetById(id: string): Preset {
  const config = parseConfig(resolve(id), `preset ${id}`);
  const { title, summary, signals = ['picture'] } = files.find((candidate) => candidate.id === id)!;
  return { id, title, summary, signals: signals as readonly SignalWord[], config, why: reasons(id) };
}

/** All presets, or those for one kind of signal. */
export function allPresets(signal?: SignalWord): readonly Preset[] {
  return files.map((file) => presetById(file.id)).filter((preset) => signal === undefined || preset.signals.includes(signal));
}
