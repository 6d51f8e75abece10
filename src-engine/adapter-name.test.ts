import { describe, expect, it } from 'vitest';
import { adapterName } from './adapter-name';

const nothing = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false };

describe('the name of an adapter', () => {
  it('is the full one where there is one, else vendor and architecture', () => {
    expect(adapterName({ ...nothing, vendor: 'nvidia', architecture: 'ada-lovelace' })).toEqual({ name: 'nvidia ada-lovelace', software: false });
    expect(adapterName({ ...nothing, vendor: 'nvidia', device: '0x2684', description: 'NVIDIA GeForce RTX 4090' })).toEqual({ name: 'NVIDIA GeForce RTX 4090', software: false });
    expect(adapterName({ ...nothing, device: 'Apple M2', description: 'Metal' })).toEqual({ name: 'Apple M2', software: false });
    expect(adapterName(nothing)).toEqual({ name: 'GPU', software: false });
  });

  it('says so where it computes on the CPU', () => {
    expect(adapterName({ ...nothing, vendor: 'google', architecture: 'swiftshader', description: 'Subzero' })).toEqual({ name: 'SwiftShader (software)', software: true });
    for (const description of ['llvmpipe (LLVM 17.0.6, 256 bits)', 'Microsoft Basic Render Driver', 'WARP', 'lavapipe', 'Some Software Rasterizer']) {
      expect(adapterName({ ...nothing, description })).toEqual({ name: `${description} (software)`, software: true });
    }
    expect(adapterName({ ...nothing, vendor: 'intel', isFallbackAdapter: true })).toEqual({ name: 'intel (software)', software: true });
    expect(adapterName({ ...nothing, description: 'Warpdrive 9000' }).software).toBe(false);
  });
});
