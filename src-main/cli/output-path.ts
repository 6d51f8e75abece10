/**
 * Looks at the output path BEFORE the work begins: an hour's fit must not end at a folder that is not there. Nothing is
 * written here. A special file (/dev/null) is refused, since a save replaces the name and would replace the device.
 */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StudioError } from '#core/errors';

const refuse = (path: string, code: string, message: string): never => {
  throw new StudioError('failed', code, `${path}: ${message}`);
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/**
 * The path to save under: absolute, symbolic links followed, so that a link stays a link. `inputs` are files that this must
 * not overwrite. Throws StudioError 'failed', codes output.*.
 */
export async function checkOutput(path: string, inputs: readonly string[] = []): Promise<string> {
  const absolute = resolve(path);
  const folder = dirname(absolute);
  try {
    const facts = await stat(folder);
    if (!facts.isDirectory()) refuse(path, 'output.folder', `${folder} is not a folder. Give another output path.`);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    if (codeOf(error) === 'ENOENT') refuse(path, 'output.folder', `the folder ${folder} does not exist. Make it first or give another output path.`);
    if (codeOf(error) === 'ENOTDIR') refuse(path, 'output.folder', `${folder} leads through a file. Give another output path.`);
    refuse(path, 'output.folder', `the folder ${folder} cannot be reached (${codeOf(error)}). Give another output path.`);
  }
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    const why = codeOf(error) === 'EROFS' ? 'is on a read-only disk' : 'may not be written to';
    refuse(path, 'output.readonly', `the folder ${folder} ${why}. Give another output path.`);
  }
  let target = absolute;
  try {
    target = await realpath(absolute);
    const facts = await stat(target);
    if (facts.isDirectory()) refuse(path, 'output.directory', 'this is a folder. Give the name of a file in it.');
    if (!facts.isFile()) refuse(path, 'output.special', 'this is no ordinary file. Give the name of a file.');
    await access(target, constants.W_OK).catch(() => refuse(path, 'output.readonly', 'the file is there and write-protected. Give another name.'));
  } catch (error) {
    if (error instanceof StudioError) throw error;
    if (codeOf(error) !== 'ENOENT') refuse(path, 'output.path', `this path cannot be used (${codeOf(error)}). Give another output path.`);
  }
  for (const input of inputs) {
    const same = await realpath(input).catch(() => resolve(input));
    if (same === target) refuse(path, 'output.input', 'this is the input file, which is never overwritten. Give another name.');
  }
  return target;
}
