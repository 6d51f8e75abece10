/**
 * The volumes of the 3D view as textures: original, reconstruction and their error, each with its cells and its table. A newer volume overtakes
 * one that is still being prepared. Textures are made and freed here.
 */
import type { Data3DTexture } from 'three/webgpu';
import { createMarchInputs, tableTexture, volumeTexture, type MarchInputs } from './march';
import { cellContents, cellsOf, type Cells, type VolumeTexels } from './volume-texels';
import type { Technique, VolumeSource } from './volume-view';

/** How values become colours. */
export interface Appearance {
  readonly technique: Technique;
  readonly table: Uint8Array;
  readonly level: number;
}

interface Slot {
  readonly inputs: MarchInputs;
  /** What was asked for last; a new object is a new volume. */
  wanted: unknown;
  texels: VolumeTexels | null;
  cells: Cells | null;
  appearance: Appearance | null;
}

const SOURCES: readonly VolumeSource[] = ['original', 'reconstruction', 'error'];

export class SpaceVolumes {
  readonly #slots: Record<VolumeSource, Slot>;
  #disposed = false;

  constructor() {
    const slot = (): Slot => ({ inputs: createMarchInputs(), wanted: null, texels: null, cells: null, appearance: null });
    this.#slots = { original: slot(), reconstruction: slot(), error: slot() };
  }

  inputs(source: VolumeSource): MarchInputs {
    return this.#slots[source].inputs;
  }

  /** Whether there is something to draw. */
  has(source: VolumeSource): boolean {
    return this.#slots[source].texels !== null;
  }

  get reduced(): boolean {
    return SOURCES.some((source) => (this.#slots[source].texels?.reduction ?? 1) > 1);
  }

  /** The edge of a texel of the finest volume, as a part of the longest edge of the box. */
  get fineness(): number {
    return 1 / Math.max(1, ...SOURCES.flatMap((source) => this.#slots[source].texels?.size ?? []));
  }

  /**
   * Takes another volume, or none (`key` null). `make` prepares its texels and is asked only where `key` is a new object or the slot was
   * emptied. Resolves to whether something changed.
   */
  async set(source: VolumeSource, key: unknown, make: (abandoned: () => boolean) => Promise<VolumeTexels | null>): Promise<boolean> {
    const slot = this.#slots[source];
    if (slot.wanted === key) return false;
    slot.wanted = key;
    if (key === null) {
      slot.texels = null;
      slot.cells = null;
      slot.appearance = null;
      swap(slot.inputs.volume, volumeTexture({ data: new Uint8Array(1), size: [1, 1, 1], kind: 'byte' }, true));
      return true;
    }
    const abandoned = (): boolean => this.#disposed || slot.wanted !== key;
    const texels = await make(abandoned);
    if (!texels || abandoned()) return false;
    const cells = await cellsOf(texels, abandoned);
    if (!cells || abandoned()) return false;
    slot.texels = texels;
    slot.cells = cells;
    slot.appearance = null;
    swap(slot.inputs.volume, volumeTexture(texels, true));
    slot.inputs.texels.value.set(...texels.size);
    slot.inputs.cover.value.set(...texels.cover);
    return true;
  }

  /** Brings table and cells of a volume up to an appearance. */
  dress(source: VolumeSource, appearance: Appearance): void {
    const slot = this.#slots[source];
    const before = slot.appearance;
    if (!slot.cells) return;
    if (before?.table !== appearance.table) swap(slot.inputs.table, tableTexture(appearance.table));
    const cellsFollow = before?.technique !== appearance.technique || before.table !== appearance.table || before.level !== appearance.level;
    if (cellsFollow) {
      const data = cellContents(slot.cells, appearance.technique, appearance.table, appearance.level);
      swap(slot.inputs.cells, volumeTexture({ data, size: slot.cells.size, kind: 'byte' }, false));
    }
    slot.appearance = appearance;
  }

  dispose(): void {
    this.#disposed = true;
    for (const source of SOURCES) {
      const { volume, cells, table } = this.#slots[source].inputs;
      for (const node of [volume, cells, table]) (node.value as Data3DTexture).dispose();
    }
  }
}

function swap(node: { value: unknown }, texture: { dispose(): void }): void {
  const before = node.value as { dispose(): void };
  node.value = texture;
  before.dispose();
}
