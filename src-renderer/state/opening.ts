/** Ways in: dialogs, drops, pastes, picks, samples, files that main asks to open. Each ends in `load`. */
import { asStudioError, StudioError } from '#core/errors';
import type { ArtifactInfo, FileRef, SignalInfo } from '#main/ipc/contract';
import { samplesOf } from '../client';
import { formatSize } from '../format';
import { showArtifact } from './encoding';
import { stop } from './fitting';
import { Run, type Picture } from './runs.svelte';
import type { Studio } from './studio.svelte';
import { thumbnail } from './thumbnail';

/** Above this a file is refused here, before it is sent. */
const UPLOAD_LIMIT = 2 ** 30;

/** Reads files by their content and shows the last one that could be read. What cannot be read changes nothing. */
export async function load(studio: Studio, files: readonly FileRef[]): Promise<void> {
  for (const file of files) {
    try {
      await studio.working(`Opening ${file.name}`, async (task, progress) => {
        const loaded = await studio.client.call('file.load', { file: file.file, task });
        if (loaded.kind === 'raw') throw new StudioError('input', 'input.raw', `${file.name}: its name does not say how its voxels lie. Name it like head_256x256x128_uint8.raw, or fit it with \`inr fit --shape 256x256x128 --type uint8\`.`);
        progress(0.5);
        const goOn = (): void => studio.throwIfCancelled(task);
        try {
          if (loaded.kind === 'signal') await takePicture(studio, loaded.signal, goOn);
          else await takeArtifact(studio, loaded.artifact, goOn);
        } catch (error) {
          // Nobody else knows of it.
          const closed = loaded.kind === 'signal' ? studio.client.call('signal.close', { signal: loaded.signal.signal }) : studio.client.call('artifact.close', { artifact: loaded.artifact.artifact });
          closed.catch(() => undefined);
          throw error;
        }
      });
      studio.openFault = '';
    } catch (error) {
      reportFault(studio, error);
    }
  }
}

async function takePicture(studio: Studio, info: SignalInfo, goOn: () => void): Promise<void> {
  if (info.size.length !== 2) throw new StudioError('input', 'input.dimensions', `${info.name} has ${info.size.length} dimensions; this version shows pictures, which have 2.`);
  const bytes = await studio.client.readSamples({ signal: info.signal }, info.rawBytes);
  goOn();
  const samples = samplesOf(bytes, info.type);
  const picture: Picture = { info, samples, thumbnail: thumbnail({ ...info, samples }, 112) };
  if (studio.active) stop(studio);
  studio.picture = picture;
  studio.run = null;
  studio.compared = null;
  studio.setView({ fitted: true });
  forgetUnused(studio);
  studio.notices.speak(`${info.name} is open, ${formatSize(info.size)}.`);
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
  studio.setView({ fitted: true });
  studio.notices.speak(`${info.name} is open, ${formatSize(info.size)}.`);
}

/** Takes a run that is over out of the list and lets go of everything that main holds for it. */
export function removeRun(studio: Studio, run: Run): void {
  if (run.active || run.encoding) return;
  studio.runs = studio.runs.filter((each) => each !== run);
  if (studio.run === run) studio.run = null;
  if (studio.compared === run) studio.compared = null;
  run.hide();
  for (const { artifact } of run.encodings) studio.client.call('artifact.close', { artifact }).catch(() => undefined);
  forgetUnused(studio);
}

/** Signals that no run and no view needs any more are closed in main. */
function forgetUnused(studio: Studio): void {
  const used = new Set(studio.runs.flatMap((run) => (run.picture ? [run.picture] : [])));
  for (const picture of opened) {
    if (picture === studio.picture || used.has(picture)) continue;
    opened.delete(picture);
    studio.client.call('signal.close', { signal: picture.info.signal }).catch(() => undefined);
  }
  if (studio.picture) opened.add(studio.picture);
}
const opened = new Set<Picture>();

function reportFault(studio: Studio, error: unknown): void {
  const known = asStudioError(error);
  // On the empty stage the reason stands under the button; over open work it is a notice.
  if (known.kind !== 'cancelled' && !studio.picture && !studio.run) studio.openFault = known.message;
  else studio.notices.fault(error);
}

/** Files of the browser (dropped, pasted, picked): sent in chunks, then loaded. */
export async function openFiles(studio: Studio, files: readonly File[]): Promise<void> {
  for (const file of files) {
    const name = file.name || 'pasted picture.png';
    try {
      if (file.size === 0) throw new StudioError('input', 'input.empty', `${name} is empty. Choose another file.`);
      if (file.size > UPLOAD_LIMIT) throw new StudioError('input', 'input.size', `${name} is larger than 1 GiB. Choose a smaller file.`);
      const ref = await studio.working(`Reading ${name}`, (_task, progress) => studio.client.upload(file, name.slice(0, 255), progress));
      await load(studio, [ref]);
    } catch (error) {
      reportFault(studio, error);
    }
  }
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
