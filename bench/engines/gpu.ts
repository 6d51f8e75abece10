/**
 * WebGPU for the suite: the adapter that Vulkan offers, a software adapter only where there is no other. tfjs looks for
 * `navigator.gpu`, which Node lacks, so the same entry point is put there and both engines run on one adapter.
 */
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openNodeGpu } from '#engine/webgpu/node';

const SOFTWARE_DRIVERS = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/opt/google/chrome/vk_swiftshader_icd.json', '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json'];
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
const SOFTWARE = /swiftshader|llvmpipe|lavapipe/i;

export interface BenchGpu {
  readonly gpu: GPU;
  readonly software: boolean;
  /** Adapter and driver. */
  readonly description: string;
}

/** Whether Vulkan is told of a driver, by a variable or by a file where it looks for them. */
function hasDriver(): boolean {
  const { env } = process;
  if (process.platform !== 'linux' || env['VK_ICD_FILENAMES'] || env['VK_DRIVER_FILES']) return true;
  return DRIVER_FOLDERS.some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.json')));
}

/** Throws where no adapter answers. */
export async function findGpu(): Promise<BenchGpu> {
  const { env } = process;
  // Drivers want a folder for their sockets, present or not.
  if (!env['XDG_RUNTIME_DIR'] || !existsSync(env['XDG_RUNTIME_DIR'])) env['XDG_RUNTIME_DIR'] = tmpdir();
  const software = SOFTWARE_DRIVERS.find((path) => existsSync(path));
  if (!hasDriver() && software) env['VK_ICD_FILENAMES'] = software;
  const gpu = await openNodeGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no adapter answers to WebGPU (no Vulkan driver was found)');
  const { globals } = (await import('webgpu')) as unknown as { globals: object };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node', vendor: '' }, configurable: true });
  const { vendor, architecture, device, description } = adapter.info;
  const words = [vendor, architecture, device, description].filter(Boolean).join(', ');
  return { gpu, software: adapter.info.isFallbackAdapter === true || SOFTWARE.test(words), description: words };
}
