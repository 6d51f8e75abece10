/** three.js on a canvas: on the trainer's device where there is one, else by WebGL2, else by WebGPU of its own. */
import { LinearSRGBColorSpace, NoToneMapping, WebGPURenderer } from 'three/webgpu';
import { StudioError } from '#core/errors';
import { hasWebGL2 } from './device';

/** Pictures lie flat; surfaces hide one another and have edges to be smoothed. */
export interface RendererOptions {
  readonly depth?: boolean;
  readonly antialias?: boolean;
}

/**
 * A renderer for a canvas that has no context yet. `gone` hears when its device or drawing context is lost. Throws StudioError
 * 'device.display' when the machine can show neither WebGL2 nor WebGPU.
 */
export async function openRenderer(canvas: HTMLCanvasElement, device: GPUDevice | null, gone: (message: string) => void, { depth = false, antialias = false }: RendererOptions = {}): Promise<WebGPURenderer> {
  const forceWebGL = device === null && hasWebGL2();
  let renderer: WebGPURenderer;
  // three takes over the device's error hook; a shared device keeps the one that it has.
  const errorHook = device?.onuncapturederror ?? null;
  try {
    renderer = new WebGPURenderer({ canvas, forceWebGL, antialias, alpha: true, depth, ...(device ? { device } : {}) });
    await renderer.init();
  } catch (cause) {
    throw new StudioError(
      'device',
      'device.display',
      'This window can draw with neither WebGL2 nor WebGPU: enable hardware acceleration or update the graphics driver. Fitting and saving work without it.',
      { cause },
    );
  } finally {
    if (device && errorHook) device.onuncapturederror = errorHook;
  }
  renderer.onDeviceLost = (info) => gone(info.message);
  // three keeps silent when a device is destroyed on purpose; the owner of the stage wants to know all the same.
  void device?.lost.then((info) => gone(info.message));
  renderer.outputColorSpace = LinearSRGBColorSpace;
  renderer.toneMapping = NoToneMapping;
  renderer.setClearColor(0x000000, 0);
  return renderer;
}
