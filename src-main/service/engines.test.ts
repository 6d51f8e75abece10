import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import type { Engine, EngineName } from '#engine/engine';
import { chooseEngine, openEngine } from './engines';

const fake = (engine: EngineName, software: boolean, log: string[] = []): Engine => ({
  facts: { engine, name: `${engine}${software ? ' (software)' : ''}`, software, details: {} },
  refusal: () => null,
  createTrainer: () => Promise.reject(new Error('not here')),
  evaluate: () => Promise.reject(new Error('not here')),
  dispose: () => (log.push(`${engine} disposed`), Promise.resolve()),
});
const machine = (gpu: 'real' | 'software' | 'none', log: string[] = []) => (name: EngineName): Promise<Engine> => {
  if (name !== 'webgpu') return Promise.resolve(fake(name, false, log));
  return gpu === 'none' ? Promise.reject(new StudioError('device', 'device.noGpu', 'No adapter.')) : Promise.resolve(fake(name, gpu === 'software', log));
};

describe('chooseEngine', () => {
  it('auto takes a real GPU, else the cpu engine, never a software adapter', async () => {
    expect((await chooseEngine('auto', {}, machine('real'), () => true)).engine.facts.engine).toBe('webgpu');
    expect(await chooseEngine('auto', {}, machine('none'), () => true)).toMatchObject({ engine: { facts: { engine: 'cpu' } }, notice: null });
    const log: string[] = [];
    expect(await chooseEngine('auto', {}, machine('software', log), () => true)).toMatchObject({ engine: { facts: { engine: 'cpu' } }, notice: expect.stringContaining('software') });
    expect(log).toEqual(['webgpu disposed']);
  });

  it('auto does not look for adapters where no graphics device is seen', async () => {
    const asked: EngineName[] = [];
    const open = (name: EngineName): Promise<Engine> => (asked.push(name), machine('real')(name));
    expect((await chooseEngine('auto', {}, open, () => false)).engine.facts.engine).toBe('cpu');
    expect(asked).toEqual(['cpu']);
  });

  it('gpu takes a software adapter with a notice, and fails without any', async () => {
    expect((await chooseEngine('gpu', {}, machine('real'))).notice).toBeNull();
    expect(await chooseEngine('gpu', {}, machine('software'))).toMatchObject({ engine: { facts: { engine: 'webgpu' } }, notice: expect.stringContaining('software adapter') });
    await expect(chooseEngine('gpu', {}, machine('none'))).rejects.toMatchObject({ kind: 'device' });
    await expect(chooseEngine('gpu', {}, () => Promise.reject(new Error('driver crashed')))).rejects.toMatchObject({ kind: 'device', message: expect.stringContaining('driver crashed') });
  });

  it('auto passes over engines that refuse, says why, and closes them', async () => {
    const log: string[] = [];
    const refusal = (...names: EngineName[]) => (engine: Engine): string | null => (names.includes(engine.facts.engine) ? `The ${engine.facts.engine} engine has no wings.` : null);
    const chosen = await chooseEngine('auto', { refusal: refusal('webgpu') }, machine('real', log), () => true);
    expect(chosen).toMatchObject({ engine: { facts: { engine: 'cpu' } }, notice: 'The webgpu engine has no wings. Using the cpu engine.' });
    expect(log).toEqual(['webgpu disposed']);
    expect(await chooseEngine('auto', { refusal: refusal('webgpu', 'cpu') }, machine('none'), () => true)).toMatchObject({ engine: { facts: { engine: 'tfjs' } }, notice: expect.stringMatching(/cpu engine has no wings\. Using the tfjs engine/) });
    const all = chooseEngine('auto', { refusal: refusal('webgpu', 'cpu', 'tfjs') }, machine('none'), () => true);
    await expect(all).rejects.toMatchObject({ kind: 'device', code: 'engine.refusal', message: 'The cpu engine has no wings.' });
    await expect(chooseEngine('cpu', { refusal: refusal('cpu') }, machine('none'))).rejects.toMatchObject({ code: 'engine.refusal' });
    await expect(chooseEngine('gpu', { refusal: refusal('webgpu') }, machine('software'))).rejects.toMatchObject({ code: 'engine.refusal' });
  });

  it('opens the cpu engine with the threads asked for', async () => {
    const engine = await openEngine('cpu', { threads: 1 });
    expect(engine.facts).toMatchObject({ engine: 'cpu', software: false });
    expect(engine.facts.name).toContain('1 thread');
    await engine.dispose();
  });
});
