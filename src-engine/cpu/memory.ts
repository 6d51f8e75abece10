/** Memory of the kernels: checked before it is asked for, so that a user reads a sentence and not "out of memory". */
import { totalmem } from 'node:os';
import { StudioError } from '#core/errors';
import { MAXIMUM_PAGES } from './plan';

/**
 * A shared memory of `pages` pages of 64 KiB, which never grows. Throws StudioError 'failed'/'memory' when it cannot be had;
 * `way` says what the user can do.
 */
export function allocateShared(pages: number, way: string): WebAssembly.Memory {
  requirePages(pages, way);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new StudioError('failed', 'memory', `${sizeOf(pages)} of memory could not be had. ${way}`, { cause: error });
  }
}

/** Throws StudioError 'failed'/'memory' when so many pages cannot be addressed or exceed the machine's memory. */
function requirePages(pages: number, way: string): void {
  if (pages > MAXIMUM_PAGES) throw new StudioError('failed', 'memory', `This needs ${sizeOf(pages)} of memory; the cpu engine can address 4 GiB. ${way}`);
  requireMachine(pages, way);
}

/** Throws StudioError 'failed'/'memory' when so many pages, of one memory or of several, exceed the machine's memory. */
export function requireMachine(pages: number, way: string): void {
  // 0 or absent: no limit is known.
  const constrained = process.constrainedMemory?.() ?? 0;
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  if (pages * 65536 > 0.9 * machine) {
    throw new StudioError('failed', 'memory', `This needs ${sizeOf(pages)} of memory; this machine has ${(machine / 2 ** 30).toFixed(1)} GiB. ${way}`);
  }
}

function sizeOf(pages: number): string {
  const bytes = pages * 65536;
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
