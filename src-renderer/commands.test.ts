import { describe, expect, it, vi } from 'vitest';
import { CommandRegistry, focusConsumes, keyLabel, keyName, type FocusFacts, type KeyPress } from './commands';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const focus = (tag: string, more: Partial<FocusFacts> = {}): FocusFacts => ({ tag, role: null, inputType: null, editable: false, ...more });

describe('who gets a key', () => {
  it('leaves every plain key to text fields and lists', () => {
    for (const field of [focus('INPUT', { inputType: 'text' }), focus('INPUT'), focus('INPUT', { inputType: 'number' }), focus('TEXTAREA'), focus('SELECT'), focus('DIV', { editable: true })])
      for (const key of [' ', '.', 's', '1', 'ArrowLeft']) expect(focusConsumes(press(key), field)).toBe(true);
  });

  it('lets Ctrl combinations through text fields except those that edit', () => {
    const field = focus('INPUT', { inputType: 'text' });
    expect(focusConsumes(press('o', { ctrlKey: true }), field)).toBe(false);
    expect(focusConsumes(press('s', { ctrlKey: true }), field)).toBe(false);
    expect(focusConsumes(press('v', { ctrlKey: true }), field)).toBe(true);
    expect(focusConsumes(press('Z', { ctrlKey: true, shiftKey: true }), field)).toBe(true);
  });

  it('leaves Space and Enter to a focused button, but not letters', () => {
    for (const button of [focus('BUTTON'), focus('SUMMARY'), focus('INPUT', { inputType: 'checkbox' }), focus('DIV', { role: 'switch' })]) {
      expect(focusConsumes(press(' '), button)).toBe(true);
      expect(focusConsumes(press('s'), button)).toBe(false);
    }
  });

  it('leaves arrows to sliders and tabs', () => {
    expect(focusConsumes(press('ArrowLeft'), focus('INPUT', { inputType: 'range' }))).toBe(true);
    expect(focusConsumes(press('ArrowLeft'), focus('DIV', { role: 'slider' }))).toBe(true);
    expect(focusConsumes(press(' '), focus('DIV', { role: 'slider' }))).toBe(false);
    expect(focusConsumes(press('ArrowLeft'), focus('CANVAS'))).toBe(false);
  });
});

describe('CommandRegistry', () => {
  const make = (mac = false) => {
    const calls: string[] = [];
    const enabled = { step: true };
    const registry = new CommandRegistry(
      [
        { id: 'fit.toggle', title: 'Start', group: 'Fit', keys: ['Space'], run: () => void calls.push('toggle') },
        { id: 'fit.step', title: 'Step', group: 'Fit', keys: ['.'], enabled: () => enabled.step, run: () => void calls.push('step') },
        { id: 'file.open', title: 'Open', group: 'File', keys: ['Mod+O'], run: () => void calls.push('open') },
        { id: 'view.flip', title: 'Flip', group: 'View', keys: ['x'], run: () => void calls.push('flip'), release: () => void calls.push('unflip') },
        { id: 'view.zoomIn', title: 'In', group: 'View', keys: ['+', '='], run: () => void calls.push('in') },
        { id: 'app.help', title: 'Keys', group: 'App', keys: ['?'], run: () => void calls.push('help') },
      ],
      mac,
    );
    return { calls, enabled, registry };
  };

  it('runs by key and by id, and tells whether it took the key', () => {
    const { calls, registry } = make();
    expect(registry.press(press(' '), null)).toBe(true);
    expect(registry.press(press('o', { ctrlKey: true }), null)).toBe(true);
    expect(registry.press(press('?', { shiftKey: true }), null)).toBe(true);
    expect(registry.press(press('+', { shiftKey: true }), null)).toBe(true);
    expect(registry.press(press('j'), null)).toBe(false);
    expect(registry.press(press(' '), focus('INPUT'))).toBe(false);
    expect(registry.run('file.open')).toBe(true);
    expect(registry.run('no.such')).toBe(false);
    expect(calls).toEqual(['toggle', 'open', 'help', 'in', 'open']);
  });

  it('does nothing when disabled', () => {
    const { calls, enabled, registry } = make();
    enabled.step = false;
    expect(registry.press(press('.'), null)).toBe(false);
    expect(registry.run('fit.step')).toBe(false);
    expect(calls).toEqual([]);
  });

  it('holds and lets go, also when the window loses the focus', () => {
    const { calls, registry } = make();
    registry.press(press('x'), null);
    registry.press(press('x'), null, true);
    registry.release(press('x'));
    registry.press(press('x'), null);
    registry.release('all');
    expect(calls).toEqual(['flip', 'unflip', 'flip', 'unflip']);
  });

  it('lets go when a modifier came down meanwhile, and takes events whose facts are getters', () => {
    const { calls, registry } = make();
    // As the DOM has them: nothing of a KeyboardEvent is its own property.
    const event = (key: string, shiftKey = false): KeyPress => Object.create(press(key, { shiftKey })) as KeyPress;
    registry.press(event('x'), null);
    registry.release(event('X', true));
    expect(calls).toEqual(['flip', 'unflip']);
  });

  it('does not flutter a toggle when a key repeats, but zooms on', () => {
    const { calls, registry } = make();
    registry.press(press(' '), null, true);
    registry.press(press('='), null, true);
    expect(calls).toEqual(['in']);
  });

  it('uses Cmd on a Mac and ignores Ctrl there', () => {
    const { calls, registry } = make(true);
    expect(registry.press(press('o', { ctrlKey: true }), null)).toBe(false);
    expect(registry.press(press('o', { metaKey: true }), null)).toBe(true);
    expect(calls).toEqual(['open']);
    expect(registry.tip('file.open')).toBe('Open (⌘ O)');
  });

  it('refuses two commands on one key', () => {
    const run = vi.fn();
    expect(() => new CommandRegistry([{ id: 'a', title: '', group: '', keys: ['s'], run }, { id: 'b', title: '', group: '', keys: ['S'], run }])).toThrow(/both want/);
  });

  it('names keys', () => {
    expect(keyName(press('E', { ctrlKey: true, shiftKey: true }), false)).toBe('Mod+Shift+E');
    expect(keyLabel('Mod+Shift+E', false)).toBe('Ctrl Shift E');
    expect(keyLabel('+', false)).toBe('+');
  });
});
