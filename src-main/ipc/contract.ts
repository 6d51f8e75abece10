/**
 * The one typed table between renderer and main process: every endpoint's name, request schema and response schema, and
 * every event that main sends. Requests are validated where they arrive (main side); responses and events are typed from the
 * same schemas, so drift is a compile error. The renderer never sends a path: main hands out opaque tokens. Bulk data crosses
 * as copied Uint8Array chunks.
 */
import * as v from 'valibot';
import { activationSchema, configSchema, encodingSchema } from '#core/fit/config';
import { SURFACE_MODES } from '#core/signal/surface';
import { LENGTH_UNITS, SPACES, VOXEL_TYPES } from '#core/signal/volume';

/** Largest chunk of bulk data in one message, in bytes. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

const token = v.pipe(v.string(), v.regex(/^[a-z]+-[A-Za-z0-9_-]{8,64}$/, 'not a token of this program'));
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'Uint8Array expected');
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
const nothing = v.strictObject({});
/** dB; null where the two are identical (infinite PSNR) or where there is nothing to compare with. */
const decibel = v.nullable(v.number());
const taskId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

export const engineName = v.picklist(['webgpu', 'cpu', 'tfjs']);
/** Those of the main process. */
const mainEngine = v.picklist(['cpu', 'tfjs']);

export const fileRef = v.object({ file: token, name, bytes: count });

export const deviceFacts = v.object({
  engine: engineName,
  name: v.string(),
  software: v.boolean(),
  details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
});

const triple = v.tuple([v.number(), v.number(), v.number()]);

/** As VolumeMetadata. */
const volumeFacts = v.object({
  voxelType: v.picklist(VOXEL_TYPES),
  range: v.tuple([v.number(), v.number()]),
  geometry: v.object({ spacing: triple, origin: triple, directions: v.array(v.number()), space: v.picklist(SPACES), unit: v.picklist(LENGTH_UNITS) }),
});

/** As SurfaceMetadata. */
const surfaceFacts = v.object({
  domain: v.object({ center: triple, halfExtent: v.number() }),
  mode: v.picklist(SURFACE_MODES),
  thickness: v.number(),
  truncation: v.number(),
  vertices: count,
  triangles: count,
});

const contentFacts = {
  /** A picture, a volume or a surface. */
  kind: v.picklist(['grid', 'volume', 'surface']),
  /** [width, height] or [x, y, z]; of surfaces the grid of distances that a file certifies. */
  size: v.array(count),
  channels: count,
  /** Of samples; those of volumes and surfaces are codes (core/signal/volume.ts, surface.ts). */
  type: v.picklist(['uint8', 'uint16']),
  colorSpace: v.picklist(['srgb', 'icc', 'linear']),
  alpha: v.boolean(),
  volume: v.nullable(volumeFacts),
  surface: v.nullable(surfaceFacts),
  /** Bytes of the uncompressed content: the base of ratios. */
  rawBytes: count,
  /** Bytes that signal.read or artifact.read give. */
  dataBytes: count,
};

/** What is said of raw voxels before they can be read. */
export const rawDescription = v.strictObject({
  shape: v.tuple([count, count, count]),
  type: v.picklist([...VOXEL_TYPES, 'int64', 'uint64', 'float16']),
  endian: v.picklist(['little', 'big']),
  spacing: v.optional(triple),
  skipBytes: v.optional(count),
  channels: v.optional(count),
});

export const signalInfo = v.object({
  signal: token,
  name,
  /** 'PNG', 'JPEG', ...: what the content is, not what the name says. */
  format: v.string(),
  fileBytes: count,
  ...contentFacts,
  /** Of surfaces. */
  watertight: v.nullable(v.boolean()),
  /** What was done on the way in, in words: 'EXIF orientation applied', 'converted from Display P3 to sRGB'. */
  notes: v.array(v.string()),
});

const fieldFacts = v.object({
  inputs: count,
  outputs: count,
  encoding: encodingSchema,
  depth: count,
  width: count,
  activation: activationSchema,
  residual: v.optional(v.boolean()),
  head: v.optional(v.picklist(['linear', 'sigmoid', 'tanh'])),
});

export const quality = v.object({
  /** Of the decoded file against the signal. */
  psnr: decibel,
  /** Of the float model before quantization. */
  psnrFloat: decibel,
  ssim: v.nullable(v.number()),
  msSsim: v.nullable(v.number()),
  /** Of volumes: largest error in the voxels' own units. */
  maximumError: v.optional(v.number()),
});

