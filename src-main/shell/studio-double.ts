/**
 * A studio without services, for tests of the shells: it answers the few calls that they make, notes everything it was asked,
 * and refuses the rest.
 */
import { StudioError } from '#core/errors';
import { endpoints, type FileRef } from '../ipc/contract';
import type { Handlers } from '../ipc/dispatch';
import type { ShellPort, Studio } from '../service/port';

export interface StudioDouble extends Studio {
  readonly port: ShellPort;
  readonly pending: string[];
  readonly offered: string[];
  readonly calls: { name: string; request: unknown }[];
  disposed: boolean;
}

const refOf = (path: string, index: number): FileRef => ({ file: `file-${String(index).padStart(8, '0')}`, name: path.split(/[\\/]/).at(-1)!, bytes: 1 });

/** createStudio in the shape that shells take, and the studios that it made. */
export function studioDoubles(): { createStudio: (port: ShellPort) => Promise<StudioDouble>; made: StudioDouble[] } {
  const made: StudioDouble[] = [];
  const createStudio = (port: ShellPort): Promise<StudioDouble> => {
    const pending: string[] = [];
    const offered: string[] = [];
    const calls: StudioDouble['calls'] = [];
    const answers: Partial<Record<keyof Handlers, (request: never) => unknown>> = {
      'app.pending': () => ({ files: pending.splice(0).map(refOf) }),
      'file.open': async () => ({ files: (await port.openDialog()).map(refOf) }),
      'artifact.save': async ({ name, format }: { name: string | null; format: 'inr' | 'png' }) => {
        const path = await port.saveDialog(name ?? `picture.${format}`, format);
        return { outcome: path === null ? 'cancelled' : 'saved', name: path ?? '', bytes: 0 };
      },
      'signal.read': ({ length }: { length: number }) => ({ data: new Uint8Array(length).fill(7) }),
      'signal.close': () => ({}),
    };
    const handlers = Object.fromEntries(
      Object.keys(endpoints).map((name) => [
        name,
        async (request: never) => {
          calls.push({ name, request });
          const answer = answers[name as keyof Handlers];
          if (!answer) throw new StudioError('failed', 'double', `${name} has no answer in this test.`);
          return answer(request);
        },
      ]),
    ) as unknown as Handlers;
    const studio: StudioDouble = {
      port,
      pending,
      offered,
      calls,
      disposed: false,
      handlers,
      offerFiles: (paths) => {
        offered.push(...paths);
        return Promise.resolve(paths.map(refOf));
      },
      setPending: (paths) => void pending.push(...paths),
      dispose: () => {
        studio.disposed = true;
        return Promise.resolve();
      },
    };
    made.push(studio);
    return Promise.resolve(studio);
  };
  return { createStudio, made };
}
