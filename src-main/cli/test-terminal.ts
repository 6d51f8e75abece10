/** A terminal for tests: keeps what is written and can be cancelled. */
import type { Terminal } from './terminal';

export interface TestTerminal extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
  cancel(): void;
}

export function testTerminal(columns = 0): TestTerminal {
  let out = '';
  let err = '';
  const controller = new AbortController();
  return {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    columns,
    cancellation: () => controller.signal,
    stdout: () => out,
    stderr: () => err,
    cancel: () => controller.abort(),
  };
}
