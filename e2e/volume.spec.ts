/** Volumes with mouse and keyboard: open a scan, look into it, fit it, keep the file, open the file again, give the voxels to other programs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { expect, test } from './fixtures';
import { dropFile, photograph } from './pictures';
import { dicom, dropFiles, nrrd, readNrrd, SIZE, SPACING, voxelPsnr, voxels } from './volumes';

const opened = (page: Page, name: string) => expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
const fileScore = (page: Page) => page.getByTestId('score-source').filter({ hasText: /decoded/i });
const slice = (page: Page, axis: 'x' | 'y' | 'z') => page.getByTestId(`volume-slice-${axis}`);

/** Mean grey value of what a part of the window shows. */
async function brightness(page: Page, testId: string): Promise<number> {
  const { channels } = await sharp(await page.getByTestId(testId).screenshot()).greyscale().stats();
  return channels[0].mean;
}

/** A short fit; the few voxels need no large network. */
async function fit(page: Page, steps: number): Promise<void> {
  await page.getByRole('tab', { name: 'Fit' }).click();
  await page.getByRole('textbox', { name: 'Steps' }).fill(String(steps));
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(fileScore(page)).toBeVisible({ timeout: 60_000 });
}

async function saveAs(page: Page, key: string, name: string): Promise<void> {
  await page.keyboard.press(key);
  await page.getByLabel('File name').fill(name);
  await page.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

test('a scan is opened, fitted, saved, opened again, inspected and exported with its place in space', async ({ app, host }) => {
  await dropFile(app, 'head.nrrd', nrrd());
  await opened(app, 'head.nrrd');
  await expect(app.getByText(`${SIZE.join(' × ')} · uint8`)).toBeVisible();
  await expect(app.getByRole('radiogroup', { name: 'Preset' })).toContainText('Volume');
  await expect(app.getByRole('radiogroup', { name: 'Preset' })).not.toContainText('SIREN, small');
  await fit(app, 120);
  await expect(app.getByText('Decoded file', { exact: true }).first()).toBeVisible();
  await expect(app.getByText('Bits per voxel')).toBeVisible();
  const shown = Number((await app.getByTestId('psnr-decoded').innerText()).replace(/[^\d.]/g, ''));

  await saveAs(app, 'Control+s', 'head.inr');
  await saveAs(app, 'Control+e', 'head.decoded.nrrd');
  const { fields, data } = readNrrd(readFileSync(join(host.root, 'head.decoded.nrrd')));
  expect(fields.get('sizes')).toBe(SIZE.join(' '));
  expect(fields.get('type')).toBe('uint8');
  expect(fields.get('space origin')).toMatch(/^\(-3, ?4, ?5\.5\)$/);
  const steps = [...fields.get('space directions')!.matchAll(/\(([^)]*)\)/g)].map(([, row]) => row.split(',').map(Number));
  expect(steps).toEqual(SPACING.map((gap, axis) => [0, 1, 2].map((other) => (other === axis ? gap : 0))));
  // The number on the screen is the number of the file, worked out here by other means.
  expect(voxelPsnr(voxels(), data)).toBeCloseTo(shown, 1);

  await app.keyboard.press('Control+e');
  for (const [format, ending] of [['NIfTI', 'nii.gz'], ['MetaImage', 'mha'], ['NumPy', 'npy']] as const) {
    await app.getByRole('dialog').getByRole('button', { name: format }).click();
    await expect(app.getByLabel('File name')).toHaveValue(`head.decoded.${ending}`);
  }
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect.poll(() => existsSync(join(host.root, 'head.decoded.npy'))).toBe(true);
  expect(readFileSync(join(host.root, 'head.decoded.npy')).subarray(-data.length)).toEqual(data);

  await app.reload();
  await app.getByRole('main').waitFor();
  await app.getByRole('button', { name: 'Open', exact: true }).click();
  await app.getByRole('dialog').getByRole('button', { name: /head\.inr/ }).click();
  await opened(app, 'head.inr');
  await expect(app.getByText(/Integrity/)).toBeVisible();
  await app.getByRole('button', { name: 'About this file' }).click();
  await expect(app.getByText(SPACING.join(' × '), { exact: false })).toBeVisible();
});

