/** The product's own shell; runs only where Electron's binary is (playwright.config.ts). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, expect, test, type ElectronApplication, type Page } from '@playwright/test';

let app: ElectronApplication;
let page: Page;
let folder: string;

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'inr-electron-e2e-'));
  const root = join(import.meta.dirname, '..');
  app = await _electron.launch({ args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), `--user-data-dir=${folder}`, root] });
  page = await app.firstWindow();
  await page.getByRole('main').waitFor();
});
test.afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('shows the app from its own origin, with nothing of Node in the page', async () => {
  expect(page.url()).toBe('app://studio/');
  expect(await page.evaluate(() => [typeof (globalThis as { require?: unknown }).require, typeof (globalThis as { process?: unknown }).process, typeof window.studio?.call])).toEqual(['undefined', 'undefined', 'function']);
});

test('does not leave the app', async () => {
  await page.evaluate(() => {
    location.href = 'https://example.invalid/';
  });
  await page.waitForTimeout(500);
  expect(page.url()).toBe('app://studio/');
  expect(await page.evaluate(() => window.open('https://example.invalid/'))).toBeNull();
});

test('answers calls of the page and refuses what is no call', async () => {
  const described = await page.evaluate(() => window.studio!.call('app.describe', {}));
  expect(described).toMatchObject({ ok: { shell: 'electron', dialogs: true } });
  expect(await page.evaluate(() => window.studio!.call('no.such', {}))).toMatchObject({ fault: { code: 'ipc.unknown' } });
});
