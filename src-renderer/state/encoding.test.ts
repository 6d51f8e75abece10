import { describe, expect, it } from 'vitest';
import type { ArtifactInfo } from '#main/ipc/contract';
import { compareCodecs, encode } from './encoding';
import type { Run } from './runs.svelte';
import type { Studio } from './studio.svelte';

interface Call {
  readonly name: string;
  readonly request: { readonly task?: string; readonly parameters?: Uint8Array; readonly artifact?: string };
  answer(value: unknown): void;
}

/** A studio whose calls wait until the test answers them. */
function studioDouble() {
  const calls: Call[] = [];
  const cancelled: string[] = [];
  const studio = {
    client: {
      call: (name: string, request: Call['request']) => new Promise((answer) => calls.push({ name, request, answer })),
      readSamples: () => Promise.resolve(new Uint8Array(3)),
    },
    working: (_label: string, work: (task: string) => Promise<unknown>) => work('task'),
    cancel: (task: string) => cancelled.push(task),
    notices: { speak: () => undefined, fault: (error: unknown) => expect.fail(String(error)) },
  };
  return { studio: studio as unknown as Studio, calls, cancelled };
}

function runDouble(): Run {
  const run = {
    state: 'paused',
    original: { kind: 'grid', info: { signal: 'signal-1' } },
    config: { coding: { bits: 9 }, plan: { steps: 10 } },
    seconds: null,
    parameters: Float32Array.of(1),
    artifact: null as ArtifactInfo | null,
    encoding: false,
    comparing: false,
    codecs: null,
    accept(artifact: ArtifactInfo) {
      const replaced = run.artifact;
      run.artifact = artifact;
      return replaced;
    },
    showDecoded: () => undefined,
  };
  return run as unknown as Run;
}

const artifact = (name: string): unknown => ({ artifact: name, bytes: 10, rawBytes: 3, type: 'uint8', quality: { psnr: 30 } });
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe('encodings of one run', () => {
  it('follow one another, each of its own parameters: the end of a fit is encoded though a pause was being encoded', async () => {
    const { studio, calls } = studioDouble();
    const run = runDouble();
    const paused = encode(studio, run, { bits: 9 });
    run.parameters = Float32Array.of(2);
    run.state = 'stopped';
    const ended = encode(studio, run, { bits: 9 });
    await settled();
    expect(calls.map(({ name }) => name)).toEqual(['artifact.encode']);
    calls[0]!.answer(artifact('first'));
    expect(await paused).toBe(true);
    await settled();
    const second = calls.filter(({ name }) => name === 'artifact.encode')[1]!;
    expect(new Float32Array(second.request.parameters!.slice().buffer)).toEqual(Float32Array.of(2));
    second.answer(artifact('second'));
    expect(await ended).toBe(true);
    expect(run.artifact?.artifact).toBe('second');
    expect(run.encoding).toBe(false);
  });

  it('close what they replace, also when the fit was resumed meanwhile', async () => {
    const { studio, calls } = studioDouble();
    const run = runDouble();
    run.accept(artifact('old') as ArtifactInfo);
    const encoded = encode(studio, run, { bits: 9 });
    run.state = 'running';
    calls[0]!.answer(artifact('new'));
    await encoded;
    expect(calls.find(({ name }) => name === 'artifact.close')?.request).toEqual({ artifact: 'old' });
  });
});

describe('the comparison with other codecs', () => {
  it('is under way until its newest one is there', async () => {
    const { studio, calls, cancelled } = studioDouble();
    const run = runDouble();
    run.accept(artifact('file') as ArtifactInfo);
    const older = compareCodecs(studio, run);
    const newer = compareCodecs(studio, run);
    expect(cancelled).toContain(calls[0]!.request.task);
    calls[0]!.answer({ rows: [] });
    await older;
    expect(run.comparing).toBe(true);
    calls[1]!.answer({ rows: [] });
    await newer;
    expect(run.comparing).toBe(false);
  });
});
