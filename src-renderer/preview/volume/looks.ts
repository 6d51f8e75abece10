/**
 * From the view's state to what is drawn: tables and windows, given or automatic. Shared by the view and by the panel that edits it, so that
 * both mean the same window when none was chosen.
 */
import { colormap, type Rgb } from '../colormap';
import { automaticWindow, histogramFor, otsuThreshold, type Histogram } from './histogram';
import { automaticOpacity, transferTable, type OpacityPoint } from './transfer';
import type { Technique, VolumePicture, VolumeViewState } from './volume-view';

/** What follows from a volume alone; made once for each histogram. */
export interface AutomaticLook {
  readonly histogram: Histogram;
  readonly window: readonly [number, number];
  readonly opacity: readonly OpacityPoint[];
  readonly level: number;
}

const known = new WeakMap<Histogram, AutomaticLook>();

/** The look of a volume that nobody has changed yet. */
export function automaticLook(picture: VolumePicture, channel: number | 'rgb'): AutomaticLook {
  const histogram = histogramFor(picture, channel);
  let look = known.get(histogram);
  if (!look) {
    const window = automaticWindow(histogram);
    look = { histogram, window, opacity: automaticOpacity(histogram, window), level: otsuThreshold(histogram) };
    known.set(histogram, look);
  }
  return look;
}

const ABSOLUTE: readonly OpacityPoint[] = [
  { at: 0, opacity: 0 },
  { at: 0.12, opacity: 0 },
  { at: 0.5, opacity: 0.12 },
  { at: 1, opacity: 0.7 },
];
const SIGNED: readonly OpacityPoint[] = [
  { at: 0, opacity: 0.7 },
  { at: 0.44, opacity: 0 },
  { at: 0.56, opacity: 0 },
  { at: 1, opacity: 0.7 },
];

const errorTables = new Map<string, Uint8Array>();

/** The table of the error volume, whose codes already lie on the colour scale. */
export function errorTable(metric: 'absolute' | 'signed'): Uint8Array {
  const table = errorTables.get(metric) ?? transferTable(colormap(metric) as readonly Rgb[], [0, 1], metric === 'signed' ? SIGNED : ABSOLUTE);
  errorTables.set(metric, table);
  return table;
}

/** How errors are drawn where volumes are drawn by `technique`: they have no surface, and no largest value where they have a sign. */
export function errorTechnique(technique: Technique, metric: VolumeViewState['errorMetric']): Technique {
  return metric === 'signed' || technique === 'surface' ? 'composite' : technique;
}
