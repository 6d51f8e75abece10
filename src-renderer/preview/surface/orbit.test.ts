import { describe, expect, it } from 'vitest';
import { along, basisOf, boxAround, cross, diagonalOf, dot, FIELD_OF_VIEW, frameBox, INITIAL_CAMERA, orbitBy, panBy, rayThrough, STANDARD_VIEWS, zoomBy, type Camera, type UpAxis, type Vector } from './orbit';

const camera: Camera = { pivot: [0.13, -0.2, 0.31], azimuth: 1.1, elevation: -0.43, distance: 3.7 };
const UPS: readonly UpAxis[] = ['y', 'z'];

/** Pixels from the middle of a view, y down, of a point. */
function project(each: Camera, up: UpAxis, point: Vector, height: number): readonly [number, number] {
  const { right, up: upward, toward, eye } = basisOf(each, up);
  const offset = along(point, eye, -1);
  const scale = height / (2 * Math.tan(FIELD_OF_VIEW / 2)) / -dot(offset, toward);
  return [dot(offset, right) * scale, -dot(offset, upward) * scale];
}

const near = (got: readonly number[], wanted: readonly number[], digits = 9): void => wanted.forEach((value, index) => expect(got[index]).toBeCloseTo(value, digits));

describe('camera', () => {
  it('has an orthonormal, right-handed basis from every side, from above too', () => {
    for (const up of UPS) {
      for (const elevation of [-Math.PI / 2, -0.7, 0, Math.PI / 2]) {
        const { right, up: upward, toward, eye } = basisOf({ ...camera, elevation }, up);
        near(cross(right, upward), toward);
        expect(dot(right, upward)).toBeCloseTo(0, 12);
        expect(Math.hypot(...right)).toBeCloseTo(1, 12);
        expect(Math.hypot(...upward)).toBeCloseTo(1, 12);
        expect(Math.hypot(...along(eye, camera.pivot, -1))).toBeCloseTo(camera.distance, 12);
      }
    }
  });

  it('looks from the front with x to the right and its own axis up', () => {
    near(basisOf({ ...camera, ...STANDARD_VIEWS.front }, 'y').toward, [0, 0, 1]);
    near(basisOf({ ...camera, ...STANDARD_VIEWS.front }, 'z').toward, [0, -1, 0]);
    near(basisOf({ ...camera, ...STANDARD_VIEWS.front }, 'z').up, [0, 0, 1]);
    near(basisOf({ ...camera, ...STANDARD_VIEWS.left }, 'y').toward, [-1, 0, 0]);
    near(basisOf({ ...camera, ...STANDARD_VIEWS.top }, 'z').toward, [0, 0, 1]);
    near(basisOf({ ...camera, ...STANDARD_VIEWS.top }, 'z').up, [0, 1, 0]);
  });

  it('keeps its distance while it turns and stops at the poles', () => {
    const turned = orbitBy(camera, 37, 1e6, 480);
    expect(turned.elevation).toBe(Math.PI / 2);
    expect(turned.distance).toBe(camera.distance);
    near(turned.pivot, camera.pivot);
    expect(orbitBy(camera, 480, 0, 480).azimuth).toBeCloseTo(camera.azimuth - Math.PI, 12);
  });

  it('moves what lies at the depth of the pivot with the pointer', () => {
    for (const up of UPS) near(project(panBy(camera, up, 31, -17, 700), up, camera.pivot, 700), [31, -17], 6);
  });

  it('zooms around the place under the pointer', () => {
    for (const up of UPS) {
      const { right, up: upward } = basisOf(camera, up);
      const point = along(along(camera.pivot, right, 0.4), upward, -0.23);
      const place = project(camera, up, point, 600);
      near(project(zoomBy(camera, up, 1.7, place[0], place[1], 600), up, point, 600), place, 6);
    }
  });

  it('sends rays through the pixels that points are projected to', () => {
    const point: Vector = [0.5, 0.1, -0.3];
    for (const up of UPS) {
      const [x, y] = project(camera, up, point, 431);
      const { origin, direction } = rayThrough(camera, up, x, y, 431);
      near(along(origin, direction, Math.hypot(...along(point, origin, -1))), point);
    }
  });

  it('frames a box: all of it is seen, and nothing nearer would do', () => {
    const box = { least: [-0.9, -0.2, 0.1], most: [0.4, 0.7, 0.8] } as const;
    for (const aspect of [0.6, 1.9]) {
      const framed = frameBox(camera, 'y', box, aspect, 0.1);
      let reach = 0;
      for (let corner = 0; corner < 8; corner++) {
        const point = [0, 1, 2].map((axis) => ((corner >> axis) & 1 ? box.most : box.least)[axis]!) as unknown as Vector;
        const [x, y] = project(framed, 'y', point, 2);
        reach = Math.max(reach, Math.abs(x) / aspect, Math.abs(y));
      }
      expect(reach).toBeCloseTo(0.9, 6);
    }
  });

  it('measures boxes', () => {
    expect(boxAround(new Float32Array())).toBeNull();
    const box = boxAround(Float32Array.of(1, 2, 3, -2, 5, 3, 0, 0, 4))!;
    expect(box).toEqual({ least: [-2, 0, 3], most: [1, 5, 4] });
    expect(diagonalOf(box)).toBeCloseTo(Math.sqrt(35), 12);
    expect(INITIAL_CAMERA.distance).toBeGreaterThan(2);
  });
});
