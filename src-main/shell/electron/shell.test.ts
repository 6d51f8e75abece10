import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { studioDoubles } from '../studio-double';
import { electronDouble, type WindowDouble } from './electron-double';
import { startShell, type ShellParts } from './shell';

let folder: string;
let double: ReturnType<typeof electronDouble>;
let studios: ReturnType<typeof studioDoubles>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inr-electron-'));
  mkdirSync(join(folder, 'out', 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'out', 'renderer', 'index.html'), '<!doctype html><title>INR Studio</title>');
  writeFileSync(join(folder, 'out', 'renderer', 'assets', 'index-1a.js'), 'export {};');
  writeFileSync(join(folder, 'package.json'), '"secret"');
  double = electronDouble();
  studios = studioDoubles();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const parts = (more: Partial<ShellParts> = {}): ShellParts => ({
  createStudio: studios.createStudio,
  installation: { folder, assets: join(folder, 'assets'), renderer: join(folder, 'out', 'renderer'), preload: join(folder, 'out', 'preload', 'index.cjs'), version: '1.2.3' },
  platform: 'linux',
  argv: ['inr-studio'],
  workingFolder: folder,
  ...more,
});

const started = async (more: Partial<ShellParts> = {}): Promise<WindowDouble> => {
  expect(startShell(double.electron, parts(more))).toBe(true);
  await double.app.becomesReady();
  return double.windows[0]!;
};

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
const page = { url: 'app://studio/', parent: null };
const call = (window: WindowDouble, name: unknown, request: unknown, frame: unknown = page): unknown =>
  double.state.call!({ sender: window.webContents, senderFrame: frame }, name, request);

describe('the window', () => {
  it('is sandboxed and isolated, and shows the app alone', async () => {
    const window = await started();
    expect(window.options.webPreferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false });
    expect(window.options.webPreferences?.preload).toBe(join(folder, 'out', 'preload', 'index.cjs'));
    expect(window.loaded).toEqual(['app://studio/']);
    expect(double.app.sandboxed).toBe(true);
    expect(window.shown).toBe(false);
    window.emit('ready-to-show');
    expect(window.shown).toBe(true);
  });

  it('does not leave the app, open windows or attach webviews', async () => {
    const { webContents } = await started();
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const) {
      for (const url of ['https://evil.example/', 'file:///etc/passwd', 'app://other/', 'javascript:alert(1)', 'about:blank', '']) expect(webContents.mayGo(event, url)).toBe(false);
      expect(webContents.mayGo(event, 'app://studio/')).toBe(true);
    }
    let attached = true;
    webContents.emit('will-attach-webview', { preventDefault: () => (attached = false) });
    expect(attached).toBe(false);
    const open = (url: string): unknown => webContents.windowOpenHandler!({ url } as Parameters<NonNullable<typeof webContents.windowOpenHandler>>[0]);
    for (const url of ['https://github.com/x', 'https://evil.example', 'http://github.com', 'https://github.com@evil.example', 'file:///bin/sh', 'app://studio/', 'nonsense']) expect(open(url)).toEqual({ action: 'deny' });
    expect(double.state.opened).toEqual(['https://github.com/x']);
  });

  it('gets no permission but to copy and to fill the screen', async () => {
    await started();
    const { request, check, device } = double.defaultSession;
    const asked = (permission: string, requestingUrl: string): boolean => {
      let granted: boolean | null = null;
      request({} as never, permission as never, (answer) => (granted = answer), { requestingUrl } as never);
      return granted!;
    };
    for (const permission of ['media', 'geolocation', 'notifications', 'midi', 'clipboard-read', 'display-capture', 'openExternal', 'fileSystem', 'hid', 'usb']) {
      expect(asked(permission, 'app://studio/')).toBe(false);
      expect(check({} as never, permission as never, 'app://studio/', {} as never)).toBe(false);
    }
    expect(asked('clipboard-sanitized-write', 'app://studio/')).toBe(true);
    expect(asked('clipboard-sanitized-write', 'https://evil.example/')).toBe(false);
    expect(device({} as never)).toBe(false);
    let saved = true;
    double.defaultSession.emit('will-download', { preventDefault: () => (saved = false) });
    expect(saved).toBe(false);
  });
});

describe('the app protocol', () => {
  const load = async (url: string, init?: RequestInit): Promise<Response> => double.state.serve!(new Request(url, init));

  it('is a secure origin and serves the built window with its policy', async () => {
    await started();
    expect(double.state.schemes).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
    const index = await load('app://studio/');
    expect(await index.text()).toContain('INR Studio');
    expect(index.headers.get('content-security-policy')).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect((await load('app://studio/assets/index-1a.js')).headers.get('content-type')).toContain('javascript');
  });

  it('serves nothing else', async () => {
    await started();
    for (const url of ['app://studio/../../package.json', 'app://studio/..%2f..%2fpackage.json', 'app://studio/%2e%2e/%2e%2e/package.json', 'app://studio//etc/passwd', 'app://studio/assets', 'app://other/index.html']) {
      const response = await load(url);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('secret');
    }
    expect((await load('app://studio/', { method: 'POST', body: 'x' })).status).toBe(404);
  });
});

