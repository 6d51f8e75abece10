import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '#engine/engine';
import { candidates, decideEngine } from './engine-choice';
import { textureSize } from './live-view';
import { thumbnail } from './thumbnail';

const facts = (engine: DeviceFacts['engine'], software = false): DeviceFacts => ({ engine, name: engine, software, details: {} });
const main = [facts('cpu'), facts('tfjs')];

describe('which engine runs', () => {
  it('takes a real GPU by itself, and never a software one', () => {
    expect(decideEngine('auto', facts('webgpu'), '', main).engine).toBe('webgpu');
    expect(decideEngine('auto', facts('webgpu', true), '', main)).toMatchObject({ engine: 'cpu', facts: main[0] });
    expect(decideEngine('auto', null, 'No GPU adapter was found.', main)).toMatchObject({ engine: 'cpu', why: 'Automatic: No GPU adapter was found.' });
  });

  it('does what the user chose, and says what a software adapter is', () => {
    expect(decideEngine('webgpu', facts('webgpu', true), '', main)).toMatchObject({ engine: 'webgpu', why: 'Chosen by you: a software adapter, slow.' });
    expect(decideEngine('tfjs', facts('webgpu'), '', main).engine).toBe('tfjs');
  });

  it('passes over what refuses, in order, and says why', () => {
    expect(candidates('auto', facts('webgpu'))).toEqual(['webgpu', 'cpu', 'tfjs']);
    expect(candidates('auto', facts('webgpu', true))).toEqual(['cpu', 'tfjs']);
    expect(decideEngine('auto', facts('webgpu'), '', main, { webgpu: 'No wings.' })).toMatchObject({ engine: 'cpu', facts: main[0], why: 'Automatic: No wings.', refusal: null });
    expect(decideEngine('auto', null, '', main, { cpu: 'No feet.' })).toMatchObject({ engine: 'tfjs', why: 'Automatic: No feet.', refusal: null });
    expect(decideEngine('auto', null, '', main, { cpu: 'No feet.', tfjs: 'No hands.' })).toMatchObject({ engine: 'cpu', refusal: 'No feet.' });
    expect(decideEngine('cpu', null, '', main, { cpu: 'No feet.' })).toMatchObject({ engine: 'cpu', refusal: 'No feet.' });
    expect(decideEngine('tfjs', null, '', main, { cpu: 'No feet.' }).refusal).toBeNull();
  });

  it('has no facts for what is not there', () => {
    expect(decideEngine('webgpu', null, 'This browser has no WebGPU here.', main)).toEqual({ engine: 'webgpu', facts: null, why: 'This browser has no WebGPU here.', refusal: null });
  });
});

describe('small pictures', () => {
  it('keep their proportions and never vanish', () => {
    expect(textureSize([4000, 1000], 250_000, 8192)).toEqual([1000, 250]);
    expect(textureSize([100, 100], 250_000, 8192)).toEqual([100, 100]);
  });

  it('fit into a texture, however slender they are', () => {
    expect(textureSize([100_000, 1], 64, 8192)).toEqual([64, 1]);
    expect(textureSize([30_000, 100], 1e7, 8192)).toEqual([8192, 27]);
    expect(textureSize([3, 99_999], 1e7, 8192)).toEqual([1, 8192]);
  });

  it('show 16-bit grey with alpha right', () => {
    const grey = thumbnail({ size: [2, 1], channels: 2, type: 'uint16', alpha: true, samples: Uint16Array.of(65535, 65535, 0, 32768) }, 64);
    expect([...grey.data]).toEqual([255, 255, 255, 255, 0, 0, 0, 128]);
  });
});
