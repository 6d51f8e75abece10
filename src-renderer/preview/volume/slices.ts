/**
 * Where the three slices lie on the screen. Slice k cuts across axis k of the grid; its picture is spanned by the two other axes.
 *
 * In RAS and LPS the panes follow radiology: superior or anterior up, the patient's right (or, from the side, anterior) on the left, whichever
 * way the grid was stored. In an unknown space rows run down, as in pictures, and the third axis points up.
 */
import { axisLetters, axisMeanings, type BoxFrame, type Vector } from './frame';
import type { VolumeGeometry } from '#core/signal/volume';

export interface SlicePlane {
  /** Axis of the grid that the slice cuts across. */
  readonly normal: number;
  /** Axes of the grid along the screen's x and y, and whether they run against them (y counts down). */
  readonly across: number;
  readonly down: number;
  readonly flipAcross: boolean;
  readonly flipDown: boolean;
  readonly name: string;
  /** Letters at the left, top, right and bottom; empty in an unknown space. */
  readonly letters: readonly [string, string, string, string];
}

const NAMES = ['Sagittal', 'Coronal', 'Axial'] as const;
/** Letters that belong on the left and on top. */
const LEFT = new Set(['R', 'A']);
const TOP = new Set(['S', 'A']);

/** The plane across an axis of the grid. */
export function slicePlane(geometry: VolumeGeometry, normal: number): SlicePlane {
  const meanings = axisMeanings(geometry);
  const others = [0, 1, 2].filter((axis) => axis !== normal) as [number, number];
  // The higher axis of space stands upright: S before A, A before R.
  const [across, down] = meanings[others[0]]!.axis < meanings[others[1]]!.axis ? others : [others[1], others[0]];
  if (geometry.space === 'unknown') {
    const name = ['yz', 'xz', 'xy'][normal]!;
    return { normal, across, down, flipAcross: false, flipDown: normal !== 2, name, letters: ['', '', '', ''] };
  }
  const ends = (axis: number): readonly [string, string] => {
    const [positive, negative] = axisLetters(geometry.space, meanings[axis]!.axis);
    return meanings[axis]!.sign > 0 ? [positive, negative] : [negative, positive];
  };
  const [acrossHigh, acrossLow] = ends(across);
  const [downHigh, downLow] = ends(down);
  const flipAcross = !LEFT.has(acrossLow);
  const flipDown = !TOP.has(downLow);
  return {
    normal,
    across,
    down,
    flipAcross,
    flipDown,
    name: NAMES[meanings[normal]!.axis]!,
    letters: [flipAcross ? acrossHigh : acrossLow, flipDown ? downHigh : downLow, flipAcross ? acrossLow : acrossHigh, flipDown ? downLow : downHigh],
  };
}

/** A slice in a pane, in its pixels: the corner of the picture and its size. */
export interface SlicePlacement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of a pane that stay free around a fitted slice. */
const MARGIN = 18;

/** Where the picture lies in a pane; at zoom 1 it fits. `centre` is the point of the volume in the middle of the pane when enlarged. */
export function placeSlice(frame: BoxFrame, plane: SlicePlane, pane: readonly [number, number], zoom: number, centre: Vector): SlicePlacement {
  const [across, down] = [frame.edges[plane.across]!, frame.edges[plane.down]!];
  const margin = Math.min(MARGIN, pane[0] / 8, pane[1] / 8);
  const fitted = Math.min((pane[0] - 2 * margin) / across, (pane[1] - 2 * margin) / down);
  const unit = Math.max(1e-6, fitted * zoom);
  const held = zoom <= 1 ? [0.5, 0.5] : [flipped(centre[plane.across]!, plane.flipAcross), flipped(centre[plane.down]!, plane.flipDown)];
  return { left: pane[0] / 2 - held[0]! * across * unit, top: pane[1] / 2 - held[1]! * down * unit, width: across * unit, height: down * unit };
}

const flipped = (value: number, flip: boolean): number => (flip ? 1 - value : value);

/** The point of the volume under a point of the pane: `point` with two of its fractions replaced. May lie outside the box. */
export function underPane(plane: SlicePlane, placement: SlicePlacement, x: number, y: number, point: Vector): Vector {
  const result: [number, number, number] = [...point];
  result[plane.across] = flipped((x - placement.left) / placement.width, plane.flipAcross);
  result[plane.down] = flipped((y - placement.top) / placement.height, plane.flipDown);
  return result;
}

/** Where a point of the volume is drawn in the pane. */
export function overPane(plane: SlicePlane, placement: SlicePlacement, point: Vector): readonly [number, number] {
  return [
    placement.left + flipped(point[plane.across]!, plane.flipAcross) * placement.width,
    placement.top + flipped(point[plane.down]!, plane.flipDown) * placement.height,
  ];
}

/** Zoomed by `factor`, with what is under a point of the pane kept in its place where the pane is enlarged. */
export function zoomSlices(
  view: { readonly sliceZoom: number; readonly sliceCentre: Vector },
  plane: SlicePlane,
  placement: SlicePlacement,
  pane: readonly [number, number],
  at: readonly [number, number],
  factor: number,
): { sliceZoom: number; sliceCentre: Vector } {
  const zoom = Math.min(32, Math.max(1, view.sliceZoom * factor));
  const ratio = zoom / view.sliceZoom;
  const before = underPane(plane, placement, at[0], at[1], view.sliceCentre);
  const middle = underPane(plane, placement, pane[0] / 2, pane[1] / 2, view.sliceCentre);
  const centre: [number, number, number] = [...view.sliceCentre];
  for (const axis of [plane.across, plane.down]) centre[axis] = Math.min(1, Math.max(0, before[axis]! + (middle[axis]! - before[axis]!) / ratio));
  return { sliceZoom: zoom, sliceCentre: centre };
}
