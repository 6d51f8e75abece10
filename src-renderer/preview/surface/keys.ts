/** What the keys do while the surface has the focus. Letters stay with the window's own commands. */
import { orbitBy, panBy, STANDARD_VIEWS, zoomBy, type StandardView } from './orbit';
import type { SurfaceViewState } from './surface-view';

/** A step of an arrow key, as pixels of a view 100 pixels high. */
const STEP = 5;
const VIEWS: Readonly<Record<string, StandardView>> = { Home: 'front', End: 'back', PageUp: 'top', PageDown: 'bottom' };

/** The change that a key asks for, or null where it means nothing here. */
export function keyChange(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>, { camera, up }: SurfaceViewState): Partial<SurfaceViewState> | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const arrows: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const arrow = arrows[event.key];
  if (arrow) return event.shiftKey ? { camera: panBy(camera, up, arrow[0], arrow[1], 100), fitted: false } : { camera: orbitBy(camera, arrow[0], arrow[1], 100) };
  if (event.key === '+' || event.key === '=') return { camera: zoomBy(camera, up, 1.2), fitted: false };
  if (event.key === '-') return { camera: zoomBy(camera, up, 1 / 1.2), fitted: false };
  const view = VIEWS[event.key];
  return view ? { camera: { ...camera, ...STANDARD_VIEWS[view] } } : null;
}
