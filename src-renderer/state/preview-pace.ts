/**
 * Shows live previews only as often as the window can afford. Where there is no GPU, a frame is drawn on the window's own time;
 * previews at full pace would then keep keys and clicks waiting. Each preview's cost is taken from when its frame was painted;
 * the next one waits for a multiple of it, and of those that come meanwhile only the latest is shown.
 *
 * A frame may be late by another's fault: the first of a fit waits for its shaders, any for a busy machine. So the smaller of the last two
 * costs counts, and whatever they say, a live view does not stand still for longer than a person takes for broken.
 */

/** Previews take at most one part in so many of the window's time. */
const SHARE = 8;
/** Two frames at 60 Hz: a preview that is painted in that time costs nothing worth saving. */
const FREE_MILLISECONDS = 40;
const LONGEST_WAIT_MILLISECONDS = 2000;

/** Resolves when the next frame has been painted. */
const painted = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

export class PreviewPace<Preview> {
  #waiting: Preview | null = null;
  #busy = false;
  #stopped = false;
  /** Cost of the preview before, in milliseconds. */
  #costBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `frame` and `now` are there for tests. */
  constructor(
    private readonly show: (preview: Preview) => void,
    private readonly frame: () => Promise<void> = painted,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Shows this preview now, or later, or never when a newer one comes before its turn. */
  offer(preview: Preview): void {
    this.#waiting = preview;
    if (!this.#busy) void this.#next();
  }

  async #next(): Promise<void> {
    const preview = this.#waiting;
    if (preview === null || this.#stopped) return;
    this.#waiting = null;
    this.#busy = true;
    const began = this.now();
    this.show(preview);
    await this.frame();
    const cost = Math.max(0, this.now() - began - FREE_MILLISECONDS);
    const wait = Math.min(SHARE * Math.min(cost, this.#costBefore), LONGEST_WAIT_MILLISECONDS);
    this.#costBefore = cost;
    this.#timer = setTimeout(() => {
      this.#busy = false;
      void this.#next();
    }, wait);
  }

  /** Shows nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#stopped = true;
  }
}
