/**
 * Pan and zoom by mouse, pen, touch and trackpad, as plain DOM listeners: drag with one pointer pans, two pointers pinch, the
 * wheel zooms at the cursor (as the trackpad's pinch does, which arrives as a wheel event with ctrlKey).
 */
export interface GestureTarget {
  /** CSS pixels. */
  pan(x: number, y: number): void;
  /** Client coordinates of the fixed point. */
  zoom(clientX: number, clientY: number, factor: number): void;
  /** Where the pointer is, or null when it has left. */
  hover(at: { clientX: number; clientY: number } | null): void;
  /** A double click or double tap. */
  toggle(clientX: number, clientY: number): void;
  /** A drag has begun or ended. */
  grabbed(active: boolean): void;
}

/** Zoom of one CSS pixel of wheel travel, as a natural logarithm: a notch of 100 pixels zooms by 1.22. */
const WHEEL_RATE = 0.002;
/** Trackpads report pinches in small numbers. */
const PINCH_RATE = 0.01;
const LINE_PIXELS = 16;

/** The zoom factor that a wheel event asks for. */
export function wheelFactor(event: Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'ctrlKey'>): number {
  const pixels = event.deltaY * (event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? 400 : 1);
  const limited = Math.min(240, Math.max(-240, pixels));
  return Math.exp(-limited * (event.ctrlKey ? PINCH_RATE : WHEEL_RATE));
}

/** Starts listening; returns the function that stops it. */
export function listenForGestures(element: HTMLElement, target: GestureTarget): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  const stop = new AbortController();
  const { signal } = stop;

  const middle = (): { x: number; y: number; spread: number } => {
    const [first, second] = [...pointers.values()];
    if (!first) return { x: 0, y: 0, spread: 0 };
    if (!second) return { ...first, spread: 0 };
    return { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2, spread: Math.hypot(first.x - second.x, first.y - second.y) };
  };

  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 1 || pointers.size >= 2) return;
      // The middle button would start the browser's own scrolling.
      if (event.button === 1) event.preventDefault();
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      target.grabbed(true);
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      if (pointers.has(event.pointerId)) {
        const before = middle();
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        const after = middle();
        target.pan(after.x - before.x, after.y - before.y);
        if (before.spread > 0 && after.spread > 0) target.zoom(after.x, after.y, after.spread / before.spread);
      }
      target.hover(event.pointerType === 'touch' && pointers.size > 1 ? null : event);
    },
    { signal },
  );
  const release = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) target.grabbed(false);
  };
  element.addEventListener('pointerup', release, { signal });
  element.addEventListener('pointercancel', release, { signal });
  element.addEventListener('lostpointercapture', release, { signal });
  element.addEventListener('pointerleave', () => target.hover(null), { signal });
  element.addEventListener('dblclick', (event) => target.toggle(event.clientX, event.clientY), { signal });
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      target.zoom(event.clientX, event.clientY, wheelFactor(event));
      target.hover(event);
    },
    { signal, passive: false },
  );
  return () => stop.abort();
}
