/** The main job with mouse and keyboard: open a photograph, watch it fit, keep the file, open the file again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { dropFile, pasteFile, photograph, psnr, stageContrast } from './pictures';

async function chooseEngine(page: Page, engine: string): Promise<void> {
  await page.getByRole('button', { name: /^Engine/ }).click();
  await page.getByRole('radio', { name: new RegExp(`^${engine}`, 'i') }).check();
  await page.keyboard.press('Escape');
}

/** A short fit of a small network, so that a software GPU gets through it. */
async function setSmallFit(page: Page, steps: number): Promise<void> {
  await page.getByRole('radio', { name: /SIREN, small/ }).check({ force: true });
  await page.getByRole('textbox', { name: 'Steps' }).fill(String(steps));
}

const step = (page: Page): Promise<number> =>
  page
    .getByTestId('step')
    .innerText()
    .then((text) => Number(text.split('/')[0].replace(/\D/g, '')));

const fileScore = (page: Page) => page.getByTestId('score-source').filter({ hasText: /decoded/i });

test('a bundled photograph is one click from a running fit', async ({ app }) => {
  await app.getByRole('button', { name: /Fit the sample/ }).first().click();
  await expect.poll(() => step(app), { timeout: 60_000 }).toBeGreaterThan(3);
  await expect(app.getByRole('button', { name: /^Engine: cpu/ })).toBeVisible(); // auto never takes the software GPU
  await app.keyboard.press('s');
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  await expect(app.getByTestId('score-bytes')).not.toHaveText(/≈/);
});

test('pause, step, resume and stop answer to their keys; the result is encoded, saved, opened again and exported', async ({ app, host }) => {
  const picture = await photograph(96, 80);
  await dropFile(app, 'harbour.png', picture, 'image/png');
  await expect(app.getByRole('heading', { name: 'harbour.png' })).toBeVisible();
  await expect(app.getByText('Predicted file')).toBeVisible();
  await setSmallFit(app, 100_000);
  await app.getByRole('main').click({ position: { x: 5, y: 5 } });

  await app.keyboard.press('Space');
  await expect.poll(() => step(app), { timeout: 30_000 }).toBeGreaterThan(2);
  await app.keyboard.press('Space');
  await expect(app.getByRole('button', { name: 'Resume' })).toBeVisible();
  await app.waitForTimeout(300);
  const paused = await step(app);
  await app.waitForTimeout(500);
  expect(await step(app)).toBe(paused);
  await app.keyboard.press('.');
  await expect.poll(() => step(app)).toBe(paused + 1);
  await app.keyboard.press('Space');
  await expect.poll(() => step(app), { timeout: 30_000 }).toBeGreaterThan(paused + 20);
  await app.keyboard.press('s');
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  await expect(app.getByText('Reconstruction (decoded file)')).toBeVisible();

  // What classical codecs need for the same, made while the user looks.
  await app.getByRole('tab', { name: /Code/ }).click();
  await expect(app.getByRole('row', { name: /JPEG/ })).toBeVisible({ timeout: 60_000 });
  const shown = Number((await app.getByTestId('psnr-decoded').innerText()).replace(/[^\d.]/g, ''));

  await app.keyboard.press('Control+s');
  await app.getByLabel('File name').fill('harbour.inr');
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect.poll(() => existsSync(join(host.root, 'harbour.inr'))).toBe(true);
  // The file is there before the answer is: until then the dialog has the keys.
  await expect(app.getByRole('dialog')).toHaveCount(0);
  const saved = readFileSync(join(host.root, 'harbour.inr'));
  expect(saved.subarray(1, 4).toString()).toBe('INR');

  await app.keyboard.press('Control+e');
  await app.getByLabel('File name').fill('harbour.decoded.png');
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect.poll(() => existsSync(join(host.root, 'harbour.decoded.png'))).toBe(true);
  // The number on the screen is the number of the file, worked out here by other means.
  expect(await psnr(picture, readFileSync(join(host.root, 'harbour.decoded.png')))).toBeCloseTo(shown, 1);

  await app.reload();
  await app.getByRole('main').waitFor();
  await dropFile(app, 'anything.bin', saved);
  await expect(app.getByText('Reconstruction (decoded file)')).toBeVisible({ timeout: 30_000 });
  await expect(app.getByText(/Integrity/)).toBeVisible();
  expect(await stageContrast(app)).toBeGreaterThan(5);
});

test('a fit on the WebGPU engine shows its texture live and goes on elsewhere when the device is lost', async ({ app, host }) => {
  await app.goto(`${new URL(host.url).origin}/?test`);
  await app.getByRole('main').waitFor();
  await dropFile(app, 'harbour.png', await photograph(64, 64), 'image/png');
  await setSmallFit(app, 100_000);
  await app.getByRole('button', { name: 'Advanced' }).click();
  await app.getByLabel(/Batch/i).first().fill('256');
  await chooseEngine(app, 'webgpu');
  await expect(app.getByRole('button', { name: /^Engine: webgpu/ })).toContainText('software');
  await app.getByRole('button', { name: 'Start' }).click();
  await expect.poll(() => step(app), { timeout: 60_000 }).toBeGreaterThan(2);
  await expect(app.getByText('Reconstruction (float model, live)')).toBeVisible();
  await app.keyboard.press('3');
  expect(await stageContrast(app)).toBeGreaterThan(0.5);

  const before = await step(app);
  await app.evaluate(() => window.__studioTest!.device()!.destroy());
  await expect(app.getByRole('status').filter({ hasText: /goes on|went on|lost/i }).first()).toBeVisible({ timeout: 30_000 });
  await expect.poll(() => step(app), { timeout: 60_000 }).toBeGreaterThan(before);
  await app.keyboard.press('s');
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
});

