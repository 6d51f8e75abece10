/**
 * How smoothly volumes and surfaces turn in the window, in a view of about 640 x 480, on whatever draws there (a software adapter where there is no GPU):
 * frames that were drawn while the mouse dragged for some seconds, and how long the picture takes to be whole again at rest.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { openWindow } from './first-light';

const VIEW = { width: 640, height: 480 };

/** Makes the window so large that the view has `VIEW`'s size. */
async function fitView(page: Page, testId: string): Promise<{ x: number; y: number; width: number; height: number }> {
  const view = page.getByTestId(testId);
  for (let turn = 0; turn < 3; turn++) {
    const box = (await view.boundingBox())!;
    const window = page.viewportSize()!;
    await page.setViewportSize({ width: Math.round(window.width + VIEW.width - box.width), height: Math.round(window.height + VIEW.height - box.height) });
    await page.waitForTimeout(500);
  }
  return (await view.boundingBox())!;
}

/** Frames a second while the mouse goes round. `frames` reads how many were drawn so far. */
async function turn(page: Page, box: { x: number; y: number; width: number; height: number }, seconds: number, frames: () => Promise<number>): Promise<number> {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  // The first second compiles programs and finds the pace.
  let began = 0;
  let before = 0;
  const start = performance.now();
  for (let step = 0; performance.now() - start < (1.5 + seconds) * 1000; step++) {
    if (began === 0 && performance.now() - start > 1500) [began, before] = [performance.now(), await frames()];
    await page.mouse.move(x + 120 * Math.sin(step / 9), y + 60 * Math.sin(step / 7));
    await page.waitForTimeout(8);
  }
  const rate = (1000 * ((await frames()) - before)) / (performance.now() - began);
  await page.mouse.up();
  return rate;
}

async function ofVolume(file: string, seconds: number): Promise<unknown> {
  const { chromium } = await import('@playwright/test');
  const { page, close } = await openWindow(chromium, [file]);
  try {
    await page.getByTestId('volume-view').waitFor();
    await page.getByRole('tab', { name: 'Look' }).click();
    await page.getByRole('button', { name: '3D', exact: true }).click();
    const space = page.getByTestId('volume-space');
    await space.waitFor();
    const box = await fitView(page, 'volume-space');
    const read = async (name: string): Promise<string> => (await space.getAttribute(`data-${name}`)) ?? '';
    await page.waitForTimeout(2000);
    const rate = await turn(page, box, seconds, async () => Number(await read('frames')));
    const scale = Number(await read('scale'));
    const rested = performance.now();
    while ((await read('refined')) !== 'true' && performance.now() - rested < 60_000) await page.waitForTimeout(20);
    const refined = performance.now() - rested;
    const name = path.basename(file);
    console.log(`${name}: ${Math.round(box.width)} x ${Math.round(box.height)}, turning: ${rate.toFixed(1)} frames/s at ${(100 * scale).toFixed(0)} % of the pixels along an edge; whole at rest after ${(refined / 1000).toFixed(1)} s`);
    return { file: name, view: [box.width, box.height], framesPerSecond: rate, scale, refinedMilliseconds: refined };
  } finally {
    await close();
  }
}

export async function run({ quick }: { quick: boolean }): Promise<unknown> {
  const data = process.env.INR_BENCH_DATA;
  const files = (data ? ['engine_256x256x128_uint8.raw.gz', 'bonsai.nii.gz'].map((name) => path.join(data, 'volumes', name)) : []).filter((file) => existsSync(file));
  if (files.length === 0) {
    console.log('not run: INR_BENCH_DATA names no folder with volumes/engine_256x256x128_uint8.raw.gz or volumes/bonsai.nii.gz');
    return null;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'inr-bench-'));
  try {
    const results: unknown[] = [];
    for (const file of files) {
      results.push(await ofVolume(file, quick ? 2 : 8));
      // The same from a decoded file.
      const coded = path.join(folder, `${path.basename(file).split('.')[0]}.inr`);
      const fit = spawnSync(process.execPath, ['bin/inr.mjs', 'fit', file, '-o', coded], { encoding: 'utf8' });
      if (fit.status !== 0) throw new Error(fit.stderr);
      results.push(await ofVolume(coded, quick ? 2 : 8));
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
