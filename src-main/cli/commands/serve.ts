/** `inr serve`: the app in a browser, served on this machine alone, until Ctrl-C. */
import { asStudioError } from '#core/errors';
import { serveStudio } from '../../shell/browser/serve';
import { requireFile } from '../files';
import type { Terminal } from '../terminal';

export interface ServeOptions {
  readonly port?: number;
  readonly root?: string;
  readonly open?: readonly string[];
  readonly json?: boolean;
}

/** Runs the command; resolves to the exit code when the user has had enough. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<number> {
  const abort = terminal.cancellation();
  const { port, root, open } = options;
  for (const path of open ?? []) await requireFile(path);
  const studio = await serveStudio({
    ...(port !== undefined && { port }),
    ...(root !== undefined && { root }),
    ...(open !== undefined && { open: [...open] }),
  });
  try {
    terminal.out(options.json ? `${JSON.stringify({ url: studio.url })}\n` : `${studio.url}\n`);
    if (!options.json) terminal.err('Open this address in a browser on this machine. Ctrl-C ends the app.\n');
    const cancelled = new Promise<void>((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }));
    if (!abort.aborted) await Promise.race([cancelled, studio.closed]);
  } finally {
    await studio.close().catch((error: unknown) => terminal.err(`inr: ${asStudioError(error).message}\n`));
  }
  return 0;
}
