import { describe, expect, test } from 'vitest';
import { PLAIN_GEOMETRY, volumeSignal, voxelsOf } from '#core/signal/volume';
import { oklabLightness } from '../colormap';
import { automaticWindow, BINS, histogramOf, logHeights, otsuThreshold, percentile } from './histogram';
import { nextQuality, nextStrip } from './pace';
import { codeColours, paintError, paintSlice } from './slice-painter';
import { slicePlane } from './slices';
import { automaticOpacity, draggedWindow, movedPoint, movedWindow, opacityAt, TABLE_ENTRIES, transferTable, withoutPoint, withPoint } from './transfer';
import { VOLUME_MAPS, volumeMap } from './volume-maps';
import { cellContents, cellsOf, errorTexels, fromHalf, volumeReduction, volumeTexels } from './volume-texels';
import { voxelOfCode, voxelReadout, valueText } from './volume-readout';
import { shownSources, type VolumePicture } from './volume-view';

/** Deterministic bytes without a pattern. */
function noise(length: number, seed = 7): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
}

function picture(size: readonly number[], samples: Uint8Array | Uint16Array, channels = 1): VolumePicture {
  return { size, channels, type: samples instanceof Uint8Array ? 'uint8' : 'uint16', samples, metadata: { voxelType: 'uint8', range: [0, 255], geometry: PLAIN_GEOMETRY } };
}
const never = (): boolean => false;

describe('histogram', () => {
  test('counts one channel, or the mean of three', () => {
    const volume = picture([2, 1, 1], new Uint8Array([10, 20, 33, 200, 20, 33]), 3);
    expect(histogramOf(volume, 0).counts[200]).toBe(1);
    expect(histogramOf(volume, 1).counts[20]).toBe(2);
    expect(histogramOf(volume, -1).counts[21]).toBe(1);
    expect(histogramOf(volume, 0).total).toBe(2);
  });

  test('16-bit codes fall into the bins of their high bytes', () => {
    expect(histogramOf(picture([3, 1, 1], new Uint16Array([0, 65535, 0x1234])), 0).counts[0x12]).toBe(1);
  });

  test('two heaps are parted between them', () => {
    const samples = Uint8Array.from(noise(9000), (value, index) => (index % 3 ? 30 + (value % 20) : 170 + (value % 30)));
    const threshold = 255 * otsuThreshold(histogramOf(picture([9000, 1, 1], samples), 0));
    expect(threshold).toBeGreaterThan(49);
    expect(threshold).toBeLessThan(171);
  });

  test('the window leaves outliers outside and is never empty', () => {
    const samples = Uint8Array.from(noise(100_000), (value) => 40 + (value % 100));
    samples[5] = 255;
    const [low, high] = automaticWindow(histogramOf(picture([100_000, 1, 1], samples), 0));
    expect(low * 255).toBeCloseTo(40, 0);
    expect(high * 255).toBeCloseTo(139, 0);
    for (const value of [0, 77, 255]) {
      const flat = automaticWindow(histogramOf(picture([8, 1, 1], new Uint8Array(8).fill(value)), 0));
      expect(flat[1]).toBeGreaterThan(flat[0]);
    }
  });

  test('percentiles and heights', () => {
    const histogram = histogramOf(picture([256, 1, 1], Uint8Array.from({ length: 256 }, (_, index) => index)), 0);
    expect(percentile(histogram, 0.5)).toBeCloseTo(0.5, 2);
    expect(logHeights(histogram)).toEqual(Array<number>(BINS).fill(1));
    expect(Math.max(...logHeights({ counts: new Float64Array(BINS), total: 0 }))).toBe(0);
  });
});