test('looking: slices by mouse, wheel and keys, window and level, clip box, comparison, with their keys', async ({ app }) => {
  await dropFile(app, 'head.nrrd', nrrd());
  await opened(app, 'head.nrrd');
  const axial = slice(app, 'z');
  await expect(axial).toHaveAccessibleName(/slice 11 of 20, head\.nrrd: original/);
  const box = (await axial.boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await app.mouse.move(middle.x, middle.y);
  await expect(app.getByTestId('volume-view').locator('.corner.left')).toContainText('250');
  await app.mouse.wheel(0, 120);
  await expect(axial).toHaveAccessibleName(/slice 12 of 20/);
  await axial.focus();
  await app.keyboard.press('PageUp');
  await app.keyboard.press('PageUp');
  await expect(axial).toHaveAccessibleName(/slice 14 of 20/);
  const before = await slice(app, 'x').getAttribute('aria-label');
  await app.mouse.click(box.x + box.width * 0.6, middle.y);
  await expect.poll(() => slice(app, 'x').getAttribute('aria-label')).not.toBe(before);

  // Window and level: by the right button on a slice, then by keys in the panel.
  const bright = await brightness(app, 'volume-slice-z');
  await app.mouse.move(middle.x, middle.y);
  await app.mouse.down({ button: 'right' });
  await app.mouse.move(middle.x, middle.y - 60, { steps: 4 });
  await app.mouse.up({ button: 'right' });
  await expect.poll(() => brightness(app, 'volume-slice-z')).not.toBeCloseTo(bright, 0);
  await app.getByRole('tab', { name: 'Look' }).click();
  const highest = app.getByRole('slider', { name: 'Window: highest value' });
  const value = Number(await highest.getAttribute('aria-valuenow'));
  await highest.focus();
  await app.keyboard.press('ArrowLeft');
  await expect.poll(async () => Number(await highest.getAttribute('aria-valuenow'))).toBeLessThan(value);

  // The clip box: what is cut away is seen no more in space.
  await app.getByRole('button', { name: '3D', exact: true }).click();
  await app.waitForTimeout(1500); // It is refined while it rests.
  const whole = await brightness(app, 'volume-space');
  const from = app.getByRole('slider', { name: 'z: from' });
  await from.focus();
  await app.keyboard.press('End');
  await expect(from).toHaveAttribute('aria-valuetext', /1[89]/);
  await expect.poll(async () => Math.abs((await brightness(app, 'volume-space')) - whole), { timeout: 30_000 }).toBeGreaterThan(4);
  await app.getByRole('button', { name: 'Whole', exact: true }).last().click();

  await fit(app, 20);
  const space = app.getByTestId('volume-space').or(app.getByTestId('volume-view')).first();
  await app.getByTestId('volume-view').click({ position: { x: 8, y: 60 } });
  await app.keyboard.press('1');
  await expect(space.getByText('Original', { exact: true })).toBeVisible();
  await app.keyboard.down('x');
  await expect(space.getByText('Decoded file', { exact: true })).toBeVisible();
  await app.keyboard.up('x');
  await app.keyboard.press('e');
  await expect(space.getByText('Error: Decoded file')).toBeVisible();
  await expect(app.getByRole('group', { name: 'Error colour scale' })).toBeVisible();
});

test('a file of raw voxels asks how they lie, shows what would fit, and is said again by the copied command', async ({ app, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const header = Buffer.alloc(40, 7);
  await dropFile(app, 'scan.raw.gz', gzipSync(Buffer.concat([header, voxels()])));
  const dialog = app.getByRole('dialog', { name: 'How do these voxels lie?' });
  await expect(dialog).toBeVisible();
  const open = dialog.getByRole('button', { name: 'Open' });
  await expect(open).toBeDisabled();
  for (const [index, axis] of (['x', 'y', 'z'] as const).entries()) await dialog.getByLabel(`Voxels along ${axis}`).fill(String(SIZE[index]));
  await expect(dialog.getByTestId('raw-verdict')).toContainText('40 more');
  await dialog.getByRole('button', { name: 'skip 40 bytes' }).click();
  await expect(dialog.getByLabel('Bytes to skip')).toHaveValue('40');
  await expect(dialog.getByTestId('raw-verdict')).toContainText('that is the file');
  await dialog.getByLabel('Spacing along z').fill('0');
  await expect(open).toBeDisabled();
  await dialog.getByLabel('Spacing along z').fill('2.5');
  await dialog.getByLabel('Spacing along z').press('Enter');
  await opened(app, 'scan.raw.gz');
  await expect(slice(app, 'z')).toHaveAccessibleName(/ of 20,/);
  await app.getByRole('button', { name: 'Copy as command' }).click();
  expect(await app.evaluate(() => navigator.clipboard.readText())).toContain('scan.raw.gz -o scan.inr --shape 28x24x20 --type uint8 --endian little --spacing 1x1x2.5 --channels 1 --skip-bytes 40');

  // A name that says all is not asked about; nor is what the user does not want opened.
  await dropFile(app, 'head_28x24x20_uint8.raw', voxels());
  await opened(app, 'head_28x24x20_uint8.raw');
  await dropFile(app, 'other.raw', voxels());
  await expect(dialog).toBeVisible();
  await app.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await opened(app, 'head_28x24x20_uint8.raw');
});

test('a header and its voxels come in one drop; what is damaged says why, and the open scan stays', async ({ app }) => {
  const header = `NRRD0004\ntype: uint8\ndimension: 3\nsizes: ${SIZE.join(' ')}\nencoding: raw\ndata file: head.raw\n`;
  await dropFiles(app, [['head.raw', voxels()], ['head.nhdr', Buffer.from(header)]]);
  await opened(app, 'head.nhdr');
  const wrong: [string, Buffer, RegExp][] = [
    ['alone.nhdr', Buffer.from(header.replace('head.raw', 'alone.raw')), /alone\.nhdr.*alone\.raw/],
    ['cut.nrrd', nrrd().subarray(0, 3000), /cut\.nrrd: the voxels take 13440 bytes/],
    ['flat.nrrd', Buffer.from(nrrd().toString('latin1').replace('sizes: 28', 'sizes: 0 '), 'latin1'), /flat\.nrrd/],
    ['cut.nii.gz', gzipSync(Buffer.concat([Buffer.from([92, 1, 0, 0]), Buffer.alloc(340), Buffer.from('n+1\0')])), /cut\.nii\.gz/],
  ];
  for (const [name, content, message] of wrong) {
    await dropFile(app, name, content);
    await expect(app.getByRole('alert').filter({ hasText: message }).first()).toBeVisible();
    await opened(app, 'head.nhdr');
  }
});

test('the slices of a DICOM series come in one drop, in any order, and keep their place', async ({ app, host }) => {
  const [width, height, depth] = SIZE;
  const all = voxels();
  const slices = Array.from({ length: depth }, (_, at): [string, Buffer] => [`IM${(7 * at) % depth}.dcm`, dicom(all.subarray(at * width * height, (at + 1) * width * height), SIZE, at)]);
  await dropFiles(app, slices);
  await opened(app, 'IM0.dcm');
  await expect(app.getByText(`${SIZE.join(' × ')} · uint8`)).toBeVisible();
  await fit(app, 20);
  const shown = Number((await app.getByTestId('psnr-decoded').innerText()).replace(/[^\d.]/g, ''));
  await saveAs(app, 'Control+e', 'series.nrrd');
  const { fields, data } = readNrrd(readFileSync(join(host.root, 'series.nrrd')));
  expect(voxelPsnr(all, data)).toBeCloseTo(shown, 1);
  expect(fields.get('space')).toBe('left-posterior-superior');
  expect(fields.get('space origin')).toMatch(/^\(-3, ?4, ?5\.5\)$/);
  const steps = [...fields.get('space directions')!.matchAll(/\(([^)]*)\)/g)].map(([, row]) => row.split(',').map(Number));
  expect(steps).toEqual(SPACING.map((gap, axis) => [0, 1, 2].map((other) => (other === axis ? gap : 0))));
});

test('a dialog that is left by Escape does not take the next one with it', async ({ app }) => {
  await dropFile(app, 'head.nrrd', nrrd());
  await opened(app, 'head.nrrd');
  await fit(app, 5);
  for (let turn = 0; turn < 5; turn++) {
    await app.keyboard.press('Control+e');
    await expect(app.getByRole('dialog', { name: 'Export' })).toBeVisible();
    // Both keys in one task of the page, as from a fast hand on a slow machine.
    await app.keyboard.press('Escape');
    await app.keyboard.press('Control+s');
    await expect(app.getByRole('dialog', { name: 'Save .inr' })).toBeVisible();
    await app.waitForTimeout(200);
    await expect(app.getByRole('dialog', { name: 'Save .inr' })).toBeVisible();
    await app.keyboard.press('Escape');
    await expect(app.getByRole('dialog')).toHaveCount(0);
  }
});

test('a picture after a scan has its own presets, view and keys again', async ({ app }) => {
  await dropFile(app, 'head.nrrd', nrrd());
  await opened(app, 'head.nrrd');
  await dropFile(app, 'harbour.png', await photograph(48, 40), 'image/png');
  await opened(app, 'harbour.png');
  await expect(app.getByRole('radio', { name: 'SIREN, small' })).toBeAttached();
  await expect(app.getByTestId('volume-view')).toHaveCount(0);
  await expect(app.getByRole('group', { name: 'Stage' })).toBeVisible();
});

test('the sample scan is one click from a fit; the code panel trades its bytes for its error', async ({ app }) => {
  await app.getByRole('button', { name: 'Fit the sample Nautilus' }).click();
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  const bytes = async (): Promise<number> => Number((await app.getByText('Bytes', { exact: true }).locator('+ dd').innerText()).replace(/\D/g, ''));
  const psnr = async (): Promise<number> => Number((await app.getByTestId('psnr-decoded').innerText()).replace(/[^\d.]/g, ''));
  const [first, before] = [await bytes(), await psnr()];
  const step = app.getByRole('slider', { name: 'Residual step' });
  await step.focus();
  for (let press = 0; press < 6; press++) await app.keyboard.press('ArrowLeft');
  await app.getByRole('button', { name: 'Encode at this step' }).click();
  await expect.poll(bytes, { timeout: 30_000 }).toBeGreaterThan(first);
  expect(await psnr()).toBeGreaterThan(before + 3);
  // Both are kept, and the first is a click away.
  const encodings = app.getByRole('region', { name: 'Encodings of this fit' }).getByRole('button');
  await expect(encodings).toHaveCount(2);
  await encodings.first().click();
  await expect.poll(bytes).toBe(first);
});

test('a fit shows itself while it runs, and when it is stopped its file', async ({ app }) => {
  await dropFile(app, 'head.nrrd', nrrd());
  await opened(app, 'head.nrrd');
  await app.getByRole('radio', { name: 'Volume as a grid' }).check({ force: true });
  await app.getByRole('textbox', { name: 'Steps' }).fill('100000');
  await app.getByRole('button', { name: 'Start' }).click();
  await expect(app.getByText('Float model, live')).toBeVisible({ timeout: 30_000 });
  await app.keyboard.press('3');
  const first = await brightness(app, 'volume-slice-z');
  // How far it moves depends on how far the fit is when the first picture is taken: any change of the mean will do.
  await expect.poll(async () => Math.abs((await brightness(app, 'volume-slice-z')) - first), { timeout: 30_000 }).toBeGreaterThan(0.1);
  await app.keyboard.press('s');
  await expect(fileScore(app)).toBeVisible({ timeout: 60_000 });
  await expect(app.getByText('Decoded file', { exact: true }).first()).toBeVisible();
});

for (const theme of ['dark', 'light'] as const) {
  test(`axe finds nothing in the ${theme} window of a scan: open, described, done, looked at`, async ({ app, axe }) => {
    await app.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await dropFile(app, 'scan.raw', voxels());
    await app.getByRole('dialog').waitFor();
    await axe();
    await app.keyboard.press('Escape');
    await dropFile(app, 'head.nrrd', nrrd());
    await opened(app, 'head.nrrd');
    await axe();
    await fit(app, 20);
    await axe();
    await app.getByRole('tab', { name: 'Look' }).click();
    await app.keyboard.press('e');
    await axe();
    await app.keyboard.press('Control+e');
    await axe();
  });
}
