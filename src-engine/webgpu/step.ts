import type { Allocation, BufferPart } from './allocation';
import type { BoundResource, GpuContext, Kernel } from './context';
import type { KernelPlan } from './program';
import { foldGroups } from './tiles';

/** A kernel and the names of the buffers that it works on, in order of binding number. */
export interface Stage {
  readonly plan: KernelPlan;
  readonly buffers: readonly string[];
}

/** A list of dispatches, as data, and the storage that it needs for itself: 32-bit numbers by name. */
export interface Program {
  readonly stages: readonly Stage[];
  readonly scratch: Readonly<Record<string, number>>;
  /** Parts of these that have names of their own. */
  readonly parts?: Readonly<Record<string, BufferPart>>;
}

/** A stage with its kernel compiled. */
export interface CompiledStage {
  readonly stage: Stage;
  readonly kernel: Kernel;
}

/** A compiled kernel with its resources bound: ready to be dispatched for a number of samples. */
export interface Step {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
  readonly groups: (samples: number) => number;
}

/** Compiles stages, in parallel. */
export function compile(context: GpuContext, stages: readonly Stage[]): Promise<readonly CompiledStage[]> {
  return Promise.all(stages.map(async (stage) => ({ stage, kernel: await context.kernel(stage.plan) })));
}

/** Binds compiled stages to the buffers that they name. */
export function bindStages(context: GpuContext, compiled: readonly CompiledStage[], buffers: Pick<Allocation, 'resource'>): readonly Step[] {
  return compiled.map(({ stage, kernel }) => bindStep(context, stage.plan, kernel, stage.buffers.map((name) => buffers.resource(name))));
}

/** Binds resources to one compiled kernel. */
export function bindStep(context: GpuContext, plan: KernelPlan, kernel: Kernel, resources: readonly BoundResource[]): Step {
  return { kernel, group: context.bind(kernel, resources), groups: plan.groups };
}

/** Encodes one dispatch; group 0 is set by the caller. */
export function dispatch(pass: GPUComputePassEncoder, step: Step, samples: number): void {
  pass.setPipeline(step.kernel.pipeline);
  pass.setBindGroup(1, step.group);
  const [x, y] = foldGroups(step.groups(samples));
  pass.dispatchWorkgroups(x, y);
}
