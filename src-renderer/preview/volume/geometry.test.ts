import { describe, expect, test } from 'vitest';
import { PLAIN_GEOMETRY, type VolumeGeometry } from '#core/signal/volume';
import { corner, EDGES, fullBox, hiddenEdges, isFull, movedEnd, withRange } from './clip';
import { axisMeanings, boxFrame, centreOf, fractionOf, sceneOf, voxelAt, worldOf, type Vector } from './frame';
import { cameraBasis, INITIAL_CAMERA, moved, paneTangents, project, turned, zoomed } from './orbit';
import { overPane, placeSlice, slicePlane, underPane, zoomSlices } from './slices';

/** An oblique, mirrored grid: x runs to the left and a little up. */
const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
const OBLIQUE: VolumeGeometry = { spacing: [0.5, 2, 1.25], origin: [10, -20, 5], directions: [-c, 0, s, 0, 1, 0, s, 0, c], space: 'RAS', unit: 'mm' };
const close = (actual: readonly number[], expected: readonly number[]): void => actual.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 9));

describe('frame', () => {
  test('the longest edge has length 1 and the others keep their proportions', () => {
    expect(boxFrame([100, 30, 40], OBLIQUE).edges).toEqual([50 / 60, 1, 50 / 60]);
  });

  test('fractions, scene and voxels go there and back', () => {
    const frame = boxFrame([17, 5, 9], OBLIQUE);
    const at: Vector = [0.31, 0.77, 0.05];
    close(fractionOf(frame, sceneOf(frame, at)), at);
    expect(voxelAt(frame.size, at)).toEqual([5, 3, 0]);
    expect(voxelAt(frame.size, centreOf(frame.size, [16, 4, 8]))).toEqual([16, 4, 8]);
    expect(voxelAt(frame.size, [1, -1, 2])).toEqual([16, 0, 8]);
  });

  test('world positions follow origin, spacing and directions', () => {
    close(worldOf(OBLIQUE, [2, 3, 4]), [10 - c * 1 + s * 5, -20 + 6, 5 + s * 1 + c * 5]);
    close(worldOf(PLAIN_GEOMETRY, [1, 2, 3]), [1, 2, 3]);
  });

  test('the distance of two points of the scene is their distance in space over the longest edge', () => {
    const frame = boxFrame([17, 5, 9], OBLIQUE);
    const ends = ([[3, 1, 2], [9, 4, 8]] as const).map((voxel) => [worldOf(OBLIQUE, voxel), sceneOf(frame, centreOf(frame.size, voxel))] as const);
    const distance = (a: Vector, b: Vector): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    expect(distance(ends[0]![1], ends[1]![1]) * 11.25).toBeCloseTo(distance(ends[0]![0], ends[1]![0]), 9);
  });

  test('directions without volume count as plain axes', () => {
    const frame = boxFrame([4, 4, 4], { ...PLAIN_GEOMETRY, directions: [1, 0, 0, 1, 0, 0, 0, 0, 1] });
    close(sceneOf(frame, [1, 0.5, 0]), [0.5, 0, -0.5]);
  });

  test('axes of the grid are matched with axes of space, each once', () => {
    expect(axisMeanings(OBLIQUE)).toEqual([{ axis: 0, sign: -1 }, { axis: 1, sign: 1 }, { axis: 2, sign: 1 }]);
    const diagonal = { ...OBLIQUE, directions: [0, 0, -1, 0.6, 0.8, 0, 0.8, -0.6, 0] };
    expect(axisMeanings(diagonal).map(({ axis }) => axis).sort()).toEqual([0, 1, 2]);
    expect(axisMeanings(diagonal)[0]).toEqual({ axis: 2, sign: -1 });
  });
});

