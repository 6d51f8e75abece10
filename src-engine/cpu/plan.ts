/**
 * Where everything lies in the linear memory of the kernels: one pass over an arena assigns addresses, and the job record
 * (kernels/slots.ts) tells them to the kernels. Nothing here depends on the data or on the number of threads except sizes, so
 * results do not either.
 *
 * Weights are kept in panels [fan-out / 8][fan-in][8] (see kernels/assembly/dense.ts), fan-in and fan-out padded to 8 with
 * zeros, a bias behind its weights padded to 16.
 */
import { fourierMatrix } from '#core/field/encoding';
import { closesBlock, encodedWidth, gridOf, headOf, omegaOf, type Activation, type Field } from '#core/field/field';
import { parameterLayout, type ParameterLayout } from '#core/field/layout';
import { INVERSE_PI, SINE_COEFFICIENTS } from '#core/coding/exact-math';
import { ActivationKind, LayerSlot, Place, Slot } from '#kernels/slots';
import { planTables, type TablePlan } from './tables';

/**
 * cos(pi r) = sum c[i] r^(2 i) on [-1/2, 1/2], least largest error by the Remez exchange: 4.7e-8. The derivative of the sine
 * needs no more.
 */
const COSINE_COEFFICIENTS = [0.9999999534667598, -4.9347928586823, 4.0584119142052195, -1.3318801611749775, 0.21969679810265408];

/** WebAssembly addresses are 32 bits: 65536 pages. */
export const MAXIMUM_PAGES = 65536;

const ACTIVATION_KINDS = {
  relu: ActivationKind.Relu,
  sine: ActivationKind.Sine,
  gelu: ActivationKind.Gelu,
  finer: ActivationKind.Finer,
  gabor: ActivationKind.Gabor,
  gaussian: ActivationKind.Gaussian,
  'snake-alt': ActivationKind.Snake,
} as const;

/** Slot.ActivationRate. */
function activationRate(activation: Activation): number {
  if (activation.kind === 'gabor') return -(activation.scale ** 2);
  return activation.kind === 'gaussian' ? -1 / (2 * activation.sigma ** 2) : 0;
}

/** Slot.HeadRate. */
const HEAD_RATES = { linear: 0, sigmoid: 1, tanh: 2 } as const;

const up = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Hands out addresses; every piece starts on a cache line. */
export class Arena {
  cursor: number = Place.Job + Place.JobBytes;
  take(bytes: number): number {
    const address = this.cursor;
    this.cursor += up(bytes, 64);
    return address;
  }
  get pages(): number {
    return Math.ceil(this.cursor / 65536);
  }
}

/** One dense layer in padded panels; offsets in bytes inside a parameter buffer. */
export interface PanelLayer {
  readonly fanIn: number;
  readonly fanOut: number;
  readonly inBlocks: number;
  readonly outPanels: number;
  readonly weight: number;
  readonly bias: number;
}

export interface PanelLayout {
  readonly flat: ParameterLayout;
  readonly layers: readonly PanelLayer[];
  /** Bytes of one parameter buffer. */
  readonly bytes: number;
}

/** The padded twin of parameterLayout(field). */
export function panelLayout(field: Field): PanelLayout {
  const flat = parameterLayout(field);
  let offset = 0;
  const layers = flat.layers.map(({ fanIn, fanOut }): PanelLayer => {
    const inBlocks = Math.ceil(fanIn / 8);
    const outPanels = Math.ceil(fanOut / 8);
    const weight = offset;
    const bias = weight + inBlocks * outPanels * 256;
    offset = bias + up(fanOut, 16) * 4;
    return { fanIn, fanOut, inBlocks, outPanels, weight, bias };
  });
  return { flat, layers, bytes: offset };
}

/** Calls `visit(flat index, panel index)` for every parameter; indices count float32 numbers. */
function pairs(layout: PanelLayout, visit: (flat: number, panel: number) => void): void {
  layout.layers.forEach((layer, index) => {
    const { weightOffset, biasOffset } = layout.flat.layers[index]!;
    const rows = layer.inBlocks * 8;
    for (let i = 0; i < layer.fanIn; i++) {
      for (let o = 0; o < layer.fanOut; o++) visit(weightOffset + i * layer.fanOut + o, layer.weight / 4 + ((o >> 3) * rows + i) * 8 + (o & 7));
    }
    for (let o = 0; o < layer.fanOut; o++) visit(biasOffset + o, layer.bias / 4 + o);
  });
}

