/** An .inr file from disk, decoded by the exact synthesis on all threads and held against its digest. */
import { decodeFile } from '#core/coding/file';
import { unpackFile } from '#core/coding/pack';
import type { FileReport, InrContent } from '#core/coding/types';
import { createExactSynthesizer } from '#engine/cpu/exact';
import { residualCodec } from '#engine/cpu/residual';
import { sha256 } from './coded-file';
import { about, readFileNamed } from './files';
import type { Progress } from './progress';

export type Samples = Uint8Array | Uint16Array;

export interface Decoded {
  readonly bytes: number;
  readonly content: InrContent;
  readonly report: FileReport;
  readonly samples: Samples;
  readonly seconds: number;
}

export interface DecodeOptions {
  readonly threads?: number;
  readonly abort?: AbortSignal;
  readonly progress?: Progress;
}

/** Runs `work` with the exact synthesizer and ends its threads. */
export async function withSynthesizer<T>(
  { threads, abort, progress }: DecodeOptions,
  work: (synthesize: ReturnType<typeof createExactSynthesizer>['synthesize']) => Promise<T>,
): Promise<T> {
  const exact = createExactSynthesizer(threads === undefined ? {} : { threads });
  try {
    return await work((field, parameters, size, type) =>
      exact.synthesize(field, parameters, size, type, { signal: abort, onProgress: (fraction) => progress?.stage('decoding', fraction) }),
    );
  } finally {
    progress?.end();
    await exact.dispose();
  }
}

/** Decodes on the certified grid. Throws StudioError 'container' (damaged, refused, wrong digest) that names the file. */
export async function decodeNamed(path: string, options: DecodeOptions = {}): Promise<Decoded> {
  return about(path, async () => {
    const file = await readFileNamed(path);
    const { report } = decodeFile(file);
    const began = performance.now();
    const { content, samples } = await withSynthesizer(options, (synthesize) => unpackFile(file, synthesize, { residualCodec, sha256, signal: options.abort }));
    return { bytes: file.length, content, report, samples, seconds: (performance.now() - began) / 1000 };
  });
}
