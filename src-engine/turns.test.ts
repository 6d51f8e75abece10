import { describe, expect, it } from 'vitest';
import type { Trainer } from './engine';
import { inTurns, Turns } from './turns';

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('turns', () => {
  it('keep the calls of a trainer, and what else shares them, apart and in order, failures too', async () => {
    const log: string[] = [];
    const call = (name: string, fails = false) => async (): Promise<never> => {
      log.push(`${name} begins`);
      await later();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return undefined as never;
    };
    const bare = { field: {}, run: call('run', true), checkpoint: call('checkpoint'), reconstruct: call('reconstruct'), dispose: () => log.push('dispose') } as unknown as Trainer;
    const turns = new Turns();
    const trainer = inTurns(bare, turns);
    const calls = [trainer.run(new Float32Array(1)), trainer.checkpoint(), turns.take(call('other')), trainer.reconstruct([1])];
    await expect(calls[0]).rejects.toThrow('run');
    await Promise.all(calls.slice(1));
    trainer.dispose();
    expect(log).toEqual(['run', 'checkpoint', 'other', 'reconstruct'].flatMap((name) => [`${name} begins`, `${name} ends`]).concat('dispose'));
    expect(trainer.notes).toEqual([]);
  });
});
