import { describe, expect, it } from 'vitest';
import { oklabLightness } from '../colormap';
import { errorFacts, heatMap, heatScale, nextMaximum, niceCeiling, sliceMap, suitedMaximum } from './heat';
import { keyChange } from './keys';
import { nextScale, restScale } from './pacing';
import { cutPlane, isoLevels, sliceSquare } from './slice';
import { constrainSurfaceView, effectiveMode, effectiveSource, INITIAL_SURFACE_VIEW, MAXIMUM_BOOKMARKS, panesOf, withBookmark } from './surface-view';

const NONE = { original: false, mesh: false, field: false, network: false };
const ALL = { original: true, mesh: true, field: true, network: true };

describe('what is drawn', () => {
  it('follows from what there is', () => {
    expect(effectiveMode('split', NONE, false)).toBeNull();
    expect(effectiveMode('split', { ...NONE, original: true }, false)).toBe('original');
    expect(effectiveMode('split', { ...NONE, field: true }, false)).toBe('reconstruction');
    expect(effectiveMode('error', ALL, false)).toBe('reconstruction');
    expect(effectiveMode('error', ALL, true)).toBe('error');
    expect(effectiveMode('error', { ...ALL, mesh: false }, true)).toBe('reconstruction');
    expect(effectiveSource('auto', ALL)).toBe('mesh');
    expect(effectiveSource('auto', { ...ALL, mesh: false })).toBe('field');
    expect(effectiveSource('auto', { ...ALL, mesh: false, fast: true })).toBe('network');
    expect(effectiveSource('auto', { ...ALL, mesh: false, network: false, fast: true })).toBe('field');
    expect(effectiveSource('network', { ...ALL, network: false })).toBe('mesh');
    expect(effectiveSource('field', ALL)).toBe('field');
    expect(effectiveSource('mesh', NONE)).toBeNull();
  });

  it('lies side by side, or on either side of a line, or is the other one while flipped', () => {
    const state = { layout: 'divider', split: 0.3, flip: false } as const;
    expect(panesOf('split', state, true).map(({ shows, view, seen }) => [shows, view, seen])).toEqual([
      ['original', [0, 1], [0, 0.3]],
      ['reconstruction', [0, 1], [0.3, 1]],
    ]);
    expect(panesOf('split', { ...state, layout: 'sides' }, true).map(({ view }) => view)).toEqual([[0, 0.5], [0.5, 1]]);
    expect(panesOf('error', { ...state, flip: true }, true).map(({ shows }) => shows)).toEqual(['original']);
    expect(panesOf('original', { ...state, flip: true }, true).map(({ shows }) => shows)).toEqual(['reconstruction']);
    expect(panesOf('original', { ...state, flip: true }, false).map(({ shows }) => shows)).toEqual(['original']);
    expect(panesOf(null, state, false)).toEqual([]);
  });

  it('is plain data within limits, with bookmarks of their own names', () => {
    expect(JSON.parse(JSON.stringify(INITIAL_SURFACE_VIEW))).toEqual(INITIAL_SURFACE_VIEW);
    const wild = constrainSurfaceView({ ...INITIAL_SURFACE_VIEW, split: 4, slice: { ...INITIAL_SURFACE_VIEW.slice, at: -3 } });
    expect([wild.split, wild.slice.at]).toEqual([1, -1]);
    let state = withBookmark(withBookmark(INITIAL_SURFACE_VIEW));
    state = withBookmark({ ...state, bookmarks: state.bookmarks.slice(1) });
    expect(state.bookmarks.map(({ name }) => name)).toEqual(['View 2', 'View 1']);
    for (let i = 0; i < 20; i++) state = withBookmark(state);
    expect(state.bookmarks).toHaveLength(MAXIMUM_BOOKMARKS);
    expect(new Set(state.bookmarks.map(({ name }) => name)).size).toBe(MAXIMUM_BOOKMARKS);
  });

  it('answers keys, and leaves those of the window alone', () => {
    const key = (name: string, more = {}): ReturnType<typeof keyChange> => keyChange({ key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more }, INITIAL_SURFACE_VIEW);
    expect(key('ArrowLeft')!.camera!.azimuth).toBeGreaterThan(INITIAL_SURFACE_VIEW.camera.azimuth);
    expect(key('ArrowLeft')!.fitted).toBeUndefined();
    expect(key('ArrowLeft', { shiftKey: true })!.fitted).toBe(false);
    expect(key('+')!.camera!.distance).toBeLessThan(INITIAL_SURFACE_VIEW.camera.distance);
    expect(key('Home')!.camera!.elevation).toBe(0);
    expect(key('e')).toBeNull();
    expect(key('ArrowLeft', { ctrlKey: true })).toBeNull();
  });
});

