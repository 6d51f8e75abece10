/**
 * The buffers of one owner (a fit, an evaluator) by name, freed together. All limits are checked before the first buffer is made, so
 * that a fit that cannot be held takes no memory at all.
 */
import { USAGE, type GpuContext } from './context';

/** Numbers [first, first + length) of another buffer; `first` a multiple of 64. */
export interface BufferPart {
  readonly of: string;
  readonly first: number;
  readonly length: number;
}

export class Allocation {
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #parts = new Map<string, BufferPart>();

  constructor(private readonly context: GpuContext) {}

  /**
   * Storage for 32-bit numbers, all 0 (WebGPU sees to that): lengths by name. Buffers of these names that are there already are freed before the
   * first new one is made. Throws StudioError 'device.memory' above the device's limits.
   */
  scratch(lengths: Readonly<Record<string, number>>, usage = 0): void {
    const wanted = Object.entries(lengths);
    for (const [name, length] of wanted) this.context.assertFits(name, 4 * length, USAGE.storage | usage);
    for (const [name] of wanted) this.#drop(name);
    for (const [name, length] of wanted) this.add(name, 4 * length, USAGE.storage | usage);
  }

  /** A buffer of `size` bytes, filled with `data` where given. Throws as scratch. */
  add(name: string, size: number, usage: number, data?: ArrayBufferView): GPUBuffer {
    this.#drop(name);
    const buffer = this.context.buffer(name, size, usage, data);
    this.#buffers.set(name, buffer);
    return buffer;
  }

  #drop(name: string): void {
    this.#buffers.get(name)?.destroy();
    this.#buffers.delete(name);
  }

  /** A buffer that was added before. */
  get(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new Error(`No buffer is named "${name}".`);
    return buffer;
  }

  /** Names for parts of buffers. */
  parts(parts: Readonly<Record<string, BufferPart>>): void {
    for (const [name, part] of Object.entries(parts)) this.#parts.set(name, part);
  }

  /** What a kernel binds under a name: a buffer, or a part of one. */
  resource(name: string): GPUBuffer | GPUBufferBinding {
    const part = this.#parts.get(name);
    return part ? { buffer: this.get(part.of), offset: 4 * part.first, size: 4 * part.length } : this.get(name);
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }
}
