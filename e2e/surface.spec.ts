/** Surfaces with mouse and keyboard: open a mesh, turn it, fit it, cut its field, keep the file and open it again; sheets and damaged meshes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { dropFile, stageContrast } from './pictures';
import { bounds, obj, readGlb, ring, sheet } from './surfaces';
import { dropFiles } from './volumes';

const opened = (page: Page, name: string) => expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
const view = (page: Page) => page.getByTestId('surface-view');
const image = (page: Page, name: RegExp) => view(page).getByRole('img', { name });

/** A short fit of few points: the shapes are simple. */
async function fit(page: Page, steps: number): Promise<void> {
  await page.getByRole('tab', { name: 'Fit' }).click();
  await page.getByText('Surface, small', { exact: true }).click();
  await page.getByRole('button', { name: 'Advanced' }).click();
  await page.getByLabel('Points', { exact: true }).fill('65536');
  await page.getByRole('textbox', { name: 'Steps' }).fill(String(steps));
  await page.getByRole('button', { name: /^(Start|Fit again)$/ }).click();
}

test('a mesh is opened, turned, fitted, cut, saved and opened again', async ({ app, host, axe }) => {
  await dropFile(app, 'ring.obj', obj(ring()));
  await opened(app, 'ring.obj');
  await expect(app.getByText('2 304 triangles · 1 152 vertices', { exact: false })).toBeVisible();
  await expect(image(app, /ring\.obj: original/)).toBeVisible();
  await expect.poll(() => stageContrast(app)).toBeGreaterThan(8);
  await expect(app.getByText('Not watertight')).toHaveCount(0);

  // Turned by the mouse, then by a key, the picture is another each time.
  const box = (await view(app).boundingBox())!;
  const middle = [box.x + box.width / 2, box.y + box.height / 2] as const;
  const clip = { x: middle[0] - 150, y: middle[1] - 150, width: 300, height: 300 };
  const before = await app.screenshot({ clip });
  await app.mouse.move(...middle);
  await app.mouse.down();
  await app.mouse.move(middle[0] + 120, middle[1] + 30, { steps: 4 });
  await app.mouse.up();
  await expect.poll(async () => (await app.screenshot({ clip })).equals(before)).toBe(false);
  await app.waitForTimeout(1200);
  const turned = await app.screenshot({ clip });
  await image(app, /original/).focus();
  for (let i = 0; i < 6; i++) await app.keyboard.press('ArrowLeft');
  await expect.poll(async () => (await app.screenshot({ clip })).equals(turned)).toBe(false);

  await fit(app, 150);
  await expect(app.getByTestId('psnr-decoded')).toBeVisible({ timeout: 60_000 });
  expect(Number((await app.getByTestId('psnr-decoded').innerText()).replace(/[^\d.]/g, ''))).toBeGreaterThan(15);
  await expect(app.getByText('Bits per vertex')).toBeVisible();
  await expect(image(app, /original and decoded file side by side/)).toBeVisible();

  await app.getByRole('tab', { name: 'Look' }).click();
  const slice = app.getByRole('checkbox', { name: /slice/i }).first();
  const whole = await app.screenshot({ clip });
  await slice.check();
  await expect.poll(async () => (await app.screenshot({ clip })).equals(whole)).toBe(false);
  await axe();
  await slice.uncheck();

  await app.keyboard.press('Control+s');
  await app.getByLabel('File name').fill('ring.inr');
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect.poll(() => existsSync(join(host.root, 'ring.inr'))).toBe(true);
  await app.reload();
  await app.getByRole('main').waitFor();
  await app.getByRole('button', { name: 'Open', exact: true }).click();
  await app.getByRole('dialog').getByRole('button', { name: /ring\.inr/ }).click();
  await opened(app, 'ring.inr');
  await expect(app.getByText(/Integrity/)).toBeVisible();
  await expect(image(app, /decoded file/)).toBeVisible();
  await expect.poll(() => stageContrast(app)).toBeGreaterThan(8);
});