describe('transfer function', () => {
  const points = [{ at: 0.2, opacity: 0 }, { at: 0.6, opacity: 0.8 }, { at: 0.6, opacity: 0.1 }, { at: 1, opacity: 0.3 }];

  test('is a polyline, constant beyond its ends', () => {
    expect(opacityAt(points, -5)).toBe(0);
    expect(opacityAt(points, 0.4)).toBeCloseTo(0.4, 12);
    expect(opacityAt(points, 0.8)).toBeCloseTo(0.2, 12);
    expect(opacityAt(points, 9)).toBe(0.3);
    expect(opacityAt([], 0.5)).toBe(0);
  });

  test('the table spans the range of codes and follows the window', () => {
    const table = transferTable(volumeMap('grey'), [0.25, 0.75], [{ at: 0, opacity: 0 }, { at: 1, opacity: 1 }]);
    const entry = (at: number): number[] => [...table.subarray(4 * at, 4 * at + 4)];
    expect(entry(0)).toEqual([0, 0, 0, 0]);
    expect(entry(TABLE_ENTRIES - 1)).toEqual([255, 255, 255, 255]);
    const middle = entry(TABLE_ENTRIES / 2);
    for (const value of middle) expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
  });

  test('points stay in order and in the square', () => {
    expect(movedPoint(points, 1, { at: 5, opacity: 3 })[1]).toEqual({ at: 0.6, opacity: 1 });
    expect(movedPoint(points, 0, { at: -1, opacity: -1 })[0]).toEqual({ at: 0, opacity: 0 });
    const added = withPoint(points, { at: 0.3, opacity: 0.5 });
    expect(added.index).toBe(1);
    expect(added.points.map(({ at }) => at)).toEqual([0.2, 0.3, 0.6, 0.6, 1]);
    expect(withPoint(points, { at: 1, opacity: 0 }).index).toBe(4);
    expect(withoutPoint(points, 1)).toHaveLength(3);
    expect(withoutPoint(points.slice(0, 2), 0)).toHaveLength(2);
  });

  test('automatic opacity grows, and what lies below the threshold is clear', () => {
    const histogram = histogramOf(picture([9000, 1, 1], Uint8Array.from(noise(9000), (value, index) => (index % 5 ? value % 30 : 150 + (value % 60)))), 0);
    const automatic = automaticOpacity(histogram, [0, 1]);
    automatic.slice(1).forEach((point, index) => expect(point.at).toBeGreaterThanOrEqual(automatic[index]!.at));
    expect(opacityAt(automatic, 20 / 255)).toBe(0);
    expect(opacityAt(automatic, 180 / 255)).toBeGreaterThan(0.05);
  });

  test('windows never close and stay in the range', () => {
    expect(movedWindow([0.2, 0.4], 0, 0.9)[0]).toBeLessThan(0.4);
    expect(draggedWindow([0.2, 0.4], 0, 0)).toEqual([expect.closeTo(0.2, 9), expect.closeTo(0.4, 9)]);
    for (const [right, up] of [[9, 9], [-9, -9], [9, -9], [-9, 9]] as const) {
      const [low, high] = draggedWindow([0.2, 0.4], right, up);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(high).toBeGreaterThan(low);
    }
  });

  test.each(VOLUME_MAPS)('%s grows in lightness', (name) => {
    const lightness = volumeMap(name).map(oklabLightness);
    for (let index = 8; index < lightness.length; index += 8) expect(lightness[index]!).toBeGreaterThan(lightness[index - 8]!);
  });

  test('the fits end in the colours of the originals', () => {
    const ends = (name: 'viridis' | 'inferno'): number[] => [...volumeMap(name)[0]!, ...volumeMap(name)[255]!];
    ends('viridis').forEach((value, index) => expect(Math.abs(value - [68, 1, 84, 253, 231, 37][index]!)).toBeLessThanOrEqual(4));
    ends('inferno').forEach((value, index) => expect(Math.abs(value - [0, 0, 4, 252, 255, 164][index]!)).toBeLessThanOrEqual(5));
  });
});

describe('readout', () => {
  test('agrees with voxelsOf for every type', () => {
    for (const [voxelType, voxels] of [
      ['int16', Int16Array.from([-1024, 3071, 17, -3])],
      ['float32', Float32Array.from([-0.1, 0.7, 0.333, 0])],
      ['int8', Int8Array.from([-128, 127, 5, -1])],
      ['uint32', Uint32Array.from([0, 4_000_000_000, 12_345, 9])],
    ] as const) {
      const signal = volumeSignal(voxels, { size: [2, 2, 1], channels: 1, voxelType, geometry: PLAIN_GEOMETRY });
      expect(Array.from(signal.samples, (code) => voxelOfCode(code, signal.metadata))).toEqual(Array.from(voxelsOf(signal.samples, signal.metadata)));
    }
  });

  test('names voxel, place, values and difference; a smaller preview is read where it covers', () => {
    const geometry = { ...PLAIN_GEOMETRY, spacing: [0.5, 1, 2], origin: [100, 0, -4], unit: 'um' } as const;
    const metadata = { voxelType: 'int16', range: [-1000, 3000], geometry } as const;
    const original: VolumePicture = { size: [4, 4, 2], channels: 1, type: 'uint16', samples: Uint16Array.from({ length: 32 }, (_, index) => index * 2000), metadata };
    const small: VolumePicture = { ...original, size: [2, 2, 1], samples: Uint16Array.from([1, 2, 3, 65535]) };
    const readout = voxelReadout(original, small, [0.76, 0.5, 0.9])!;
    expect(readout.voxel).toEqual([3, 2, 1]);
    expect(readout.world).toEqual([101.5, 2, -2]);
    expect(readout.unit).toBe('µm');
    expect(readout.original).toEqual([Math.round(-1000 + (27 * 2000 * 4000) / 65535)]);
    expect(readout.reconstruction).toEqual([3000]);
    expect(readout.difference).toEqual([3000 - readout.original![0]!]);
    expect(voxelReadout(original, null, [0.1, 0.1, 0.1])!.difference).toBeNull();
    expect(voxelReadout(original, null, [0.1, 1, 0.1])).toBeNull();
    expect(voxelReadout(original, null, [0.1, NaN, 0.1])).toBeNull();
    expect(voxelReadout(null, null, [0.1, 0.1, 0.1])).toBeNull();
  });

  test('numbers are short and keep their sign', () => {
    expect([-12, 0.123456, 123456, -0, 1e-9, 12_345.678].map((value) => valueText(value))).toEqual(['−12', '0.1235', '123456', '0', '1e−9', '12350']);
  });
});

