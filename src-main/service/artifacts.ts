/**
 * .inr files of this window: coded from a fit or opened. Every number is measured on samples that were decoded from the bytes; the one
 * exception, psnrFloat, is labelled as such: the same exact synthesis with the parameters before quantization.
 */
import { createHash } from 'node:crypto';
import { decodeFile } from '#core/coding/file';
import { packFile, unpackFile } from '#core/coding/pack';
import { sampleBytes } from '#core/coding/sha256';
import type { FileReport, Header, InrContent, Provenance, ResidualCodec, Synthesizer } from '#core/coding/types';
import { asStudioError, StudioError } from '#core/errors';
import { fieldCost } from '#core/field/cost';
import { fieldFor, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { compactConfig, configSchema, type FitConfig } from '#core/fit/config';
import type { Mesh } from '#core/signal/mesh';
import { unitsOf, sourceBytes } from '#core/signal/subject';
import { toWorld, type SurfaceDomain, type SurfaceMetadata } from '#core/signal/surface';
import * as v from 'valibot';
import type { ArtifactFormat, ArtifactInfo } from '../ipc/contract';
import { floatsFrom } from './float-bytes';
import { qualityOf } from './artifact-quality';
import { EXTENSIONS, exportSamples } from './exports';
import type { MeshExtension } from '../formats/mesh';
import { chunkOf, contentFacts, gridBytes, type OpenSignal } from './signals';
import { residualOf, wordOf, type Subject } from './subject';
import { DEFAULT_RESOLUTION, type SurfaceContent } from './surface-mesh';
import type { Task } from './tasks';
import { heldBy, newToken } from './tokens';

type Samples = Uint8Array | Uint16Array;

interface Artifact {
  /** Name without extension. */
  readonly stem: string;
  readonly header: Header;
  readonly bytes: Uint8Array;
  readonly samples: Samples;
  /** What it was exported as, made once. */
  readonly exports: Map<string, Promise<Uint8Array>>;
  /** Of surfaces: the mesh that was extracted last, in the cube. */
  mesh: { readonly resolution: number; readonly mesh: Mesh } | null;
}

export interface EncodeRequest {
  readonly source: OpenSignal;
  readonly subject: Subject;
  /** Tells apart signals in the memory of float qualities. */
  readonly signalToken: string;
  readonly config: FitConfig;
  /** float32 little-endian, as parameterLayout says. */
  readonly parameters: Uint8Array;
  /** Steps really made, where they are not those of the plan. */
  readonly steps?: number | undefined;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stemOf = (name: string): string => name.replace(/(\.(nii|raw|img))?\.[A-Za-z0-9]{1,5}$/i, '') || 'untitled';

/** As cubeMesh of surface-mesh.ts. */
type ExtractMesh = (content: SurfaceContent, options: { readonly resolution: number; readonly signal?: AbortSignal | undefined; readonly onProgress?: (fraction: number) => void }) => Promise<Mesh>;

/** Float qualities that are remembered: re-encoding at other bits does not change them. */
const REMEMBERED = 16;

export class Artifacts {
  readonly #open = new Map<string, Artifact>();
  readonly #floatPsnr = new Map<string, number | null>();

  constructor(
    private readonly synthesize: Synthesizer,
    private readonly appVersion: string,
    private readonly residualCodec?: ResidualCodec,
    private readonly extract?: ExtractMesh,
  ) {}

  /**
   * Quantizes, codes, decodes and measures. Throws StudioError 'usage' 'encode.parameters' when the parameters are not those of the network,
   * and what packFile throws.
   */
  async encode({ source, subject, signalToken, config, parameters: raw, steps }: EncodeRequest, task: Task): Promise<ArtifactInfo> {
    const { name, signal } = source;
    const { header } = subject;
    const field = fieldFor(config.network, header.size.length, header.channels);
    const parameters = floatsFrom(raw);
    const { length } = parameterLayout(field);
    if (parameters?.length !== length) {
      throw new StudioError('usage', 'encode.parameters', `The network has ${length} parameters, but ${raw.length} bytes of them came. Start the fit again with this configuration.`);
    }
    const stoppedEarly = steps !== undefined && steps !== config.plan.steps;
    const provenance: Provenance = { generator: `inr-studio ${this.appVersion}`, config: compactConfig(config), ...(stoppedEarly ? { steps } : {}) };
    const clock = timed(this.synthesize);
    const packed = await packFile({
      header,
      field,
      parameters,
      bits: config.coding.bits,
      provenance,
      residual: residualOf(subject, config.coding),
      synthesize: clock.synthesize,
      residualCodec: this.residualCodec,
      sha256,
      signal: task.signal,
      onProgress: (fraction) => task.progress('Decoding', fraction),
    });
    task.progress('Measuring', 0);
    const measured = await qualityOf(signal, subject, packed.samples, task.signal);
    task.progress('Measuring', 0.5);
    const psnrFloat = await this.#psnrOfFloat(signalToken, subject, field, parameters, task);
    // The caller of a cancelled task never hears of its artifact, so nobody would close it.
    task.signal.throwIfAborted();
    const content: InrContent = { header, field, quantized: { tensors: [] }, sha256: packed.sha256, provenance };
    return this.#add(stemOf(name), packed.bytes, packed.samples, content, packed.report, {
      quality: { ...measured, psnrFloat },
      bits: config.coding.bits,
      decodeMilliseconds: clock.milliseconds(),
    });
  }

  async #psnrOfFloat(token: string, subject: Subject, field: Field, parameters: Float32Array, task: Task): Promise<number | null> {
    const key = `${token} ${JSON.stringify(field)} ${sha256(new Uint8Array(parameters.buffer))}`;
    const known = this.#floatPsnr.get(key);
    if (known !== undefined) return known;
    const { size, type } = subject.header;
    const samples = await this.synthesize(field, parameters, size, type, {
      signal: task.signal,
      onProgress: (fraction) => task.progress('Measuring', 0.5 + fraction / 2),
    });
    const value = subject.decibel(samples);
    this.#floatPsnr.set(key, value);
    for (const oldest of [...this.#floatPsnr.keys()].slice(0, -REMEMBERED)) this.#floatPsnr.delete(oldest);
    return value;
  }

  /** Decodes a file and checks its hash. Throws StudioError 'container' that names the file. */
  async open(name: string, bytes: Uint8Array, task: Task): Promise<ArtifactInfo> {
    const clock = timed(this.synthesize);
    try {
      const { content, samples } = await unpackFile(bytes, clock.synthesize, {
        residualCodec: this.residualCodec,
        sha256,
        signal: task.signal,
        onProgress: (fraction) => task.progress('Decoding', fraction),
      });
      return this.#add(stemOf(name), bytes, samples, content, content.report, {
        quality: null,
        bits: bitsOf(content.provenance),
        decodeMilliseconds: clock.milliseconds(),
      });
    } catch (error) {
      const known = asStudioError(error);
      throw known.kind === 'container' ? new StudioError(known.kind, known.code, `${name}: ${known.message}`, { cause: error }) : known;
    }
  }

  #add(
    stem: string,
    bytes: Uint8Array,
    samples: Samples,
    { header, field, sha256: digest, provenance }: InrContent,
    report: FileReport,
    measured: Pick<ArtifactInfo, 'quality' | 'bits' | 'decodeMilliseconds'>,
  ): ArtifactInfo {
    const artifact = newToken('artifact');
    this.#open.set(artifact, { stem, header, bytes, samples, exports: new Map(), mesh: null });
    const { parameters, multiplyAddsPerSample } = fieldCost(field, 1, 8);
    return {
      artifact,
      name: `${stem}.inr`,
      bytes: bytes.length,
      bpp: (8 * bytes.length) / unitsOf(header).count,
      ratio: sourceBytes(header) / bytes.length,
      sha256: digest,
      ...contentFacts(header, gridBytes(header)),
      field,
      parameters,
      multiplyAddsPerSample,
      version: report.version,
      chunks: report.chunks.map(({ type, critical, bytes: size }) => ({ type, critical, bytes: size })),
      tensors: report.tensors.map((tensor) => ({ ...tensor })),
      provenance: provenance ?? null,
      ...measured,
    };
  }

  read(token: string, offset: number, length: number): Uint8Array {
    return chunkOf(sampleBytes(heldBy(this.#open, token).samples), offset, length);
  }

  suggestedName(token: string, format: ArtifactFormat): string {
    return `${heldBy(this.#open, token).stem}.${format}`;
  }

  /** The header that a file has, and the name that faults are told with. */
  surface(token: string): { name: string; metadata: SurfaceMetadata } {
    const { stem, header } = heldBy(this.#open, token);
    if (header.kind !== 'surface') throw new StudioError('usage', 'mesh.kind', `${stem}.inr holds a ${wordOf(header)}, which has no mesh.`);
    return { name: `${stem}.inr`, metadata: header.metadata };
  }

  /** The mesh of a surface in the cube [-1, 1]^3, extracted from the file's bytes; the last one is kept. Throws as cubeMesh, with the file's name. */
  async mesh(token: string, resolution: number, task?: Task): Promise<Mesh> {
    const artifact = heldBy(this.#open, token);
    const { name } = this.surface(token);
    if (artifact.mesh?.resolution === resolution) return artifact.mesh.mesh;
    if (!this.extract) throw new StudioError('failed', 'mesh.extract', `${name}: meshes are not extracted here.`);
    try {
      const mesh = await this.extract(decodeFile(artifact.bytes), { resolution, signal: task?.signal, onProgress: (fraction) => task?.progress('Extracting the mesh', fraction) });
      artifact.mesh = { resolution, mesh };
      return mesh;
    } catch (error) {
      const known = asStudioError(error);
      throw known.kind === 'cancelled' ? known : new StudioError(known.kind, known.code, `${name}: ${known.message}`, { cause: error });
    }
  }

  /** The file in that format: the .inr itself, or what it decodes to (made once). `resolution`: of meshes; of those the last one is kept. */
  async file(token: string, format: ArtifactFormat, resolution = DEFAULT_RESOLUTION): Promise<Uint8Array> {
    const { stem, header, bytes, samples, exports } = heldBy(this.#open, token);
    if (format === 'inr') return bytes;
    if (!EXTENSIONS[header.kind].includes(format)) throw new StudioError('usage', 'export.format', `${stem}.inr holds a ${wordOf(header)}, which is not written as .${format}.`);
    const key = header.kind === 'surface' ? `${format} ${resolution}` : format;
    const known = exports.get(key);
    if (known) return known;
    if (header.kind === 'surface') exports.clear();
    const made = header.kind === 'surface' ? this.#meshFile(token, header.metadata.domain, format as MeshExtension, resolution) : exportSamples(header, samples, `${stem}.${format}`).then(({ files }) => files[0]!.bytes);
    exports.set(key, made);
    made.catch(() => exports.delete(key));
    return made;
  }

  async #meshFile(token: string, domain: SurfaceDomain, format: MeshExtension, resolution: number): Promise<Uint8Array> {
    const mesh = await this.mesh(token, resolution);
    const { writeMesh } = await import('../formats/mesh');
    return writeMesh({ ...mesh, positions: toWorld(mesh.positions, domain) }, format);
  }

  async download(token: string, format: ArtifactFormat, offset: number, resolution?: number): Promise<{ name: string; data: Uint8Array; totalBytes: number }> {
    const bytes = await this.file(token, format, resolution);
    return { name: this.suggestedName(token, format), data: chunkOf(bytes, offset), totalBytes: bytes.length };
  }

  close(token: string): void {
    this.#open.delete(token);
  }
}

/** A synthesizer that notes how long its first call took. */
function timed(synthesize: Synthesizer): { synthesize: Synthesizer; milliseconds: () => number } {
  let took = 0;
  return {
    synthesize: async (...request) => {
      const began = performance.now();
      const samples = await synthesize(...request);
      took = performance.now() - began;
      return samples;
    },
    milliseconds: () => took,
  };
}

/** Bits of the quantizer, where the file says how it was made. */
function bitsOf(provenance: Provenance | undefined): number | null {
  const config = v.safeParse(configSchema, provenance?.config);
  return config.success ? config.output.coding.bits : null;
}
