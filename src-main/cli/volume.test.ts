/** Volumes on the command line: coded to an error, to a ratio, to dB, decoded and told again. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { runCommandLine } from './program';
import { testTerminal } from './test-terminal';

let folder = '';
const at = (name: string): string => join(folder, name);
/** A bright ball on a ramp, with an uneven surface. */
const voxels = Uint8Array.from({ length: 36 * 30 * 24 }, (_, i) => {
  const [x, y, z] = [(i % 36) - 16, (Math.floor(i / 36) % 30) - 16, Math.floor(i / 1080) - 11];
  return x * x + y * y + z * z < 90 + 20 * Math.sin(x) * Math.cos(y * 1.7) ? 200 + ((i * 7) % 11) : 20 + x;
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-volume-'));
  await writeFile(at('ball_36x30x24_uint8.raw'), voxels);
  await sharp({ create: { width: 16, height: 16, channels: 3, background: '#a05030' } }).png().toFile(at('plain.png'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function inr(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = testTerminal();
  const code = await runCommandLine(args, terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}
const fit = (...more: string[]) => inr('fit', at('ball_36x30x24_uint8.raw'), '-o', at('ball.inr'), '--device', 'cpu', '--threads', '1', '--steps', '60', ...more);
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('inr fit of a volume', () => {
  it('keeps every voxel within an error, and the file decodes to that', async () => {
    const { code, out, err } = await fit('--max-error', '6', '--json');
    expect([code, err]).toEqual([0, expect.stringContaining('ball')]);
    const told = json(out);
    expect(told).toMatchObject({ targetReached: true, config: { coding: { residual: { step: expect.any(Number) as number } } } });
    expect(told.maximumError).toBeGreaterThan(3);
    expect((await inr('decode', at('ball.inr'), '-o', at('ball.raw'), '--quiet')).code).toBe(0);
    const decoded = await readFile(at('ball.raw'));
    expect(Math.max(...voxels.map((voxel, i) => Math.abs(voxel - decoded[i]!)))).toBe(told.maximumError);
    expect((await inr('validate', at('ball.inr'))).code).toBe(0);
    expect((await inr('info', at('ball.inr'))).out).toMatch(/residual +coded with a step of [\d.]+ codes\n[^]*RESI +critical/);
    expect(await inr('decode', at('ball.inr'), '-o', at('small.raw'), '--resolution', '10')).toMatchObject({ code: 2, err: expect.stringMatching(/Leave --resolution out/) as string });
  });

  it('meets a ratio and dB, and says where it cannot', async () => {
    const ratio = json((await fit('--target-ratio', '14', '--json', '--no-provenance')).out);
    expect(ratio.ratio).toBeGreaterThanOrEqual(14);
    expect(ratio.ratio).toBeLessThan(14.4);
    const decibel = json((await fit('--target-psnr', '44', '--bits', '9', '--json')).out);
    expect(decibel.psnr).toBeGreaterThanOrEqual(44);
    expect(decibel).toMatchObject({ bits: 9, targetReached: true });
    expect(decibel.psnr).toBeLessThan(44.1);
    const alone = await fit('--residual-step', 'none', '--clip', 'none', '--width', '8');
    expect(alone.out).toMatch(/before quantization/);
    expect((await inr('info', at('ball.inr'))).out).toMatch(/residual +none/);
    expect(await fit('--target-ratio', '500')).toMatchObject({ code: 1, err: expect.stringMatching(/coarsest residual this network's file has \d+ bytes/) as string });
  });

  it('refuses targets that have no meaning', async () => {
    const picture = (...more: string[]) => inr('fit', at('plain.png'), '-o', at('plain.inr'), '--device', 'cpu', ...more);
    expect(await picture('--max-error', '3')).toMatchObject({ code: 2, err: expect.stringMatching(/--max-error is for volumes, and this is a picture/) as string });
    expect(await picture('--residual-step', '0.1')).toMatchObject({ code: 2, err: expect.stringMatching(/--residual-step is for volumes/) as string });
    expect(await picture('--target-psnr', '30', '--bits', '8')).toMatchObject({ code: 2, err: expect.stringMatching(/leave --bits out/) as string });
    expect(await fit('--lambda', '0.01')).toMatchObject({ code: 2, err: expect.stringMatching(/--residual-step none/) as string });
    expect(await fit('--max-error', '3', '--residual-step', 'none')).toMatchObject({ code: 2, err: expect.stringMatching(/leave --residual-step none out/) as string });
  });
});
