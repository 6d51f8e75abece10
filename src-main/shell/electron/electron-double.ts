/**
 * A double of the `electron` module for tests: it keeps what the shell sets and lets a test play the user, the page and the
 * operating system. Each part is checked against Electron's own types, so that it cannot drift from them unseen.
 */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import type { ElectronModule } from './shell';

type CallHandler = (event: unknown, ...args: unknown[]) => unknown;

export class ContentsDouble extends EventEmitter {
  readonly sent: { channel: string; args: unknown[] }[] = [];
  loading = true;
  windowOpenHandler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | null = null;

  send(channel: string, ...args: unknown[]): void {
    this.sent.push({ channel, args });
  }
  isLoading(): boolean {
    return this.loading;
  }
  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.windowOpenHandler = handler;
  }
  /** True when a listener let the page go to `url`. */
  mayGo(event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect', url: string): boolean {
    let prevented = false;
    this.emit(event, { url, preventDefault: () => (prevented = true) });
    return !prevented;
  }
  events(): { name: unknown; payload: unknown }[] {
    return this.sent.filter(({ channel }) => channel === 'studio:event').map(({ args: [name, payload] }) => ({ name, payload }));
  }
}
ContentsDouble.prototype satisfies Pick<Electron.WebContents, 'send' | 'isLoading' | 'setWindowOpenHandler'>;

export class WindowDouble extends EventEmitter {
  readonly webContents = new ContentsDouble();
  readonly loaded: string[] = [];
  minimized = false;
  focused = 0;
  shown = false;
  destroyed = false;

  constructor(readonly options: Electron.BrowserWindowConstructorOptions) {
    super();
  }
  loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    return Promise.resolve();
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  restore(): void {
    this.minimized = false;
  }
  focus(): void {
    this.focused++;
  }
  show(): void {
    this.shown = true;
  }
  destroy(): void {
    this.userCloses();
  }

  /** The user closes it. */
  userCloses(): void {
    this.destroyed = true;
    this.emit('closed');
  }
}
WindowDouble.prototype satisfies Pick<Electron.BrowserWindow, 'loadURL' | 'destroy' | 'isDestroyed' | 'isMinimized' | 'restore' | 'focus' | 'show'>;

class AppDouble extends EventEmitter {
  readonly switches = new Map<string, string>();
  isPackaged = true;
  primary = true;
  ready = false;
  quits = 0;
  exitCode: number | null = null;
  sandboxed = false;
  name = '';
  #becomeReady!: () => void;
  readonly #whenReady = new Promise<void>((done) => (this.#becomeReady = done));

  readonly commandLine: Pick<Electron.CommandLine, 'appendSwitch' | 'getSwitchValue' | 'hasSwitch'> = {
    appendSwitch: (name, value = '') => void this.switches.set(name, value),
    getSwitchValue: (name) => this.switches.get(name) ?? '',
    hasSwitch: (name) => this.switches.has(name),
  };
  requestSingleInstanceLock(): boolean {
    return this.primary;
  }
  quit(): void {
    this.quits++;
  }
  exit(code = 0): void {
    this.exitCode = code;
  }
  setName(name: string): void {
    this.name = name;
  }
  enableSandbox(): void {
    this.sandboxed = true;
  }
  isReady(): boolean {
    return this.ready;
  }
  whenReady(): Promise<void> {
    return this.#whenReady;
  }
  getPath(): string {
    return '/user-data';
  }
  /** The operating system has finished starting the app. */
  async becomesReady(): Promise<void> {
    this.ready = true;
    this.#becomeReady();
    await new Promise((done) => setTimeout(done, 0));
  }
}
AppDouble.prototype satisfies Pick<Electron.App, 'requestSingleInstanceLock' | 'quit' | 'exit' | 'setName' | 'enableSandbox' | 'isReady' | 'whenReady' | 'getPath'>;

class SessionDouble extends EventEmitter {
  request!: Exclude<Parameters<Electron.Session['setPermissionRequestHandler']>[0], null>;
  check!: Exclude<Parameters<Electron.Session['setPermissionCheckHandler']>[0], null>;
  device!: Exclude<Parameters<Electron.Session['setDevicePermissionHandler']>[0], null>;
  spellChecker = true;
  setPermissionRequestHandler(handler: SessionDouble['request']): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: SessionDouble['check']): void {
    this.check = handler;
  }
  setDevicePermissionHandler(handler: SessionDouble['device']): void {
    this.device = handler;
  }
  setSpellCheckerEnabled(enable: boolean): void {
    this.spellChecker = enable;
  }
}

export function electronDouble() {
  const app = new AppDouble();
  const defaultSession = new SessionDouble();
  const windows: WindowDouble[] = [];
  const state = {
    schemes: [] as Electron.CustomScheme[],
    serve: null as ((request: Request) => Response | Promise<Response>) | null,
    call: null as CallHandler | null,
    menu: [] as Electron.MenuItemConstructorOptions[],
    errors: [] as string[],
    opened: [] as string[],
    /** What the user does in the next dialog. */
    chosen: { canceled: false, filePaths: [] as string[], filePath: '' },
    saveOptions: null as Electron.SaveDialogOptions | null,
  };
  const BrowserWindow = class extends WindowDouble {
    constructor(options: Electron.BrowserWindowConstructorOptions) {
      super(options);
      windows.push(this);
      app.emit('web-contents-created', {}, this.webContents);
    }
  };
  const electron = {
    app,
    BrowserWindow,
    Menu: {
      buildFromTemplate: (template: Electron.MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (menu: Electron.MenuItemConstructorOptions[]) => void (state.menu = menu),
    },
    dialog: {
      showOpenDialog: () => Promise.resolve(state.chosen),
      showSaveDialog: (_window: unknown, options: Electron.SaveDialogOptions) => {
        state.saveOptions = options;
        return Promise.resolve(state.chosen);
      },
      showErrorBox: (title: string, content: string) => void state.errors.push(`${title}: ${content}`),
    },
    ipcMain: { handle: (channel: string, handler: CallHandler) => void (channel === 'studio:call' && (state.call = handler)) },
    protocol: {
      registerSchemesAsPrivileged: (schemes: Electron.CustomScheme[]) => void state.schemes.push(...schemes),
      handle: (_scheme: string, handler: (request: Request) => Response | Promise<Response>) => void (state.serve = handler),
    },
    session: { defaultSession },
    shell: {
      openExternal: (url: string) => {
        state.opened.push(url);
        return Promise.resolve();
      },
    },
  };
  return { electron: electron as unknown as ElectronModule, app, defaultSession, windows, state };
}
