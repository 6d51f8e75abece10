/** Pictures and gestures that the specs share. Pictures are cut from the bundled samples; damage is done to them here. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import sharp from 'sharp';

const SAMPLES = join(import.meta.dirname, '..', 'assets', 'samples');

/** A piece of a bundled photograph as PNG. */
export async function photograph(width: number, height: number): Promise<Buffer> {
  return sharp(join(SAMPLES, 'nagasaki-boats.jpg')).extract({ left: 300, top: 250, width: 512, height: 512 }).resize(width, height).png().toBuffer();
}

/** Drops a file onto the window, as from a file manager. */
export async function dropFile(page: Page, name: string, content: Buffer, type = ''): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, type, base64 }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type }));
      return data;
    },
    { name, type, base64: content.toString('base64') },
  );
  await page.dispatchEvent('main', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}

/** Pastes a file, as after copying a picture. */
export async function pasteFile(page: Page, name: string, content: Buffer, type: string): Promise<void> {
  await page.evaluate(
    ({ name, type, base64 }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type }));
      window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    },
    { name, type, base64: content.toString('base64') },
  );
}

/** Standard deviation of the grey values in the middle of what the stage shows on screen: 0 for a blank canvas. */
export async function stageContrast(page: Page): Promise<number> {
  const box = (await page.getByRole('group', { name: 'Stage' }).boundingBox())!;
  const side = Math.min(box.width, box.height) / 2;
  const clip = { x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, width: side, height: side };
  const { channels } = await sharp(await page.screenshot({ clip })).greyscale().stats();
  return channels[0].stdev;
}

/** PSNR in dB of two 8-bit pictures of the same size, over all channels; worked out apart from the project's own metric. */
export async function psnr(a: Buffer, b: Buffer): Promise<number> {
  const [first, second] = await Promise.all([a, b].map((picture) => sharp(picture).removeAlpha().raw().toBuffer()));
  if (first.length !== second.length) throw new Error('The pictures differ in size.');
  let sum = 0;
  for (let index = 0; index < first.length; index++) sum += (first[index] - second[index]) ** 2;
  return -10 * Math.log10(sum / first.length / 255 ** 2);
}
