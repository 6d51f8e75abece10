import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import sharp from 'sharp';
import { runCommandLine } from './program';
import { testTerminal } from './test-terminal';

it('a fit whose file nobody could open, or whose plan the picture is too large for, is refused before it begins', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inr-limit-'));
  try {
    const input = join(folder, 'large.png');
    await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'black' }, limitInputPixels: false }).toColourspace('b-w').png({ compressionLevel: 1 }).toFile(input);
    const terminal = testTerminal();
    const code = await runCommandLine(['fit', input, '-o', join(folder, 'x.inr'), '--width', '256', '--depth', '12', '--steps', '1', '--batch', '64', '--device', 'cpu'], terminal);
    expect(terminal.stderr()).toMatch(/could not be opened again.*multiply-adds/);
    expect(code).toBe(2);
    const other = testTerminal();
    expect(await runCommandLine(['fit', input, '-o', join(folder, 'x.inr'), '--preset', 'siren-small', '--sampling', 'full'], other)).toBe(2);
    expect(other.stderr()).toMatch(/^inr: Full batches end at .* choose stratified sampling\.$/m);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