describe('clip box', () => {
  test('ends stop at each other and at the box', () => {
    expect(movedEnd([0.2, 0.6], 0, 0.9)).toEqual([0.59, 0.6]);
    expect(movedEnd([0.2, 0.6], 1, -3)).toEqual([0.2, 0.21000000000000002]);
    expect(movedEnd([0.2, 0.6], 1, 7)).toEqual([0.2, 1]);
    expect(isFull(fullBox())).toBe(true);
    expect(isFull(withRange(fullBox(), 1, [0, 0.9]))).toBe(false);
  });

  test('edges join corners that differ along one axis', () => {
    expect(EDGES).toHaveLength(12);
    expect(new Set(EDGES.map(([from, to]) => `${from} ${to}`)).size).toBe(12);
    for (const [from, to] of EDGES) expect([1, 2, 4]).toContain(from ^ to);
    expect(corner([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], 0b101)).toEqual([0.2, 0.3, 0.6]);
  });

  test('the three edges at the farthest corner are hidden from a corner, and all but the nearest face from its front', () => {
    const from = (eye: Vector): number[] => hiddenEdges(fullBox(), eye).flatMap((hidden, index) => (hidden ? [...EDGES[index]!] : []));
    const behind = from([3, 3, 3]);
    expect(behind).toHaveLength(6);
    expect(behind.filter((index) => index === 0)).toHaveLength(3);
    expect(from([0.5, 0.5, 5])).toHaveLength(16);
  });
});