test('the mesh of the file appears, shows its errors, and is exported as it is shown', async ({ app, host, axe }) => {
  const shape = ring();
  await dropFile(app, 'ring.obj', obj(shape));
  await opened(app, 'ring.obj');
  await fit(app, 300);
  const facts = app.getByTestId('mesh-facts');
  await expect(facts).toBeVisible({ timeout: 60_000 });
  await expect(facts).toContainText('watertight');
  await expect(app.getByTestId('score-chamfer')).toHaveText(/^0\.\d+ %$|^[1-9]\.\d+ %$/);
  await app.getByRole('button', { name: '64', exact: true }).click();
  const triangles = facts.locator('dt:text-is("Triangles") + dd');
  await expect.poll(async () => Number((await triangles.innerText()).replace(/\D/g, ''))).toBeLessThan(60_000);
  const shown = Number((await triangles.innerText()).replace(/\D/g, ''));

  await app.keyboard.press('e');
  await expect(image(app, /error: decoded file/)).toBeVisible();
  await expect(app.getByText('Distance, % of diagonal')).toBeVisible();
  await axe();

  await app.keyboard.press('Control+e');
  await expect(app.getByRole('dialog')).toContainText('At 64 points along each side');
  await app.getByLabel('File name').fill('ring.glb');
  await app.getByRole('dialog').getByRole('button', { name: /^Save/ }).click();
  await expect.poll(() => existsSync(join(host.root, 'ring.glb'))).toBe(true);
  const mesh = readGlb(readFileSync(join(host.root, 'ring.glb')));
  expect(mesh.triangles).toBe(shown);
  // In the world, where the original lies.
  const [before, after] = [bounds(shape.positions), bounds(mesh.positions)];
  for (const end of ['least', 'most'] as const) after[end].forEach((value, axis) => expect(Math.abs(value - before[end][axis])).toBeLessThan(0.1));
});

test('an open sheet says so and is fitted as one; Stop ends the drawing of its points', async ({ app, axe }) => {
  await dropFile(app, 'sheet.obj', obj(sheet()));
  await opened(app, 'sheet.obj');
  await expect(app.getByText('Not watertight')).toBeVisible();
  await axe();
  await app.getByRole('button', { name: 'Start' }).click();
  await expect(app.getByText(/Sampling the surface/)).toBeVisible();
  await app.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(app.getByText('Stopped before the first step.')).toBeVisible();
  await fit(app, 20);
  await expect(app.getByTestId('psnr-decoded')).toBeVisible({ timeout: 30_000 });
  await app.getByRole('tab', { name: 'Look' }).click();
  await expect(app.getByTestId('surface-look')).toBeVisible();
});

test('what is no mesh says why, and what was open stays', async ({ app }) => {
  await dropFile(app, 'cloud.obj', Buffer.from('v 0 0 0\nv 1 0 0\nv 0 1 0\n'));
  await expect(app.getByRole('alert')).toContainText(/cloud\.obj: a point cloud/);
  await dropFile(app, 'ring.obj', obj(ring(24, 12)));
  await opened(app, 'ring.obj');
  await dropFile(app, 'cut.ply', Buffer.from('ply\nformat ascii 1.0\nelement vertex 900\nproperty float x\nproperty float y\nproperty float z\nelement face 5\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n'));
  await expect(app.getByRole('alert').filter({ hasText: 'cut.ply' })).toBeVisible();
  await opened(app, 'ring.obj');
});

test('a glTF finds the buffer that was dropped with it', async ({ app }) => {
  const { positions, indices } = ring(16, 8);
  const data = Buffer.concat([Buffer.from(Float32Array.from(positions).buffer), Buffer.from(Uint32Array.from(indices).buffer)]);
  const accessor = (bufferView: number, componentType: number, count: number, type: string) => ({ bufferView, componentType, count, type });
  const gltf = {
    asset: { version: '2.0' },
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
    nodes: [{ mesh: 0 }],
    scenes: [{ nodes: [0] }],
    accessors: [accessor(0, 5126, positions.length / 3, 'VEC3'), accessor(1, 5125, indices.length, 'SCALAR')],
    bufferViews: [
      { buffer: 0, byteLength: 4 * positions.length },
      { buffer: 0, byteOffset: 4 * positions.length, byteLength: 4 * indices.length },
    ],
    buffers: [{ uri: 'ring.bin', byteLength: data.length }],
  };
  await dropFiles(app, [
    ['ring.bin', data],
    ['ring.gltf', Buffer.from(JSON.stringify(gltf))],
  ]);
  await opened(app, 'ring.gltf');
  await expect(app.getByText('256 triangles', { exact: false }).first()).toBeVisible();
});
