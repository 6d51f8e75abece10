/**
 * The one registry of commands. It feeds the keyboard, the '?' overlay, the command palette, tooltips and the native menu
 * (whose items send these ids), so that a key is written down once and shown everywhere the same.
 *
 * A shortcut never takes a key from where it means something: text fields and lists keep all their keys, a focused button
 * keeps Space and Enter, a slider its arrows. Combinations with Ctrl (Cmd on a Mac) pass through text fields, except those
 * that edit text.
 */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  /** 'Space', '.', 's', 'Mod+O', 'Mod+Shift+E', 'ArrowLeft'; 'Mod' is Ctrl, or Cmd on a Mac. The first is the one shown. */
  readonly keys: readonly string[];
  /** Absent: always enabled. */
  enabled?(): boolean;
  run(): void;
  /** For held keys: called when the key is let go. */
  release?(): void;
}

/** What of a KeyboardEvent decides; kept narrow so that it can be tested without a browser. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** What of the focused element decides. */
export interface FocusFacts {
  readonly tag: string;
  readonly role: string | null;
  readonly inputType: string | null;
  readonly editable: boolean;
}

const ARROWS = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);
const TEXTLESS_INPUTS = new Set(['button', 'checkbox', 'radio', 'range', 'color', 'file', 'submit', 'reset', 'image']);
const PRESSED_BY_SPACE = new Set(['button', 'checkbox', 'switch', 'option', 'menuitem', 'menuitemradio', 'menuitemcheckbox', 'link', 'tab', 'radio']);
const MOVED_BY_ARROWS = new Set(['slider', 'tab', 'radio', 'option', 'menuitem', 'menuitemradio', 'spinbutton', 'separator', 'listbox', 'radiogroup', 'tablist']);
/** Combinations that edit text and belong to a text field. */
const EDITING = new Set(['a', 'c', 'v', 'x', 'y', 'z', 'ArrowLeft', 'ArrowRight', 'Backspace', 'Delete', 'Home', 'End']);

const implicitRole = (focus: FocusFacts): string | null => {
  if (focus.role) return focus.role;
  switch (focus.tag) {
    case 'BUTTON':
    case 'SUMMARY':
      return 'button';
    case 'A':
      return 'link';
    case 'INPUT':
      return focus.inputType === 'range' ? 'slider' : focus.inputType === 'radio' ? 'radio' : focus.inputType === 'checkbox' ? 'checkbox' : 'button';
    default:
      return null;
  }
};

/** Whether the focused element uses this key itself. */
export function focusConsumes(press: KeyPress, focus: FocusFacts | null): boolean {
  if (!focus) return false;
  const modified = press.ctrlKey || press.metaKey;
  const text = focus.editable || focus.tag === 'TEXTAREA' || focus.tag === 'SELECT' || (focus.tag === 'INPUT' && !TEXTLESS_INPUTS.has(focus.inputType ?? 'text'));
  if (text) return modified ? EDITING.has(press.key.length === 1 ? press.key.toLowerCase() : press.key) : press.key !== 'Escape';
  if (modified) return false;
  const role = implicitRole(focus);
  if (role === null) return false;
  if (press.key === ' ' || press.key === 'Enter') return PRESSED_BY_SPACE.has(role);
  return ARROWS.has(press.key) && MOVED_BY_ARROWS.has(role);
}

/** The key without its modifiers, which may have changed between the press and the release of a held key. */
const bareKey = (press: KeyPress): string => (press.key === ' ' ? 'Space' : press.key.length === 1 ? press.key.toUpperCase() : press.key);

/** The canonical name of a key press: 'Mod+Shift+E', 'Space', '?'. Shift is named only with letters and named keys. */
export function keyName(press: KeyPress, mac: boolean): string {
  const modifier = mac ? press.metaKey : press.ctrlKey;
  const foreign = mac ? press.ctrlKey : press.metaKey;
  const key = bareKey(press);
  const shift = press.shiftKey && (press.key.length > 1 || /[a-z]/i.test(press.key));
  return `${foreign ? 'Foreign+' : ''}${modifier ? 'Mod+' : ''}${press.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`;
}

const normalise = (key: string): string =>
  key
    .split(/\+(?=.)/)
    .map((part) => (part.length === 1 ? part.toUpperCase() : part))
    .join('+');

/** How a key is shown to a person: 'Ctrl O', '⌘ O', '←'. */
export function keyLabel(key: string, mac: boolean): string {
  const names: Record<string, string> = {
    Mod: mac ? '⌘' : 'Ctrl',
    Shift: mac ? '⇧' : 'Shift',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
  };
  return key
    .split(/\+(?=.)/)
    .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
}

export class CommandRegistry {
  readonly #byId = new Map<string, Command>();
  readonly #byKey = new Map<string, Command>();
  /** Commands whose key is down and which want to know when it goes up. */
  readonly #held = new Map<string, Command>();

  constructor(
    commands: readonly Command[],
    readonly mac = false,
  ) {
    for (const command of commands) {
      if (this.#byId.has(command.id)) throw new Error(`Two commands are called ${command.id}.`);
      this.#byId.set(command.id, command);
      for (const key of command.keys.map(normalise)) {
        const other = this.#byKey.get(key);
        if (other) throw new Error(`${command.id} and ${other.id} both want the key ${key}.`);
        this.#byKey.set(key, command);
      }
    }
  }

  get all(): readonly Command[] {
    return [...this.#byId.values()];
  }

  isEnabled(id: string): boolean {
    const command = this.#byId.get(id);
    return command !== undefined && (command.enabled?.() ?? true);
  }

  /** Runs a command by id (menu, palette, button); false when there is none or it is disabled. */
  run(id: string): boolean {
    const command = this.#byId.get(id);
    if (!command || !(command.enabled?.() ?? true)) return false;
    command.run();
    return true;
  }

  /** The shown key of a command, '' when it has none. */
  label(id: string): string {
    const key = this.#byId.get(id)?.keys[0];
    return key === undefined ? '' : keyLabel(key, this.mac);
  }

  /** 'Pause (Space)': title and key, for tooltips. */
  tip(id: string, title?: string): string {
    const key = this.label(id);
    const text = title ?? this.#byId.get(id)?.title ?? '';
    return key ? `${text} (${key})` : text;
  }

  /** Handles a key press; true when a command took it (the caller then prevents the default). */
  press(press: KeyPress, focus: FocusFacts | null, repeat = false): boolean {
    if (focusConsumes(press, focus)) return false;
    const command = this.#byKey.get(keyName(press, this.mac));
    if (!command || !(command.enabled?.() ?? true)) return false;
    if (command.release) {
      if (!repeat) {
        this.#held.set(bareKey(press), command);
        command.run();
      }
      return true;
    }
    // A held key repeats zooming and panning, which is wanted; a toggle would flutter.
    if (repeat && !/^view\.(zoom|pan)/.test(command.id)) return true;
    command.run();
    return true;
  }

  /** Lets go of held commands whose key went up; `all` when the window lost the focus and no key-up will come. */
  release(press: KeyPress | 'all'): void {
    for (const [key, command] of this.#held) {
      if (press !== 'all' && bareKey(press) !== key) continue;
      this.#held.delete(key);
      command.release?.();
    }
  }
}

/** The facts about the focused element that decide who gets a key. */
export function focusFacts(element: Element | null): FocusFacts | null {
  if (!element || element === document.body) return null;
  return {
    tag: element.tagName,
    role: element.getAttribute('role'),
    inputType: element.getAttribute('type'),
    editable: element instanceof HTMLElement && element.isContentEditable,
  };
}
