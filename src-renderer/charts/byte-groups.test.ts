import { describe, expect, it } from 'vitest';
import { fieldFor } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { allPresets } from '#core/fit/presets';
import { byteGroups } from './byte-groups';

describe('byteGroups', () => {
  it.each(allPresets())('puts every tensor of $id where its role says, and adds up to the file', ({ config }) => {
    const layout = parameterLayout(fieldFor(config.network, 2, 3));
    const tensors = layout.tensors.map(({ name, length }) => ({ name, parameters: length, bytes: length, bitsPerParameter: 8, step: 1 }));
    const ofRole = (role: string): number => layout.tensors.filter((tensor) => tensor.role === role).reduce((sum, { length }) => sum + length, 0);
    const groups = byteGroups({ bytes: layout.length + 500, tensors, chunks: [{ type: 'RESI', critical: true, bytes: 300 }] });
    const bytesOf = (kind: string): number | undefined => groups.find((group) => group.kind === kind)?.bytes;
    expect(bytesOf('weights')).toBe(ofRole('weight'));
    expect(bytesOf('biases')).toBe(ofRole('bias'));
    expect(bytesOf('tables')).toBe(ofRole('table') || undefined);
    expect([bytesOf('residual'), bytesOf('rest')]).toEqual([300, 200]);
    expect(groups.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(layout.length + 500);
  });

  it('names no residual where there is none', () => {
    expect(byteGroups({ bytes: 90, tensors: [], chunks: [{ type: 'PARM', critical: true, bytes: 50 }] }).map(({ kind }) => kind)).toEqual(['weights', 'biases', 'rest']);
  });
});
