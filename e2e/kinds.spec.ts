/** Another network, optimizer and sampling than the preset's: chosen in the window, fitted, and repeated by the command that it writes. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from './fixtures';
import { dropFile, photograph } from './pictures';

const command = join(import.meta.dirname, '..', 'bin', 'inr.mjs');

test('FINER layers, Muon and stratified batches are chosen, fitted, and said again by the copied command', async ({ app, folder, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const picture = await photograph(48, 40);
  await dropFile(app, 'harbour.png', picture, 'image/png');
  await app.getByRole('radio', { name: 'SIREN, small' }).check({ force: true });
  await app.getByRole('combobox', { name: 'Activation' }).selectOption({ label: 'FINER' });
  await app.getByRole('textbox', { name: 'Hidden layers' }).fill('3');
  await app.getByRole('textbox', { name: 'Steps' }).fill('40');

  await expect(app.getByRole('combobox', { name: 'Optimizer' })).toHaveCount(0);
  await app.getByRole('button', { name: 'Advanced' }).click();
  await app.getByRole('combobox', { name: 'Sampling' }).selectOption({ label: 'Stratified' });
  await app.getByRole('textbox', { name: 'Batch' }).fill('256');
  await expect(app.getByRole('textbox', { name: 'Muon momentum' })).toHaveCount(0);
  await app.getByRole('combobox', { name: 'Optimizer' }).selectOption({ label: 'Muon' });
  await app.getByRole('textbox', { name: 'Muon momentum' }).fill('0.9');
  await app.getByRole('checkbox', { name: 'Clip gradients' }).check();
  await app.getByRole('textbox', { name: 'Clip gradients' }).fill('2');

  await app.getByRole('button', { name: 'Start' }).click();
  await expect(app.getByTestId('score-source').filter({ hasText: /decoded/i })).toBeVisible({ timeout: 60_000 });
  await expect(app.getByTestId('score-psnr')).toHaveText(/\d dB/);
  await expect(app.getByRole('complementary', { name: 'Runs' })).toContainText('3 FINER layers of 32');
  await app.getByText('Provenance', { exact: true }).click();
  const { config } = JSON.parse(await app.locator('details pre').innerText()) as { config: Record<string, unknown> };
  expect(config).toMatchObject({
    network: { depth: 3, width: 32, activation: { kind: 'finer' } },
    plan: { steps: 40, batch: 256, sampling: { kind: 'stratified' }, clip: 2, optimizer: { kind: 'muon', momentum: 0.9 } },
  });

  await app.getByRole('tab', { name: 'Fit' }).click();
  await app.getByRole('button', { name: 'Copy as command' }).click();
  const line = await app.evaluate(() => navigator.clipboard.readText());
  expect(line).toMatch(/^inr fit harbour\.png -o harbour\.inr --preset siren-small --activation finer /);
  writeFileSync(join(folder, 'harbour.png'), picture);
  await promisify(execFile)(process.execPath, [command, ...line.split(' ').slice(1), '--save-config', 'again.json'], { cwd: folder });
  expect(JSON.parse(readFileSync(join(folder, 'again.json'), 'utf8'))).toMatchObject(config);
});

test('a plan that this picture is too large for says why before it is started, and what works instead', async ({ app }) => {
  await dropFile(app, 'large.png', await photograph(4200, 4200), 'image/png');
  await expect(app.getByRole('heading', { name: 'large.png' })).toBeVisible({ timeout: 60_000 });
  await app.getByRole('button', { name: 'Advanced' }).click();
  const start = app.getByRole('button', { name: 'Start' });
  await expect(start).toBeEnabled();
  await app.getByRole('combobox', { name: 'Sampling' }).selectOption({ label: 'All samples' });
  await expect(app.getByRole('alert').filter({ hasText: 'choose stratified sampling' })).toBeVisible();
  await expect(start).toBeDisabled();
  await app.getByRole('combobox', { name: 'Sampling' }).selectOption({ label: 'Stratified' });
  await expect(start).toBeEnabled();
});
