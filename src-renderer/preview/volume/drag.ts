/**
 * Drags, pinches and wheels on a pane of the volume view, as plain DOM listeners. What a drag does is settled when it begins: the left button
 * or one finger, the right button (or shift), the middle button, two fingers.
 */
import { wheelFactor } from '../gestures';

export type DragKind = 'first' | 'second' | 'middle';

export interface DragTarget {
  /** A drag of one pointer, from its start: distances in CSS pixels since the last event (0 at the start). */
  drag(kind: DragKind, event: PointerEvent, x: number, y: number, begins: boolean): void;
  /** Two fingers: how far their middle has moved, and how their distance has grown. */
  pinch(clientX: number, clientY: number, x: number, y: number, factor: number): void;
  /** `factor` is the zoom that the wheel would mean (gestures.ts). */
  wheel(event: WheelEvent, factor: number): void;
  double(event: MouseEvent): void;
  hover?(event: PointerEvent | null): void;
  ended?(): void;
}

/** Starts listening; returns the function that stops it. */
export function listenForDrags(element: HTMLElement, target: DragTarget): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const pointers = new Map<number, { x: number; y: number }>();
  let kind: DragKind = 'first';

  const spread = (): { x: number; y: number; distance: number } => {
    const [one, other] = [...pointers.values()];
    if (!one || !other) return { x: one?.x ?? 0, y: one?.y ?? 0, distance: 0 };
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, distance: Math.hypot(one.x - other.x, one.y - other.y) };
  };
  const release = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size === 0) target.ended?.();
  };

  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 2 || pointers.size >= 2) return;
      // The middle button would start the browser's own scrolling.
      if (event.button === 1) event.preventDefault();
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.size > 1) return;
      kind = event.button === 1 ? 'middle' : event.button === 2 || event.shiftKey ? 'second' : 'first';
      target.drag(kind, event, 0, 0, true);
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      const before = pointers.get(event.pointerId);
      if (before) {
        const from = spread();
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (pointers.size === 1) target.drag(kind, event, event.clientX - before.x, event.clientY - before.y, false);
        else {
          const to = spread();
          target.pinch(to.x, to.y, to.x - from.x, to.y - from.y, from.distance > 0 ? to.distance / from.distance : 1);
        }
      }
      target.hover?.(event.pointerType === 'touch' && pointers.size > 1 ? null : event);
    },
    { signal },
  );
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) element.addEventListener(name, release, { signal });
  element.addEventListener('pointerleave', () => target.hover?.(null), { signal });
  element.addEventListener('dblclick', (event) => target.double(event), { signal });
  element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      target.wheel(event, wheelFactor(event));
    },
    { signal, passive: false },
  );
  return () => stop.abort();
}
