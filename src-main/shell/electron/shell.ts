/**
 * The Electron shell: one window over the services of this process. Everything that faces the page is in the files beside this
 * one (app-origin, lockdown, window); this file connects them and follows the app's life.
 *
 * It takes Electron as an argument, so that tests drive it through a double (electron-double.ts).
 */
import { basename, extname, join } from 'node:path';
import type { BrowserWindow as Window, OpenDialogOptions, SaveDialogOptions } from 'electron';
import type { ArtifactFormat } from '../../ipc/contract';
import { dispatch, type Emit } from '../../ipc/dispatch';
import { compactBytes } from '../../ipc/wire-compact';
import type { ShellPort, Studio } from '../../service/port';
import { findInstallation, type Installation } from '../installation';
import { listStaticFiles } from '../static-files';
import { APP_SCHEME, APP_URL, isAppFrame, serveApp } from './app-origin';
import { setGpuSwitches } from './gpu-switches';
import { lockApp, lockSession } from './lockdown';
import { menuTemplate } from './menu';
import { namedFiles } from './named-files';
import { windowOptions } from './window';

export type ElectronModule = Pick<typeof import('electron'), 'app' | 'BrowserWindow' | 'Menu' | 'dialog' | 'ipcMain' | 'protocol' | 'session' | 'shell'>;

export interface ShellParts {
  readonly createStudio?: (port: ShellPort) => Promise<Studio>;
  readonly installation?: Installation;
  readonly platform?: NodeJS.Platform;
  readonly argv?: readonly string[];
  readonly workingFolder?: string;
}

/** A window that ends sooner than this would end again. */
const CRASH_LOOP_MILLISECONDS = 10_000;

const PICTURES = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'tif', 'tiff'];
const VOLUMES = ['nrrd', 'nhdr', 'nii', 'gz', 'mha', 'mhd', 'npy', 'raw', 'vti', 'dcm'];
const OPEN_OPTIONS: OpenDialogOptions = {
  properties: ['openFile', 'multiSelections'],
  filters: [
    { name: 'All that can be opened', extensions: ['inr', ...PICTURES, ...VOLUMES] },
    { name: 'Pictures', extensions: PICTURES },
    { name: 'Volumes', extensions: VOLUMES },
    { name: 'INR files', extensions: ['inr'] },
    { name: 'All files', extensions: ['*'] },
  ],
};
const saveOptions = (suggestedName: string, format: ArtifactFormat): SaveDialogOptions => ({
  defaultPath: suggestedName,
  filters: [{ name: format === 'inr' ? 'INR file' : `${format.toUpperCase()} file`, extensions: [format] }],
  properties: ['createDirectory', 'showOverwriteConfirmation'],
});

interface OpenWindow {
  readonly window: Window;
  readonly studio: Promise<Studio>;
}

