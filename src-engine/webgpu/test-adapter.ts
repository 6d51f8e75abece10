/**
 * The GPU of the tests: whatever adapter Vulkan offers, and where none was chosen the software adapter of Debian's Chromium. A test
 * without an adapter FAILS: a skip would hide that nothing was tested.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openNodeGpu } from './node';

const SOFTWARE_DRIVERS = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/opt/google/chrome/vk_swiftshader_icd.json'];

let opened: Promise<GPU> | null = null;

/** The GPU entry point; the Vulkan loader reads its environment when the native module is loaded, so it is set before. */
export function testGpu(): Promise<GPU> {
  opened ??= open();
  return opened;
}

async function open(): Promise<GPU> {
  const { env } = process;
  if (!env['VK_ICD_FILENAMES'] && !env['VK_DRIVER_FILES']) {
    const driver = SOFTWARE_DRIVERS.find((path) => existsSync(path));
    if (driver) env['VK_ICD_FILENAMES'] = driver;
  }
  if (!env['XDG_RUNTIME_DIR'] || !existsSync(env['XDG_RUNTIME_DIR'])) env['XDG_RUNTIME_DIR'] = tmpdir();
  const gpu = await openNodeGpu();
  if (!(await gpu.requestAdapter())) {
    throw new Error('These tests need a Vulkan adapter: install chromium (it brings SwiftShader) or set VK_ICD_FILENAMES to a driver.');
  }
  return gpu;
}

/** A device of the test adapter, with WebGPU's default limits but for `limits`. */
export async function testDevice(limits: Record<string, number> = {}): Promise<GPUDevice> {
  const adapter = await (await testGpu()).requestAdapter();
  if (!adapter) throw new Error('The test adapter went away.');
  return adapter.requestDevice({ requiredLimits: limits });
}
