/**
 * Chromium's switches for WebGPU, to be set before the app is ready. On Linux WebGPU is still behind a flag on many drivers and
 * needs Vulkan, which Chromium does not offer on Wayland; with two GPUs the fast one is wanted. What the user gave on the
 * command line stays: features are added to theirs.
 */
import type { CommandLine } from 'electron';

export function setGpuSwitches(commandLine: Pick<CommandLine, 'appendSwitch' | 'getSwitchValue' | 'hasSwitch'>, platform: NodeJS.Platform): void {
  commandLine.appendSwitch('force_high_performance_gpu');
  if (platform !== 'linux') return;
  commandLine.appendSwitch('enable-unsafe-webgpu');
  const features = new Set(commandLine.getSwitchValue('enable-features').split(',').filter(Boolean));
  features.add('Vulkan');
  commandLine.appendSwitch('enable-features', [...features].join(','));
  if (!commandLine.hasSwitch('ozone-platform')) commandLine.appendSwitch('ozone-platform', 'x11');
}