describe('calls', () => {
  it('of the page reach its services; parts of larger buffers travel alone', async () => {
    const window = await started();
    expect(await call(window, 'signal.read', { signal: 'signal-00000000', offset: 0, length: 3 })).toEqual({ ok: { data: new Uint8Array([7, 7, 7]) } });
    expect(await call(window, 'no.such', {})).toMatchObject({ fault: { code: 'ipc.unknown' } });
    const whole = new Uint8Array(1000);
    studios.made[0]!.port.emit('fit.preview', { run: 'run-00000000', step: 1, size: [2, 1], channels: 1, data: whole.subarray(10, 12) });
    const { payload } = window.webContents.events()[0]!;
    expect((payload as { data: Uint8Array }).data.buffer.byteLength).toBe(2);
  });

  it('of anyone else are refused', async () => {
    const window = await started();
    const refused = { fault: { kind: 'usage', code: 'ipc.sender' } };
    for (const frame of [null, { url: 'https://evil.example/', parent: null }, { url: 'app://studio/', parent: page }, { url: 'app://studio.evil/', parent: null }, { url: '', parent: null }]) {
      expect(await call(window, 'app.pending', {}, frame)).toMatchObject(refused);
    }
    expect(await double.state.call!({ sender: {}, senderFrame: page }, 'app.pending', {})).toMatchObject(refused);
    expect(studios.made[0]!.calls).toEqual([]);
  });

  it('get a fault when the services could not start', async () => {
    const window = await started({ createStudio: () => Promise.reject(new Error('sharp is missing')) });
    expect(await call(window, 'app.pending', {})).toMatchObject({ fault: { message: 'sharp is missing' } });
    expect(double.state.errors[0]).toContain('sharp is missing');
  });
});

describe('files', () => {
  it('of the command line wait for the page to ask', async () => {
    const window = await started({ argv: ['inr-studio', '--some-switch=1', 'photo.png', '.'], workingFolder: folder });
    expect(await call(window, 'app.pending', {})).toMatchObject({ ok: { files: [{ name: 'photo.png' }] } });
    expect(studios.made[0]!.pending).toEqual([]);
  });

  it('are found after the app folder when run from a checkout', async () => {
    double.app.isPackaged = false;
    const window = await started({ argv: ['electron', '--no-sandbox', '.', 'photo.png'] });
    expect(await call(window, 'app.pending', {})).toMatchObject({ ok: { files: [{ name: 'photo.png' }] } });
  });

  it('of a second instance open in the first, which comes forward', async () => {
    const window = await started();
    window.webContents.loading = false;
    window.minimized = true;
    double.app.emit('second-instance', {}, ['inr-studio', 'p.inr'], '/pictures');
    await settle();
    expect(studios.made[0]!.offered).toEqual([resolve('/pictures', 'p.inr')]);
    expect(window.minimized).toBe(false);
    expect(window.focused).toBe(1);
    expect(window.webContents.events()).toMatchObject([{ name: 'file.requested', payload: { files: [{ name: 'p.inr' }] } }]);
  });

  it('offered while the page loads are not lost', async () => {
    const window = await started();
    double.app.emit('second-instance', {}, ['inr-studio', 'p.inr'], '/pictures');
    await settle();
    expect(await call(window, 'app.pending', {})).toMatchObject({ ok: { files: [{ name: 'p.inr' }] } });
  });

  it('that the system opens before the app is ready are kept (macOS)', async () => {
    startShell(double.electron, parts({ platform: 'darwin' }));
    double.app.emit('open-file', { preventDefault: () => undefined }, '/pictures/a.inr');
    await double.app.becomesReady();
    expect(double.windows).toHaveLength(1);
    expect(await call(double.windows[0]!, 'app.pending', {})).toMatchObject({ ok: { files: [{ name: 'a.inr' }] } });
  });

  it('leave a second instance that then quits', () => {
    double.app.primary = false;
    expect(startShell(double.electron, parts())).toBe(false);
    expect(double.app.quits).toBe(1);
    expect(double.windows).toEqual([]);
  });
});

