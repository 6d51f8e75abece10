/** What the 3D view needs to know of three's two backends beyond ../device.ts: the limit of 3D textures, and when a frame is done. */
import type { WebGPURenderer } from 'three/webgpu';

interface Backend {
  readonly device?: GPUDevice;
  readonly gl?: WebGL2RenderingContext;
}

/** Largest edge of a 3D texture. */
export function largestVolume(renderer: WebGPURenderer): number {
  const { device, gl } = renderer.backend as Backend;
  if (device) return device.limits.maxTextureDimension3D;
  return (gl?.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number | undefined) ?? 256;
}

/** Between two looks at a fence of WebGL. */
const POLL = 2;

/** Resolves when the device has done all that it was given so far, or its context is gone. */
export async function completion(renderer: WebGPURenderer): Promise<void> {
  const { device, gl } = renderer.backend as Backend;
  if (device) {
    await device.queue.onSubmittedWorkDone();
    return;
  }
  const fence = gl?.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (!gl || !fence) return;
  gl.flush();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL));
    const status = gl.isContextLost() ? gl.WAIT_FAILED : gl.clientWaitSync(fence, 0, 0);
    if (status !== gl.TIMEOUT_EXPIRED) break;
  }
  gl.deleteSync(fence);
}
