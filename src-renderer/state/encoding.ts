/** From a float model to a file: encode, show the decoded samples, ask what classical codecs need for the same. */
import type { FitConfig } from '#core/fit/config';
import type { ArtifactFormat, ArtifactInfo } from '#main/ipc/contract';
import { bytesOf, newTask, samplesOf } from '../client';
import { formatBytes, formatDecibel } from '../format';
import { KIND_WORDS } from '../kind-words';
import type { Run } from './runs.svelte';
import type { Studio } from './studio.svelte';
import { extractMesh } from './surface-mesh';

/** The comparison that is under way, so that a newer encoding ends it. */
let comparing: { readonly task: string; readonly run: Run } | null = null;

/** Reads the decoded samples of an encoding and shows them for its run; the mesh of a surface is asked for by extractMesh. */
export async function showArtifact(studio: Studio, run: Run, artifact: ArtifactInfo): Promise<void> {
  const bytes = await studio.client.readSamples({ artifact: artifact.artifact }, artifact.dataBytes);
  run.artifact = artifact;
  run.showDecoded(artifact, samplesOf(bytes, artifact.type));
}

/** The last encoding of each run, under way or over. */
const last = new WeakMap<Run, Promise<boolean>>();

/**
 * Encodes a run's float model as `coding` says; the stage then shows the decoded samples. False when it failed.
 *
 * A run's encodings follow one another: what the end of a fit asks for waits for what a pause began, and is made of the
 * parameters of its own time.
 */
export function encode(studio: Studio, run: Run, coding: FitConfig['coding']): Promise<boolean> {
  const before = last.get(run);
  const mine = before ? before.then(() => encodeAlone(studio, run, coding)) : encodeAlone(studio, run, coding);
  last.set(run, mine);
  return mine;
}

async function encodeAlone(studio: Studio, run: Run, coding: FitConfig['coding']): Promise<boolean> {
  const { original, parameters } = run;
  if (!original || !parameters || !run.config) return false;
  const config = { ...run.config, coding };
  // What only time bounded is recorded with the steps that it took.
  if (run.seconds !== null) config.plan = { ...config.plan, steps: Math.max(1, run.progress?.step ?? 1) };
  run.encoding = true;
  try {
    await studio.working('Encoding', async (task) => {
      const artifact = await studio.client.call('artifact.encode', { task, signal: original.info.signal, config, parameters: bytesOf(parameters), ...(run.progress && { steps: run.progress.step }) });
      // A fit that was resumed meanwhile shows its live model; the file is kept all the same.
      const replaced = run.accept(artifact);
      if (run.state !== 'running') await showArtifact(studio, run, artifact);
      if (artifact.kind === 'surface' && run.state !== 'running') void extractMesh(studio, run, artifact);
      if (replaced) studio.client.call('artifact.close', { artifact: replaced.artifact }).catch(() => undefined);
      studio.notices.speak(`Encoded: ${formatBytes(artifact.bytes)}, ${formatDecibel(artifact.quality?.psnr)}.`);
    });
    void compareCodecs(studio, run);
    return true;
  } catch (error) {
    studio.notices.fault(error);
    return false;
  } finally {
    run.encoding = false;
  }
}

/** Asks, in the background, what classical codecs of its kind need for the quality of the run's file. */
export async function compareCodecs(studio: Studio, run: Run): Promise<void> {
  const { artifact, original } = run;
  const psnr = artifact?.quality?.psnr;
  const codecs = [...KIND_WORDS[original?.kind ?? 'grid'].codecs];
  if (!artifact || !original || codecs.length === 0 || psnr === null || psnr === undefined) return;
  if (comparing) studio.cancel(comparing.task);
  const mine = { task: newTask('codecs'), run };
  comparing = mine;
  run.codecs = null;
  run.comparing = true;
  try {
    const { rows } = await studio.client.call('codecs.compare', { task: mine.task, signal: original.info.signal, bytes: artifact.bytes, psnr, codecs });
    // What is not installed has nothing to say.
    if (run.artifact === artifact) run.codecs = rows.filter((row) => row.version !== '');
  } catch (error) {
    studio.notices.fault(error);
  } finally {
    if (comparing === mine) comparing = null;
    // A newer comparison of the same run is still to come.
    run.comparing = comparing?.run === run;
  }
}

/** The Save and Export commands: the native dialog, or this window's own. */
export async function save(studio: Studio, what: 'inr' | 'export'): Promise<void> {
  const { artifact } = studio;
  if (!artifact) return;
  const [format, ...others] = what === 'inr' ? (['inr'] as const) : KIND_WORDS[artifact.kind].exports;
  // The native dialog asks for the name alone: which format is asked before, where there are several.
  if (studio.description?.dialogs && others.length === 0) await saveAs(studio, artifact, format!, null, true);
  else studio.dialog = what === 'inr' ? 'save' : 'export';
}

/** What is exported is what is shown: the resolution of the mesh on the stage, else the chosen one. */
function meshResolution(studio: Studio, artifact: ArtifactInfo): { resolution?: number } {
  return artifact.kind === 'surface' ? { resolution: studio.mesh?.resolution ?? studio.resolution } : {};
}

/** Saves; `exists` when a file of that name is there and `overwrite` was not given. Null when it failed (and was said). */
export async function saveAs(studio: Studio, artifact: ArtifactInfo, format: ArtifactFormat, name: string | null, overwrite: boolean): Promise<'saved' | 'cancelled' | 'exists' | null> {
  try {
    const answer = await studio.working('Saving', () => studio.client.call('artifact.save', { artifact: artifact.artifact, format, name, overwrite, ...meshResolution(studio, artifact) }));
    if (answer.outcome === 'saved') studio.notices.show('done', `Saved ${answer.name}, ${formatBytes(answer.bytes)}.`);
    return answer.outcome;
  } catch (error) {
    studio.notices.fault(error);
    return null;
  }
}

/** Hands the file to the browser's downloads. */
export async function download(studio: Studio, artifact: ArtifactInfo, format: ArtifactFormat, name: string): Promise<boolean> {
  try {
    const { data } = await studio.working('Preparing the download', () => studio.client.download(artifact.artifact, format, meshResolution(studio, artifact).resolution));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(data);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    return true;
  } catch (error) {
    studio.notices.fault(error);
    return false;
  }
}
