/** `inr info`: what a file holds and where its bytes go, from its header and chunks, without decoding the picture. */
import { decodeFile } from '#core/coding/file';
import type { Header } from '#core/coding/types';
import { fieldCost } from '#core/field/cost';
import { headOf } from '#core/field/field';
import { activationWords, encodingWords } from '#core/field/words';
import { pointCount, rawBytes } from '#core/signal/signal';
import { about, readFileNamed } from '../files';
import { showBytes, showChannels, showCount, showRatio, table } from '../numbers';
import type { Terminal } from '../terminal';

export interface InfoOptions {
  readonly json?: boolean;
}

function contentWords(header: Header): string {
  const grid = `${header.size.join(' x ')}, ${showChannels(header.channels)}`;
  if (header.kind === 'grid') return `${grid}, ${header.type === 'uint8' ? 8 : 16} bits, ${header.metadata.colorSpace}${header.metadata.alpha ? ', alpha' : ''}`;
  if (header.kind === 'volume') {
    const { voxelType, geometry } = header.metadata;
    return `${grid}, ${voxelType}, spacing ${geometry.spacing.join(' x ')}${geometry.unit === 'none' ? '' : ` ${geometry.unit}`}`;
  }
  const { mode, vertices, triangles } = header.metadata;
  return `${mode === 'signed' ? 'a solid' : 'sheets'} made from ${showCount(vertices)} vertices and ${showCount(triangles)} triangles`;
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
  const bpp = (8 * bytes) / points;
  const ratio = rawBytes(header) / bytes;
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
    ['cost', `${showCount(cost.multiplyAddsPerSample)} multiply-adds per pixel, ${showCount(Math.round((cost.multiplyAddsPerSample * points) / 1e6))} million in all`],
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
    `${input}  ${showBytes(bytes)}  ${bpp.toFixed(3)} bpp  ${showRatio(ratio)}  (format version ${report.version})\n` +
      table(facts, [0, 1]) +
      `\n${table([['chunk', 'kind', 'bytes', 'share'], ...chunks], [0, 1])}` +
      `\n${table([['tensor', 'parameters', 'bytes', 'bits each', 'step'], ...tensors])}`,
  );
  return 0;
}