/** Starts the app; false when another instance is running and was given this one's files. */
export function startShell(electron: ElectronModule, parts: ShellParts = {}): boolean {
  const { app, BrowserWindow, Menu, dialog, ipcMain, protocol, session, shell } = electron;
  const platform = parts.platform ?? process.platform;
  const installation = parts.installation ?? findInstallation();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return false;
  }
  app.setName('INR Studio');
  protocol.registerSchemesAsPrivileged([APP_SCHEME]);
  setGpuSwitches(app.commandLine, platform);
  app.enableSandbox();
  lockApp(app, shell);

  let current: OpenWindow | null = null;
  const waiting = namedFiles(parts.argv ?? process.argv, parts.workingFolder ?? process.cwd(), app.isPackaged);

  const emitTo =
    (window: Window): Emit =>
    (name, payload) => {
      if (!window.isDestroyed()) window.webContents.send('studio:event', name, compactBytes(payload));
    };

  const makeStudio = async (window: Window): Promise<Studio> => {
    const createStudio = parts.createStudio ?? (await import('../../service/studio')).createStudio;
    const studio = await createStudio({
      kind: 'electron',
      emit: emitTo(window),
      openDialog: async () => {
        const { canceled, filePaths } = await dialog.showOpenDialog(window, OPEN_OPTIONS);
        return canceled ? [] : filePaths;
      },
      saveDialog: async (suggestedName, format) => {
        // Only the name is the page's to suggest: never a folder.
        const { canceled, filePath } = await dialog.showSaveDialog(window, saveOptions(basename(suggestedName), format));
        if (canceled || !filePath) return null;
        return extname(filePath) === '' ? `${filePath}.${format}` : filePath;
      },
      root: null,
      settingsFile: join(app.getPath('userData'), 'settings.json'),
      versions: { electron: process.versions.electron ?? '', chrome: process.versions.chrome ?? '' },
      assetsDir: installation.assets,
      appVersion: installation.version,
    });
    const files = waiting.splice(0);
    if (files.length > 0) studio.setPending(files);
    return studio;
  };

  const openWindow = (): void => {
    const window = new BrowserWindow(windowOptions(installation.preload, installation.version));
    const studio = makeStudio(window);
    studio.catch((error: unknown) => {
      console.error('The services failed to start:', error);
      dialog.showErrorBox('INR Studio cannot start', error instanceof Error ? error.message : String(error));
    });
    const opened = { window, studio };
    current = opened;
    window.once('ready-to-show', () => window.show());
    const openedAt = performance.now();
    window.webContents.once('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit' || window.isDestroyed()) return;
      console.error(`The window's process ended: ${reason}.`);
      const again = performance.now() - openedAt > CRASH_LOOP_MILLISECONDS;
      // Not from within the event of what is destroyed.
      setImmediate(() => {
        // The new one first: the app ends with its last window.
        if (again) openWindow();
        if (!window.isDestroyed()) window.destroy();
        dialog.showErrorBox(
          again ? 'The window was opened anew' : 'The window cannot be shown',
          `Its process ended (${reason}). What was not saved is gone.${again ? '' : ' Start INR Studio again; if that does not help, update the graphics driver.'}`,
        );
      });
    });
    window.once('closed', () => {
      if (current === opened) current = null;
      studio.then((each) => each.dispose()).catch((error: unknown) => console.error('Closing the window failed:', error));
    });
    window.loadURL(APP_URL).catch((error: unknown) => console.error('The window did not load:', error));
  };

  /** Files named while the app is running, or about to. */
  const offer = async (paths: readonly string[]): Promise<void> => {
    if (!current) {
      waiting.push(...paths);
      if (app.isReady()) openWindow();
      return;
    }
    const { window, studio } = current;
    if (window.isMinimized()) window.restore();
    window.focus();
    if (paths.length === 0) return;
    const ready = await studio;
    // A page that is still loading asks for app.pending itself and would miss the event.
    if (window.webContents.isLoading()) ready.setPending(paths);
    else emitTo(window)('file.requested', { files: await ready.offerFiles(paths) });
  };
  const offerOrSay = (paths: readonly string[]): void => {
    offer(paths).catch((error: unknown) => dialog.showErrorBox('The file cannot be opened', error instanceof Error ? error.message : String(error)));
  };

  ipcMain.handle('studio:call', async (event, name: unknown, request: unknown) => {
    const mine = current !== null && event.sender === current.window.webContents && isAppFrame(event.senderFrame);
    if (!current || !mine) return { fault: { kind: 'usage', code: 'ipc.sender', message: 'Only the window of INR Studio may call.' } };
    try {
      return compactBytes(await dispatch((await current.studio).handlers, name, request));
    } catch (error) {
      return { fault: { kind: 'failed', code: 'internal', message: error instanceof Error ? error.message : String(error) } };
    }
  });

  app.on('second-instance', (_event, argv, workingFolder) => offerOrSay(namedFiles(argv, workingFolder, app.isPackaged)));
  // macOS: may come before the app is ready.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    offerOrSay([path]);
  });
  app.on('window-all-closed', () => {
    if (platform !== 'darwin') app.quit();
  });
  app.on('activate', () => {
    if (!current && app.isReady()) openWindow();
  });

  app
    .whenReady()
    .then(() => {
      lockSession(session.defaultSession);
      serveApp(protocol, listStaticFiles(installation.renderer));
      const sendCommand = (command: string): void => {
        if (current) emitTo(current.window)('menu.command', { command });
      };
      Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform, 'INR Studio', sendCommand)));
      openWindow();
    })
    .catch((error: unknown) => {
      dialog.showErrorBox('INR Studio cannot start', error instanceof Error ? error.message : String(error));
      app.exit(1);
    });
  return true;
}
