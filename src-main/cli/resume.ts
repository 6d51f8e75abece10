/** Going on from a checkpoint: found beside the output, held against input and configuration, deleted after success. */
import { rm, stat } from 'node:fs/promises';
import type { FitConfig } from '#core/fit/config';
import { StudioError } from '#core/errors';
import { decodeCheckpoint, type Checkpoint } from './checkpoint';
import { about, readFileNamed } from './files';
import { fitDifference } from './fit-config';

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/** The checkpoint to resume, or null to begin anew; `note` hears which and why. Throws StudioError 'input'/'checkpoint.damaged'. */
export async function findCheckpoint(path: string, resume: boolean, note: (text: string) => void): Promise<Checkpoint | null> {
  const there = await exists(path);
  if (!resume) {
    if (there) note(`${path} of an earlier fit is there and will be replaced; --resume would have gone on from it.`);
    return null;
  }
  if (!there) {
    note(`There is no ${path}: the fit begins anew.`);
    return null;
  }
  return about(path, async () => decodeCheckpoint(await readFileNamed(path)));
}

/** `found` when it belongs to this input and configuration. Throws StudioError that says what differs and what to do. */
export function resumeFrom(found: Checkpoint, path: string, config: FitConfig, fingerprint: string): Checkpoint {
  if (found.fingerprint !== fingerprint) {
    throw new StudioError('input', 'checkpoint.signal', `${path}: this checkpoint belongs to another input. Give the file it was made from, another output, or leave out --resume.`);
  }
  const difference = fitDifference(found.config, config);
  if (difference !== null) {
    throw new StudioError('usage', 'checkpoint.config', `${path}: this checkpoint belongs to another configuration (${difference}). Give --resume without these options to go on as begun, or leave out --resume.`);
  }
  return found;
}

export async function dropCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}