/** Flat parameter vector -> panels; the padding of `panels` is left as it is. */
export function toPanels(layout: PanelLayout, flat: Float32Array, panels: Float32Array): void {
  pairs(layout, (from, to) => {
    panels[to] = flat[from]!;
  });
}

/** Panels -> a new flat parameter vector. */
export function fromPanels(layout: PanelLayout, panels: Float32Array): Float32Array {
  const flat = new Float32Array(layout.flat.length);
  pairs(layout, (to, from) => {
    flat[to] = panels[from]!;
  });
  return flat;
}

/** Writes words of the job record. */
export class JobRecord {
  private readonly view: DataView;
  constructor(buffer: ArrayBufferLike) {
    this.view = new DataView(buffer, Place.Job, Place.JobBytes);
  }
  set(slot: number, value: number): void {
    this.view.setUint32(slot * 4, value, true);
  }
  setFloat(slot: number, value: number): void {
    this.view.setFloat32(slot * 4, value, true);
  }
  setDouble(slot: number, value: number): void {
    this.view.setFloat64(slot * 4, value, true);
  }
}

/** What evaluation of a field needs in memory, planned before memory exists. */
export interface NetworkPlan {
  readonly field: Field;
  readonly layout: PanelLayout;
  readonly tile: number;
  readonly forward: number;
  readonly scratch: number;
  readonly scratchStride: number;
  /** The tables of a grid encoding, null without one. */
  readonly tables: TablePlan | null;
  /** Writes constants, encoding and the table of layers. */
  write(buffer: ArrayBufferLike): JobRecord;
}

/** Samples in a tile: its activations stay in the second-level cache at widths up to 64, and beyond every gradient is read and written back less often. */
export const TILE = 128;

