/**
 * The multiply-add peak of a GPU in WGSL: independent chains of c = c x + y on vectors in registers, as many invocations as fill any
 * device. The loop's end comes from a buffer and the sums go to one, so that no compiler can work it out beforehand.
 */
import { clock } from './measure';

const CHAINS = 8;
const WORKGROUP = 128;

const code = (fused: boolean): string => {
  const chains = Array.from({ length: CHAINS }, (_, i) => i);
  const turn = (i: number): string => (fused ? `c${i} = fma(c${i}, x, y);` : `c${i} = c${i} * x + y;`);
  return /* wgsl */ `
struct Work { turns: u32, x: f32, y: f32 }
@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let x = vec4f(work.x, work.x + 1e-3, work.x + 2e-3, work.x + 3e-3);
  let y = vec4f(work.y);
  let own = f32(id.x);
  ${chains.map((i) => `var c${i} = vec4f(own + ${i}.0);`).join('\n  ')}
  for (var turn = 0u; turn < work.turns; turn++) {
    ${chains.map(turn).join('\n    ')}
  }
  sums[id.x % ${WORKGROUP}] = ${chains.map((i) => `c${i}`).join(' + ')};
}`;
};

export interface GpuPeak {
  /** GFLOP/s, the best of the repeats; a multiply-add counts two. */
  readonly fused: number;
  readonly productAndSum: number;
}

/** Measures for about `milliseconds` a variant. */
export async function gpuPeak(device: GPUDevice, milliseconds: number): Promise<GpuPeak> {
  const uniform = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  const sums = device.createBuffer({ size: 16 * WORKGROUP, usage: GPUBufferUsage.STORAGE });
  const rate = async (fused: boolean): Promise<number> => {
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code: code(fused) }) } });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: uniform } },
        { binding: 1, resource: { buffer: sums } },
      ],
    });
    /** GFLOP/s of a dispatch; the queue is empty before and after. */
    const once = async (turns: number, workgroups: number): Promise<{ gflops: number; took: number }> => {
      const words = new ArrayBuffer(16);
      new Uint32Array(words, 0, 1)[0] = turns;
      new Float32Array(words, 4, 2).set([0.999, 1e-3]);
      device.queue.writeBuffer(uniform, 0, words);
      await device.queue.onSubmittedWorkDone();
      const took = await clock(() => {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(workgroups);
        pass.end();
        device.queue.submit([encoder.finish()]);
        return device.queue.onSubmittedWorkDone();
      });
      return { gflops: (turns * workgroups * WORKGROUP * CHAINS * 4 * 2) / (took * 1e6), took };
    };
    let [turns, workgroups] = [64, 8];
    await once(turns, workgroups);
    // More invocations first, then longer loops, until a dispatch is long beside what starting it costs.
    for (;;) {
      const { took } = await once(turns, workgroups);
      if (took > milliseconds / 8) break;
      if (workgroups < 2 ** 14) workgroups *= 2;
      else turns *= 2;
    }
    let best = 0;
    for (let repeat = 0; repeat < 8; repeat++) best = Math.max(best, (await once(turns, workgroups)).gflops);
    return best;
  };
  try {
    return { fused: await rate(true), productAndSum: await rate(false) };
  } finally {
    uniform.destroy();
    sums.destroy();
  }
}