/** How near a mesh is to another; definitions in core/metric/mesh.ts. Lengths in per cent of the original's diagonal, chamferL2 of its square. */
export const surfaceQuality = v.object({
  chamferL1: v.number(),
  chamferL2: v.number(),
  hausdorff: v.number(),
  normalConsistency: v.number(),
  fScore: v.number(),
  /** Null where one of the two encloses no solid. */
  iou: v.nullable(v.number()),
  /** Points drawn on each of the two. */
  samples: count,
});

export const artifactInfo = v.object({
  artifact: token,
  name,
  bytes: count,
  /** Bits of the file per pixel, voxel or vertex. */
  bpp: v.number(),
  /** Raw bytes over file bytes. */
  ratio: v.number(),
  sha256: v.string(),
  ...contentFacts,
  field: fieldFacts,
  parameters: count,
  multiplyAddsPerSample: count,
  version: count,
  chunks: v.array(v.object({ type: v.string(), critical: v.boolean(), bytes: count })),
  tensors: v.array(v.object({ name: v.string(), parameters: count, bytes: count, bitsPerParameter: v.number(), step: v.number() })),
  /** null when no original is at hand (a file that was opened). */
  quality: v.nullable(quality),
  /** Bits of the quantizer, where known. */
  bits: v.nullable(count),
  provenance: v.nullable(v.unknown()),
  /** Milliseconds that the exact decode took here. */
  decodeMilliseconds: v.number(),
});

/** `maximumError`: largest absolute difference, of volumes. */
const codecPoint = v.object({ quality: v.number(), bytes: count, psnr: decibel, maximumError: v.optional(v.number()) });

export const codecRow = v.object({
  codec: v.string(),
  /** Library and version that made it. */
  version: v.string(),
  /** The best quality that fits into the given bytes; null when not even the lowest does. */
  atBytes: v.nullable(codecPoint),
  /** The smallest file that reaches the given PSNR; null when not even the highest does. */
  atPsnr: v.nullable(codecPoint),
  /** Why something is missing, or what was changed for this codec ('alpha dropped: JPEG has none'). */
  note: v.string(),
});

/** What an artifact can be written as: the file itself, or by what it holds a picture, a volume or a mesh. */
export const ARTIFACT_FORMATS = ['inr', 'png', 'nrrd', 'nii.gz', 'mha', 'npy', 'glb', 'obj', 'ply', 'stl'] as const;
const artifactFormat = v.picklist(ARTIFACT_FORMATS);

/** Vectors are float32 little-endian, as parameterLayout says; `average` where the plan averages, `drawLimits` (u32) as in TrainState. */
const trainState = v.strictObject({ step: count, parameters: bytes, moment1: bytes, moment2: bytes, average: v.optional(bytes), drawLimits: v.optional(bytes) });

export const settings = v.strictObject({
  theme: v.picklist(['system', 'dark', 'light']),
  panes: v.strictObject({ runs: v.boolean(), controls: v.boolean(), charts: v.boolean() }),
  engine: v.picklist(['auto', 'webgpu', 'cpu', 'tfjs']),
});

const endpoint = <const Req extends v.GenericSchema, const Res extends v.GenericSchema>(request: Req, response: Res) => ({ request, response });

