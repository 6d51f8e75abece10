import type { GpuContext, Kernel } from './context';
import type { KernelPlan } from './program';
import { foldGroups } from './tiles';

/** A compiled kernel with its resources bound: ready to be dispatched for a number of samples. */
export interface Step {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
  readonly groups: (samples: number) => number;
}

/** Compiles plans (in parallel) and keeps their workgroup counts. */
export async function compile(context: GpuContext, plans: readonly KernelPlan[]): Promise<readonly { plan: KernelPlan; kernel: Kernel }[]> {
  const kernels = await Promise.all(plans.map((plan) => context.kernel(plan)));
  return plans.map((plan, i) => ({ plan, kernel: kernels[i] }));
}

/** Binds resources to a compiled plan. */
export function bindStep(
  context: GpuContext,
  compiled: { plan: KernelPlan; kernel: Kernel },
  resources: readonly (GPUBuffer | GPUTextureView)[],
): Step {
  return { kernel: compiled.kernel, group: context.bind(compiled.kernel, resources), groups: compiled.plan.groups };
}

/** Encodes one dispatch; group 0 is set by the caller. */
export function dispatch(pass: GPUComputePassEncoder, step: Step, samples: number): void {
  pass.setPipeline(step.kernel.pipeline);
  pass.setBindGroup(1, step.group);
  const [x, y] = foldGroups(step.groups(samples));
  pass.dispatchWorkgroups(x, y);
}
