/**
 * The two uniform structs of shaders/work.wgsl, written from here and nowhere else. The order of the interfaces below IS the layout
 * (all are 4-byte scalars but the leading vec4 of Domain, so there is no padding to think of).
 */
export const WORK_BYTES = 32;
export const DOMAIN_BYTES = 32;

export interface Work {
  readonly step: number;
  readonly start: number;
  readonly count: number;
  readonly slot: number;
  readonly accumulate: boolean;
  /** learning rate / (1 - beta1^(step+1)) */
  readonly rate: number;
  /** 1 / (1 - beta2^(step+1)) */
  readonly correction: number;
}

export interface Domain {
  /** Grid points along each axis, up to four. */
  readonly size: readonly number[];
  readonly seed: number;
  readonly lossGroups: number;
  readonly lossScale: number;
}

/** A work unit of evaluation: a run of grid points. */
export function evaluationWork(start: number, count: number): Work {
  return { step: 0, start, count, slot: 0, accumulate: false, rate: 0, correction: 0 };
}

/** Writes one Work at byte `offset` of `view`. */
export function writeWork(view: DataView, offset: number, work: Work): void {
  const words = [work.step, work.start, work.count, work.slot, work.accumulate ? 1 : 0];
  words.forEach((word, i) => view.setUint32(offset + 4 * i, word, true));
  view.setFloat32(offset + 20, work.rate, true);
  view.setFloat32(offset + 24, work.correction, true);
}

/** The struct of shaders/layer.wgsl. */
export function layerBytes(layer: { readonly weightOffset: number; readonly biasOffset: number }): Uint32Array<ArrayBuffer> {
  return new Uint32Array([layer.weightOffset, layer.biasOffset]);
}

export function domainBytes(domain: Domain): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(DOMAIN_BYTES);
  const view = new DataView(bytes.buffer);
  for (let axis = 0; axis < 4; axis++) view.setUint32(4 * axis, domain.size[axis] ?? 1, true);
  view.setUint32(16, domain.size.reduce((product, extent) => product * extent, 1), true);
  view.setUint32(20, domain.seed, true);
  view.setUint32(24, domain.lossGroups, true);
  view.setFloat32(28, domain.lossScale, true);
  return bytes;
}
