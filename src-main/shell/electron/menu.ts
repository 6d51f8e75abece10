/**
 * The native menu. Its items send ids of the window's command registry, which owns the keys too: accelerators here are shown,
 * not registered, or each key would act twice.
 */
import type { MenuItemConstructorOptions } from 'electron';

type Send = (command: string) => void;

export function menuTemplate(platform: NodeJS.Platform, appName: string, send: Send): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const item = (label: string, command: string, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: command,
    accelerator,
    registerAccelerator: false,
    click: () => send(command),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const appMenu: MenuItemConstructorOptions = {
    label: appName,
    submenu: [{ role: 'about' }, separator, { role: 'services' }, separator, { role: 'hide' }, { role: 'hideOthers' }, { role: 'unhide' }, separator, { role: 'quit' }],
  };
  return [
    ...(mac ? [appMenu] : []),
    {
      label: '&File',
      submenu: [
        item('&Open…', 'file.open', 'CmdOrCtrl+O'),
        separator,
        item('&Save…', 'file.save', 'CmdOrCtrl+S'),
        item('&Export…', 'file.export', 'CmdOrCtrl+E'),
        item('&Copy as Command', 'file.copyCommand'),
        separator,
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: '&Edit',
      submenu: [{ role: 'undo' }, { role: 'redo' }, separator, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    {
      label: 'F&it',
      submenu: [
        // macOS registers every accelerator: Space would start a fit from a text field.
        item('Start, Pause or &Resume', 'fit.toggle', mac ? undefined : 'Space'),
        item('&One Step', 'fit.step'),
        item('&Stop and Encode', 'fit.stop'),
        separator,
        item('Encode &Now', 'code.encode'),
      ],
    },
    {
      label: '&View',
      submenu: [item('All &Commands', 'app.palette', 'CmdOrCtrl+K'), item('&Theme', 'app.theme'), separator, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'resetZoom' }, separator, { role: 'togglefullscreen' }, { role: 'toggleDevTools' }],
    },
    { label: '&Help', role: 'help', submenu: [item('&Keyboard Shortcuts', 'help.keys')] },
  ];
}