export const endpoints = {
  'app.describe': endpoint(
    nothing,
    v.object({
      version: v.string(),
      shell: v.picklist(['electron', 'browser']),
      platform: v.string(),
      /** Versions of node, electron, chrome, sharp, ...: for the about box and bug reports. */
      versions: v.record(v.string(), v.string()),
      /** Engines that run in the main process: cpu, tfjs. webgpu lives in the renderer, which knows its own adapter. */
      engines: v.array(deviceFacts),
      samples: v.array(v.object({ id: v.string(), kind: v.picklist(['grid', 'volume', 'surface']), title: v.string(), credit: v.string(), thumbnail: bytes })),
      /** Electron has native dialogs; the browser shell has one file root and downloads. */
      dialogs: v.boolean(),
      root: v.nullable(v.string()),
      settings,
    }),
  ),
  /** Files named on the command line or by a file association before the window was ready; given once. */
  'app.pending': endpoint(nothing, v.object({ files: v.array(fileRef) })),
  'settings.write': endpoint(settings, nothing),

  /** Native open dialog (Electron); an empty list when cancelled. */
  'file.open': endpoint(nothing, v.object({ files: v.array(fileRef) })),
  /** Files in the root of the browser shell that can be opened. */
  'file.list': endpoint(nothing, v.object({ files: v.array(fileRef) })),
  'file.sample': endpoint(v.strictObject({ id: v.string() }), fileRef),
  /** Bytes of a dropped, pasted or picked file, in chunks; `upload` is null in the first. `file` comes with the last. */
  'file.upload': endpoint(
    v.strictObject({ upload: v.nullable(token), name, totalBytes: count, data: bytes }),
    v.object({ upload: token, file: v.nullable(fileRef) }),
  ),
  /** Reads a file by its content: a picture becomes a signal, an .inr an artifact (decoded and checked). */
  'file.load': endpoint(
    v.strictObject({
      file: token,
      task: taskId,
      /** Files that came with it: voxels of a detached header, buffers of a glTF, the other slices of a series. */
      beside: v.optional(v.array(token)),
      /** How raw voxels lie, once the user has said it. */
      raw: v.optional(rawDescription),
    }),
    v.variant('kind', [
      v.object({ kind: v.literal('signal'), signal: signalInfo }),
      v.object({ kind: v.literal('artifact'), artifact: artifactInfo }),
      /** Raw voxels: what is known of them, for the user to complete; `bytes` when unpacked. */
      v.object({ kind: v.literal('raw'), name, bytes: count, guess: v.partial(rawDescription) }),
    ]),
  ),

  /**
   * Samples, little-endian, interleaved; of surfaces the mesh: positions in the cube [-1, 1]^3 (float32, three a vertex), then indices (uint32,
   * three a triangle). length is cut at the end and at CHUNK_BYTES.
   */
  'signal.read': endpoint(v.strictObject({ signal: token, offset: count, length: count, part: v.optional(v.picklist(['samples', 'training'])) }), v.object({ data: bytes })),
  /**
   * Of surfaces, for a fit in the window: draws the points that this configuration learns from. signal.read with part 'training' then gives their
   * coordinates (float32, three a point), then their codes (uint16); a read ends where the coordinates do. A fit in main takes the same points.
   */
  'signal.training': endpoint(v.strictObject({ task: taskId, signal: token, config: configSchema }), v.object({ points: count, dataBytes: count, surface: surfaceFacts })),
  'signal.close': endpoint(v.strictObject({ signal: token }), nothing),

  /** Starts a fit in the main process. Progress, previews and the end come as events. */
  'fit.start': endpoint(
    v.strictObject({
      signal: token,
      config: configSchema,
      engine: mainEngine,
      /** Goes on from here (device loss, resume). */
      state: v.nullable(trainState),
      /** Largest preview in pixels. */
      previewPixels: count,
      /** Bounds the fitting time alone; `before` was spent before a resume. The first of steps and seconds ends the fit. */
      seconds: v.optional(v.nullable(v.strictObject({ budget: v.pipe(v.number(), v.minValue(0.1)), before: v.pipe(v.number(), v.minValue(0)) }))),
    }),
    /** `notes`: what the user should know of this fit, in sentences. */
    v.object({ run: token, device: deviceFacts, notes: v.array(v.string()) }),
  ),
  /** Why an engine of the main process cannot fit this network by this plan on a grid of this size, or on the points of a `surface`; null when it can. */
  'fit.refusal': endpoint(
    v.strictObject({ config: configSchema, size: v.pipe(v.array(count), v.minLength(1), v.maxLength(4)), channels: count, engine: mainEngine, surface: v.optional(v.boolean()) }),
    v.object({ refusal: v.nullable(v.string()) }),
  ),
  'fit.control': endpoint(v.strictObject({ run: token, action: v.picklist(['pause', 'resume', 'step', 'stop']) }), nothing),
  /** Complete state of a run in the main process. */
  'fit.state': endpoint(v.strictObject({ run: token }), trainState),

  /** Quantizes, codes, decodes and measures. Parameters are float32 little-endian, laid out as parameterLayout says. */
  'artifact.encode': endpoint(
    v.strictObject({
      task: taskId,
      signal: token,
      config: configSchema,
      parameters: bytes,
      /** Steps really made, where the fit was stopped before its plan's end: provenance says so. */
      steps: v.optional(count),
    }),
    artifactInfo,
  ),
  /** Decoded samples, as signal.read. */
  'artifact.read': endpoint(v.strictObject({ artifact: token, offset: count, length: count }), v.object({ data: bytes })),
  /** Saves atomically; `resolution` is that of meshes, as in artifact.mesh. By a native dialog (name null), or under a plain file name in the browser shell's root. */
  'artifact.save': endpoint(
    v.strictObject({ artifact: token, format: artifactFormat, name: v.nullable(name), overwrite: v.boolean(), resolution: v.optional(count) }),
    v.object({ outcome: v.picklist(['saved', 'cancelled', 'exists']), name: v.string(), bytes: count }),
  ),
  /** The file's bytes, for a browser download, in chunks. */
  'artifact.download': endpoint(
    v.strictObject({ artifact: token, format: artifactFormat, offset: count, resolution: v.optional(count) }),
    v.object({ name, data: bytes, totalBytes: count }),
  ),
  'artifact.close': endpoint(v.strictObject({ artifact: token }), nothing),
  /**
   * Extracts the mesh of a surface at `resolution` points along each axis, from the decoded file: what artifact.save writes for the same
   * resolution. `signal`: the original, for quality and errors.
   */
  'artifact.mesh': endpoint(
    v.strictObject({ task: taskId, artifact: token, resolution: count, signal: v.nullable(token) }),
    v.object({ mesh: token, vertices: count, triangles: count, watertight: v.boolean(), errors: v.boolean(), dataBytes: count, milliseconds: v.number(), quality: v.nullable(surfaceQuality) }),
  ),
  /**
   * Little-endian: positions in the cube and normals (float32, three a vertex each), with `errors` the distance of each vertex from the original in
   * domain units (float32), then indices (uint32, three a triangle).
   */
  'mesh.read': endpoint(v.strictObject({ mesh: token, offset: count, length: count }), v.object({ data: bytes })),
  'mesh.close': endpoint(v.strictObject({ mesh: token }), nothing),

  /**
   * Classical codecs at the same bytes and at the same PSNR as given: of those asked for the ones that code this kind of signal, in their order. A codec
   * whose program is not installed has a row with a note and no version.
   */
  'codecs.compare': endpoint(
    v.strictObject({ task: taskId, signal: token, bytes: count, psnr: v.number(), codecs: v.array(v.picklist(['jpeg', 'webp', 'avif', 'zfp', 'sperr', 'tthresh', 'sz3'])) }),
    v.object({ rows: v.array(codecRow) }),
  ),
  'task.cancel': endpoint(v.strictObject({ task: taskId }), nothing),
} as const;

