import type { ShellPort, Studio } from './port';

export type { ShellPort, Studio } from './port';

/** The services of one window. Being written: only the types are final. */
export function createStudio(_port: ShellPort): Promise<Studio> {
  return Promise.reject(new Error('createStudio is being written.'));
}