describe('dialogs', () => {
  it('give what the user chose, or nothing', async () => {
    const window = await started();
    double.state.chosen.filePaths = ['/pictures/a.png', '/pictures/b.png'];
    expect(await call(window, 'file.open', {})).toMatchObject({ ok: { files: [{ name: 'a.png' }, { name: 'b.png' }] } });
    double.state.chosen.canceled = true;
    expect(await call(window, 'file.open', {})).toEqual({ ok: { files: [] } });
  });

  it('for saving suggest a plain name and add a missing extension', async () => {
    const window = await started();
    const save = (name: string): unknown => call(window, 'artifact.save', { artifact: 'artifact-00000000', format: 'inr', name, overwrite: false });
    double.state.chosen.filePath = '/pictures/out';
    expect(await save('../../etc/photo.inr')).toMatchObject({ ok: { outcome: 'saved', name: '/pictures/out.inr' } });
    expect(double.state.saveOptions?.defaultPath).toBe('photo.inr');
    expect(double.state.saveOptions?.properties).toContain('showOverwriteConfirmation');
    double.state.chosen.canceled = true;
    expect(await save('photo.inr')).toMatchObject({ ok: { outcome: 'cancelled' } });
  });
});

describe('the menu', () => {
  const flat = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])]);

  it('sends commands to the page and takes no key from it', async () => {
    const window = await started();
    const items = flat(double.state.menu);
    for (const command of ['file.open', 'file.save', 'file.export', 'help.keys']) {
      const item = items.find(({ id }) => id === command)!;
      expect(item.registerAccelerator).toBe(false);
      item.click!({} as never, undefined, {} as never);
      expect(window.webContents.events().at(-1)).toEqual({ name: 'menu.command', payload: { command } });
    }
    expect(items.map(({ role }) => role)).toEqual(expect.arrayContaining(['undo', 'copy', 'paste', 'zoomIn', 'togglefullscreen', 'toggleDevTools', 'quit']));
  });

  it('names only commands that the window has', async () => {
    await started();
    const registry = readFileSync(join(import.meta.dirname, '..', '..', '..', 'src-renderer', 'app-commands.ts'), 'utf8');
    for (const { id } of flat(double.state.menu)) if (id) expect(registry).toContain(`id: '${id}'`);
  });

  it('has an application menu on macOS only', async () => {
    await started({ platform: 'darwin' });
    expect(double.state.menu[0]!.label).toBe('INR Studio');
  });

  it('has no accelerator without Ctrl or Cmd on macOS, which registers them all', async () => {
    await started({ platform: 'darwin' });
    for (const { accelerator } of flat(double.state.menu)) if (accelerator) expect(accelerator).toMatch(/^CmdOrCtrl\+/);
  });
});

describe('a window whose process ends', () => {
  afterEach(() => void vi.restoreAllMocks());

  const crash = async (afterSeconds: number): Promise<void> => {
    const window = await started();
    vi.spyOn(console, 'error').mockReturnValue();
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + afterSeconds * 1000);
    window.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    await settle();
    await settle();
    expect(window.destroyed).toBe(true);
    expect(studios.made[0]!.disposed).toBe(true);
  };

  it('is replaced by a new one with services of its own', async () => {
    await crash(60);
    expect(double.windows).toHaveLength(2);
    expect(await call(double.windows[1]!, 'app.pending', {})).toMatchObject({ ok: {} });
    expect(studios.made[1]!.disposed).toBe(false);
    expect(double.state.errors[0]).toContain('crashed');
  });

  it('is not opened again and again when it ends at once', async () => {
    await crash(1);
    expect(double.windows).toHaveLength(1);
    expect(double.state.errors[0]).toContain('cannot be shown');
  });
});

describe('the end', () => {
  it('closing the window stops its services and, but on macOS, the app', async () => {
    const window = await started();
    window.userCloses();
    double.app.emit('window-all-closed');
    await settle();
    expect(studios.made[0]!.disposed).toBe(true);
    expect(double.app.quits).toBe(1);
    studios.made[0]!.port.emit('menu.command', { command: 'late' });
    expect(window.webContents.events()).toEqual([]);
  });

  it('on macOS the next activation opens a new window with services of its own', async () => {
    const window = await started({ platform: 'darwin' });
    window.userCloses();
    double.app.emit('window-all-closed');
    expect(double.app.quits).toBe(0);
    double.app.emit('activate');
    await settle();
    expect(double.windows).toHaveLength(2);
    expect(studios.made).toHaveLength(2);
  });

  it('says so when the window was never built', async () => {
    rmSync(join(folder, 'out'), { recursive: true });
    await started();
    expect(double.state.errors[0]).toContain('npm run build');
    expect(double.app.exitCode).toBe(1);
  });
});

describe('the GPU', () => {
  it('is asked for WebGPU on Linux without dropping what the user asked for', async () => {
    double.app.switches.set('enable-features', 'Mine');
    await started();
    expect(double.app.switches.get('enable-features')).toBe('Mine,Vulkan');
    expect(double.app.switches.has('enable-unsafe-webgpu')).toBe(true);
  });

  it('needs no switches elsewhere', async () => {
    await started({ platform: 'win32' });
    expect(double.app.switches.has('enable-unsafe-webgpu')).toBe(false);
  });
});
