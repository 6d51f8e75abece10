/**
 * The figures of the first end-to-end version: steps per second of all engines side by side, decoded PSNR after 60 s on the
 * cpu engine, cold start of the command line, time from start to a usable window, size of what loads first.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserType, Page } from '@playwright/test';
import { fieldFor } from '#core/field/field';
import { presetById } from '#core/fit/presets';
import { createCpuEngine } from '#engine/cpu/engine';
import type { Engine, Trainer } from '#engine/engine';
import { createTfjsEngine } from '#engine/tfjs/engine';
import { createWebGpuEngine } from '#engine/webgpu/engine';
import { testGpu } from '#engine/webgpu/test-adapter';
import { median } from './machine';
import { photograph } from './photograph';

async function stepRates(samples: Uint8Array, quick: boolean): Promise<Record<string, { device: string; stepsPerSecond: number; millisecondsPerStep: number }>> {
  const config = presetById('siren').config;
  const field = fieldFor(config.network, 2, 3);
  const data = { size: [256, 256], channels: 3, type: 'uint8' as const, samples };
  const openers: Record<string, () => Promise<Engine>> = {
    cpu: () => createCpuEngine({}),
    webgpu: async () => createWebGpuEngine({ gpu: await testGpu() }),
    tfjs: () => createTfjsEngine({}),
  };
  const engines: { name: string; engine: Engine; trainer: Trainer; times: number[] }[] = [];
  for (const [name, open] of Object.entries(openers)) {
    const engine = await open();
    const trainer = await engine.createTrainer({ field, plan: config.plan, data, seed: 1 });
    await trainer.run(Float32Array.of(1e-4)); // warm up: compile, allocate
    engines.push({ name, engine, trainer, times: [] });
  }
  // Interleaved repeats, so that a busy moment of the machine falls on all of them.
  for (let repeat = 0; repeat < (quick ? 1 : 5); repeat++) {
    for (const { trainer, times, name } of engines) {
      const steps = name === 'cpu' ? 60 : 1;
      const began = performance.now();
      await trainer.run(new Float32Array(steps).fill(1e-4));
      times.push((performance.now() - began) / steps);
    }
  }
  const rates: Record<string, { device: string; stepsPerSecond: number; millisecondsPerStep: number }> = {};
  console.log(`steps per second, SIREN ${field.depth} x ${field.width}, batch ${config.plan.batch}, 256 x 256 RGB (median of interleaved repeats)`);
  for (const { name, engine, trainer, times } of engines) {
    const milliseconds = median(times);
    rates[name] = { device: engine.facts.name, stepsPerSecond: 1000 / milliseconds, millisecondsPerStep: milliseconds };
    console.log(`  ${name.padEnd(7)} ${(1000 / milliseconds).toFixed(2).padStart(8)} steps/s  ${milliseconds.toFixed(1).padStart(9)} ms  ${engine.facts.name}`);
    trainer.dispose();
    await engine.dispose();
  }
  return rates;
}

function fitFor(seconds: number, png: Buffer): unknown {
  const folder = mkdtempSync(path.join(tmpdir(), 'inr-bench-'));
  try {
    const picture = path.join(folder, 'photo.png');
    const file = path.join(folder, 'photo.inr');
    writeFileSync(picture, png);
    const fit = spawnSync(process.execPath, ['bin/inr.mjs', 'fit', picture, '-o', file, '--device', 'cpu', '--seconds', String(seconds), '--seed', '1', '--json'], { encoding: 'utf8' });
    if (fit.status !== 0) throw new Error(fit.stderr);
    const compare = spawnSync(process.execPath, ['bin/inr.mjs', 'compare', picture, '--inr', file, '--json'], { encoding: 'utf8' });
    const result = JSON.parse(fit.stdout) as Record<string, unknown>;
    console.log(`after ${seconds} s of fitting on the cpu engine (preset siren): decoded ${Number(result.psnr).toFixed(2)} dB, ${String(result.bytes)} bytes, ${String(result.steps)} steps`);
    return { ...result, compare: compare.status === 0 ? (JSON.parse(compare.stdout) as unknown) : compare.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function coldStart(runs: number): number {
  const times: number[] = [];
  for (let run = 0; run < runs + 1; run++) {
    const began = performance.now();
    const version = spawnSync(process.execPath, ['bin/inr.mjs', '--version']);
    if (version.status !== 0) throw new Error('inr --version failed');
    if (run > 0) times.push(performance.now() - began);
  }
  const milliseconds = median(times);
  console.log(`inr --version: ${milliseconds.toFixed(0)} ms (median of ${runs})`);
  return milliseconds;
}

/** Bytes that the page must load before it shows: the document, its scripts with their static imports, its style sheets. */
function firstLoad(): number {
  const folder = 'out/renderer';
  const document = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const waiting = [...document.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  const seen = new Set<string>();
  let total = gzipSync(document).length;
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const content = readFileSync(path.join(folder, file), 'utf8');
    total += gzipSync(content).length;
    if (!file.endsWith('.js')) continue;
    for (const match of content.matchAll(/(?:import|export)\s*(?:[\w${},\s*]*?from)?\s*["'](\.\/[^"']+\.js)["']/g)) {
      waiting.push(path.join(path.dirname(file), match[1]));
    }
  }
  console.log(`first load of the renderer: ${(total / 1000).toFixed(0)} kB gzip in ${seen.size + 1} files`);
  return total;
}

