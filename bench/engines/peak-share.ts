/** The machine's multiply-add peak, and what share of it whole training steps reach. */
import { fieldCost } from '#core/field/cost';
import type { WebGpuEngine } from '#engine/webgpu/engine';
import { run as cpuPeak } from '../peak';
import type { BenchContext } from './context';
import { gpuPeak } from './gpu-peak';
import { interleaved, short } from './measure';
import { sirenField } from './work';

const WIDTH = 64;

interface Share {
  /** GFLOP/s of whole training steps, and as a share of `peak`, the best of the peaks. */
  readonly step: number;
  readonly peak: number;
  readonly peaks: unknown;
}

/** GFLOP/s of whole steps of an engine. */
async function stepRate({ contenders, patience }: BenchContext, name: string, batch: number): Promise<number> {
  const contender = contenders.find((each) => each.name === name)!;
  const runner = { name, ...(await contender.prepare(WIDTH, batch)) };
  const [timing] = await interleaved([runner], patience);
  await runner.dispose();
  return fieldCost(sirenField(WIDTH), batch, 11).operationsPerStep / (timing!.median * 1e6);
}

function say(name: string, { step, peak: best }: Share): void {
  console.log(`  ${name}: ${short(step)} GFLOP/s in whole steps at width ${WIDTH}, ${((100 * step) / best).toFixed(1)}% of a peak of ${short(best)}`);
}

export async function peak(context: BenchContext): Promise<unknown> {
  const { quick, engines, gpu } = context;
  const figures: Record<string, Share> = {};
  if (engines.has('cpu')) {
    const peaks = await cpuPeak({ quick });
    const best = Math.max(...Object.values(peaks).map(({ all }) => all));
    figures['cpu'] = { step: await stepRate(context, 'cpu', 2 ** 14), peak: best, peaks };
    say('cpu', figures['cpu']);
  }
  const webgpu = engines.get('webgpu') as WebGpuEngine | undefined;
  if (webgpu) {
    const peaks = await gpuPeak(webgpu.device, quick ? 100 : 800);
    console.log(`  ${short(peaks.fused)} GFLOP/s on the GPU as fma(), ${short(peaks.productAndSum)} as product and sum`);
    const batch = gpu?.software === true ? (quick ? 2 ** 10 : 2 ** 12) : 2 ** 14;
    figures['webgpu'] = { step: await stepRate(context, 'webgpu', batch), peak: Math.max(peaks.fused, peaks.productAndSum), peaks };
    say('webgpu', figures['webgpu']);
  }
  return figures;
}
