import { adapterName } from '../adapter-name';
import type { DeviceFacts } from '../engine';
import { defaultTuning, type TuningName } from './tuning';

/** What a user is told of a GPU. `tuning`: how kernels are made where that was asked for. */
export function gpuFacts(info: GPUAdapterInfo, device: GPUDevice, tuning?: TuningName): DeviceFacts {
  const { name, software } = adapterName(info);
  return {
    engine: 'webgpu',
    name,
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
