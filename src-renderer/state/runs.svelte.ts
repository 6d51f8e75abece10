import type { FitConfig } from '#core/fit/config';
import type { DeviceFacts, EngineName } from '#engine/engine';
import type { ArtifactInfo, CodecRow, EventOf } from '#main/ipc/contract';
import { Curve } from '../charts/decimate';
import { residualStep } from '../coding-words';
import type { Original } from './original';
import { shownSamples, type Shown } from './shown';
import type { DecodedMesh } from './surface-mesh';
import { thumbnailOf, type Thumbnail } from './thumbnail';

export type Progress = Omit<EventOf<'fit.progress'>, 'run' | 'state'>;

export type RunState = 'preparing' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';

/** The stage keeps a texture for one more frame after it was given something else. */
const STAGE_MILLISECONDS = 500;

let runCount = 0;

/** One fit of this session, or one .inr file that was opened. */
export class Run {
  readonly id = `run-${++runCount}`;
  state = $state<RunState>('preparing');
  progress = $state.raw<Progress | null>(null);
  device = $state.raw<DeviceFacts | null>(null);
  /** The float model's last state on the way, then the decoded samples. */
  shown = $state.raw<Shown | null>(null);
  /** The file that stands for the run: the latest encoding. */
  artifact = $state.raw<ArtifactInfo | null>(null);
  /** All encodings of this run, one for each way of coding. */
  encodings = $state.raw<readonly ArtifactInfo[]>([]);
  codecs = $state.raw<readonly CodecRow[] | null>(null);
  comparing = $state(false);
  encoding = $state(false);
  /** Of surfaces: the mesh of the file, what is being extracted, and why that failed. */
  mesh = $state.raw<DecodedMesh | null>(null);
  extraction = $state.raw<Pick<DecodedMesh, 'artifact' | 'resolution'> | null>(null);
  meshFault = $state('');
  /** What its engine has to say about it. */
  notes = $state.raw<readonly string[]>([]);
  /** Why it failed or ended early. */
  message = $state('');
  thumbnail = $state.raw<Thumbnail | null>(null);
  /** Counts up when the curve has new points. */
  curveVersion = $state(0);
  readonly curve = new Curve();
  /** What the user wants; main and the GPU follow when the step under way is done. */
  wish: 'running' | 'paused' = 'running';
  /** The float model; null while it trains elsewhere. */
  parameters: Float32Array | null = null;
  /** Frees the texture of the fit, which is over. */
  #freeTexture: (() => void) | null = null;

  constructor(
    readonly kind: 'fit' | 'file',
    /** What is fitted; null of an opened file. */
    readonly original: Original | null,
    /** The preset, or the network where it was changed. */
    readonly title: string,
    readonly presetId: string,
    readonly config: FitConfig | null,
    readonly seconds: number | null,
  ) {
    this.thumbnail = original?.thumbnail ?? null;
  }

  get active(): boolean {
    return this.state === 'preparing' || this.state === 'running' || this.state === 'paused';
  }

  get name(): string {
    return this.original?.info.name ?? this.artifact?.name ?? '';
  }

  get engine(): EngineName | null {
    return this.device?.engine ?? null;
  }

  /** Takes in one report; what it means for the curve is decided here. */
  report(progress: Progress): void {
    this.progress = progress;
    if (!Number.isFinite(progress.loss)) return;
    this.curve.push({ step: progress.step, seconds: progress.seconds, loss: progress.loss, psnr: progress.psnr });
    this.curveVersion++;
  }

  /** Takes in an encoding: it becomes the run's file and replaces an earlier one that was coded alike. Returns what it replaced. */
  accept(artifact: ArtifactInfo): ArtifactInfo | null {
    const same = (each: ArtifactInfo): boolean => each.bits === artifact.bits && residualStep(each) === residualStep(artifact);
    const replaced = this.encodings.find(same) ?? null;
    this.encodings = [...this.encodings.filter((each) => each !== replaced), artifact].sort((a, b) => a.bytes - b.bytes);
    this.artifact = artifact;
    return replaced;
  }

  /** Shows decoded samples, also in the list. */
  showDecoded(artifact: ArtifactInfo, samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): void {
    const { size, channels, type } = artifact;
    this.shown = shownSamples(artifact, { size, channels, type, samples }, 'decoded');
    this.thumbnail = thumbnailOf(artifact, samples) ?? this.thumbnail;
    this.#freeUnshown();
  }

  /** Takes away what is shown, for good. */
  hide(): void {
    this.shown = null;
    this.#freeUnshown();
  }

  /** The fit is over, well or not: `free` is called once its texture is shown no longer. */
  endTexture(free: () => void): void {
    this.#freeTexture = free;
    this.#freeUnshown();
  }

  #freeUnshown(): void {
    if (this.shown?.kind === 'texture' || !this.#freeTexture) return;
    setTimeout(this.#freeTexture, STAGE_MILLISECONDS);
    this.#freeTexture = null;
  }
}
