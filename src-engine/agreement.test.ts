import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import { createCpuEngine } from './cpu/engine';
import type { TrainerRequest } from './engine';
import { ACTIVATIONS, ENCODINGS, HEADS, LOSSES, OPTIMIZERS, PLAIN_PLAN, relativeError, SAMPLINGS, testData, testState } from './test-kinds';
import { createTfjsEngine } from './tfjs/engine';

/**
 * What engine.ts promises, between the fast engine of the main process and the slow one, for every kind: neither refuses any (webgpu
 * has its own: webgpu/parity.test.ts). Error-driven sampling is left out: its tables follow the last bits of an engine's own values.
 */
describe('cpu and tfjs agree after 50 steps', async () => {
  const cpu = await createCpuEngine({ threads: 2 });
  const tfjs = await createTfjsEngine();
  afterAll(() => Promise.all([cpu.dispose(), tfjs.dispose()]));

  const base: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[0]!, depth: 3, width: 20, activation: ACTIVATIONS[0]! };
  const cases: [string, Partial<Field>, Partial<FitPlan>][] = [
    ...ENCODINGS.map((encoding, i): (typeof cases)[0] => [`${encoding.kind} ${i}, sine`, { encoding }, {}]),
    ...ENCODINGS.slice(1, 4).map((encoding): (typeof cases)[0] => [`${encoding.kind}, relu`, { encoding, activation: { kind: 'relu' } }, {}]),
    ...ACTIVATIONS.slice(2).map((activation, i): (typeof cases)[0] => [activation.kind, { activation, encoding: ENCODINGS[i % 4]! }, {}]),
    ...HEADS.slice(1).map((head): (typeof cases)[0] => [`head ${head}`, { head }, {}]),
    ['residual blocks', { residual: true }, {}],
    ...LOSSES.slice(1).map((loss): (typeof cases)[0] => [`loss ${loss.kind}`, {}, { loss }]),
    ...OPTIMIZERS.slice(1).map((optimizer): (typeof cases)[0] => [`${optimizer.kind}, decay ${optimizer.weightDecay}`, {}, { optimizer }]),
    ...SAMPLINGS.filter(({ kind }) => kind !== 'uniform' && kind !== 'error').map((sampling): (typeof cases)[0] => [`sampling ${sampling.kind}`, {}, { sampling }]),
    ['clipping', {}, { clip: 0.01 }],
    ['averaging', {}, { average: 0.9 }],
  ];
  const requests = cases.map(([name, field, plan]): [string, TrainerRequest] => {
    const changed = { ...base, ...field };
    return [name, { field: changed, plan: { ...PLAIN_PLAN, batch: 130, ...plan }, data: testData([23, 17], 3), seed: 11, state: testState(changed, 11) }];
  });

  it.each(requests)('%s', async (_, request) => {
    for (const engine of [cpu, tfjs]) expect(engine.refusal(request.field, request.plan)).toBeNull();
    const rates = new Float32Array(50).fill(1e-3);
    const [a, b] = await Promise.all(
      [cpu, tfjs].map(async (engine) => {
        const trainer = await engine.createTrainer(request);
        const report = await trainer.run(rates);
        const state = await trainer.checkpoint();
        trainer.dispose();
        return { report, state };
      }),
    );
    expect(relativeError(a!.state.parameters, b!.state.parameters)).toBeLessThan(1e-3);
    if (b!.state.average) expect(relativeError(a!.state.average!, b!.state.average)).toBeLessThan(1e-3);
    expect(Math.abs(a!.report.loss / b!.report.loss - 1)).toBeLessThan(1e-4);
    expect(Math.abs(a!.report.squaredError / b!.report.squaredError - 1)).toBeLessThan(1e-4);
  });
});
