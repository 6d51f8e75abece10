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

/** A device and what was asked of it. */
export interface ObservedDevice {
  readonly device: GPUDevice;
  /** Bytes of every buffer, and texels of every texture, that was not destroyed. */
  readonly held: ReadonlyMap<GPUBuffer | GPUTexture, number>;
  /** Names of all buffers that were asked for, in order. */
  readonly asked: readonly string[];
  /** Kernels that were compiled. */
  compiled(): number;
}

/** A device of the test adapter that is watched, and that has no memory for buffers that are `tooLarge`: no adapter fails on demand. */
export async function observedDevice(tooLarge: (name: string, bytes: number) => boolean = () => false): Promise<ObservedDevice> {
  const real = await testDevice();
  const held = new Map<GPUBuffer | GPUTexture, number>();
  const hold = <Made extends GPUBuffer | GPUTexture>(made: Made, size: number): Made => {
    held.set(made, size);
    const destroy = made.destroy.bind(made);
    made.destroy = (): undefined => {
      held.delete(made);
      destroy();
    };
    return made;
  };
  const asked: string[] = [];
  let compiled = 0;
  let short = false;
  let scopes = 0;
  const changes: Partial<GPUDevice> = {
    createComputePipelineAsync(descriptor) {
      compiled++;
      return real.createComputePipelineAsync(descriptor);
    },
    createBuffer(descriptor) {
      const { label = '', size } = descriptor;
      asked.push(label);
      if (tooLarge(label, size)) short = true;
      return hold(real.createBuffer(descriptor), size);
    },
    createTexture(descriptor) {
      const texture = real.createTexture(descriptor);
      return hold(texture, texture.width * texture.height);
    },
    pushErrorScope(filter) {
      scopes++;
      real.pushErrorScope(filter);
    },
    async popErrorScope() {
      // Scopes are popped in the order internal, memory, validation (GpuContext.checked).
      const memory = --scopes === 1 && short;
      if (scopes === 0) short = false;
      const error = await real.popErrorScope();
      return memory ? { message: 'no memory' } : error;
    },
  };
  const device = new Proxy(real, {
    get: (target, key) => {
      const value: unknown = Reflect.get(key in changes ? changes : target, key);
      return typeof value === 'function' && !(key in changes) ? (value.bind(target) as unknown) : value;
    },
  });
  return { device, held, asked, compiled: () => compiled };
}
