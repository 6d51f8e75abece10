/** Ways in: dialogs, drops, pastes, picks, samples, files that main asks to open. Each ends in `load`. */
import { asStudioError, StudioError } from '#core/errors';
import type { ArtifactInfo, FileRef, RequestOf, ResponseOf, SignalInfo } from '#main/ipc/contract';
import { formatExtent } from '../format';
import { INITIAL_VOLUME_VIEW } from '../preview/volume/volume-view';
import { showArtifact } from './encoding';
import { fileGroups, type FileGroup } from './file-groups';
import { stop } from './fitting';
import { readOriginal, type Original } from './original';
import { Run } from './runs.svelte';
import type { Studio } from './studio.svelte';
import { cancelMesh, extractMesh } from './surface-mesh';

/** Above this a file is refused here, before it is sent. */
const UPLOAD_LIMIT = 2 ** 30;

/** How raw voxels lie, as the user says it. */
export type RawDescription = NonNullable<RequestOf<'file.load'>['raw']>;
type RawAnswer = Extract<ResponseOf<'file.load'>, { kind: 'raw' }>;

/** Raw voxels that wait for their description. */
export interface RawQuestion {
  readonly facts: RawAnswer;
  /** Null: the user does not want it any more. */
  answer(raw: RawDescription | null): void;
}

/** Reads files by their content and shows the last one that could be read. What cannot be read changes nothing. */
export async function load(studio: Studio, files: readonly FileRef[]): Promise<void> {
  for (const group of fileGroups(files)) await loadGroup(studio, group, null);
}

/** `raw`: what was said of the voxels before; a description that does not hold is asked for again. */
async function loadGroup(studio: Studio, group: FileGroup<FileRef>, raw: RawDescription | null): Promise<void> {
  const { file, beside } = group;
  let unclear: RawAnswer | null;
  try {
    unclear = await studio.working(`Opening ${file.name}`, async (task, progress) => {
      const request = { file: file.file, task, ...(beside.length > 0 && { beside: beside.map((each) => each.file) }), ...(raw && { raw }) };
      const loaded = await studio.client.call('file.load', request);
      if (loaded.kind === 'raw') return loaded;
      progress(0.5);
      const goOn = (): void => studio.throwIfCancelled(task);
      try {
        if (loaded.kind === 'signal') await takeOriginal(studio, loaded.signal, raw, goOn);
        else await takeArtifact(studio, loaded.artifact, goOn);
      } catch (error) {
        // Nobody else knows of it.
        const closed = loaded.kind === 'signal' ? studio.client.call('signal.close', { signal: loaded.signal.signal }) : studio.client.call('artifact.close', { artifact: loaded.artifact.artifact });
        closed.catch(() => undefined);
        throw error;
      }
      return null;
    });
    if (unclear === null) studio.openFault = '';
  } catch (error) {
    reportFault(studio, error);
    return;
  }
  if (unclear === null) return;
  const said = await askRaw(studio, unclear);
  if (said) await loadGroup(studio, group, said);
}

function askRaw(studio: Studio, facts: RawAnswer): Promise<RawDescription | null> {
  return new Promise((resolve) => {
    studio.rawQuestion = {
      facts,
      answer: (raw) => {
        studio.rawQuestion = null;
        resolve(raw);
      },
    };
  });
}

async function takeOriginal(studio: Studio, info: SignalInfo, raw: RawDescription | null, goOn: () => void): Promise<void> {
  const original = await readOriginal(studio.client, info, raw);
  goOn();
  if (studio.active) stop(studio);
  studio.open(original);
  studio.run = null;
  studio.compared = null;
  lookAnew(studio);
  forgetUnused(studio);
  studio.notices.speak(`${info.name} is open, ${formatExtent(info)}.`);
}

/** What was chosen for the values of one volume means nothing for another; how it is laid out and coloured stays. */
function lookAnew(studio: Studio): void {
  studio.setView({ fitted: true });
  const { camera, sliceZoom, sliceCentre, crosshair, window, opacity, level, density, channel, clip } = INITIAL_VOLUME_VIEW;
  studio.volumeView = { ...studio.volumeView, camera, sliceZoom, sliceCentre, crosshair, window, opacity, level, density, channel, clip };
}

async function takeArtifact(studio: Studio, info: ArtifactInfo, goOn: () => void): Promise<void> {
  const run = new Run('file', null, 'opened file', '', null, null);
  run.state = 'done';
  run.accept(info);
  await showArtifact(studio, run, info);
  goOn();
  if (studio.active) stop(studio);
  studio.runs = [run, ...studio.runs];
  studio.run = run;
  studio.compared = null;
  lookAnew(studio);
  studio.notices.speak(`${info.name} is open, ${formatExtent(info)}.`);
  if (info.kind === 'surface') void extractMesh(studio, run, info);
}

/** Takes a run that is over out of the list and lets go of everything that main holds for it. */
export function removeRun(studio: Studio, run: Run): void {
  if (run.active || run.encoding) return;
  studio.runs = studio.runs.filter((each) => each !== run);
  if (studio.run === run) studio.run = null;
  if (studio.compared === run) studio.compared = null;
  run.hide();
  cancelMesh(studio, run);
  for (const { artifact } of run.encodings) studio.client.call('artifact.close', { artifact }).catch(() => undefined);
  forgetUnused(studio);
}

/** Signals that no run and no view needs any more are closed in main. */
function forgetUnused(studio: Studio): void {
  const used = new Set(studio.runs.flatMap((run) => (run.original ? [run.original] : [])));
  for (const original of known) {
    if (original === studio.opened || used.has(original)) continue;
    known.delete(original);
    studio.client.call('signal.close', { signal: original.info.signal }).catch(() => undefined);
  }
  if (studio.opened) known.add(studio.opened);
}
const known = new Set<Original>();

function reportFault(studio: Studio, error: unknown): void {
  const known = asStudioError(error);
  // On the empty stage the reason stands under the button; over open work it is a notice.
  if (known.kind !== 'cancelled' && !studio.opened && !studio.run) studio.openFault = known.message;
  else studio.notices.fault(error);
}

/** Files of the browser (dropped, pasted, picked): sent in chunks, then loaded together. */
export async function openFiles(studio: Studio, files: readonly File[]): Promise<void> {
  const sent: FileRef[] = [];
  for (const file of files) {
    const name = file.name || 'pasted picture.png';
    try {
      if (file.size === 0) throw new StudioError('input', 'input.empty', `${name} is empty. Choose another file.`);
      if (file.size > UPLOAD_LIMIT) throw new StudioError('input', 'input.size', `${name} is larger than 1 GiB. Choose a smaller file.`);
      sent.push(await studio.working(`Reading ${name}`, (_task, progress) => studio.client.upload(file, name.slice(0, 255), progress)));
    } catch (error) {
      reportFault(studio, error);
    }
  }
  await load(studio, sent);
}

/** The Open command: the native dialog, or this window's own with the root's files. */
export async function openDialog(studio: Studio): Promise<void> {
  if (!studio.description?.dialogs) {
    studio.dialog = 'open';
    return;
  }
  try {
    const { files } = await studio.client.call('file.open', {});
    await load(studio, files);
  } catch (error) {
    reportFault(studio, error);
  }
}

export async function openSample(studio: Studio, id: string): Promise<void> {
  try {
    await load(studio, [await studio.client.call('file.sample', { id })]);
  } catch (error) {
    reportFault(studio, error);
  }
}