describe('slices as pixels', () => {
  const size = [5, 4, 3] as const;
  const volume = picture(size, noise(60));
  const colours = codeColours('uint8', volumeMap('grey'), [0, 1]);

  test('every pixel is the voxel that the plane names, flipped or not', () => {
    for (const normal of [0, 1, 2]) {
      const plane = slicePlane(PLAIN_GEOMETRY, normal);
      const { width, height, data } = paintSlice(volume, plane, [0.5, 0.5, 0.5], 0, colours);
      expect([width, height]).toEqual([size[plane.across], size[plane.down]]);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const voxel = [2, 2, 1];
          voxel[plane.across] = plane.flipAcross ? width - 1 - x : x;
          voxel[plane.down] = plane.flipDown ? height - 1 - y : y;
          expect(data[4 * (y * width + x)]).toBe(volume.samples[(voxel[2]! * 4 + voxel[1]!) * 5 + voxel[0]!]);
        }
      }
    }
  });

  test('colours keep their channels', () => {
    const rgb = picture([1, 1, 1], new Uint8Array([10, 120, 240]), 3);
    expect([...paintSlice(rgb, slicePlane(PLAIN_GEOMETRY, 2), [0, 0, 0], 'rgb', colours).data]).toEqual([10, 120, 240, 255]);
  });

  test('errors are on the scale, and none is the lowest colour', () => {
    const plane = slicePlane(PLAIN_GEOMETRY, 2);
    const other = picture(size, Uint8Array.from(volume.samples, (value) => Math.max(0, value - 10)));
    const grey = { metric: 'absolute', maximum: 20 / 255, map: volumeMap('grey') } as const;
    const same = paintError(volume, volume, plane, [0, 0, 0], 0, grey);
    expect(new Set(same.data)).toEqual(new Set([0, 255]));
    const half = paintError(volume, other, plane, [0, 0, 0], 0, grey);
    expect(Math.abs(half.data[4 * volume.samples.findIndex((value) => value > 10)]! - 128)).toBeLessThanOrEqual(1);
    const signed = paintError(volume, other, plane, [0, 0, 0], 0, { ...grey, metric: 'signed' });
    expect(signed.data[4 * volume.samples.findIndex((value) => value > 10)]!).toBeLessThan(80);
  });
});

