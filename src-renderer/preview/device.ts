/**
 * What the stage draws with: WebGPU on the trainer's device, else WebGL2 (there wherever pictures can be drawn), and WebGPU of
 * its own only where WebGL2 is missing. Software renderers are known by name, so that they are not asked for more than a
 * processor can do.
 */
import type { WebGPURenderer } from 'three/webgpu';

/** What draws, and what it can do. */
export interface DrawingDevice {
  readonly backend: 'webgpu' | 'webgl2';
  /** Largest edge of a texture. */
  readonly maximumExtent: number;
  /** The processor draws: every texel read counts. */
  readonly software: boolean;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/** The facts of a renderer that has been initialised; `shared` is the device that it was given. */
export function drawingDevice(renderer: WebGPURenderer, shared: GPUDevice | null): DrawingDevice {
  const backend = renderer.backend as { isWebGPUBackend?: boolean; device?: GPUDevice; gl?: WebGL2RenderingContext };
  const device = shared ?? (backend.isWebGPUBackend === true ? (backend.device ?? null) : null);
  if (device) {
    // Absent in older Chromiums.
    const info = device.adapterInfo as GPUAdapterInfo | undefined;
    const software = info !== undefined && (info.isFallbackAdapter || SOFTWARE.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`));
    return { backend: 'webgpu', maximumExtent: device.limits.maxTextureDimension2D, software };
  }
  const { gl } = backend;
  const facts = gl?.getExtension('WEBGL_debug_renderer_info');
  const name = facts ? String(gl?.getParameter(facts.UNMASKED_RENDERER_WEBGL)) : '';
  const limit = gl?.getParameter(gl.MAX_TEXTURE_SIZE) as number | undefined;
  return { backend: 'webgl2', maximumExtent: limit ?? 4096, software: SOFTWARE.test(name) };
}

/** Whether this window has WebGL2. Leaves no context behind. */
export function hasWebGL2(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}
