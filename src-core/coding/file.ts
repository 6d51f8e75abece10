/**
 * .inr bytes <-> InrContent. docs/FORMAT.md is the specification; the layers below are container.ts (chunks), header.ts (their declarations),
 * tensor-coder.ts (the parameters) and residual/ (what the samples have beyond the field).
 *
 * Order of reading, and why: first the chunks and their checksums, which costs no more than the file is long; then HEAD and
 * FELD, which are small; then what they demand is held against the limits; only then anything is allocated that grows
 * with what the file declares.
 */
import { asStudioError, StudioError } from '../errors';
import { fieldFor, type Field } from '../field/field';
import { parameterLayout, type ParameterLayout } from '../field/layout';
import { decodeValue, encodeValue } from './codec';
import { readContainer, writeContainer, type Chunk } from './container';
import { fieldCodec, headCodec, type HeadRecord } from './header';
import { checkLimits, decodeDemand, DEFAULT_LIMITS, levelOf } from './limits';
import { stepOf } from './residual/residual';
import { decodeTensors, encodeTensors } from './tensor-coder';
import type { DecodeLimits, FileReport, Header, InrContent, Provenance, TensorReport } from './types';

export { DEFAULT_LIMITS } from './limits';

const ICC = 'iccp';
const PROVENANCE = 'prov';

export interface DecodedFile extends InrContent {
  readonly report: FileReport;
  /** Ancillary chunks that this version does not know, for encodeFile to carry on. */
  readonly ancillary: readonly Chunk[];
}

function headerFault(message: string): StudioError {
  return new StudioError('container', 'container.header', message);
}

/** What HEAD must fulfil beyond the range of each field. */
function checkHead(head: HeadRecord, icc: Uint8Array | undefined): void {
  if (head.kind !== 'grid') {
    if (icc) throw headerFault('There is a colour profile, but no picture.');
    return;
  }
  if (head.alpha && head.channels < 2) throw headerFault('The header declares alpha but one channel only.');
  if ((head.colorSpace === 'icc') !== (icc !== undefined)) {
    throw headerFault(icc ? 'There is a colour profile that the header does not declare.' : 'The header declares a colour profile that is missing.');
  }
  if (icc?.length === 0) throw headerFault('The colour profile is empty.');
}

/** Throws unless a residual may stand there; its integers are checked when they are decoded. Returns its step in codes. */
function checkResidual(header: Pick<Header, 'kind'>, residual: Uint8Array): number {
  if (header.kind !== 'volume') throw headerFault('There is a residual, but no volume.');
  return stepOf(residual);
}

function headRecord(header: Header, sha256: string): HeadRecord {
  const { size, channels, type } = header;
  if (header.kind !== 'grid') return { ...header, sha256 };
  const { colorSpace, alpha } = header.metadata;
  return { kind: 'grid', size, channels, type, colorSpace, alpha, sha256 };
}

function headerOfRecord(head: HeadRecord, icc: Uint8Array | undefined): Header {
  const { size, channels, type } = head;
  if (head.kind === 'volume') return { kind: 'volume', size, channels, type, metadata: head.metadata };
  if (head.kind === 'surface') return { kind: 'surface', size, channels, type, metadata: head.metadata };
  const { colorSpace, alpha } = head;
  return { kind: 'grid', size, channels, type, metadata: icc ? { colorSpace, icc, alpha } : { colorSpace, alpha } };
}

function encodeProvenance(provenance: Provenance): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(provenance));
}

function decodeProvenance(data: Uint8Array): Provenance {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data));
    // Nested too deep to be written again is refused here, not where somebody prints it.
    JSON.stringify(value);
  } catch (cause) {
    throw new StudioError('container', 'container.header', 'The provenance is not JSON in UTF-8.', { cause });
  }
  if (typeof value !== 'object' || value === null || !('generator' in value) || typeof value.generator !== 'string') {
    throw headerFault('The provenance does not name its generator.');
  }
  return value as Provenance;
}

/**
 * Codes a file but for its hash, which takes a decode to know; what it returns makes the bytes. `preservedAncillary`: chunks of unknown
 * type from a decoded file, carried on as they are.
 * Throws StudioError 'container' (container.header, .field, .parameters, .residual) for content that no file can hold; what it returns throws
 * 'container.chunk.order' for ancillary chunks that no file can hold.
 */
