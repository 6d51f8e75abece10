/**
 * The camera that goes around a surface: a pivot, two angles and a distance, so that it can be kept as plain numbers and never rolls.
 *
 * The axis that points up is y or z. Seen from the front (both angles zero) x points right: with y up the eye is on the side of +z, with
 * z up on the side of -y, as programs for modelling have it. The azimuth turns the eye to the right (towards +x), the elevation lifts it;
 * at +-90 degrees the view is straight from above or below, and its upper edge is still told by the azimuth, so that there is no pole.
 *
 * With R right, U up and F towards the eye at the front:
 *     toward = cos(el) (sin(az) R + cos(az) F) + sin(el) U          from the pivot to the eye
 *     right  = cos(az) R - sin(az) F
 *     up     = toward x right
 */
export type Vector = readonly [number, number, number];
export type UpAxis = 'y' | 'z';

export interface Camera {
  readonly pivot: Vector;
  readonly azimuth: number;
  /** -pi/2 to pi/2. */
  readonly elevation: number;
  /** From the pivot to the eye, in domain units. */
  readonly distance: number;
}

/** Height of the view as an angle: narrow, like a lens for portraits. */
export const FIELD_OF_VIEW = (30 * Math.PI) / 180;
export const DISTANCE_LIMITS = [0.02, 40] as const;
const RADIUS_LIMIT = 4;

export const INITIAL_CAMERA: Camera = { pivot: [0, 0, 0], azimuth: 0.6, elevation: 0.35, distance: 4.5 };

export const STANDARD_VIEWS = {
  front: { azimuth: 0, elevation: 0 },
  back: { azimuth: Math.PI, elevation: 0 },
  left: { azimuth: -Math.PI / 2, elevation: 0 },
  right: { azimuth: Math.PI / 2, elevation: 0 },
  top: { azimuth: 0, elevation: Math.PI / 2 },
  bottom: { azimuth: 0, elevation: -Math.PI / 2 },
  iso: { azimuth: Math.PI / 4, elevation: Math.atan(Math.SQRT1_2) },
} as const;
export type StandardView = keyof typeof STANDARD_VIEWS;

export interface Basis {
  readonly right: Vector;
  readonly up: Vector;
  /** From the pivot to the eye. */
  readonly toward: Vector;
  readonly eye: Vector;
}

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const along = (from: Vector, direction: Vector, length: number): Vector => [from[0] + length * direction[0], from[1] + length * direction[1], from[2] + length * direction[2]];
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Directions at the front: right, up, towards the eye. */
export function frameOf(up: UpAxis): { readonly right: Vector; readonly up: Vector; readonly front: Vector } {
  return up === 'y' ? { right: [1, 0, 0], up: [0, 1, 0], front: [0, 0, 1] } : { right: [1, 0, 0], up: [0, 0, 1], front: [0, -1, 0] };
}

/** Where the eye is and how it is turned. */
export function basisOf(camera: Camera, up: UpAxis): Basis {
  const frame = frameOf(up);
  const [cosA, sinA, cosE, sinE] = [Math.cos(camera.azimuth), Math.sin(camera.azimuth), Math.cos(camera.elevation), Math.sin(camera.elevation)];
  const mixed = (r: number, u: number, f: number): Vector => [0, 1, 2].map((axis) => r * frame.right[axis]! + u * frame.up[axis]! + f * frame.front[axis]!) as unknown as Vector;
  const toward = mixed(cosE * sinA, sinE, cosE * cosA);
  const right = mixed(cosA, 0, -sinA);
  return { right, toward, up: cross(toward, right), eye: along(camera.pivot, toward, camera.distance) };
}

/** Brings a camera into its limits; the azimuth into (-pi, pi]. */
export function constrainCamera(camera: Camera): Camera {
  const turn = 2 * Math.PI;
  return {
    pivot: camera.pivot.map((value) => clamp(value, -RADIUS_LIMIT, RADIUS_LIMIT)) as unknown as Vector,
    azimuth: camera.azimuth - turn * Math.ceil(camera.azimuth / turn - 0.5),
    elevation: clamp(camera.elevation, -Math.PI / 2, Math.PI / 2),
    distance: clamp(camera.distance, DISTANCE_LIMITS[0], DISTANCE_LIMITS[1]),
  };
}

