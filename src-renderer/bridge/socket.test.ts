import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { serveStudio, type StudioHost } from '../../src-main/shell/browser/serve';
import { studioDoubles } from '../../src-main/shell/studio-double';
import { connectSocket, type ConnectionState } from './socket';

/** The bridge in a page that is played by Node: its socket carries the cookie that a browser would. */
let folder: string;
let host: StudioHost;
let doubles: ReturnType<typeof studioDoubles>;
let sockets: NodeSocket[];
let states: ConnectionState[];

const start = async (port = 0): Promise<string> => {
  host = await serveStudio({ port }, { createStudio: doubles.createStudio, rendererFolder: folder, settingsFile: join(folder, 'settings.json') });
  const answer = await fetch(host.url, { redirect: 'manual', headers: { connection: 'close' } });
  return answer.headers.get('set-cookie')!.split(';')[0]!;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'inr-bridge-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  doubles = studioDoubles();
  sockets = [];
  states = [];
  let cookie = await start();
  const origin = `http://127.0.0.1:${host.port}`;
  class PageSocket extends NodeSocket {
    constructor(url: URL) {
      super(url, { headers: { cookie, origin } });
      sockets.push(this);
    }
  }
  vi.stubGlobal('WebSocket', PageSocket);
  vi.stubGlobal('location', { origin });
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('dispatchEvent', ({ detail }: CustomEvent<ConnectionState>) => states.push(detail));
  restart = async () => {
    const { port } = host;
    await host.close();
    cookie = await start(port);
  };
});
let restart: () => Promise<void>;

afterEach(async () => {
  // The page is gone: it no longer tries to connect.
  for (const socket of sockets) socket.onclose = null;
  await host.close();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
});

const close = { signal: 'signal-00000000' };

describe('the bridge of a browser window', () => {
  it('answers calls that were made before the connection stood, and passes events on until told to stop', async () => {
    const bridge = connectSocket();
    const events: unknown[] = [];
    const stop = bridge.on((name, payload) => events.push({ name, payload }));
    expect(await bridge.call('signal.read', { ...close, offset: 0, length: 2 })).toEqual({ ok: { data: new Uint8Array([7, 7]) } });
    doubles.made[0]!.port.emit('menu.command', { command: 'one' });
    await bridge.call('signal.close', close);
    stop();
    doubles.made[0]!.port.emit('menu.command', { command: 'two' });
    await bridge.call('signal.close', close);
    expect(events).toEqual([{ name: 'menu.command', payload: { command: 'one' } }]);
    expect(await bridge.call('no.such', {})).toMatchObject({ fault: { code: 'ipc.unknown' } });
    expect(await bridge.call('signal.close', { signal: () => 1 })).toMatchObject({ fault: { code: 'ipc.request' } });
  });

  it('goes on with the same services when its socket breaks', async () => {
    const bridge = connectSocket();
    await bridge.call('signal.close', close);
    sockets[0]!.terminate();
    expect(await bridge.call('signal.close', close)).toEqual({ ok: {} });
    expect(doubles.made).toHaveLength(1);
    expect(doubles.made[0]!.calls).toHaveLength(2);
    expect(states).toEqual(['connected', 'lost', 'connected']);
  });

  it('says that its files are forgotten when the host was started anew, and works on', async () => {
    const bridge = connectSocket();
    await bridge.call('signal.close', close);
    const restarted = restart();
    while (!states.includes('lost')) await new Promise((done) => setTimeout(done, 5));
    const waiting = bridge.call('signal.close', close);
    await restarted;
    expect(await waiting).toMatchObject({ fault: { code: 'ipc.reset', message: expect.stringContaining('Reload') as string } });
    expect(await bridge.call('signal.close', close)).toEqual({ ok: {} });
    expect(states).toEqual(['connected', 'lost', 'reset']);
  });
});
