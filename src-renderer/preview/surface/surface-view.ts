/**
 * The state of a look at a surface: plain data, so that it can be kept, compared and put into a file. What is drawn follows from it and
 * from the pictures alone. All lengths are in domain units (the cube [-1, 1]^3), all angles in radians.
 */
import type { Field } from '#core/field/field';
import { INITIAL_CAMERA, type Camera, type UpAxis } from './orbit';

/** A mesh as the view takes it. */
export interface SurfaceMesh {
  /** x, y, z of every vertex, in domain coordinates. */
  readonly positions: Float32Array;
  /** Three vertices a triangle, counter-clockwise seen from outside. */
  readonly indices: Uint32Array;
  /** Unit normals at the vertices; made from the triangles where absent. */
  readonly normals?: Float32Array;
}

export interface SurfacePicture {
  readonly mesh: SurfaceMesh;
  /** Distance of every vertex from the other surface, in domain units: what the error map shows. */
  readonly errors?: Float32Array;
  /** False: the badge says so. */
  readonly watertight?: boolean;
}

/** The truncated distance, negative inside, at the centres of size^3 cells of the cube, x fastest. */
export interface DistanceGrid {
  readonly size: number;
  /** distance = truncation * (2 code / 65535 - 1). */
  readonly codes: Uint16Array;
  readonly truncation: number;
}

/** A network whose output, in [0, 1], stands for the same distance. */
export interface SurfaceNetwork {
  readonly field: Field;
  readonly parameters: Float32Array;
  readonly truncation: number;
}

export type SurfaceMode = 'original' | 'split' | 'reconstruction' | 'error';
/** 'divider': one camera, a movable line. 'sides': two views side by side with one camera. */
export type SplitLayout = 'divider' | 'sides';
export type Shading = 'studio' | 'matcap' | 'normals' | 'curvature';
export type MatcapName = 'pearl' | 'bronze' | 'jade' | 'ink';
/** What the reconstruction is drawn from; 'auto' takes the mesh, else the distance grid, else the network. */
export type SurfaceSource = 'auto' | 'mesh' | 'field' | 'network';
export type SliceAxis = 'x' | 'y' | 'z';

/** A plane across the field: its axis, its place along it, and whether the surface in front of it is cut away. */
export interface Slice {
  readonly shown: boolean;
  readonly axis: SliceAxis;
  /** Coordinate on the axis, -1 to 1. */
  readonly at: number;
  readonly cut: boolean;
  /** Cuts the other half away. */
  readonly flipped: boolean;
}

export interface Bookmark {
  readonly name: string;
  readonly camera: Camera;
  readonly up: UpAxis;
}

export interface SurfaceViewState {
  readonly mode: SurfaceMode;
  readonly layout: SplitLayout;
  /** Place of the dividing line as a share of the width, 0 to 1; the original lies before it. */
  readonly split: number;
  /** Held down: the other surface in place of the one shown. */
  readonly flip: boolean;
  readonly source: SurfaceSource;
  readonly shading: Shading;
  readonly matcap: MatcapName;
  /** Facets as they are, instead of normals blended over them. */
  readonly flat: boolean;
  readonly wireframe: boolean;
  readonly occlusion: boolean;
  readonly ground: boolean;
  readonly slice: Slice;
  /** Error at the end of the colour scale in per cent of the diagonal; null follows the data. */
  readonly errorMaximum: number | null;
  readonly up: UpAxis;
  /** The surface is kept framed until it is moved. */
  readonly fitted: boolean;
  readonly camera: Camera;
  readonly bookmarks: readonly Bookmark[];
}

export const INITIAL_SURFACE_VIEW: SurfaceViewState = {
  mode: 'split',
  layout: 'divider',
  split: 0.5,
  flip: false,
  source: 'auto',
  shading: 'studio',
  matcap: 'pearl',
  flat: false,
  wireframe: false,
  occlusion: true,
  ground: true,
  slice: { shown: false, axis: 'z', at: 0, cut: true, flipped: false },
  errorMaximum: null,
  up: 'y',
  fitted: true,
  camera: INITIAL_CAMERA,
  bookmarks: [],
};

/** Most bookmarks that are kept. */
export const MAXIMUM_BOOKMARKS = 12;

/** What there is to be drawn. */
export interface Available {
  readonly original: boolean;
  readonly mesh: boolean;
  readonly field: boolean;
  readonly network: boolean;
  /** The network is traced in the frame that shows it: it comes before the grid. */
  readonly fast?: boolean;
}

/** What the reconstruction is drawn from, given what there is; null of nothing. */
export function effectiveSource(source: SurfaceSource, has: Available): Exclude<SurfaceSource, 'auto'> | null {
  if (source !== 'auto' && has[source]) return source;
  const order = has.fast === true ? (['mesh', 'network', 'field'] as const) : (['mesh', 'field', 'network'] as const);
  return order.find((each) => has[each]) ?? null;
}

/** What is drawn, given what there is: an error map only where the mesh has errors. */
export function effectiveMode(mode: SurfaceMode, has: Available, hasErrors: boolean): SurfaceMode | null {
  const reconstruction = has.mesh || has.field || has.network;
  if (!reconstruction) return has.original ? 'original' : null;
  if (mode === 'error') return hasErrors && has.mesh ? 'error' : 'reconstruction';
  return has.original ? mode : 'reconstruction';
}

/** One view of the canvas: what it shows and where it lies, as shares of the width from the left. */
export interface Pane {
  readonly shows: 'original' | 'reconstruction' | 'error';
  /** Where the camera's picture lies. */
  readonly view: readonly [left: number, right: number];
  /** What of it is seen. */
  readonly seen: readonly [left: number, right: number];
}

/** The views from left to right. While flipped, the other surface in place of the one shown. */
export function panesOf(mode: SurfaceMode | null, state: Pick<SurfaceViewState, 'layout' | 'split' | 'flip'>, both: boolean): readonly Pane[] {
  if (mode === null) return [];
  const whole = [0, 1] as const;
  if (state.flip && both) return [{ shows: mode === 'original' ? 'reconstruction' : 'original', view: whole, seen: whole }];
  if (mode !== 'split') return [{ shows: mode, view: whole, seen: whole }];
  if (state.layout === 'sides') {
    return [
      { shows: 'original', view: [0, 0.5], seen: [0, 0.5] },
      { shows: 'reconstruction', view: [0.5, 1], seen: [0.5, 1] },
    ];
  }
  const split = Math.min(1, Math.max(0, state.split));
  return [
    { shows: 'original', view: whole, seen: [0, split] },
    { shows: 'reconstruction', view: whole, seen: [split, 1] },
  ];
}

/** Adds a bookmark of the camera as it is, named by the first free number; the oldest falls off a full list. */
export function withBookmark(state: SurfaceViewState): SurfaceViewState {
  let number = 1;
  while (state.bookmarks.some(({ name }) => name === `View ${number}`)) number++;
  const bookmarks = [...state.bookmarks, { name: `View ${number}`, camera: state.camera, up: state.up }].slice(-MAXIMUM_BOOKMARKS);
  return { ...state, bookmarks };
}

/** Brings numbers into their limits. */
export function constrainSurfaceView(state: SurfaceViewState): SurfaceViewState {
  const split = Math.min(1, Math.max(0, state.split));
  const at = Math.min(1, Math.max(-1, state.slice.at));
  return split === state.split && at === state.slice.at ? state : { ...state, split, slice: { ...state.slice, at } };
}
