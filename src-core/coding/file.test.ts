import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { StudioError } from '../errors';
import type { Field } from '../field/field';
import { initialParameters } from '../field/init';
import { parameterLayout } from '../field/layout';
import { PLAIN_GEOMETRY } from '../signal/volume';
import { decodeFile, encodeFile, validateFile } from './file';
import { DEFAULT_LIMITS, requireDecodable } from './limits';
import { packFile, unpackFile } from './pack';
import { dequantize, quantize } from './quantizer';
import { synthesize } from './synthesis';
import { anyField } from './test-fields';
import type { GridHeader, InrContent, VolumeHeader } from './types';

const sha256 = '0123456789abcdef'.repeat(4);

function contentFor(field: Field, size: readonly number[], more: Partial<InrContent> = {}, bits = 8): InrContent {
  const header: GridHeader = { kind: 'grid', size, channels: field.outputs, type: 'uint8', metadata: { colorSpace: 'srgb', alpha: false } };
  return { header, field, quantized: quantize(field, initialParameters(field, 1), bits), sha256, ...more };
}

const siren: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 4, width: 32, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };

const content: fc.Arbitrary<InrContent> = anyField.chain((f) =>
  fc
    .record({
      size: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: f.inputs, maxLength: f.inputs }),
      type: fc.constantFrom('uint8' as const, 'uint16' as const),
      icc: fc.option(fc.uint8Array({ minLength: 1, maxLength: 50 })),
      linear: fc.boolean(),
      alpha: f.outputs > 1 ? fc.boolean() : fc.constant(false),
      bits: fc.integer({ min: 3, max: 16 }),
      provenance: fc.option(fc.record({ generator: fc.string(), config: fc.jsonValue() })),
    })
    .map(({ size, type, icc, linear, alpha, bits, provenance }): InrContent => {
      const colorSpace = icc ? 'icc' : linear ? 'linear' : 'srgb';
      const header: GridHeader = { kind: 'grid', size, channels: f.outputs, type, metadata: icc ? { colorSpace, icc, alpha } : { colorSpace, alpha } };
      const base = { header, field: f, quantized: quantize(f, initialParameters(f, 1), bits), sha256 };
      return provenance ? { ...base, provenance: JSON.parse(JSON.stringify(provenance)) as typeof provenance } : base;
    }),
);

/** Numbers of a field as the decoder sees them. */
const rounded = (f: Field): unknown => JSON.parse(JSON.stringify(f), (_, value: unknown) => (typeof value === 'number' ? Math.fround(value) : value));

