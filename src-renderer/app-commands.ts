/** Every command of the window, with its key. The native menu sends the ids file.open, file.save, file.export, help.keys. */
import type { Command } from './commands';
import { save } from './state/encoding';
import { canEncode, canStart, encodeNow, start, step, stop, toggle } from './state/fitting';
import { openDialog } from './state/opening';
import type { StageActions, Studio } from './state/studio.svelte';
import type { StageMode } from './preview/view';

const ZOOM = 1.25;

/** The commands over a studio. */
export function appCommands(studio: Studio): Command[] {
  const hasOpened = (): boolean => studio.opened !== null || studio.run !== null;
  const hasBoth = (): boolean => hasOpened() && studio.run?.shown !== null && studio.run !== null && studio.original !== null;
  const hasErrors = (): boolean => hasBoth() && (studio.kind !== 'surface' || studio.mesh?.picture.errors !== undefined);
  const hasFile = (): boolean => studio.artifact !== null;
  const active = (): boolean => studio.active !== null;
  const mode = (id: string, title: string, key: string, value: StageMode, enabled: () => boolean): Command => ({
    id,
    title,
    group: 'View',
    keys: [key],
    enabled,
    // The key of the error map also leads back from it.
    run: () => studio.compareBy({ mode: value === 'error' && studio.comparison.mode === 'error' ? 'split' : value }),
  });
  const viewing = (id: string, title: string, keys: readonly string[], act: (actions: StageActions) => void): Command => ({
    id,
    title,
    group: 'View',
    keys,
    enabled: () => hasOpened() && studio.stage !== null,
    run: () => {
      if (studio.stage) act(studio.stage);
    },
  });
  return [
    { id: 'fit.toggle', title: 'Start, pause or resume the fit', group: 'Fit', keys: ['Space'], enabled: () => active() || canStart(studio), run: () => toggle(studio) },
    { id: 'fit.step', title: 'One step', group: 'Fit', keys: ['.'], enabled: () => studio.active?.driver != null, run: () => step(studio) },
    { id: 'fit.stop', title: 'Stop and encode', group: 'Fit', keys: ['S'], enabled: active, run: () => stop(studio) },
    { id: 'fit.new', title: 'Fit again', group: 'Fit', keys: ['N'], enabled: () => canStart(studio), run: () => void start(studio) },
    { id: 'code.encode', title: 'Encode now', group: 'Fit', keys: ['Q'], enabled: () => canEncode(studio), run: () => void encodeNow(studio) },

    { id: 'file.open', title: 'Open', group: 'File', keys: ['Mod+O'], run: () => void openDialog(studio) },
    { id: 'file.save', title: 'Save .inr', group: 'File', keys: ['Mod+S'], enabled: hasFile, run: () => void save(studio, 'inr') },
    { id: 'file.export', title: 'Export', group: 'File', keys: ['Mod+E'], enabled: hasFile, run: () => void save(studio, 'export') },
    { id: 'file.copyCommand', title: 'Copy as command', group: 'File', keys: ['C'], enabled: () => studio.opened !== null && studio.draft.valid, run: () => void studio.copyCommand() },

    mode('view.original', 'Original', '1', 'original', () => studio.original !== null),
    mode('view.split', 'Split: original and reconstruction', '2', 'split', hasBoth),
    mode('view.reconstruction', 'Reconstruction', '3', 'reconstruction', () => studio.run?.shown != null),
    mode('view.error', 'Error map', 'E', 'error', hasErrors),
    {
      id: 'view.flip',
      title: 'Hold to see the other',
      group: 'View',
      keys: ['X'],
      enabled: hasBoth,
      run: () => studio.compareBy({ flip: true }),
      release: () => studio.compareBy({ flip: false }),
    },
    viewing('view.fit', 'All of it', ['0'], (actions) => actions.fit()),
    {
      id: 'view.oneToOne',
      title: 'One sample on one pixel',
      group: 'View',
      keys: ['9'],
      enabled: () => hasOpened() && studio.stage?.oneToOne !== undefined,
      run: () => studio.stage?.oneToOne?.(),
    },
    viewing('view.zoomIn', 'Zoom in', ['+', '='], (actions) => actions.zoom(ZOOM)),
    viewing('view.zoomOut', 'Zoom out', ['-'], (actions) => actions.zoom(1 / ZOOM)),
    viewing('view.panLeft', 'Move left', ['ArrowLeft'], (actions) => actions.pan(-1, 0)),
    viewing('view.panRight', 'Move right', ['ArrowRight'], (actions) => actions.pan(1, 0)),
    viewing('view.panUp', 'Move up', ['ArrowUp'], (actions) => actions.pan(0, -1)),
    viewing('view.panDown', 'Move down', ['ArrowDown'], (actions) => actions.pan(0, 1)),

    { id: 'pane.runs', title: 'Runs pane', group: 'Window', keys: ['['], run: () => studio.togglePane('runs') },
    { id: 'pane.controls', title: 'Controls pane', group: 'Window', keys: [']'], run: () => studio.togglePane('controls') },
    { id: 'pane.charts', title: 'Charts pane', group: 'Window', keys: ['\\'], run: () => studio.togglePane('charts') },
    {
      id: 'app.theme',
      title: 'Dark, light or the system’s theme',
      group: 'Window',
      keys: ['T'],
      run: () => studio.changeSettings({ theme: { system: 'dark', dark: 'light', light: 'system' }[studio.settings.theme] as 'dark' | 'light' | 'system' }),
    },
    { id: 'app.palette', title: 'All commands', group: 'Window', keys: ['Mod+K'], run: () => (studio.dialog = 'palette') },
    { id: 'help.keys', title: 'Keyboard shortcuts', group: 'Window', keys: ['?'], run: () => (studio.dialog = 'keys') },
  ];
}