test('a pasted picture opens', async ({ app }) => {
  await pasteFile(app, 'image.png', await photograph(40, 30), 'image/png');
  await expect(app.getByRole('heading', { name: 'image.png' })).toBeVisible();
});

test.describe('a file named at the start', () => {
  test.use({ hostOptions: { open: [join(import.meta.dirname, '..', 'assets', 'samples', 'airplane-from-above.jpg')] } });
  test('is open when the window comes', async ({ app }) => {
    await expect(app.getByRole('heading', { name: 'airplane-from-above.jpg' })).toBeVisible();
    await expect.poll(() => stageContrast(app)).toBeGreaterThan(5);
  });
});

test('what cannot be opened says why, and the open work stays as it was', async ({ app }) => {
  const picture = await photograph(40, 30);
  await dropFile(app, 'good.png', picture, 'image/png');
  await expect(app.getByRole('heading', { name: 'good.png' })).toBeVisible();
  const wrong: [string, Buffer, RegExp][] = [
    ['empty.png', Buffer.alloc(0), /empty\.png.*empty/i],
    ['cut.png', picture.subarray(0, 300), /cut\.png/],
    ['text.jpg', Buffer.from('hello, I am no picture'), /text\.jpg/],
    ['cut.inr', Buffer.from([0x89, 0x49, 0x4e, 0x52, 0x0d, 0x0a, 0x1a, 0x0a, 1, 0]), /cut\.inr/],
  ];
  for (const [name, content, message] of wrong) {
    await dropFile(app, name, content);
    await expect(app.getByRole('alert').filter({ hasText: message }).first()).toBeVisible();
    await expect(app.getByRole('heading', { name: 'good.png' })).toBeVisible();
  }
});

test('saving never spoils the file that is there', async ({ app, host }) => {
  await dropFile(app, 'harbour.png', await photograph(48, 48), 'image/png');
  await setSmallFit(app, 3);
  await app.getByRole('button', { name: 'Start' }).click();
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  const path = join(host.root, 'mine.inr');
  writeFileSync(path, 'precious');
  await app.keyboard.press('Control+s');
  await app.getByLabel('File name').fill('mine.inr');
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect(app.getByText(/is there already/)).toBeVisible();
  expect(readFileSync(path, 'utf8')).toBe('precious');
  await app.getByRole('button', { name: 'Replace it' }).click();
  await expect.poll(() => readFileSync(path).subarray(1, 4).toString()).toBe('INR');
});

test('comparing: views by key, flip while held, the dividing line by keyboard, zoom and exact values', async ({ app }) => {
  await dropFile(app, 'harbour.png', await photograph(96, 96), 'image/png');
  await setSmallFit(app, 20);
  await app.getByRole('button', { name: 'Start' }).click();
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  await app.getByRole('main').click({ position: { x: 5, y: 5 } });
  const stage = app.getByRole('group', { name: 'Stage' });

  await app.keyboard.press('1');
  await expect(stage.getByText('Original', { exact: true })).toBeVisible();
  await expect(stage.getByRole('slider', { name: /Dividing line/ })).toHaveCount(0);
  await app.keyboard.down('x');
  await expect(stage.getByText('Reconstruction (decoded file)')).toBeVisible();
  await app.keyboard.up('x');
  await expect(stage.getByText('Original', { exact: true })).toBeVisible();
  await app.keyboard.press('e');
  await expect(stage.getByText(/^Error: /)).toBeVisible();
  await app.keyboard.press('2');
  const line = stage.getByRole('slider', { name: /Dividing line/ });
  await line.focus();
  await app.keyboard.press('Home');
  await expect(line).toHaveAttribute('aria-valuenow', '0');
  await app.keyboard.press('ArrowRight');
  await expect(line).toHaveAttribute('aria-valuenow', '1');
  await app.keyboard.press('3');

  const box = (await stage.boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await app.mouse.move(middle.x, middle.y);
  const chip = stage.locator('.corner.left');
  await expect(chip).toContainText(/\d+/);
  const zoomBefore = await stage.locator('.corner.right').innerText();
  await app.mouse.wheel(0, -400);
  await expect.poll(() => stage.locator('.corner.right').innerText()).not.toBe(zoomBefore);
});

for (const theme of ['dark', 'light'] as const) {
  test(`axe finds nothing in the ${theme} window: empty, working, done, with dialogs`, async ({ app, axe }) => {
    await app.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await expect(app.getByRole('button', { name: /Fit the sample/ }).first()).toBeVisible();
    await axe();
    await dropFile(app, 'harbour.png', await photograph(48, 48), 'image/png');
    await setSmallFit(app, 100_000);
    await app.getByRole('button', { name: 'Advanced' }).click();
    await app.getByRole('button', { name: 'Start' }).click();
    await expect.poll(() => step(app), { timeout: 30_000 }).toBeGreaterThan(2);
    // The views come to life with the first preview; while they change, their colours are between two states.
    await expect(app.getByRole('group', { name: 'View' }).first().getByRole('button', { name: 'Split' })).toBeEnabled();
    await app.waitForTimeout(300);
    await axe();
    await app.getByRole('button', { name: 'Stop' }).click();
    await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
    await app.getByRole('tab', { name: /Code/ }).click();
    await axe();
    await app.getByRole('tab', { name: /Look/ }).click();
    await axe();
    await app.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await axe();
  });
}
