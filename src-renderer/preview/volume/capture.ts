/** The panes of the volume view as one picture. */
import { StudioError } from '#core/errors';

/**
 * Draws all canvases below `root` where they stand, over the colour of the stage, at the pixel ratio of the screen. A canvas of the graphics
 * device is empty outside of its own frame: `space` stands in its place.
 */
export async function captureView(root: HTMLElement, space: Blob | null): Promise<Blob> {
  const bounds = root.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const result = document.createElement('canvas');
  result.width = Math.max(1, Math.round(bounds.width * ratio));
  result.height = Math.max(1, Math.round(bounds.height * ratio));
  const context = result.getContext('2d');
  const refused = new StudioError('failed', 'display.capture', 'The view could not be captured: make the window smaller and try again.');
  if (!context) throw refused;
  context.scale(ratio, ratio);
  const ground = getComputedStyle(root).getPropertyValue('--stage');
  if (ground) {
    context.fillStyle = ground;
    context.fillRect(0, 0, bounds.width, bounds.height);
  }
  const picture = space && (await createImageBitmap(space));
  for (const canvas of root.querySelectorAll('canvas')) {
    const box = canvas.getBoundingClientRect();
    const source = canvas.closest('[data-testid="volume-space"]') ? picture : canvas;
    if (source) context.drawImage(source, box.left - bounds.left, box.top - bounds.top, box.width, box.height);
  }
  picture?.close();
  const blob = await new Promise<Blob | null>((resolve) => result.toBlob(resolve, 'image/png'));
  if (!blob) throw refused;
  return blob;
}
