/**
 * The files of the built window, read once at the start (a few MB): a request can only name one of the list, so there is no
 * path to walk out of, and a host that runs for days does not care that the checkout is built anew.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '#core/errors';
import { contentType } from './policy';

export interface StaticFile {
  readonly type: string;
  /** Named by a digest of its content, so it may be kept for ever. */
  readonly immutable: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * URL path ('/', '/assets/index-1a2b.js') to file; other kinds than those of policy.ts are left out. Throws StudioError
 * 'failed'/'serve.build' when there is no built window.
 */
export function listStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(inner);
      else if (entry.isFile()) {
        const type = contentType(entry.name);
        if (type) files.set(inner, { type, immutable: path === '/assets', bytes: new Uint8Array(readFileSync(join(folder, inner))) });
      }
    }
  };
  let cause: unknown;
  try {
    walk('');
  } catch (error) {
    cause = error;
  }
  const index = files.get('/index.html');
  if (!index) throw new StudioError('failed', 'serve.build', `The window is not built (${folder} is incomplete). Run: npm run build`, { cause });
  return files.set('/', index);
}
