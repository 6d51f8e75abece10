/**
 * What a command knows of the world it runs in: results go to `out` (stdout), everything else to `err` (stderr), and
 * `cancelled` says that the user has pressed Ctrl-C. Tests put their own in its place.
 */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** stderr is a terminal that understands carriage returns and has this many columns; 0 when it is a file or a pipe. */
  readonly columns: number;
  /**
   * From the first call on, SIGINT and SIGTERM abort this signal instead of ending the process, so that a command can leave
   * things in order. A second one ends the process.
   */
  cancellation(): AbortSignal;
}

/** `npm run` passes on the Ctrl-C that its child already got from the terminal: this close together they are one. */
const ECHO_MILLISECONDS = 1000;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let controller: AbortController | null = null;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    get columns() {
      return process.stderr.isTTY ? process.stderr.columns || 80 : 0;
    },
    cancellation() {
      if (controller) return controller.signal;
      const mine = (controller = new AbortController());
      let first = 0;
      const onSignal = (): void => {
        if (!mine.signal.aborted) {
          first = Date.now();
          mine.abort();
        } else if (Date.now() - first > ECHO_MILLISECONDS) {
          process.exit(130);
        }
      };
      process.on('SIGINT', onSignal);
      process.on('SIGTERM', onSignal);
      return mine.signal;
    },
  };
}
