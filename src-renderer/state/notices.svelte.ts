import { asStudioError } from '#core/errors';

export type NoticeKind = 'fault' | 'warning' | 'done' | 'info';

export interface Notice {
  readonly id: number;
  readonly kind: NoticeKind;
  readonly text: string;
}

/** Short messages that come up over the stage; faults stay until they are dismissed. */
export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  /** What assistive technology is told next: state changes, and progress at long intervals. */
  spoken = $state('');
  #count = 0;

  show(kind: NoticeKind, text: string): void {
    const id = ++this.#count;
    this.list = [...this.list.filter((notice) => notice.text !== text).slice(-3), { id, kind, text }];
    if (kind === 'done' || kind === 'info') setTimeout(() => this.dismiss(id), 6000);
  }

  /** Shows what went wrong in its own words; a cancelled task is what the user wanted and says nothing. */
  fault(error: unknown): void {
    const known = asStudioError(error);
    if (known.kind === 'cancelled') return;
    if (known.code === 'internal') console.error(error);
    this.show('fault', known.message);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  speak(text: string): void {
    this.spoken = text;
  }
}
