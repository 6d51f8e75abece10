/**
 * Sphere tracing straight from a network, for pictures of surfaces on the same device that shows them (shaders/trace-surface.wgsl). What it
 * costs is known before: evaluations a pixel times the products of the network; a picture is therefore cut into bands of rows, each a
 * submit of its own, so that no dispatch keeps a GPU long enough to be taken for hung, and others have their turn in between.
 */
import { encodedWidth, gridOf, headOf, type Field } from '#core/field/field';
import { fourierMatrix } from '#core/field/encoding';
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import { USAGE } from './context';
import { encodingConstants, headParts, layeredActivation, renamedHead } from './parts';
import { composeShader, type Constants, type ModuleName } from './shader';
import { levelBytes } from './tables';

/** What is traced, in domain units. Vectors of three numbers. */
export interface TraceView {
  readonly eye: readonly number[];
  /** From the middle of the picture to its right and upper edge, at distance 1. */
  readonly right: readonly number[];
  readonly up: readonly number[];
  readonly forward: readonly number[];
  /** Box around the surface. */
  readonly least: readonly number[];
  readonly most: readonly number[];
  /** Points with normal . p > offset are not there. */
  readonly cut: { readonly normal: readonly number[]; readonly offset: number } | null;
  readonly steps: number;
  readonly occlusion: boolean;
}

/** Two pictures in halves: normals and openness; distance in two parts, curvature, whether the surface is met. */
export interface TracePictures {
  readonly size: readonly [number, number];
  readonly normals: GPUTexture;
  readonly places: GPUTexture;
}

const DIRECTIONS = 2;
const VIEW_BYTES = 144;
const WORKGROUP = 8;
/** Evaluations of a pixel whose ray goes through the box: steps on an average, neighbours, occlusion. */
const EVALUATIONS = 34;
/** Products of a band: some ten milliseconds of a GPU, a fraction of a second of a processor. */
const BAND = { gpu: 2e10, software: 2e8 } as const;
const [TEXTURE_BINDING, STORAGE_BINDING, COPY_SOURCE, COMPUTE] = [0x4, 0x8, 0x1, 0x4];

/** Products of a pixel. */
export function traceCost(field: Field): number {
  return EVALUATIONS * parameterLayout(field).layers.reduce((sum, { fanIn, fanOut }) => sum + fanIn * fanOut, 0);
}

function traceCode(field: Field): string {
  const head = headParts(headOf(field));
  const activation = layeredActivation(field);
  const grid = gridOf(field.encoding);
  const features = encodedWidth(field.encoding, field.inputs);
  const constants: Constants = {
    ...encodingConstants(field, DIRECTIONS),
    OUTPUTS: field.outputs,
    DEPTH: field.depth,
    WIDTH: field.width,
    RESIDUAL: field.residual === true,
    SLOTS: Math.max(features, field.width),
    CARRIED: field.residual === true ? field.width : 1,
    DENSE_FIRST: parameterLayout(field).tableLength,
    ...(grid ? { LEVELS: grid.levels, GRID_FEATURES: grid.features } : {}),
    ...head.constants,
  };
  const encoding: readonly ModuleName[] = grid ? ['grid-cells', 'features-grid'] : ['sine', `encoding-${field.encoding.kind}` as ModuleName, 'features-plain'];
  const modules: ModuleName[] = [...encoding, ...activation.modules, 'network-point', 'trace-surface'];
  return [activation.code, renamedHead(head), composeShader(constants, [...new Set(modules)])].join('\n');
}

export class SurfaceTracer {
  #pictures: TracePictures | null = null;
  #group: GPUBindGroup | null = null;
  #views: GPUBuffer | null = null;
  #bands = 0;

  private constructor(
    private readonly device: GPUDevice,
    readonly field: Field,
    private readonly truncation: number,
    private readonly software: boolean,
    private readonly pipeline: GPUComputePipeline,
    private readonly frame: GPUBindGroupLayout,
    private readonly network: GPUBindGroup,
    private readonly buffers: readonly GPUBuffer[],
    private readonly parameters: GPUBuffer,
  ) {}

