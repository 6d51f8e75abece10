/** What went wrong, as the exit code of the command line knows it (docs/COMMAND-LINE.md). */
export type ErrorKind = 'failed' | 'usage' | 'input' | 'container' | 'device' | 'cancelled';

export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = { failed: 1, usage: 2, input: 3, container: 4, device: 5, cancelled: 130 };

/**
 * An error that a user is meant to read: names the file, the fault and the way out. `code` is stable and may be relied on
 * ('container.truncated', 'input.empty', ...).
 */
export class StudioError extends Error {
  override readonly name = 'StudioError';
  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Any thrown value as a StudioError; unknown ones become kind 'failed', code 'internal'. */
export function asStudioError(error: unknown): StudioError {
  if (error instanceof StudioError) return error;
  if (error instanceof Error && error.name === 'AbortError') return new StudioError('cancelled', 'cancelled', 'Cancelled.', { cause: error });
  return new StudioError('failed', 'internal', error instanceof Error ? error.message : String(error), { cause: error });
}
