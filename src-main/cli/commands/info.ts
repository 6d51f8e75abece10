/** `inr info`: what a file holds and where its bytes go, from its header and chunks, without decoding the picture. */
import { decodeFile } from '#core/coding/file';
import { fieldCost } from '#core/field/cost';
import { headOf } from '#core/field/field';
import { activationWords, encodingWords } from '#core/field/words';
import { pointCount } from '#core/signal/signal';
import { sourceBytes, unitsOf } from '#core/signal/subject';
import { contentWords } from '../content-words';
import { about, readFileNamed } from '../files';
import { showBytes, showCount, showRatio, table } from '../numbers';
import type { Terminal } from '../terminal';

export interface InfoOptions {
  readonly json?: boolean;
}

/** Runs the command; resolves to the exit code. */
export async function info(input: string, options: InfoOptions, terminal: Terminal): Promise<number> {
  const { content, bytes } = await about(input, async () => {
    const file = await readFileNamed(input);
    return { content: decodeFile(file), bytes: file.length };
  });
  const { header, field, report, sha256, provenance } = content;
  const cost = fieldCost(field, 1, 8);
  const points = pointCount(header.size);
  const { unit, count } = unitsOf(header);
  const bpp = (8 * bytes) / count;
  const ratio = sourceBytes(header) / bytes;
  if (options.json) {
    const { kind, size, channels, type } = header;
    const result = {
      input,
      bytes,
      bpp,
      ratio,
      version: report.version,
      kind,
      size,
      channels,
      type,
      ...(header.kind === 'grid' ? { colorSpace: header.metadata.colorSpace, alpha: header.metadata.alpha, iccBytes: header.metadata.icc?.length ?? 0 } : header.metadata),
      field,
      residual: report.residual ?? null,
      parameters: cost.parameters,
      multiplyAddsPerSample: cost.multiplyAddsPerSample,
      sha256,
      chunks: report.chunks,
      tensors: report.tensors,
      provenance: provenance ?? null,
    };
    terminal.out(`${JSON.stringify(result)}\n`);
    return 0;
  }
  const facts: readonly (readonly [string, string])[] = [
    [header.kind === 'grid' ? 'picture' : header.kind, contentWords(header)],
    ['encoding', encodingWords(field.encoding)],
    ['layers', `${field.depth} of ${field.width}${field.residual ? ', residual' : ''}, ${activationWords(field.activation)}`],
    ['head', headOf(field)],
    ['parameters', showCount(cost.parameters)],
    ['residual', report.residual ? `coded with a step of ${Number(report.residual.step.toPrecision(4))} codes` : 'none'],
    ['cost', `${showCount(cost.multiplyAddsPerSample)} multiply-adds per sample, ${showCount(Math.round((cost.multiplyAddsPerSample * points) / 1e6))} million in all`],
    ['sha256', `${sha256} (of the decoded samples)`],
    ['made by', provenance?.generator ?? 'not said'],
  ];
  const chunks = report.chunks.map(({ type, critical, bytes: size }) => [type, critical ? 'critical' : 'ancillary', showCount(size), `${((100 * size) / bytes).toFixed(1)}%`]);
  const tensors = report.tensors.map(({ name, parameters, bytes: size, bitsPerParameter, step }) => [
    name,
    showCount(parameters),
    showCount(Math.round(size)),
    bitsPerParameter.toFixed(2),
    step.toExponential(2),
  ]);
  terminal.out(
    `${input}  ${showBytes(bytes)}  ${bpp.toFixed(3)} bits per ${unit}  ${showRatio(ratio)}  (format version ${report.version})\n` +
      table(facts, [0, 1]) +
      `\n${table([['chunk', 'kind', 'bytes', 'share'], ...chunks], [0, 1])}` +
      `\n${table([['tensor', 'parameters', 'bytes', 'bits each', 'step'], ...tensors])}`,
  );
  return 0;
}