  /**
   * Compiles for a field of three coordinates; distances beyond `truncation` are cut off. Throws StudioError 'usage'/'trace.field' for others,
   * 'device'/'trace.memory' where the parameters are too large for the device.
   */
  static async create(device: GPUDevice, field: Field, truncation: number, software: boolean): Promise<SurfaceTracer> {
    if (field.inputs !== 3) throw new StudioError('usage', 'trace.field', `Surfaces have three coordinates; this network has ${field.inputs}.`);
    const bytes = 4 * parameterLayout(field).length;
    if (bytes > Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)) {
      throw new StudioError('device', 'trace.memory', `The network has ${bytes.toLocaleString('en')} bytes of parameters, more than this GPU binds; look at its mesh or its field instead.`);
    }
    const fourier = field.encoding.kind === 'fourier';
    const grid = gridOf(field.encoding) !== null;
    const read = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({ binding, visibility: COMPUTE, buffer: { type } });
    const picture = (binding: number): GPUBindGroupLayoutEntry => ({ binding, visibility: COMPUTE, storageTexture: { access: 'write-only', format: 'rgba16float' } });
    const frame = device.createBindGroupLayout({ label: 'trace', entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: VIEW_BYTES } }, picture(1), picture(2)] });
    const held = device.createBindGroupLayout({
      label: 'traced network',
      entries: [...(grid ? [read(0, 'uniform')] : []), read(1, 'read-only-storage'), ...(fourier ? [read(DIRECTIONS, 'read-only-storage')] : [])],
    });
    const module = device.createShaderModule({ label: 'trace', code: traceCode(field) });
    const pipeline = await device.createComputePipelineAsync({ label: 'trace', layout: device.createPipelineLayout({ bindGroupLayouts: [frame, held] }), compute: { module, entryPoint: 'main' } });
    const buffers: GPUBuffer[] = [];
    const buffer = (label: string, usage: number, size: number, data?: ArrayBuffer): GPUBuffer => {
      const made = device.createBuffer({ label, size: Math.ceil(size / 16) * 16, usage: usage | USAGE.copyTarget });
      if (data) device.queue.writeBuffer(made, 0, data);
      buffers.push(made);
      return made;
    };
    const parameters = buffer('traced parameters', USAGE.storage, bytes);
    const entries: GPUBindGroupEntry[] = [{ binding: 1, resource: { buffer: parameters } }];
    if (grid) {
      const levels = levelBytes(field);
      entries.push({ binding: 0, resource: { buffer: buffer('traced levels', USAGE.uniform, levels.byteLength, levels.buffer) } });
    }
    if (field.encoding.kind === 'fourier') {
      const { features, sigma, seed } = field.encoding;
      const directions = Float32Array.from(fourierMatrix(features, 3, sigma, seed));
      entries.push({ binding: DIRECTIONS, resource: { buffer: buffer('traced directions', USAGE.storage, directions.byteLength, directions.buffer) } });
    }
    return new SurfaceTracer(device, field, truncation, software, pipeline, frame, device.createBindGroup({ layout: held, entries }), buffers, parameters);
  }

  /** Takes parameters in the order of parameterLayout. Throws StudioError 'usage'/'engine.mismatch' for those of another network. */
  setParameters(parameters: Float32Array): void {
    const { length } = parameterLayout(this.field);
    if (parameters.length !== length) throw new StudioError('usage', 'engine.mismatch', `The network has ${length} parameters, but ${parameters.length} were given.`);
    this.device.queue.writeBuffer(this.parameters, 0, Float32Array.from(parameters));
  }

  /** The pictures that are traced into; null before the first. They are the tracer's own and change with their size. */
  get pictures(): TracePictures | null {
    return this.#pictures;
  }

  /**
   * Bands of a picture of that size, of about so many products each, as functions that submit one each. The pictures are whole when the last
   * has been called.
   */
  *bands(view: TraceView, size: readonly [number, number], products: number = BAND[this.software ? 'software' : 'gpu']): Generator<() => void> {
    const [width, height] = size;
    const rows = Math.max(WORKGROUP, Math.floor(products / (traceCost(this.field) * width) / WORKGROUP) * WORKGROUP);
    const count = Math.ceil(height / rows);
    const group = this.#prepare(size, count);
    const stride = Math.max(256, this.device.limits.minUniformBufferOffsetAlignment);
    const bytes = new ArrayBuffer(stride * count);
    for (let band = 0; band < count; band++) this.#write(new DataView(bytes, band * stride, VIEW_BYTES), view, size, band * rows);
    this.device.queue.writeBuffer(this.#views!, 0, bytes);
    for (let band = 0; band < count; band++) {
      yield () => {
        const encoder = this.device.createCommandEncoder({ label: 'trace' });
        const pass = encoder.beginComputePass({ label: 'trace' });
        pass.setPipeline(this.pipeline);
        pass.setBindGroup(0, group, [band * stride]);
        pass.setBindGroup(1, this.network);
        pass.dispatchWorkgroups(Math.ceil(width / WORKGROUP), Math.ceil(Math.min(rows, height - band * rows) / WORKGROUP));
        pass.end();
        this.device.queue.submit([encoder.finish()]);
      };
    }
  }

  dispose(): void {
    this.#release();
    this.#views?.destroy();
    for (const buffer of this.buffers) buffer.destroy();
  }

  #prepare(size: readonly [number, number], bands: number): GPUBindGroup {
    const stride = Math.max(256, this.device.limits.minUniformBufferOffsetAlignment);
    const same = this.#pictures?.size[0] === size[0] && this.#pictures.size[1] === size[1];
    if (same && this.#group && bands <= this.#bands) return this.#group;
    if (!same) {
      this.#release();
      const texture = (label: string): GPUTexture => this.device.createTexture({ label, size: [...size], format: 'rgba16float', usage: TEXTURE_BINDING | STORAGE_BINDING | COPY_SOURCE });
      this.#pictures = { size, normals: texture('traced normals'), places: texture('traced places') };
    }
    this.#views?.destroy();
    this.#bands = bands;
    this.#views = this.device.createBuffer({ label: 'trace views', size: stride * bands, usage: USAGE.uniform | USAGE.copyTarget });
    this.#group = this.device.createBindGroup({
      layout: this.frame,
      entries: [
        { binding: 0, resource: { buffer: this.#views, size: VIEW_BYTES } },
        { binding: 1, resource: this.#pictures!.normals.createView() },
        { binding: 2, resource: this.#pictures!.places.createView() },
      ],
    });
    return this.#group;
  }

  #write(bytes: DataView, view: TraceView, size: readonly [number, number], firstRow: number): void {
    const vectors = [view.eye, view.right, view.up, view.forward, view.least, view.most, [...(view.cut?.normal ?? [0, 0, 0]), view.cut?.offset ?? 0]];
    vectors.forEach((vector, row) => vector.forEach((value, column) => bytes.setFloat32(16 * row + 4 * column, value, true)));
    [...size, firstRow, view.steps].forEach((value, column) => bytes.setUint32(112 + 4 * column, value, true));
    bytes.setFloat32(128, this.truncation, true);
    bytes.setUint32(132, view.occlusion ? 1 : 0, true);
  }

  #release(): void {
    this.#pictures?.normals.destroy();
    this.#pictures?.places.destroy();
    this.#pictures = null;
    this.#group = null;
  }
}