export function prepareFile(content: Omit<InrContent, 'sha256'>, preservedAncillary: readonly Chunk[] = []): (sha256: string) => Uint8Array {
  const { header, field, quantized, residual, provenance } = content;
  const { size, channels } = header;
  if (residual) checkResidual(header, residual);
  const icc = header.kind === 'grid' ? header.metadata.icc : undefined;
  const headBytes = (sha256: string): Uint8Array => {
    const record = headRecord(header, sha256);
    checkHead(record, icc);
    return encodeValue(headCodec, record, 'container.header');
  };
  headBytes('0'.repeat(64));
  const fieldBytes = encodeValue(fieldCodec, field, 'container.field');
  if (field.inputs !== size.length || field.outputs !== channels) {
    throw new StudioError(
      'container',
      'container.field',
      `The network maps ${field.inputs} coordinates to ${field.outputs} channels, the grid has ${size.length} and ${channels}.`,
    );
  }
  const ancillary = [...preservedAncillary];
  if (icc) ancillary.push({ type: ICC, data: icc });
  if (provenance) ancillary.push({ type: PROVENANCE, data: encodeProvenance(provenance) });
  const parts = { level: levelOf(decodeDemand(field, size)), field: fieldBytes, parameters: encodeTensors(parameterLayout(field), quantized), residual, ancillary };
  return (sha256) => writeContainer({ ...parts, head: headBytes(sha256) });
}

/** Bytes of a file. Throws as prepareFile and what that returns. */
export function encodeFile(content: InrContent, preservedAncillary: readonly Chunk[] = []): Uint8Array {
  return prepareFile(content, preservedAncillary)(content.sha256);
}

/** Divides the bytes of the PARM data among the tensors, without a remainder. */
function tensorReports(layout: ParameterLayout, tensorBits: readonly number[], steps: readonly number[], bytes: number): TensorReport[] {
  let bitsBefore = 0;
  let bytesBefore = 0;
  return layout.tensors.map((slot, index) => {
    const bits = tensorBits[index]!;
    bitsBefore += bits;
    const upTo = index === layout.tensors.length - 1 ? bytes : Math.min(bytes, Math.round(bitsBefore / 8));
    const report = { name: slot.name, parameters: slot.length, bytes: upTo - bytesBefore, bitsPerParameter: bits / slot.length, step: steps[index]! };
    bytesBefore = upTo;
    return report;
  });
}

/** HEAD and FELD of a file, checked against the limits. */
function readDescription(headBytes: Uint8Array, fieldBytes: Uint8Array, level: number, limits: DecodeLimits): { head: HeadRecord; field: Field } {
  const head = decodeValue(headCodec, headBytes, 'container.header');
  const field = fieldFor(decodeValue(fieldCodec, fieldBytes, 'container.field'), head.size.length, head.channels);
  const demand = decodeDemand(field, head.size);
  checkLimits(demand, limits);
  const least = levelOf(demand);
  if (level !== least) throw headerFault(`The file declares level ${level} but its content is of level ${least}.`);
  return { head, field };
}

/**
 * Content of a file; the parameters stay integers, nothing is synthesized. Never allocates more than the file's own length and
 * `limits` allow.
 *
 * Throws StudioError kind 'container': container.empty, .magic, .truncated, .checksum, .version, .chunk.unknown, .chunk.order, .trailing,
 * .header, .field, .limit, .parameters, .residual. Messages do not name the file: callers do.
 */
export function decodeFile(bytes: Uint8Array, limits: DecodeLimits = DEFAULT_LIMITS): DecodedFile {
  const container = readContainer(bytes);
  const { head, field } = readDescription(container.head, container.field, container.level, limits);
  const layout = parameterLayout(field);
  const { quantized, tensorBits } = decodeTensors(layout, container.parameters);
  const { residual } = container;
  const residualStep = residual && checkResidual(head, residual);

  const chunk = (type: string) => container.ancillary.find((candidate) => candidate.type === type)?.data;
  const icc = chunk(ICC)?.slice();
  checkHead(head, icc);
  const provenanceBytes = chunk(PROVENANCE);
  const steps = quantized.tensors.map((tensor) => tensor.step);
  return {
    header: headerOfRecord(head, icc),
    field,
    quantized,
    sha256: head.sha256,
    ...(residual ? { residual: residual.slice() } : {}),
    ...(provenanceBytes ? { provenance: decodeProvenance(provenanceBytes) } : {}),
    report: {
      bytes: bytes.length,
      version: container.version,
      chunks: container.reports,
      tensors: tensorReports(layout, tensorBits, steps, container.parameters.length),
      ...(residualStep === undefined ? {} : { residual: { step: residualStep } }),
    },
    ancillary: container.ancillary.filter((candidate) => candidate.type !== ICC && candidate.type !== PROVENANCE),
  };
}

export interface Validation {
  readonly ok: boolean;
  /** 'ok', or the code of the first fault. */
  readonly code: string;
  readonly message: string;
  readonly report?: FileReport;
}

/** Whether a file is well formed, without decoding samples. Never throws on any bytes. */
export function validateFile(bytes: Uint8Array, limits: DecodeLimits = DEFAULT_LIMITS): Validation {
  try {
    const { report } = decodeFile(bytes, limits);
    return { ok: true, code: 'ok', message: `Well formed: ${report.chunks.length} chunks, ${report.bytes} bytes.`, report };
  } catch (error) {
    const { code, message } = asStudioError(error);
    return { ok: false, code, message };
  }
}
