/**
 * `inr validate`: is this file whole, well-formed, within limits, and does it decode to the samples it certifies? The code it
 * answers with is stable (docs/FORMAT.md lists them); exit code 4 when the answer is no.
 */
import { validateFile } from '#core/coding/file';
import { unpackFile } from '#core/coding/pack';
import { asStudioError, EXIT_CODES } from '#core/errors';
import { residualCodec } from '#engine/cpu/residual';
import { sha256 } from '../coded-file';
import { withSynthesizer } from '../decoded';
import { readFileNamed } from '../files';
import { showBytes } from '../numbers';
import type { Terminal } from '../terminal';

export interface ValidateOptions {
  /** Structure and checksums only; the samples are not decoded. */
  readonly quick?: boolean;
  readonly threads?: number;
  readonly json?: boolean;
}

interface Verdict {
  readonly ok: boolean;
  readonly code: string;
  readonly message: string;
}

async function judge(file: Uint8Array, options: ValidateOptions): Promise<Verdict> {
  const { ok, code, message } = validateFile(file);
  if (!ok || options.quick) return { ok, code, message };
  try {
    await withSynthesizer(options, (synthesize) => unpackFile(file, synthesize, { residualCodec, sha256 }));
    return { ok, code, message };
  } catch (error) {
    const known = asStudioError(error);
    if (known.kind !== 'container') throw known;
    return { ok: false, code: known.code, message: known.message };
  }
}

/** Runs the command; resolves to the exit code. */
export async function validate(input: string, options: ValidateOptions, terminal: Terminal): Promise<number> {
  const file = await readFileNamed(input);
  const verdict = await judge(file, options);
  if (options.json) terminal.out(`${JSON.stringify({ input, bytes: file.length, ...verdict })}\n`);
  else if (verdict.ok) terminal.out(`${input}  ok  ${showBytes(file.length)}${options.quick ? '' : ', decodes to the samples it certifies'}\n`);
  if (!verdict.ok) terminal.err(`inr: ${input}: ${verdict.message} [${verdict.code}]\n`);
  return verdict.ok ? 0 : EXIT_CODES.container;
}
