/**
 * The camera of the 3D view: a turntable around a point, with the third axis of space upright, seen in perspective.
 *
 * Scene units: the longest edge of the box has length 1 and its middle is the origin. The axes are those of space (RAS, LPS or the file's own),
 * so that an oblique grid lies as the scanner saw it. At zoom 1 the sphere around the box fits the shorter side of the pane, whatever its
 * proportions.
 */
import type { BoxFrame, Vector } from './frame';
import { add, cross, dot, scale } from './frame';

export interface OrbitCamera {
  /** Radians around the upright axis, and above the horizon (within a right angle). */
  readonly yaw: number;
  readonly pitch: number;
  /** 1: the whole box fits; 2: from half the distance. */
  readonly zoom: number;
  /** The point that is looked at, in scene units. */
  readonly target: Vector;
}

export const INITIAL_CAMERA: OrbitCamera = { yaw: -2.1, pitch: 0.42, zoom: 1, target: [0, 0, 0] };

/** Tangent of half the angle of view across the shorter side of a pane: 28 degrees in all. */
export const HALF_VIEW = Math.tan((14 * Math.PI) / 180);
const PITCH_LIMIT = Math.PI / 2 - 0.001;
const ZOOM_LIMITS = [0.25, 24] as const;
/** Radians of one CSS pixel of dragging, at a pane of 600 pixels: half a turn across it. */
const TURN = Math.PI / 600;

/** A camera at its place: unit vectors, and its distance to the target. */
export interface CameraBasis {
  readonly eye: Vector;
  readonly right: Vector;
  readonly up: Vector;
  readonly forward: Vector;
  readonly distance: number;
}

export function constrainCamera(camera: OrbitCamera): OrbitCamera {
  return {
    yaw: camera.yaw - 2 * Math.PI * Math.round(camera.yaw / (2 * Math.PI)),
    pitch: Math.min(PITCH_LIMIT, Math.max(-PITCH_LIMIT, camera.pitch)),
    zoom: Math.min(ZOOM_LIMITS[1], Math.max(ZOOM_LIMITS[0], camera.zoom)),
    target: camera.target.map((value) => Math.min(1, Math.max(-1, value))) as unknown as Vector,
  };
}

/** Where the camera stands. `frame` gives the radius of the sphere that zoom 1 fits. */
export function cameraBasis(camera: OrbitCamera, frame: Pick<BoxFrame, 'radius'>): CameraBasis {
  const { yaw, pitch } = camera;
  const back: Vector = [Math.cos(pitch) * Math.cos(yaw), Math.cos(pitch) * Math.sin(yaw), Math.sin(pitch)];
  const right: Vector = [-Math.sin(yaw), Math.cos(yaw), 0];
  const distance = frame.radius / Math.sin(Math.atan(HALF_VIEW)) / camera.zoom;
  return { eye: add(camera.target, scale(back, distance)), right, up: cross(back, right), forward: scale(back, -1), distance };
}

/** Half the width and height of a pane at distance 1. */
export function paneTangents(width: number, height: number): readonly [number, number] {
  const shorter = Math.max(1, Math.min(width, height));
  return [(HALF_VIEW * width) / shorter, (HALF_VIEW * height) / shorter];
}

/** Turned by a drag of so many CSS pixels: what is under the pointer follows it. */
export function turned(camera: OrbitCamera, x: number, y: number): OrbitCamera {
  return constrainCamera({ ...camera, yaw: camera.yaw - x * TURN, pitch: camera.pitch + y * TURN });
}

/** Moved by CSS pixels in a pane whose shorter side has `side` of them: the target's plane follows the pointer. */
export function moved(camera: OrbitCamera, frame: Pick<BoxFrame, 'radius'>, side: number, x: number, y: number): OrbitCamera {
  const { right, up, distance } = cameraBasis(camera, frame);
  const unit = (2 * distance * HALF_VIEW) / Math.max(1, side);
  return constrainCamera({ ...camera, target: add(camera.target, add(scale(right, -x * unit), scale(up, y * unit))) });
}

export function zoomed(camera: OrbitCamera, factor: number): OrbitCamera {
  return constrainCamera({ ...camera, zoom: camera.zoom * factor });
}

/** A point of the scene in a pane, in pixels from its top left corner, or null behind the camera. */
export function project(point: Vector, basis: CameraBasis, width: number, height: number): readonly [number, number] | null {
  const from = add(point, scale(basis.eye, -1));
  const depth = dot(from, basis.forward);
  if (depth < 1e-3) return null;
  const [tx, ty] = paneTangents(width, height);
  return [(0.5 + dot(from, basis.right) / (2 * depth * tx)) * width, (0.5 - dot(from, basis.up) / (2 * depth * ty)) * height];
}
