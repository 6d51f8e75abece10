import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { PLAIN_PLAN, testData } from '../test-kinds';
import { createWebGpuEngine } from './engine';
import { observedDevice, testGpu } from './test-adapter';

const FIELD: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 1, width: 16, activation: { kind: 'relu' } };

describe('evaluation of given parameters', async () => {
  const { device, held } = await observedDevice();
  const engine = await createWebGpuEngine({ device, gpu: await testGpu(), maximumSlice: 192 });
  afterAll(() => device.destroy());
  const bytes = (): number => [...held.values()].reduce((sum, size) => sum + size, 0);
  const look = (size: readonly number[], field = FIELD): Promise<Float32Array> => engine.evaluate(field, initialParameters(field, 1), size);

  it('serves different networks in turn, calls that do not wait for each other too', async () => {
    const fields = [FIELD, { ...FIELD, width: 20 }, FIELD, FIELD];
    const vectors = fields.map((field, i) => initialParameters(field, i));
    const together = await Promise.all(fields.map((field, i) => engine.evaluate(field, vectors[i], [9 + i, 5])));
    const trainer = await engine.createTrainer({ field: FIELD, plan: PLAIN_PLAN, data: testData([9, 8], 3), seed: 1 });
    trainer.dispose();
    for (const [i, field] of fields.entries()) expect(await engine.evaluate(field, vectors[i], [9 + i, 5])).toEqual(together[i]);
    expect(together[3]).not.toEqual(await engine.evaluate(FIELD, vectors[2], [12, 5]));
    await expect(engine.evaluate(FIELD, vectors[1], [5, 5])).rejects.toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
    expect(await engine.evaluate(FIELD, vectors[0], [9, 5])).toEqual(together[0]);
  });

  it('takes no more memory however many grids it has seen', async () => {
    await look([5, 4]);
    const [buffers, first] = [held.size, bytes()];
    for (const width of [9, 70, 130, 211]) {
      await look([width, 90]);
      await look([width, 90], { ...FIELD, width: 20 });
      expect(held.size).toBe(buffers);
    }
    await look([5, 4]);
    expect(bytes()).toBe(first);
  });

  it('gives its memory to fits, to swarms, and back at the end', async () => {
    const data = testData([9, 8], 3);
    const trainerBytes: number[] = [];
    for (const before of [() => Promise.resolve(), () => look([30, 20])]) {
      await before();
      const trainer = await engine.createTrainer({ field: FIELD, plan: PLAIN_PLAN, data, seed: 1 });
      trainerBytes.push(bytes());
      trainer.dispose();
    }
    expect(trainerBytes[1]).toBe(trainerBytes[0]);
    expect(bytes()).toBe(0);
    await look([30, 20]);
    const swarm = await engine.createSwarm!({ field: FIELD, plan: PLAIN_PLAN, members: [data], seed: 1 });
    swarm.dispose();
    expect(bytes()).toBe(0);
    await look([30, 20]);
    await engine.dispose();
    expect(bytes()).toBe(0);
  });
});
