/**
 * Progress on stderr: one live line that overwrites itself on a terminal; in a log, a line when something begins and then at
 * growing distances, so that an hour's fit leaves a dozen lines and not a thousand.
 */
import type { SessionProgress } from '#engine/session';
import { showCount, showRate, showSeconds, visible } from './numbers';
import type { Terminal } from './terminal';

export interface Progress {
  /** Something worth knowing, on a line of its own. */
  note(text: string): void;
  fit(progress: SessionProgress): void;
  /** A step of unknown or known length after or before the fit: fraction in [0, 1]. */
  stage(label: string, fraction?: number): void;
  /** Ends the live line. */
  end(): void;
}

const LIVE_MILLISECONDS = 100;
const FIRST_LINE_MILLISECONDS = 5000;
const LINE_GROWTH = 1.5;
const LONGEST_MILLISECONDS = 300_000;
const BAR = 20;

const bar = (fraction: number): string => {
  const filled = Math.round(BAR * Math.min(1, Math.max(0, fraction)));
  return '█'.repeat(filled) + '░'.repeat(BAR - filled);
};

/** One line on a fit: '  900/2000 steps  31.2 dB  48 steps/s  23 s left'. `open`: time, not steps, ends the fit. */
export function fitLine(progress: SessionProgress, open: boolean): string {
  const steps = open ? showCount(progress.step) : `${showCount(progress.step)}/${showCount(progress.steps)}`;
  const parts = [`${steps} steps`];
  if (Number.isFinite(progress.psnr)) parts.push(`${progress.psnr.toFixed(1)} dB`);
  if (progress.stepsPerSecond > 0) parts.push(`${showRate(progress.stepsPerSecond)} steps/s`);
  if (progress.secondsLeft !== null) parts.push(`${showSeconds(progress.secondsLeft)} left`);
  return parts.join('  ');
}

/** `budget`: seconds that bound the fit, where they do. */
export function createProgress(terminal: Terminal, quiet: boolean, budget?: number): Progress {
  if (quiet) return { note: () => {}, fit: () => {}, stage: () => {}, end: () => {} };
  const live = terminal.columns > 0;
  let shown = false;
  let last = 0;
  let gap = FIRST_LINE_MILLISECONDS;
  let lastStage = '';
  let began = Date.now();

  const clear = (): void => {
    if (shown) terminal.err('\r\x1b[K');
    shown = false;
  };
  const draw = (text: string): void => {
    if (live && Date.now() - last >= LIVE_MILLISECONDS) {
      terminal.err(`\r\x1b[K${text.slice(0, terminal.columns - 1)}`);
      shown = true;
      last = Date.now();
    }
  };
  return {
    note(text) {
      clear();
      terminal.err(`${visible(text)}\n`);
    },
    fit(progress) {
      const byTime = budget === undefined ? 0 : progress.seconds / budget;
      const open = budget !== undefined && byTime >= progress.step / progress.steps;
      const fraction = Math.max(byTime, progress.step / progress.steps);
      if (live) draw(`${bar(fraction)} ${String(Math.floor(100 * Math.min(1, fraction))).padStart(3)}%  ${fitLine(progress, open)}`);
      else if (Date.now() - began >= gap) {
        terminal.err(`${fitLine(progress, open)}\n`);
        began = Date.now();
        gap = Math.min(LONGEST_MILLISECONDS, gap * LINE_GROWTH);
      }
    },
    stage(label, fraction) {
      if (live) draw(fraction === undefined ? `${label}...` : `${bar(fraction)} ${String(Math.floor(100 * fraction)).padStart(3)}%  ${label}`);
      else if (label !== lastStage) terminal.err(`${label}...\n`);
      lastStage = label;
    },
    end: clear,
  };
}
