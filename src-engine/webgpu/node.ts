/**
 * WebGPU in Node, for the command line and the tests: Dawn from the npm package `webgpu`. Never imported by code that is bundled for
 * a browser: the package is a native module.
 */
import { StudioError } from '#core/errors';

/**
 * Dawn clears workgroup memory before a kernel runs, against strangers' shaders. Ours write before they read, and SwiftShader needs
 * ten times as long to compile kernels that are cleared.
 */
const TRUSTED = ['enable-dawn-features=disable_workgroup_init'];

/**
 * The entry point of WebGPU in Node. Keep the result only as long as it is needed: Dawn's event loop keeps a process alive while it is
 * held. `options` are Dawn's own, as 'enable-dawn-features=...'. Throws StudioError 'device'/'device.native' when the native module cannot be loaded on this machine.
 */
export async function openNodeGpu(options: readonly string[] = []): Promise<GPU> {
  try {
    const dawn = await import('webgpu');
    return dawn.create([...TRUSTED, ...options]);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const way =
      process.platform === 'linux'
        ? 'Install libvulkan1 and the Vulkan driver of your GPU (mesa-vulkan-drivers, or the vendor driver)'
        : 'Update the graphics driver';
    throw new StudioError('device', 'device.native', `WebGPU cannot start in Node (${reason}). ${way}, or use the cpu engine (--device cpu).`, { cause: error });
  }
}