describe('texels and cells', () => {
  test('volumes are reduced to the limits by whole factors', () => {
    expect(volumeReduction([256, 256, 128], 1, 2048)).toBe(1);
    expect(volumeReduction([512, 512, 512], 2, 2048)).toBe(1);
    expect(volumeReduction([1024, 1024, 1024], 1, 2048)).toBe(2);
    expect(volumeReduction([5000, 10, 10], 1, 2048)).toBe(3);
  });

  test('a texel of a reduced volume is the mean of its block, and bytes that fit are not copied', async () => {
    const samples = noise(6 * 3 * 2);
    const volume = picture([6, 3, 2], samples);
    expect((await volumeTexels(volume, 0, 6, never))!.data).toBe(samples);
    const half = (await volumeTexels(volume, 0, 3, never))!;
    expect(half).toMatchObject({ size: [3, 2, 1], reduction: 2, cover: [1, 0.75, 1] });
    expect(half.data[0]).toBe(Math.round(([0, 1, 6, 7].reduce((sum, index) => sum + samples[index]! + samples[index + 18]!, 0)) / 8));
    expect(half.data[3]).toBe(Math.round([12, 13].reduce((sum, index) => sum + samples[index]! + samples[index + 18]!, 0) / 4));
  });

  test('16-bit codes become half floats of their fraction', async () => {
    const codes = Uint16Array.from([0, 1, 300, 4096, 32768, 65535]);
    const texels = (await volumeTexels(picture([6, 1, 1], codes), 0, 2048, never))!;
    expect(texels.kind).toBe('half');
    codes.forEach((code, index) => expect(Math.abs(fromHalf(texels.data[index]!) - code / 65535)).toBeLessThanOrEqual(2 ** -12 + code / 65535 / 2048));
  });

  test('cells hold the extremes of their texels and of the ones next to them', async () => {
    const size = [19, 9, 17] as const;
    const data = noise(19 * 9 * 17);
    const cells = (await cellsOf({ size, kind: 'byte', data, reduction: 1, cover: [1, 1, 1] }, never))!;
    expect(cells.size).toEqual([3, 2, 3]);
    for (let index = 0; index < 18; index++) {
      const cell = [index % 3, Math.floor(index / 3) % 2, Math.floor(index / 6)];
      let [low, high] = [255, 0];
      for (let at = 0; at < data.length; at++) {
        const place = [at % 19, Math.floor(at / 19) % 9, Math.floor(at / 171)];
        if (!place.every((value, axis) => value >= cell[axis]! * 8 - 1 && value <= cell[axis]! * 8 + 8)) continue;
        low = Math.min(low, data[at]!);
        high = Math.max(high, data[at]!);
      }
      expect([cells.low[index], cells.high[index]]).toEqual([low, high]);
    }
  });

  test('only cells without anything to be seen are skipped', () => {
    const cells = { size: [4, 1, 1], low: Uint8Array.from([0, 40, 100, 0]), high: Uint8Array.from([10, 60, 200, 255]) } as const;
    const table = transferTable(volumeMap('grey'), [0, 1], [{ at: 0.25, opacity: 0 }, { at: 0.5, opacity: 1 }]);
    expect([...cellContents(cells, 'composite', table, 0)]).toEqual([0, 0, 255, 255]);
    expect([...cellContents(cells, 'surface', table, 0.5)]).toEqual([0, 0, 255, 255]);
    expect(cellContents(cells, 'maximum', table, 0)).toBe(cells.high);
  });

  test('errors as texels: on the scale, signed around the middle', async () => {
    const original = picture([3, 1, 1], Uint8Array.from([10, 100, 200]));
    const other = picture([3, 1, 1], Uint8Array.from([20, 100, 180]));
    const make = async (metric: 'absolute' | 'signed'): Promise<number[]> => [...(await errorTexels(original, other, { channel: 0, metric, maximum: 20 / 255 }, 64, never))!.data];
    expect(await make('absolute')).toEqual([128, 0, 255]);
    expect(await make('signed')).toEqual([191, 128, 0]);
  });

  test('work that is overtaken is given up', async () => {
    const large = picture([256, 256, 64], new Uint16Array(1 << 22));
    expect(await volumeTexels(large, 0, 2048, () => true)).toBeNull();
  });
});

describe('what is shown, and how well', () => {
  test('sources follow mode, flip and what is there', () => {
    expect(shownSources({ mode: 'split', flip: false }, true, true)).toEqual(['original', 'reconstruction']);
    expect(shownSources({ mode: 'split', flip: true }, true, true)).toEqual(['original']);
    expect(shownSources({ mode: 'original', flip: true }, true, true)).toEqual(['reconstruction']);
    expect(shownSources({ mode: 'error', flip: false }, true, false)).toEqual(['original']);
    expect(shownSources({ mode: 'split', flip: true }, false, true)).toEqual(['reconstruction']);
    expect(shownSources({ mode: 'error', flip: false }, false, false)).toEqual([]);
  });

  test('quality falls with slow frames, grows with fast ones, and rests in between', () => {
    expect(nextQuality(0.5, 400, 100)).toBeLessThan(0.2);
    expect(nextQuality(0.5, 20, 100)).toBeGreaterThan(0.5);
    expect(nextQuality(0.5, 110, 100)).toBe(0.5);
    expect(nextQuality(1, 1, 100)).toBe(1);
    expect(nextQuality(0.004, 1e6, 100)).toBeGreaterThan(0);
    expect(nextStrip(64, 1e6, 50, 800)).toBeGreaterThanOrEqual(8);
    expect(nextStrip(600, 0, 50, 800)).toBe(800);
  });
});