/** Turns the camera as if the surface were dragged by so many pixels: the height of the view is half a turn. */
export function orbitBy(camera: Camera, x: number, y: number, height: number): Camera {
  const rate = Math.PI / Math.max(1, height);
  return constrainCamera({ ...camera, azimuth: camera.azimuth - x * rate, elevation: camera.elevation + y * rate });
}

/** Domain units of a pixel at the depth of the pivot, in a view of that height. */
export function pixelLength(camera: Camera, height: number): number {
  return (2 * camera.distance * Math.tan(FIELD_OF_VIEW / 2)) / Math.max(1, height);
}

/** Moves the camera as if the plane of the pivot were dragged by so many pixels. */
export function panBy(camera: Camera, up: UpAxis, x: number, y: number, height: number): Camera {
  const { right, up: upward } = basisOf(camera, up);
  const unit = pixelLength(camera, height);
  return constrainCamera({ ...camera, pivot: along(along(camera.pivot, right, -x * unit), upward, y * unit) });
}

/**
 * Comes nearer by `factor` and keeps what lies under a place of the view, at the depth of the pivot, where it is. `x` and `y` are pixels
 * from the middle of the view, y down.
 */
export function zoomBy(camera: Camera, up: UpAxis, factor: number, x = 0, y = 0, height = 1): Camera {
  const distance = clamp(camera.distance / factor, DISTANCE_LIMITS[0], DISTANCE_LIMITS[1]);
  const { right, up: upward } = basisOf(camera, up);
  const shift = pixelLength(camera, height) * (1 - distance / camera.distance);
  return constrainCamera({ ...camera, distance, pivot: along(along(camera.pivot, right, x * shift), upward, -y * shift) });
}

export interface Box {
  readonly least: Vector;
  readonly most: Vector;
}

/**
 * The camera from the same side that shows the whole box: the corners of the box are put to the edge of the view. `aspect` is width over
 * height; `margin` the share of the view that stays free.
 */
export function frameBox(camera: Camera, up: UpAxis, box: Box, aspect: number, margin = 0.1): Camera {
  const pivot = box.least.map((value, axis) => (value + box.most[axis]!) / 2) as unknown as Vector;
  const { right, up: upward, toward } = basisOf(camera, up);
  const tangent = Math.tan(FIELD_OF_VIEW / 2) * (1 - margin);
  let distance: number = DISTANCE_LIMITS[0];
  for (let corner = 0; corner < 8; corner++) {
    const offset = pivot.map((middle, axis) => ((corner >> axis) & 1 ? box.most : box.least)[axis]! - middle) as unknown as Vector;
    const depth = dot(offset, toward);
    distance = Math.max(distance, depth + Math.abs(dot(offset, upward)) / tangent, depth + Math.abs(dot(offset, right)) / (tangent * aspect));
  }
  return constrainCamera({ ...camera, pivot, distance });
}

export interface Ray {
  readonly origin: Vector;
  /** Of length 1. */
  readonly direction: Vector;
}

/** The ray from the eye through a place of the view: `x`, `y` pixels from its middle, y down. */
export function rayThrough(camera: Camera, up: UpAxis, x: number, y: number, height: number): Ray {
  const { right, up: upward, toward, eye } = basisOf(camera, up);
  const scale = (2 * Math.tan(FIELD_OF_VIEW / 2)) / Math.max(1, height);
  const sum = along(along([-toward[0], -toward[1], -toward[2]], right, x * scale), upward, -y * scale);
  const length = Math.hypot(...sum);
  return { origin: eye, direction: [sum[0] / length, sum[1] / length, sum[2] / length] };
}

/** Box around positions (x, y, z each); null of none. */
export function boxAround(positions: Float32Array): Box | null {
  if (positions.length < 3) return null;
  const least: [number, number, number] = [Infinity, Infinity, Infinity];
  const most: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 3) {
    for (let axis = 0; axis < 3; axis++) {
      const value = positions[i + axis]!;
      if (value < least[axis]!) least[axis] = value;
      if (value > most[axis]!) most[axis] = value;
    }
  }
  return { least, most };
}

/** Length of the diagonal of a box. */
export function diagonalOf(box: Box): number {
  return Math.hypot(...box.most.map((value, axis) => value - box.least[axis]!));
}
