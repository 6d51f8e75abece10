/** Another program, run without a shell: bounded in time and in what is kept of its words, ended when the user cancels. */
import { spawn } from 'node:child_process';
import { StudioError } from '#core/errors';

export interface ProgramOptions {
  /** Folder that it runs in. */
  readonly folder: string;
  /** Folders to look for it; without it PATH. */
  readonly path?: string;
  /** Longest time that it may take. */
  readonly milliseconds: number;
  readonly abort?: AbortSignal;
}

export interface ProgramResult {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  /** What it said on stdout and stderr, its first 64 KiB. */
  readonly said: string;
}

const MOST_SAID = 64 * 1024;

/**
 * Runs a program to its end; resolves to null where there is none of that name. Throws StudioError 'failed'/'program.timeout', and 'cancelled'
 * after abort; the program is then killed.
 */
export async function runProgram(name: string, words: readonly string[], { folder, path, milliseconds, abort }: ProgramOptions): Promise<ProgramResult | null> {
  abort?.throwIfAborted();
  const env = path === undefined ? process.env : { ...process.env, PATH: path };
  const child = spawn(name, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let said = '';
  const listen = (chunk: Buffer): void => void (said.length < MOST_SAID && (said += chunk.toString('utf8').slice(0, MOST_SAID - said.length)));
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, milliseconds);
  const cancel = (): void => void child.kill('SIGKILL');
  abort?.addEventListener('abort', cancel);
  try {
    const code = await new Promise<number | null | undefined>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' || error.code === 'EACCES' ? resolve(undefined) : reject(error)));
      child.once('close', (status) => resolve(status));
    });
    if (abort?.aborted) throw new StudioError('cancelled', 'cancelled', 'Cancelled.');
    if (late) throw new StudioError('failed', 'program.timeout', `${name} took longer than ${Math.round(milliseconds / 1000)} s and was ended.`);
    return code === undefined ? null : { code, said };
  } finally {
    clearTimeout(timer);
    abort?.removeEventListener('abort', cancel);
  }
}
