import { SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import { fieldCost, type FieldCost } from '#core/field/cost';
import { fieldFor } from '#core/field/field';
import { networkWords } from '#core/field/words';
import { trainingBytes } from '#core/fit/memory';
import { allPresets, DEFAULT_PRESET, DEFAULT_PRESETS, presetById } from '#core/fit/presets';
import { effectiveBatch } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import type { SignalInfo } from '#main/ipc/contract';
import { KIND_WORDS, type Kind } from '../kind-words';
import { configFaults, valueAt, withValue } from '../knobs';

/** The configuration that the next fit will have. */
export class Draft {
  presetId = $state(DEFAULT_PRESET);
  config = $state.raw<FitConfig>(presetById(DEFAULT_PRESET).config);
  /** What ends the fit. */
  bound = $state<'steps' | 'seconds'>('steps');
  seconds = $state(60);
  /** What it is for. */
  kind = $state<Kind>('grid');
  readonly presets = $derived(allPresets(KIND_WORDS[this.kind].signal));
  readonly preset = $derived(presetById(this.presetId));
  readonly faults = $derived<Readonly<Record<string, string>>>({ ...configFaults(this.config), ...(this.bound === 'seconds' && !(this.seconds >= 1 && this.seconds <= 86_400) ? { seconds: 'Between 1 second and a day.' } : {}) });
  readonly valid = $derived(Object.keys(this.faults).length === 0);

  /** What was set for kinds that were open before; nothing on screen depends on it. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #left = new Map<Kind, Pick<Draft, 'presetId' | 'config'>>();

  /** Turns to another kind: with what was set for it before, else with its usual preset. */
  follow(kind: Kind): void {
    if (kind === this.kind) return;
    const { presetId, config } = this;
    this.#left.set(this.kind, { presetId, config });
    this.kind = kind;
    const before = this.#left.get(kind);
    this.choosePreset(before?.presetId ?? DEFAULT_PRESETS[KIND_WORDS[kind].signal]);
    if (before) this.config = before.config;
  }

  choosePreset(id: string): void {
    this.presetId = id;
    this.config = presetById(id).config;
  }

  set(path: string, value: unknown): void {
    this.config = withValue(this.config, path, value, this.preset.config);
  }

  /** The preset's value, or undefined where it has none: the numbers of another kind are no yardstick. */
  presetValue(path: string): unknown {
    const [group, name, key] = path.split('.');
    const kind = `${group}.${name}.kind`;
    const foreign = key !== undefined && key !== 'kind' && name !== 'optimizer' && valueAt(this.config, kind) !== valueAt(this.preset.config, kind);
    return foreign ? undefined : valueAt(this.preset.config, path);
  }

  /** Whether a value differs from the preset's. */
  changed(path: string): boolean {
    const preset = this.presetValue(path);
    return preset !== undefined && JSON.stringify(valueAt(this.config, path)) !== JSON.stringify(preset);
  }

  get changes(): boolean {
    return JSON.stringify(this.config) !== JSON.stringify(this.preset.config);
  }

  /** What a run of this configuration is called: the preset, or the network where it is another. */
  get title(): string {
    const { network } = this.config;
    return JSON.stringify(network) === JSON.stringify(this.preset.config.network) ? this.preset.title : networkWords(network);
  }

  reset(): void {
    this.config = this.preset.config;
  }

  /** The preset's reason for a value: its own, or for a `kind` that of its group ('network' as a whole stands over its knobs). */
  why(path: string): string {
    const { why } = this.preset;
    if (this.presetValue(path) === undefined) return '';
    return why[path] ?? (path.endsWith('.kind') ? why[path.slice(0, -'.kind'.length)] : undefined) ?? '';
  }

  /** Cost of fitting a signal so; null while the configuration is faulty. */
  cost(signal: Pick<SignalInfo, 'kind' | 'size' | 'channels' | 'rawBytes'> | null, bits = this.config.coding.bits): (FieldCost & { ratio: number; trainingBytes: number }) | null {
    if (!this.valid) return null;
    const size = signal?.size ?? [256, 256];
    const channels = signal?.channels ?? 3;
    const { network, plan } = this.config;
    const field = fieldFor(network, size.length, channels);
    const points = signal?.kind === 'surface' ? (this.config.surface ?? SURFACE_DEFAULTS).points : pointCount(size);
    const cost = fieldCost(field, effectiveBatch(plan, points), bits);
    return { ...cost, trainingBytes: trainingBytes(field, plan, points), ratio: (signal?.rawBytes ?? points * channels) / cost.fileBytes };
  }
}
