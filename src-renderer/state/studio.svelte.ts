/**
 * What the window knows: the open picture, volume or surface, the runs of this session, what is shown, the next fit's configuration. Its flows
 * live beside it (opening.ts, fitting.ts, encoding.ts) as functions over this object. A flow either finishes or leaves
 * everything as it was.
 */
import { StudioError } from '#core/errors';
import type { ArtifactInfo, CodecRow, Description, Settings } from '#main/ipc/contract';
import type { EngineName } from '#engine/engine';
import { fitCommand } from '../copy-command';
import { newTask, type Client } from '../client';
import type { Kind } from '../kind-words';
import type { StandardView } from '../preview/surface/orbit';
import { INITIAL_SURFACE_VIEW, type SurfaceViewState } from '../preview/surface/surface-view';
import { INITIAL_VIEW, type StageMode, type ViewState } from '../preview/view';
import { INITIAL_VOLUME_VIEW, type VolumeViewState } from '../preview/volume/volume-view';
import { Draft } from './draft.svelte';
import { decideEngine, type Refusals } from './engine-choice';
import type { FitDriver } from './fit-driver';
import { Gpu } from './gpu.svelte';
import { Notices } from './notices.svelte';
import type { RawQuestion } from './opening';
import { askEngines, generalRefusal } from './refusals';
import type { Original } from './original';
import type { Run } from './runs.svelte';
import { USUAL_RESOLUTION, type DecodedMesh } from './surface-mesh';

export interface Busy {
  readonly task: string;
  label: string;
  fraction: number;
}

export type Dialog = 'open' | 'save' | 'export' | 'keys' | 'palette' | 'about' | null;

/** How anything is compared, whatever its kind. */
export interface Comparison {
  readonly mode: StageMode;
  /** Held down: the other in place of the one shown. */
  readonly flip: boolean;
}

/** What the commands ask of the stage, whatever its kind. */
export interface StageActions {
  fit(): void;
  /** Pictures alone have samples that can lie on pixels. */
  oneToOne?(): void;
  zoom(factor: number): void;
  /** By tenths of the view. */
  pan(x: number, y: number): void;
  /** From a standard side. */
  look?(from: StandardView): void;
  /** What is seen, as a PNG. */
  capture?(): Promise<Blob | null>;
}

const DEFAULT_SETTINGS: Settings = { theme: 'system', panes: { runs: true, controls: true, charts: true }, engine: 'auto' };

export class Studio {
  readonly notices = new Notices();
  readonly gpu = new Gpu();
  readonly draft = new Draft();
  description = $state.raw<Description | null>(null);
  settings = $state.raw<Settings>(DEFAULT_SETTINGS);
  /** What is open: what the next fit learns. */
  opened = $state.raw<Original | null>(null);
  runs = $state.raw<readonly Run[]>([]);
  /** The run that stage, score and charts show; null: the bare original. */
  run = $state.raw<Run | null>(null);
  /** A second run in the charts. */
  compared = $state.raw<Run | null>(null);
  /** The fit that is going on. */
  active = $state.raw<{ readonly run: Run; readonly driver: FitDriver | null } | null>(null);
  busy = $state.raw<readonly Busy[]>([]);
  dialog = $state.raw<Dialog>(null);
  /** Raw voxels that wait for their description; a dialog asks for it. */
  rawQuestion = $state.raw<RawQuestion | null>(null);
  /** What the engines say of the draft and what is open. */
  refusals = $state.raw<Refusals>({});
  /** How pictures, volumes and surfaces are looked at. */
  view = $state.raw<ViewState>(INITIAL_VIEW);
  volumeView = $state.raw<VolumeViewState>(INITIAL_VOLUME_VIEW);
  surfaceView = $state.raw<SurfaceViewState>(INITIAL_SURFACE_VIEW);
  /** Grid points along each axis at which meshes are extracted. */
  resolution = $state<number>(USUAL_RESOLUTION);
  /** What only the stage can do; null until it is mounted. */
  stage: StageActions | null = null;
  readonly engine = $derived(decideEngine(this.settings.engine, this.gpu.facts, this.gpu.missing, this.description?.engines ?? [], this.refusals));
  /** Why what is set cannot be fitted to what is open; null when it can. */
  readonly refusal = $derived.by(() => (this.opened && this.draft.valid ? (generalRefusal(this.draft.config, this.opened.info) ?? this.engine.refusal) : null));
  /** Fault that keeps the last file closed, shown on the empty stage. */
  openFault = $state('');
  // Nothing on screen depends on it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #cancelled = new Set<string>();
  #questions = 0;

  constructor(readonly client: Client) {
    client.on('task.progress', ({ task, label, fraction }) => {
      this.busy = this.busy.map((each) => (each.task === task ? { task, label: label || each.label, fraction } : each));
    });
  }

  /** What the stage shows on the left side. */
  get original(): Original | null {
    return this.run ? this.run.original : this.opened;
  }

