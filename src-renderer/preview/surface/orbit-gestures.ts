/**
 * Turning, moving and zooming by mouse, pen, touch and trackpad: the first button or one finger turns; another button, Shift with the first, or two
 * fingers move; the wheel and pinches zoom where they are.
 */
import { wheelFactor } from '../gestures';

export interface OrbitTarget {
  /** CSS pixels. */
  orbit(x: number, y: number): void;
  pan(x: number, y: number): void;
  /** Client coordinates of the fixed point. */
  zoom(clientX: number, clientY: number, factor: number): void;
  /** A double click or double tap. */
  pivot(clientX: number, clientY: number): void;
  /** Where the pointer is while nothing is held; null when it has left. */
  hover(at: { clientX: number; clientY: number } | null): void;
  grabbed(active: 'turn' | 'move' | null): void;
}

/** Starts listening; returns the function that stops it. */
export function listenForOrbit(element: HTMLElement, target: OrbitTarget): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  const stop = new AbortController();
  const { signal } = stop;
  let moves = false;

  const middle = (): { x: number; y: number; spread: number } => {
    const [first, second] = [...pointers.values()];
    if (!first) return { x: 0, y: 0, spread: 0 };
    if (!second) return { ...first, spread: 0 };
    return { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2, spread: Math.hypot(first.x - second.x, first.y - second.y) };
  };

  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 2 || pointers.size >= 2) return;
      // The middle button would start the browser's own scrolling.
      if (event.button === 1) event.preventDefault();
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      moves = event.button !== 0 || event.shiftKey;
      target.grabbed(moves || pointers.size > 1 ? 'move' : 'turn');
      target.hover(null);
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      if (!pointers.has(event.pointerId)) {
        target.hover(event);
        return;
      }
      const before = middle();
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const after = middle();
      const [x, y] = [after.x - before.x, after.y - before.y];
      if (moves || pointers.size > 1) target.pan(x, y);
      else target.orbit(x, y);
      if (before.spread > 0 && after.spread > 0) target.zoom(after.x, after.y, after.spread / before.spread);
    },
    { signal },
  );
  const release = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) target.grabbed(null);
  };
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) element.addEventListener(name, release, { signal });
  element.addEventListener('pointerleave', () => target.hover(null), { signal });
  element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  element.addEventListener('dblclick', (event) => target.pivot(event.clientX, event.clientY), { signal });
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      target.zoom(event.clientX, event.clientY, wheelFactor(event));
    },
    { signal, passive: false },
  );
  return () => stop.abort();
}
