import type { DeviceFacts } from '../engine';
import { defaultTuning, type TuningName } from './tuning';

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|softpipe|\bwarp\b/i;

/** What a user is told of a GPU. `tuning`: how kernels are made where that was asked for. */
export function gpuFacts(info: GPUAdapterInfo, device: GPUDevice, tuning?: TuningName): DeviceFacts {
  const words = [info.vendor, info.architecture, info.device, info.description].join(' ');
  const software = info.isFallbackAdapter || SOFTWARE.test(words);
  return {
    engine: 'webgpu',
    name: gpuName(info, software),
    software,
    details: {
      vendor: info.vendor,
      architecture: info.architecture,
      f16: device.features.has('shader-f16'),
      subgroups: device.features.has('subgroups'),
      maxStorageBufferMB: Math.floor(device.limits.maxStorageBufferBindingSize / 2 ** 20),
      workgroupMemoryKiB: device.limits.maxComputeWorkgroupStorageSize / 1024,
      workgroupInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
      kernels: tuning ?? defaultTuning(device, software),
    },
  };
}

/** Browsers give a vendor and an architecture only ('nvidia', 'ada-lovelace'); native adapters give the full name. */
function gpuName(info: GPUAdapterInfo, software: boolean): string {
  const words = [info.vendor, info.architecture, info.device, info.description].join(' ');
  if (/swiftshader/i.test(words)) return 'SwiftShader (software)';
  const readable = [info.device, info.description].find((text) => /[a-z]/i.test(text) && !/^0x/i.test(text));
  const name = readable ?? ([info.vendor, info.architecture].filter(Boolean).join(' ') || 'GPU');
  return software ? `${name} (software)` : name;
}
