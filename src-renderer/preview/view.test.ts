import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constrain,
  drawnOrigin,
  effectiveMode,
  filtering,
  fit,
  HARD,
  INITIAL_VIEW,
  MAXIMUM_TAPS,
  MAXIMUM_ZOOM,
  panBy,
  pictureToView,
  sampleUnder,
  viewToPicture,
  zoomAt,
  zoomLimits,
  type Extent,
  type ViewState,
} from './view';

const extent = fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 4000 }));
const unit = fc.double({ min: 0, max: 1, noNaN: true });

function free(zoom: number, centre: readonly [number, number]): ViewState {
  return { ...INITIAL_VIEW, fitted: false, zoom, centre };
}

describe('fit', () => {
  it('shows the whole picture, centred, and touches the margin on one axis', () => {
    fc.assert(
      fc.property(extent, extent, (view, picture) => {
        const state = fit(INITIAL_VIEW, view, picture, 10);
        const [left, top] = pictureToView(state, view, [0, 0]);
        const [right, bottom] = pictureToView(state, view, picture);
        expect(left + right).toBeCloseTo(view[0], 6);
        expect(top + bottom).toBeCloseTo(view[1], 6);
        if (view[0] < 30 || view[1] < 30 || state.zoom === MAXIMUM_ZOOM) return;
        expect(left).toBeGreaterThanOrEqual(10 - 1e-6);
        expect(top).toBeGreaterThanOrEqual(10 - 1e-6);
        expect(Math.min(left, top)).toBeCloseTo(10, 6);
      }),
    );
  });

  it('follows a new size of the view and stays fitted', () => {
    const before = fit(INITIAL_VIEW, [800, 600], [256, 256]);
    const after = constrain(before, [400, 300], [256, 256]);
    expect(after.fitted).toBe(true);
    expect(after.zoom).toBeCloseTo(before.zoom / 2);
  });
});

describe('zoomAt', () => {
  it('keeps the point of the picture under the cursor', () => {
    fc.assert(
      fc.property(extent, extent, unit, unit, fc.double({ min: 0.2, max: 5, noNaN: true }), (view, picture, u, v, factor) => {
        const before = fit(INITIAL_VIEW, view, picture);
        const cursor = pictureToView(before, view, [u * picture[0], v * picture[1]]);
        const after = zoomAt(before, view, picture, cursor, factor);
        const [smallest, largest] = zoomLimits(view, picture);
        expect(after.zoom).toBeGreaterThanOrEqual(smallest);
        expect(after.zoom).toBeLessThanOrEqual(largest);
        const unclamped = viewToPicture(before, view, cursor);
        const centreX = unclamped[0] - (cursor[0] - view[0] / 2) / after.zoom;
        const centreY = unclamped[1] - (cursor[1] - view[1] / 2) / after.zoom;
        if (centreX < 0 || centreY < 0 || centreX > picture[0] || centreY > picture[1]) return;
        const held = viewToPicture(after, view, cursor);
        expect(held[0]).toBeCloseTo(unclamped[0], 4);
        expect(held[1]).toBeCloseTo(unclamped[1], 4);
      }),
    );
  });

  it('is undone by the inverse factor', () => {
    const view: Extent = [801, 601];
    const start = free(2, [100, 120]);
    const back = zoomAt(zoomAt(start, view, [256, 256], [300, 200], 1.25), view, [256, 256], [300, 200], 0.8);
    expect(back.zoom).toBeCloseTo(2, 9);
    expect(back.centre[0]).toBeCloseTo(100, 9);
    expect(back.centre[1]).toBeCloseTo(120, 9);
  });
});

describe('pan', () => {
  it('moves the picture with the hand and never loses it', () => {
    const moved = panBy(free(4, [50, 50]), [800, 600], [100, 100], [40, -20]);
    expect(moved.centre).toEqual([40, 55]);
    const far = panBy(moved, [800, 600], [100, 100], [1e6, -1e6]);
    expect(far.centre).toEqual([0, 100]);
  });
});

describe('sampleUnder', () => {
  it('names the sample whose square is drawn there', () => {
    fc.assert(
      fc.property(extent, extent, fc.integer({ min: 1, max: 20 }), unit, unit, (view, picture, zoom, u, v) => {
        const x = Math.min(picture[0] - 1, Math.floor(u * picture[0]));
        const y = Math.min(picture[1] - 1, Math.floor(v * picture[1]));
        const state = free(zoom, [x, y]);
        const origin = drawnOrigin(state, view);
        expect(origin.every(Number.isInteger)).toBe(true);
        const pixel = [origin[0] + (x + 0.5) * zoom, origin[1] + (y + 0.5) * zoom] as const;
        expect(sampleUnder(state, view, picture, pixel)).toEqual([x, y]);
      }),
    );
  });

  it('is null beside the picture', () => {
    expect(sampleUnder(fit(INITIAL_VIEW, [800, 600], [100, 100], 20), [800, 600], [100, 100], [10, 10])).toBeNull();
  });
});

describe('what is drawn', () => {
  it('falls back to the picture that is there', () => {
    expect(effectiveMode('split', true, false)).toBe('original');
    expect(effectiveMode('error', false, true)).toBe('reconstruction');
    expect(effectiveMode('error', true, true)).toBe('error');
    expect(effectiveMode('split', false, false)).toBeNull();
  });

  it('averages where samples are smaller than pixels and keeps hard edges where they are large', () => {
    expect(filtering('auto', 0.5, false)).toEqual({ sharpness: HARD, taps: 3 });
    expect(filtering('auto', 0.05, false).taps).toBe(MAXIMUM_TAPS);
    expect(filtering('auto', 0.05, false, 1)).toEqual({ sharpness: 1, taps: 1 });
    expect(filtering('auto', 1, false)).toEqual({ sharpness: 1, taps: 1 });
    expect(filtering('auto', 8, false)).toEqual({ sharpness: 8, taps: 1 });
    expect(filtering('auto', 8, true).sharpness).toBe(1);
    expect(filtering('smooth', 8, false).sharpness).toBe(1);
    expect(filtering('nearest', 0.5, false).taps).toBe(1);
  });
});
