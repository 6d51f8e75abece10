/** Ctrl-C at the moments between the stages of a fit: it is heard at once, and what was fitted is kept. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { runCommandLine } from './program';
import { testTerminal, type TestTerminal } from './test-terminal';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-cancel-'));
  const samples = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => 128 + 100 * Math.sin(i / 60));
  await sharp(samples, { raw: { width: 64, height: 64, channels: 3 } }).png().toFile(at('photo.png'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A terminal whose user presses Ctrl-C as soon as `text` is written. */
function cancelling(text: RegExp): TestTerminal {
  const terminal = testTerminal();
  return {
    ...terminal,
    err: (written) => {
      terminal.err(written);
      if (text.test(written)) terminal.cancel();
    },
  };
}

const fit = (terminal: TestTerminal, output: string, ...more: string[]): Promise<number> =>
  runCommandLine(['fit', at('photo.png'), '-o', at(output), '--preset', 'siren-small', '--batch', '512', '--device', 'cpu', '--threads', '1', ...more], terminal);

describe('Ctrl-C', () => {
  it('while the engine is being set up ends the fit before its first step', async () => {
    // The opening line is written before the trainer is made.
    const terminal = cancelling(/seed 1/);
    expect(await fit(terminal, 'early.inr', '--steps', '3000')).toBe(130);
    expect(terminal.stderr()).toContain('before the first step');
  });

  it('while a file is tried for --target-psnr keeps what was fitted', async () => {
    const terminal = testTerminal();
    const signal = terminal.cancellation();
    let asked = 0;
    // The first question comes before the fit, the second where the first file is coded.
    signal.throwIfAborted = () => {
      if (++asked === 2) terminal.cancel();
      AbortSignal.prototype.throwIfAborted.call(signal);
    };
    expect(await fit({ ...terminal, cancellation: () => signal }, 'tried.inr', '--steps', '3000', '--target-psnr', '1')).toBe(130);
    expect(terminal.stderr()).toMatch(/Cancelled at step \d+\. .*tried\.inr\.checkpoint is kept/);
    expect((await stat(at('tried.inr.checkpoint'))).size).toBeGreaterThan(0);
  });
});