export const events = {
  'fit.progress': v.object({
    run: token,
    state: v.picklist(['running', 'paused']),
    step: count,
    steps: count,
    loss: v.number(),
    /** -10 log10 of the mean squared error of the batches since the last report, on the float model, whatever the loss. */
    psnr: v.number(),
    seconds: v.number(),
    stepsPerSecond: v.number(),
    samplesPerSecond: v.number(),
    secondsLeft: v.nullable(v.number()),
    learningRate: v.number(),
  }),
  /** The float model on a reduced grid (of surfaces: codes of distances): uint8, interleaved. */
  'fit.preview': v.object({ run: token, step: count, size: v.array(count), channels: count, data: bytes }),
  /** Something about the run that the user should know: it went on after its device was lost, ... */
  'fit.notice': v.object({ run: token, message: v.string() }),
  'fit.ended': v.object({ run: token, outcome: v.picklist(['done', 'stopped', 'failed']), step: count, message: v.string() }),
  'task.progress': v.object({ task: taskId, label: v.string(), fraction: v.number() }),
  /** Files to open now: second instance, file association, native menu. */
  'file.requested': v.object({ files: v.array(fileRef) }),
  /** A native menu item was chosen; the ids are those of the renderer's command registry. */
  'menu.command': v.object({ command: v.string() }),
} as const;

export type EndpointName = keyof typeof endpoints;
export type RequestOf<Name extends EndpointName> = v.InferOutput<(typeof endpoints)[Name]['request']>;
export type ResponseOf<Name extends EndpointName> = v.InferOutput<(typeof endpoints)[Name]['response']>;
export type EventName = keyof typeof events;
export type EventOf<Name extends EventName> = v.InferOutput<(typeof events)[Name]>;

export type FileRef = v.InferOutput<typeof fileRef>;
export type SignalInfo = v.InferOutput<typeof signalInfo>;
export type ArtifactFormat = (typeof ARTIFACT_FORMATS)[number];
export type ArtifactInfo = v.InferOutput<typeof artifactInfo>;
export type SurfaceQuality = v.InferOutput<typeof surfaceQuality>;
export type CodecRow = v.InferOutput<typeof codecRow>;
export type Settings = v.InferOutput<typeof settings>;
export type Description = ResponseOf<'app.describe'>;

/** What a failed call carries across: StudioError without its cause and stack. */
export interface RemoteFault {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
}

/**
 * What the preload (Electron) or the socket client (browser shell) puts at window.studio: the renderer's only way out.
 * `call` resolves to { ok: response } or { fault }, since Electron would flatten a thrown error to a string.
 */
export interface StudioBridge {
  call(name: string, request: unknown): Promise<{ ok: unknown } | { fault: RemoteFault }>;
  /** Returns the function that stops listening. */
  on(listener: (name: string, payload: unknown) => void): () => void;
}