describe('encodeFile and decodeFile', () => {
  it('give back any content, and the same bytes from it', () => {
    fc.assert(
      fc.property(content, (source) => {
        const bytes = encodeFile(source);
        const { report, ancillary, field: decodedField, ...decoded } = decodeFile(bytes);
        expect({ ...decoded, field: rounded(decodedField) }).toEqual({ ...source, field: rounded(source.field) });
        expect(ancillary).toEqual([]);
        expect(encodeFile({ ...decoded, field: decodedField })).toEqual(bytes);
        expect(report.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0) + 11).toBe(bytes.length);
      }),
      { numRuns: 60 },
    );
  });

  it('keep short decimals of a field as they were given', () => {
    const decimal: Field = { ...siren, encoding: { kind: 'fourier', features: 8, sigma: 0.1, seed: 4294967295 }, activation: { kind: 'sine', omega0: 30.7, omegaHidden: 0.01 } };
    expect(decodeFile(encodeFile(contentFor(decimal, [3, 3]))).field).toEqual(decimal);
  });

  it('account for every byte, and need few beside the parameters', () => {
    const source = contentFor(siren, [768, 512]);
    const bytes = encodeFile(source);
    const { report } = decodeFile(bytes);
    expect(report.tensors.map((tensor) => tensor.name)).toEqual(parameterLayout(siren).tensors.map((slot) => slot.name));
    const parameterBytes = report.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    const parm = report.chunks.find((chunk) => chunk.type === 'PARM')!.bytes;
    expect(parm - parameterBytes).toBeLessThan(12);
    expect(bytes.length - parameterBytes).toBeLessThan(110);
    for (const tensor of report.tensors) expect(Math.abs(tensor.bytes * 8 - tensor.bitsPerParameter * tensor.parameters)).toBeLessThan(20);
  });

  it('carry chunks on that they do not know', () => {
    const extra = [
      { type: 'zoom', data: Uint8Array.of(1, 2, 3) },
      { type: 'abcd', data: new Uint8Array(0) },
    ];
    const bytes = encodeFile(contentFor(siren, [8, 8], { provenance: { generator: 'test' } }), extra);
    const decoded = decodeFile(bytes);
    expect(decoded.ancillary.map((chunk) => chunk.type)).toEqual(['abcd', 'zoom']);
    expect(decoded.report.chunks.map((chunk) => chunk.type)).toEqual(['HEAD', 'FELD', 'PARM', 'abcd', 'prov', 'zoom', 'TAIL']);
    expect(encodeFile(decoded, decoded.ancillary)).toEqual(bytes);
    expect(() => encodeFile(contentFor(siren, [8, 8]), [extra[0]!, extra[0]!])).toThrow(expect.objectContaining({ code: 'container.chunk.order' }));
    expect(() => encodeFile(contentFor(siren, [8, 8]), [{ type: 'HEAD', data: new Uint8Array(0) }])).toThrow(StudioError);
  });

  it('refuse to write what cannot be read', () => {
    const good = contentFor(siren, [8, 8]);
    const header = (change: Partial<GridHeader>): InrContent => ({ ...good, header: { ...(good.header as GridHeader), ...change } });
    for (const [bad, code] of [
      [header({ size: [8] }), 'container.field'],
      [header({ channels: 1 }), 'container.field'],
      [header({ size: [8, 0] }), 'container.header'],
      [header({ size: [8, 2 ** 23] }), 'container.header'],
      [header({ metadata: { colorSpace: 'icc', alpha: false } }), 'container.header'],
      [header({ metadata: { colorSpace: 'srgb', alpha: false, icc: Uint8Array.of(1) } }), 'container.header'],
      [{ ...good, sha256: 'ABC' }, 'container.header'],
      [{ ...good, field: { ...siren, width: 30 } }, 'container.field'],
      [{ ...good, field: { ...siren, depth: 13 } }, 'container.field'],
      [{ ...good, field: { ...siren, activation: { kind: 'sine', omega0: NaN, omegaHidden: 30 } } }, 'container.field'],
      [{ ...good, field: { ...siren, encoding: { kind: 'dense-grid', levels: 2, features: 2, coarsest: 9, finest: 8 } } }, 'container.field'],
      [{ ...good, quantized: { tensors: [] } }, 'container.parameters'],
    ] satisfies [InrContent, string][]) {
      expect(() => encodeFile(bad)).toThrow(expect.objectContaining({ kind: 'container', code }));
    }
  });
});

describe('limits', () => {
  it('refuse a file that asks for a terabyte, by the numbers, before anything of that size exists', () => {
    const bytes = encodeFile(contentFor(siren, [8388607, 8388607]));
    expect(bytes.length).toBeLessThan(5000);
    expect(() => decodeFile(bytes)).toThrow(expect.objectContaining({ code: 'container.limit', message: expect.stringMatching(/211,106,182,201,347 samples; the limit is 1,073,741,824/) as string }));
    const four: Field = { ...siren, inputs: 4 };
    expect(validateFile(encodeFile(contentFor(four, [8388607, 8388607, 8388607, 8388607])))).toMatchObject({ ok: false, code: 'container.limit' });
  });

  it('are held against a fit before it begins, with the same verdict as on its file', () => {
    const heavy: Field = { ...siren, depth: 12, width: 256 };
    for (const [field, size] of [[heavy, [6000, 5000]], [heavy, [1000, 1000]], [siren, [8388607, 8388607]], [siren, [6000, 5000]]] as const) {
      const bytes = encodeFile({ ...contentFor(field, size), quantized: quantize(field, new Float32Array(parameterLayout(field).length), 8) });
      const opens = validateFile(bytes).code === 'ok';
      if (opens) expect(() => requireDecodable(field, size)).not.toThrow();
      else expect(() => requireDecodable(field, size)).toThrow(expect.objectContaining({ kind: 'usage', code: 'fit.limit' }));
    }
    expect(() => requireDecodable(heavy, [6000, 5000])).toThrow(/multiply-adds/);
    const grid = (tableLog2: number): Field => ({ ...siren, encoding: { kind: 'hash-grid', levels: 8, features: 2, coarsest: 4096, finest: 8192, tableLog2 } });
    expect(() => requireDecodable(grid(19), [512, 512])).not.toThrow();
    expect(() => requireDecodable(grid(20), [512, 512])).toThrow(/parameters.*smaller levels/);
  });

  it('are the decoder\'s to choose', () => {
    const bytes = encodeFile(contentFor(siren, [100, 100]));
    expect(validateFile(bytes, { ...DEFAULT_LIMITS, samples: 29_999 }).code).toBe('container.limit');
    expect(validateFile(bytes, { ...DEFAULT_LIMITS, samples: 30_000 }).code).toBe('ok');
    expect(validateFile(bytes, { ...DEFAULT_LIMITS, parameters: 100 }).message).toContain('parameters');
    expect(validateFile(bytes, { ...DEFAULT_LIMITS, multiplyAdds: 1000 }).message).toContain('multiply-adds');
  });
});