/** Starts the server, with files to open, and Chromium, and loads the page. */
export async function openWindow(chromium: BrowserType, open: readonly string[] = []): Promise<{ page: Page; close(): Promise<void> }> {
  const root = mkdtempSync(path.join(tmpdir(), 'inr-bench-'));
  const server = spawn(process.execPath, ['bin/inr.mjs', 'serve', '--port', '0', '--root', root, ...(open.length > 0 ? ['--open', ...open] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CONFIG_HOME: root, APPDATA: root },
  });
  const address = new Promise<string>((resolve) => {
    let text = '';
    server.stdout.on('data', (chunk: Buffer) => {
      const match = /(http:\/\/\S+)/.exec((text += chunk.toString()));
      if (match) resolve(match[1]);
    });
  });
  const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => existsSync(file));
  const args = ['--disable-background-networking', '--no-first-run', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(await address);
  return {
    page,
    close: async () => {
      await browser.close();
      server.kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** From the start of the server process and of Chromium to a window whose samples can be clicked. */
async function usableWindow(runs: number): Promise<number> {
  const { chromium } = await import('@playwright/test');
  const times: number[] = [];
  for (let run = 0; run < runs + 1; run++) {
    const began = performance.now();
    const { page, close } = await openWindow(chromium);
    await page.getByRole('button', { name: /boats/i }).first().waitFor({ state: 'visible' });
    if (run > 0) times.push(performance.now() - began);
    await close();
  }
  const milliseconds = median(times);
  console.log(`finished build to usable window in Chromium: ${milliseconds.toFixed(0)} ms (median of ${runs}, browser start included)`);
  return milliseconds;
}

/**
 * How soon the window answers keys while the cpu engine fits on all cores: from the key's time stamp to the end of its handlers,
 * and to the next frame on screen (Event Timing, in steps of 8 ms; a software GPU draws here where there is no other).
 */
async function answers(presses: number): Promise<{ handledMilliseconds: number; handledWorst: number; shownMilliseconds: number }> {
  const { chromium } = await import('@playwright/test');
  const { page, close } = await openWindow(chromium);
  await page.getByRole('button', { name: /boats/i }).first().click();
  await page.getByTestId('step').waitFor();
  await page.waitForTimeout(4000);
  await page.evaluate(() => {
    const seen: { handled: number; shown: number }[] = [];
    (window as unknown as { seen: typeof seen }).seen = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceEventTiming[])
        if (entry.name === 'keydown') seen.push({ handled: entry.processingEnd - entry.startTime, shown: entry.duration });
    }).observe({ type: 'event', durationThreshold: 16, buffered: false } as PerformanceObserverInit);
    window.addEventListener('keydown', (event) => queueMicrotask(() => seen.push({ handled: performance.now() - event.timeStamp, shown: 0 })), { capture: false });
  });
  for (let press = 0; press < presses; press++) {
    await page.keyboard.press('123e'[press % 4]);
    await page.waitForTimeout(150);
  }
  const seen = await page.evaluate(() => (window as unknown as { seen: { handled: number; shown: number }[] }).seen);
  await close();
  const handled = seen.map((each) => each.handled);
  const shown = seen.filter((each) => each.shown > 0).map((each) => each.shown);
  const figures = { handledMilliseconds: median(handled), handledWorst: Math.max(...handled), shownMilliseconds: shown.length > 0 ? median(shown) : 16 };
  console.log(`keys while a fit runs on all cores: handled after ${figures.handledMilliseconds.toFixed(1)} ms (median), ${figures.handledWorst.toFixed(1)} ms (worst of ${presses}); shown after ${figures.shownMilliseconds.toFixed(0)} ms (median)`);
  return figures;
}

export async function run({ quick }: { quick: boolean }): Promise<unknown> {
  const { png, samples } = await photograph();
  const coldStartMilliseconds = coldStart(quick ? 3 : 15);
  const firstLoadBytes = firstLoad();
  const windowMilliseconds = await usableWindow(quick ? 1 : 5);
  const keys = await answers(quick ? 8 : 40);
  const engines = await stepRates(samples, quick);
  const fit = fitFor(quick ? 5 : 60, png);
  return { coldStartMilliseconds, firstLoadBytes, windowMilliseconds, keys, engines, fit };
}