  /** What kind the stage shows; null: nothing. */
  get kind(): Kind | null {
    return this.original?.kind ?? this.artifact?.kind ?? null;
  }

  /** How the kind that is shown is compared. */
  get comparison(): Comparison {
    return this.kind === 'volume' ? this.volumeView : this.kind === 'surface' ? this.surfaceView : this.view;
  }

  get artifact(): ArtifactInfo | null {
    return this.run?.artifact ?? null;
  }

  /** The mesh of the file that is shown; null while there is none, or while the live model is shown. */
  get mesh(): DecodedMesh | null {
    const { run, artifact } = this;
    return run?.mesh && run.mesh.artifact === artifact?.artifact && run.shown?.label === 'decoded' ? run.mesh : null;
  }

  get codecs(): readonly CodecRow[] | null {
    return this.run?.codecs ?? null;
  }

  /** Asks main and the GPU what there is. */
  async begin(): Promise<void> {
    const [description] = await Promise.all([this.client.call('app.describe', {}), this.gpu.probe()]);
    this.description = description;
    this.settings = description.settings;
  }

  changeSettings(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    // At once: the window may be closed or reloaded in the next moment.
    this.client.call('settings.write', this.settings).catch((error: unknown) => this.notices.fault(error));
  }

  togglePane(pane: keyof Settings['panes']): void {
    this.changeSettings({ panes: { ...this.settings.panes, [pane]: !this.settings.panes[pane] } });
  }

  chooseEngine(engine: EngineName | 'auto'): void {
    this.changeSettings({ engine });
    // The stage moves to the shared device before the fit needs it there.
    if (engine === 'webgpu') this.gpu.open().catch((error: unknown) => this.notices.fault(error));
  }

  /** Asks the engines anew whether they can fit what is set; a later question makes an earlier one void. */
  async askEngines(): Promise<void> {
    const { opened, draft, settings } = this;
    const mine = ++this.#questions;
    const refusals = opened && draft.valid ? await askEngines(this.client, this.gpu, settings.engine, draft.config, opened.info) : {};
    if (mine === this.#questions) this.refusals = refusals;
  }

  /** Runs long work that shows progress and can be cancelled. */
  async working<T>(label: string, work: (task: string, progress: (fraction: number) => void) => Promise<T>): Promise<T> {
    const task = newTask('task');
    this.busy = [...this.busy, { task, label, fraction: 0 }];
    try {
      return await work(task, (fraction) => {
        this.busy = this.busy.map((each) => (each.task === task ? { ...each, fraction } : each));
      });
    } finally {
      this.busy = this.busy.filter((each) => each.task !== task);
      this.#cancelled.delete(task);
    }
  }

  /** Throws the fault of a cancelled task when the user has called it off, for the steps of it that main does not know. */
  throwIfCancelled(task: string): void {
    if (this.#cancelled.has(task)) throw new StudioError('cancelled', 'cancelled', 'Cancelled.');
  }

  cancel(task: string): void {
    this.#cancelled.add(task);
    this.client.call('task.cancel', { task }).catch((error: unknown) => this.notices.fault(error));
  }

  /** What the next fit learns from now on; the draft follows its kind. */
  open(original: Original): void {
    this.opened = original;
    this.draft.follow(original.kind);
  }

  /** Shows a run again, and makes what it fitted the open one. */
  show(run: Run): void {
    this.run = run;
    if (run.original) this.open(run.original);
    if (this.compared === run) this.compared = null;
  }

  compare(run: Run): void {
    this.compared = this.compared === run ? null : run;
  }

  /** Changes how a picture is looked at; its stage keeps the limits. */
  setView(change: Partial<ViewState>): void {
    this.view = { ...this.view, ...change };
  }

  /** Changes how what is shown is compared. */
  compareBy(change: Partial<Comparison>): void {
    if (this.kind === 'volume') this.volumeView = { ...this.volumeView, ...change };
    else if (this.kind === 'surface') this.surfaceView = { ...this.surfaceView, ...change };
    else this.setView(change);
  }

  /** The `inr fit` line for what is set (or for the run that is shown, when `ofRun`). */
  command(ofRun = false): string {
    const run = ofRun ? this.run : null;
    const input = run?.original ?? this.opened;
    return fitCommand({
      inputName: input?.info.name ?? 'picture.png',
      presetId: run?.presetId ?? this.draft.presetId,
      config: run?.config ?? this.draft.config,
      engine: run ? (run.engine ?? 'auto') : this.settings.engine,
      seconds: run ? run.seconds : this.draft.bound === 'seconds' ? this.draft.seconds : null,
      raw: input?.kind === 'volume' ? input.raw : null,
    });
  }

  async copyCommand(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.command());
      this.notices.show('done', 'The command is on the clipboard.');
    } catch {
      this.notices.show('warning', this.command());
    }
  }
}