describe('packFile and unpackFile', () => {
  const header: GridHeader = { kind: 'grid', size: [13, 9], channels: 3, type: 'uint8', metadata: { colorSpace: 'srgb', alpha: false } };
  const parameters = initialParameters(siren, 4);

  it('agree on the samples', async () => {
    const packed = await packFile({ header, field: siren, parameters, bits: 9, provenance: { generator: 'test' }, synthesize });
    const { content: decoded, samples } = await unpackFile(packed.bytes, synthesize);
    expect(samples).toEqual(packed.samples);
    expect(decoded.sha256).toBe(packed.sha256);
    expect(decoded.report).toEqual(packed.report);
    expect(decoded.provenance).toEqual({ generator: 'test' });
    expect(await synthesize(siren, dequantize(siren, decoded.quantized), [13, 9], 'uint8')).toEqual(samples);
  });

  it('find a decoder that is not exact', async () => {
    const { bytes } = await packFile({ header, field: siren, parameters, bits: 9, synthesize });
    const wrong: typeof synthesize = async (...given) => (await synthesize(...given)).map((sample, i) => (i === 5 ? sample ^ 1 : sample));
    await expect(unpackFile(bytes, wrong)).rejects.toMatchObject({ kind: 'container', code: 'container.hash' });
    expect((await unpackFile(bytes, wrong, { verify: false })).samples.length).toBe(13 * 9 * 3);
  });

  it('correct a volume by its residual, and nothing else', async () => {
    const volume: VolumeHeader = { kind: 'volume', size: [12, 9, 5], channels: 1, type: 'uint8', metadata: { voxelType: 'uint8', range: [0, 255], geometry: PLAIN_GEOMETRY } };
    const shape = { ...siren, inputs: 3, outputs: 1 };
    const weights = initialParameters(shape, 4);
    const original = Uint8Array.from({ length: 540 }, (_, i) => (i * 37) % 256);
    const request = { header: volume, field: shape, parameters: weights, bits: 9, synthesize } as const;
    const plain = await packFile(request);
    const fractions: number[] = [];
    const packed = await packFile({ ...request, residual: { original, step: 0.02 }, onProgress: (fraction) => void fractions.push(fraction) });
    const worst = (samples: Uint8Array | Uint16Array): number => Math.max(...samples.map((sample, i) => Math.abs(sample - original[i]!)));
    expect(worst(packed.samples)).toBeLessThan(15);
    expect(worst(plain.samples)).toBeGreaterThan(60);
    expect(packed.report.chunks.map(({ type }) => type)).toEqual(['HEAD', 'FELD', 'PARM', 'RESI', 'TAIL']);
    expect(packed.report.residual!.step).toBeCloseTo(0.02 * 255, 2);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    const { content: decoded, samples } = await unpackFile(packed.bytes, synthesize);
    expect(samples).toEqual(packed.samples);
    expect(encodeFile(decoded)).toEqual(packed.bytes);
    // The same bytes where the residual is coded already, and those of before without it.
    const { residual, ...bare } = decoded;
    expect((await packFile({ ...request, residual: { data: residual! } })).bytes).toEqual(packed.bytes);
    expect(encodeFile({ ...bare, sha256: plain.sha256 })).toEqual(plain.bytes);

    await expect(packFile({ header, field: siren, parameters, bits: 9, synthesize, residual: { original: new Uint8Array(351), step: 0.1 } })).rejects.toMatchObject({ code: 'residual.kind' });
    const damaged = encodeFile({ ...decoded, residual: residual!.subarray(0, 9) });
    expect(validateFile(damaged).ok).toBe(true);
    await expect(unpackFile(damaged, synthesize)).rejects.toMatchObject({ kind: 'container', code: 'container.residual' });
  });

  it('refuse a diverged fit and an aborted one', async () => {
    await expect(packFile({ header, field: siren, parameters: parameters.map(() => NaN), bits: 9, synthesize })).rejects.toMatchObject({ code: 'quantize.diverged' });
    await expect(packFile({ header, field: siren, parameters, bits: 9, synthesize, signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