describe('colour scales', () => {
  it('grow darker with the error, in steps that can be seen', () => {
    const lightness = heatMap().map(oklabLightness);
    for (let i = 16; i < lightness.length; i += 16) expect(lightness[i]! - lightness[i - 16]!).toBeLessThan(-0.008);
  });

  it('have their lightest colour at zero in the slice, and equal ends', () => {
    const lightness = sliceMap().map(oklabLightness);
    expect(lightness.indexOf(Math.max(...lightness))).toBeGreaterThanOrEqual(127);
    expect(lightness.indexOf(Math.max(...lightness))).toBeLessThanOrEqual(129);
    expect(sliceMap()[0]![2]).toBeGreaterThan(sliceMap()[0]![0]);
    expect(sliceMap()[256]![0]).toBeGreaterThan(sliceMap()[256]![2]);
  });

  it('end at 1, 2 or 5', () => {
    expect([0.00123, 0.2, 0.21, 0.51, 7, 1].map(niceCeiling)).toEqual([0.002, 0.2, 0.5, 1, 10, 1]);
    expect([1, 2, 5].map((value) => nextMaximum(value, true))).toEqual([2, 5, 10]);
    expect([1, 2, 5].map((value) => nextMaximum(value, false))).toEqual([0.5, 1, 2]);
    expect(nextMaximum(100, true)).toBe(100);
    expect(nextMaximum(0.001, false)).toBe(0.001);
    expect(heatScale(0.5).ticks.map(({ label }) => label)).toEqual(['0', '0.125', '0.25', '0.375', '≥ 0.5']);
  });

  it('tell errors in per cent of the diagonal', () => {
    const errors = Float32Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) / 1000);
    const facts = errorFacts(errors, 2);
    expect(facts.mean).toBeCloseTo(2.475, 5);
    expect(facts.high).toBeCloseTo(4.9, 5);
    expect(facts.worst).toBeCloseTo(4.95, 5);
    expect(suitedMaximum(facts)).toBe(5);
    expect(errorFacts(new Float32Array(), 2)).toEqual({ mean: 0, high: 0, worst: 0 });
    expect(suitedMaximum(errorFacts(new Float32Array(5), 2))).toBe(1);
  });
});

describe('the slice', () => {
  it('cuts the side of growing coordinates, or the other one', () => {
    const slice = { shown: true, cut: true, axis: 'y', at: 0.25, flipped: false } as const;
    const beyond = (plane: ReturnType<typeof cutPlane>, y: number): boolean => plane!.normal[1] * y > plane!.offset;
    expect([0.2, 0.3].map((y) => beyond(cutPlane(slice), y))).toEqual([false, true]);
    expect([0.2, 0.3].map((y) => beyond(cutPlane({ ...slice, flipped: true }), y))).toEqual([true, false]);
    expect(cutPlane({ ...slice, cut: false })).toBeNull();
    expect(cutPlane({ ...slice, shown: false })).toBeNull();
  });

  it('spans the cube at its place', () => {
    for (const [axis, index] of [['x', 0], ['y', 1], ['z', 2]] as const) {
      const { corner, first, second } = sliceSquare({ axis, at: -0.4 });
      const far = corner.map((value, i) => value + first[i]! + second[i]!);
      expect(corner[index]).toBe(-0.4);
      expect(far).toEqual([0, 1, 2].map((i) => (i === index ? -0.4 : 1)));
    }
  });

  it('has lines at every fifth of the truncation, zero among them', () => {
    const levels = isoLevels(0.2);
    expect(levels).toHaveLength(9);
    expect(levels[4]).toBe(0);
    expect(levels[8]).toBeCloseTo(0.16, 12);
    expect(levels[0]).toBeCloseTo(-0.16, 12);
  });
});

describe('the pace of software renderers', () => {
  it('goes down while frames are slow and up while there is room, and stays between', () => {
    let scale = 1;
    for (let i = 0; i < 10; i++) scale = nextScale(scale, 400);
    expect(scale).toBe(0.25);
    expect(nextScale(0.5, 80)).toBe(0.5);
    expect(nextScale(0.5, 20)).toBe(0.75);
    expect(nextScale(1, 1)).toBe(1);
    expect(restScale(0, [900, 700])).toBe(2);
    expect(restScale(0.001, [900, 700])).toBe(1);
    expect(restScale(0, [3000, 2000])).toBe(1);
  });
});