describe('camera', () => {
  const frame = boxFrame([100, 30, 40], OBLIQUE);

  test('at zoom 1 every corner of the box is inside a pane of any shape', () => {
    for (const [width, height] of [[400, 300], [120, 900], [640, 640]] as const) {
      for (const yaw of [-3, -0.4, 1.1, 2.9]) {
        const basis = cameraBasis({ ...INITIAL_CAMERA, yaw }, frame);
        for (let index = 0; index < 8; index++) {
          const [x, y] = project(sceneOf(frame, corner(fullBox(), index)), basis, width, height)!;
          expect(Math.min(x, y, width - x, height - y)).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });

  test('the basis is orthonormal and the target is in the middle', () => {
    const camera = turned({ ...INITIAL_CAMERA, target: [0.1, -0.2, 0.3] }, 123, -77);
    const { right, up, forward } = cameraBasis(camera, frame);
    const dots = [right, up, forward].flatMap((one) => [right, up, forward].map((other) => one[0] * other[0] + one[1] * other[1] + one[2] * other[2]));
    close(dots, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    close(project(camera.target, cameraBasis(camera, frame), 300, 200)!, [150, 100]);
  });

  test('dragging moves the target by as many pixels', () => {
    const before = { ...INITIAL_CAMERA, zoom: 2.5 };
    const after = moved(before, frame, 200, 30, -12);
    const [x, y] = project(before.target, cameraBasis(after, frame), 300, 200)!;
    expect(x).toBeCloseTo(150 + 30, 6);
    expect(y).toBeCloseTo(100 - 12, 6);
  });

  test('what is on the right moves right when the view is dragged right, and up means up', () => {
    const basis = cameraBasis(INITIAL_CAMERA, frame);
    const up = project([0, 0, 0.1], basis, 300, 200)!;
    expect(up[1]).toBeLessThan(100);
    const near = basis.eye.map((value) => value * 0.05) as unknown as Vector;
    expect(project(near, cameraBasis(turned(INITIAL_CAMERA, 40, 0), frame), 300, 200)![0]).toBeGreaterThan(150);
    expect(project(near, cameraBasis(turned(INITIAL_CAMERA, 0, 40), frame), 300, 200)![1]).toBeGreaterThan(100);
  });

  test('limits hold', () => {
    expect(turned(INITIAL_CAMERA, 0, 1e5).pitch).toBeLessThan(Math.PI / 2);
    expect(zoomed(INITIAL_CAMERA, 1e9).zoom).toBe(24);
    expect(zoomed(INITIAL_CAMERA, 0).zoom).toBe(0.25);
    expect(project(cameraBasis(INITIAL_CAMERA, frame).eye, cameraBasis(INITIAL_CAMERA, frame), 10, 10)).toBeNull();
    expect(paneTangents(400, 200)[0]).toBeCloseTo(2 * paneTangents(400, 200)[1], 12);
  });
});

describe('slices', () => {
  test('radiological panes, whichever way the grid was stored', () => {
    const ras: VolumeGeometry = { ...PLAIN_GEOMETRY, space: 'RAS' };
    expect([0, 1, 2].map((axis) => slicePlane(ras, axis).name)).toEqual(['Sagittal', 'Coronal', 'Axial']);
    expect(slicePlane(ras, 2).letters).toEqual(['R', 'A', 'L', 'P']);
    expect(slicePlane(ras, 1).letters).toEqual(['R', 'S', 'L', 'I']);
    expect(slicePlane(ras, 0).letters).toEqual(['A', 'S', 'P', 'I']);
    const lps: VolumeGeometry = { ...ras, space: 'LPS' };
    for (const axis of [0, 1, 2]) expect(slicePlane(lps, axis).letters).toEqual(slicePlane(ras, axis).letters);
    // Sagittal acquisition: columns run back, rows down, slices to the left.
    const sagittal: VolumeGeometry = { ...ras, directions: [0, -1, 0, 0, 0, -1, -1, 0, 0] };
    expect(slicePlane(sagittal, 2)).toMatchObject({ name: 'Sagittal', across: 0, down: 1, flipAcross: false, flipDown: false, letters: ['A', 'S', 'P', 'I'] });
    expect(slicePlane(sagittal, 1)).toMatchObject({ name: 'Axial', across: 2, down: 0, letters: ['R', 'A', 'L', 'P'] });
  });

  test('in unknown space rows run down and the third axis up', () => {
    expect(slicePlane(PLAIN_GEOMETRY, 2)).toMatchObject({ across: 0, down: 1, flipDown: false });
    expect(slicePlane(PLAIN_GEOMETRY, 0)).toMatchObject({ across: 1, down: 2, flipDown: true, letters: ['', '', '', ''] });
  });

  test('points of the pane and of the volume go there and back, and spacing gives the proportions', () => {
    const frame = boxFrame([100, 30, 40], OBLIQUE);
    for (const normal of [0, 1, 2]) {
      const plane = slicePlane(OBLIQUE, normal);
      const placement = placeSlice(frame, plane, [320, 200], 3, [0.4, 0.6, 0.3]);
      expect(placement.width / placement.height).toBeCloseTo(frame.edges[plane.across]! / frame.edges[plane.down]!, 12);
      const at: Vector = [0.21, 0.66, 0.93];
      close(underPane(plane, placement, ...overPane(plane, placement, at), at), at);
      close(overPane(plane, placement, [0.4, 0.6, 0.3]), [160, 100]);
    }
  });

  test('a fitted slice lies within the pane; zooming keeps what is under the pointer', () => {
    const frame = boxFrame([100, 30, 40], OBLIQUE);
    const plane = slicePlane(OBLIQUE, 2);
    const pane = [320, 200] as const;
    const fitted = placeSlice(frame, plane, pane, 1, [0.9, 0.1, 0.5]);
    expect(fitted.left).toBeGreaterThan(0);
    expect(fitted.top + fitted.height).toBeLessThan(200);
    const view = { sliceZoom: 2, sliceCentre: [0.5, 0.5, 0.5] as Vector };
    const before = placeSlice(frame, plane, pane, view.sliceZoom, view.sliceCentre);
    const held = underPane(plane, before, 190, 120, view.sliceCentre);
    const next = zoomSlices(view, plane, before, pane, [190, 120], 1.7);
    close(overPane(plane, placeSlice(frame, plane, pane, next.sliceZoom, next.sliceCentre), held), [190, 120]);
  });
});