/** Plans constants, encoding, forward weights and the scratch of `threads` threads. `normalizer`: batch * channels, or 1 where nothing is trained; `tile`: samples of a tile, a multiple of 4. */
export function planNetwork(arena: Arena, field: Field, threads: number, normalizer: number, exact: boolean, tile = TILE): NetworkPlan {
  const layout = panelLayout(field);
  const features = field.encoding.kind === 'identity' ? 0 : encodedWidth(field.encoding, field.inputs);
  const phases = gridOf(field.encoding) ? 0 : features;
  const coefficients = arena.take(160);
  const zeros = arena.take(up(Math.max(phases, field.width), 16) * 4);
  const phasePanels = arena.take(up(phases, 8) * field.inputs * 4);
  const phaseOffsets = arena.take(up(phases, 16) * 4);
  const forward = arena.take(layout.bytes);
  const tables = planTables(arena, field, layout.flat, tile);

  // A thread's scratch: coordinates, features, results and slopes of the hidden layers, head, targets.
  const block = tile * 64;
  let scratchStride = block;
  const place = (bytes: number): number => {
    const offset = scratchStride;
    scratchStride += up(bytes, 64);
    return offset;
  };
  const places = [{ input: features === 0 ? 0 : place(Math.ceil(features / 16) * block), result: 0, slope: 0 }];
  layout.layers.forEach((layer, index) => {
    const head = index === field.depth;
    const result = place(Math.ceil(layer.fanOut / 16) * block);
    Object.assign(places[index]!, { result, slope: head || exact ? 0 : place(Math.ceil(layer.fanOut / 16) * block) });
    if (!head) places.push({ input: result, result: 0, slope: 0 });
    else place(tile * up(field.outputs, 4) * 4);
  });
  const residual = field.residual === true && !exact ? place(2 * Math.ceil(field.width / 16) * block) : 0;
  const tableScratch = place(tables?.scratchBytes ?? 0);
  const scratch = arena.take(scratchStride * threads);

  return {
    field,
    layout,
    tile,
    forward,
    scratch,
    scratchStride,
    tables,
    write(buffer) {
      const job = new JobRecord(buffer);
      const floats = (address: number, length: number): Float32Array => new Float32Array(buffer, address, length);
      const sine = field.activation.kind === 'sine';
      [...[...SINE_COEFFICIENTS].reverse(), ...[...COSINE_COEFFICIENTS].reverse()].forEach((value, i) => floats(coefficients + 16 * i, 4).fill(value));
      writePhases(field, floats(phasePanels, up(phases, 8) * field.inputs), floats(phaseOffsets, phases));
      const words: [number, number][] = [
        [Slot.Inputs, field.inputs],
        [Slot.Outputs, field.outputs],
        [Slot.Layers, layout.layers.length],
        [Slot.Activation, ACTIVATION_KINDS[field.activation.kind]],
        [Slot.Tile, tile],
        [Slot.Phases, phases],
        [Slot.PhasePanels, phasePanels],
        [Slot.PhaseOffsets, phaseOffsets],
        [Slot.IncludeInput, field.encoding.kind === 'octaves' && field.encoding.includeInput ? 1 : 0],
        [Slot.Zeros, zeros],
        [Slot.Coefficients, coefficients],
        [Slot.Scratch, scratch],
        [Slot.ScratchStride, scratchStride],
        [Slot.Forward, forward],
        [Slot.TableScratch, tableScratch],
        [Slot.Residual, residual],
      ];
      for (const [slot, value] of words) job.set(slot, value);
      job.setFloat(Slot.ActivationRate, activationRate(field.activation));
      job.setFloat(Slot.HeadRate, HEAD_RATES[headOf(field)]);
      tables?.write(buffer, job);
      layout.layers.forEach((layer, index) => {
        const at = Slot.LayerTable + index * LayerSlot.Words;
        const head = index === field.depth;
        const omega = head ? 1 : omegaOf(field.activation, index);
        // Sine layers alone have omega in their weights.
        const folded = sine ? omega : 1;
        job.set(at + LayerSlot.FanIn, layer.fanIn);
        job.set(at + LayerSlot.InBlocks, layer.inBlocks);
        job.set(at + LayerSlot.FanOut, layer.fanOut);
        job.set(at + LayerSlot.OutPanels, layer.outPanels);
        job.set(at + LayerSlot.Weight, layer.weight);
        job.set(at + LayerSlot.Bias, layer.bias);
        job.setFloat(at + LayerSlot.ForwardScale, sine && !head ? omega * INVERSE_PI : 1);
        job.setFloat(at + LayerSlot.BackwardScale, folded);
        job.setFloat(at + LayerSlot.GradientScale, folded / normalizer);
        job.setDouble(at + LayerSlot.HalfTurns, omega / Math.PI);
        job.set(at + LayerSlot.Input, places[index]!.input);
        job.set(at + LayerSlot.Result, places[index]!.result);
        job.set(at + LayerSlot.Slope, places[index]!.slope);
        job.set(at + LayerSlot.Shortcut, !head && closesBlock(field, index) ? places[index - 2]!.result : 0);
      });
      return job;
    },
  };
}

/** The encoding as a phase matrix in panels (half-turns per unit of coordinate) and offsets; see kernels/assembly/grid.ts. */
function writePhases(field: Field, panels: Float32Array, offsets: Float32Array): void {
  const { encoding, inputs } = field;
  const put = (feature: number, input: number, value: number): void => {
    panels[((feature >> 3) * inputs + input) * 8 + (feature & 7)] = value;
  };
  if (encoding.kind === 'octaves') {
    let feature = encoding.includeInput ? inputs : 0;
    for (let octave = 0; octave < encoding.octaves; octave++) {
      for (let input = 0; input < inputs; input++) {
        put(feature, input, 2 ** octave);
        put(feature + 1, input, 2 ** octave);
        offsets[feature + 1] = 0.5;
        feature += 2;
      }
    }
  } else if (encoding.kind === 'fourier') {
    const matrix = fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed);
    for (let feature = 0; feature < encoding.features; feature++) {
      for (let input = 0; input < inputs; input++) {
        put(feature, input, matrix[feature * inputs + input]!);
        put(encoding.features + feature, input, matrix[feature * inputs + input]!);
      }
      offsets[encoding.features + feature] = 0.5;
    }
  }
}
