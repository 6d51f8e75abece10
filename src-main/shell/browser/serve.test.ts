import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Link } from '../../ipc/wire-link';
import { studioDoubles } from '../studio-double';
import { serveStudio, type ServeOptions, type StudioHost } from './serve';

let folder: string;
let host: StudioHost;
let doubles: ReturnType<typeof studioDoubles>;
const sockets: WebSocket[] = [];

const start = async (options: ServeOptions = {}, graceMilliseconds = 60_000): Promise<void> => {
  host = await serveStudio(options, {
    createStudio: doubles.createStudio,
    rendererFolder: join(folder, 'renderer'),
    settingsFile: join(folder, 'settings.json'),
    graceMilliseconds,
    stopMilliseconds: 60,
  });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'inr-serve-'));
  mkdirSync(join(folder, 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'renderer', 'index.html'), '<!doctype html><title>INR Studio</title>');
  writeFileSync(join(folder, 'renderer', 'assets', 'index-1a.js'), 'export {};');
  writeFileSync(join(folder, 'secret.json'), '"secret"');
  doubles = studioDoubles();
  await start();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends the path as it is; fetch would tidy it up. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((done, failed) => {
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (data) => (body += data));
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', failed).end();
  });

const enter = async (): Promise<string> => {
  const { pathname, search } = new URL(host.url);
  const { headers } = await get(pathname + search);
  return headers['set-cookie']![0]!.split(';')[0]!;
};

interface Client {
  link: Link;
  socket: WebSocket;
  session: string;
  fresh: boolean;
  got: Record<string, unknown>[];
}

const open = (cookie: string, options: { session?: string; link?: Link; got?: Client['got']; headers?: Record<string, string> } = {}): Promise<Client> =>
  new Promise((done, failed) => {
    const got = options.got ?? [];
    const link = options.link ?? new Link((message) => got.push(message as Record<string, unknown>));
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/socket?session=${options.session ?? ''}`, {
      headers: { cookie, origin: `http://127.0.0.1:${host.port}`, ...options.headers },
    });
    sockets.push(socket);
    socket.on('unexpected-response', (_request, response) => failed(new Error(String(response.statusCode))));
    socket.on('error', failed);
    socket.on('message', (data: Buffer, binary) => {
      if (binary) return link.receive(data);
      const { session, fresh } = JSON.parse(data.toString()) as { session: string; fresh: boolean };
      link.attach({ send: (frame) => socket.send(frame), bufferedBytes: 0 });
      done({ link, socket, session, fresh, got });
    });
  });

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((done) => setTimeout(done, 5));
};

const call = async (client: Client, id: number, name: string, request: unknown): Promise<unknown> => {
  client.link.send({ call: id, name, request });
  await until(() => client.got.some((each) => each.call === id));
  return client.got.find((each) => each.call === id)!.result;
};

describe('entering', () => {
  it('exchanges the key of the URL for a strict cookie and a clean URL', async () => {
    const { pathname, search } = new URL(host.url);
    const answer = await get(pathname + search);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    expect(answer.headers['set-cookie']![0]).toMatch(/HttpOnly; SameSite=Strict/);
    const page = await get('/', { cookie: await enter() });
    expect(page.status).toBe(200);
    expect(page.body).toContain('INR Studio');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
  });

  it('refuses whoever has no cookie or a wrong key, and says what to do', async () => {
    expect((await get('/')).status).toBe(403);
    expect((await get('/')).body).toMatch(/whole URL/);
    expect((await get('/assets/index-1a.js', { cookie: 'inr-studio=guess' })).status).toBe(403);
    expect((await get('/enter?key=guess')).status).toBe(403);
    expect((await get('/enter')).status).toBe(403);
    await expect(open('')).rejects.toThrow('403');
  });

  it('refuses names that were rebound to loopback, on any page and on the socket', async () => {
    const cookie = await enter();
    for (const name of ['evil.example', `evil.example:${host.port}`, '127.0.0.1.evil.example', '0.0.0.0']) {
      expect((await get('/', { cookie, host: name })).status).not.toBe(200);
      await expect(open(cookie, { headers: { host: name } })).rejects.toThrow();
    }
    for (const name of ['localhost:9000', `127.0.0.1:${host.port}`, '[::1]:80']) expect((await get('/', { cookie, host: name })).status).toBe(200);
  });

  it('refuses other origins, also other servers on this machine', async () => {
    const cookie = await enter();
    for (const origin of ['http://evil.example', `http://localhost:${host.port}`, 'http://127.0.0.1:1', `https://127.0.0.1:${host.port}`, 'null']) {
      expect((await get('/', { cookie, origin })).status).toBe(403);
      await expect(open(cookie, { headers: { origin } })).rejects.toThrow('403');
    }
    expect((await get('/', { cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await get('/', { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await get('/', { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('answers GET alone, and nothing outside of the built window', async () => {
    const cookie = await enter();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get('/', { cookie }, method)).status).toBe(405);
    for (const path of ['/../secret.json', '/..%2fsecret.json', '/%2e%2e/secret.json', '/assets/../../secret.json', '//secret.json', '/..\\secret.json', '/secret.json', '/assets', '//', '/%00']) {
      expect((await get(path, { cookie })).body).not.toContain('"secret"');
      expect((await get(path, { cookie })).status).toBe(404);
    }
    expect((await get('/assets/index-1a.js', { cookie })).headers['cache-control']).toContain('immutable');
    expect((await get('/index.html', { cookie })).headers['cache-control']).toBe('no-cache');
  });

  it('survives requests that no browser sends', async () => {
    for (const line of ['GET // HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 'nonsense\r\n\r\n', 'GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n']) {
      await new Promise<void>((done) => {
        const socket = connect(host.port, '127.0.0.1', () => socket.write(line));
        socket.on('data', () => undefined);
        socket.on('close', () => done());
        socket.on('error', () => undefined);
        setTimeout(() => socket.destroy(), 100);
      });
    }
    expect((await get('/', { cookie: await enter() })).status).toBe(200);
  });
});

describe('a window', () => {
  it('calls its own services, with bytes, and hears its own events only', async () => {
    const cookie = await enter();
    const [first, second] = [await open(cookie), await open(cookie)];
    expect(first.session).not.toBe(second.session);
    const result = await call(first, 1, 'signal.read', { signal: 'signal-00000000', offset: 0, length: 5 });
    expect(result).toEqual({ ok: { data: new Uint8Array(5).fill(7) } });
    await call(second, 1, 'signal.close', { signal: 'signal-00000000' });
    expect(doubles.made).toHaveLength(2);
    expect(doubles.made[1]!.calls.map(({ name }) => name)).toEqual(['signal.close']);
    doubles.made[0]!.port.emit('menu.command', { command: 'about' });
    await call(first, 2, 'signal.close', { signal: 'signal-00000000' });
    await call(second, 2, 'signal.close', { signal: 'signal-00000000' });
    expect(first.got).toContainEqual({ event: 'menu.command', payload: { command: 'about' } });
    expect(second.got.some((message) => 'event' in message)).toBe(false);
  });

  it('gets faults, not silence, for calls that are wrong', async () => {
    const client = await open(await enter());
    expect(await call(client, 1, 'no.such', {})).toMatchObject({ fault: { code: 'ipc.unknown' } });
    expect(await call(client, 2, '__proto__', {})).toMatchObject({ fault: { code: 'ipc.unknown' } });
    expect(await call(client, 3, 'signal.close', { signal: '/etc/passwd' })).toMatchObject({ fault: { code: 'ipc.request' } });
    expect(await call(client, 4, 'settings.write', null)).toMatchObject({ fault: { code: 'ipc.request' } });
  });

  it('that speaks another protocol is shut out, and the host goes on', async () => {
    const cookie = await enter();
    const client = await open(cookie);
    const shut = new Promise<number>((done) => client.socket.on('close', done));
    client.socket.send(new Uint8Array([1, 2, 3]));
    expect(await shut).toBe(4000);
    expect(await call(await open(cookie), 1, 'app.pending', {})).toEqual({ ok: { files: [] } });
  });

  it('keeps its services and loses nothing when its socket breaks', async () => {
    const cookie = await enter();
    const client = await open(cookie);
    await call(client, 1, 'signal.close', { signal: 'signal-00000000' });
    client.socket.terminate();
    await new Promise((done) => client.socket.on('close', done));
    client.link.detach();
    client.link.send({ call: 2, name: 'signal.close', request: { signal: 'signal-00000000' } });
    doubles.made[0]!.port.emit('menu.command', { command: 'while-away' });
    const again = await open(cookie, client);
    expect(again.fresh).toBe(false);
    await until(() => client.got.some((each) => each.call === 2));
    expect(client.got).toContainEqual({ event: 'menu.command', payload: { command: 'while-away' } });
    expect(doubles.made).toHaveLength(1);
    expect(doubles.made[0]!.calls).toHaveLength(2);
  });

  it('is cleared away when it says goodbye, and after its time when it does not', async () => {
    await host.close();
    await start({}, 30);
    const cookie = await enter();
    const [polite, lost] = [await open(cookie), await open(cookie)];
    polite.link.send({ goodbye: true });
    await call(polite, 1, 'app.pending', {});
    polite.socket.close();
    lost.socket.terminate();
    await until(() => doubles.made.every((studio) => studio.disposed));
    expect((await open(cookie, lost)).fresh).toBe(true);
  });

  it('that comes first is given the files of the command line', async () => {
    await host.close();
    await start({ open: [join(folder, 'photo.png')] });
    const cookie = await enter();
    const first = await open(cookie);
    expect(await call(first, 1, 'app.pending', {})).toMatchObject({ ok: { files: [{ name: 'photo.png' }] } });
    expect(await call(await open(cookie), 1, 'app.pending', {})).toEqual({ ok: { files: [] } });
  });
});

describe('the host', () => {
  it('stops with its last window when asked to, not on a reload', async () => {
    await host.close();
    await start({ stopWithWindow: true });
    const cookie = await enter();
    let stopped = false;
    void host.closed.then(() => (stopped = true));
    const client = await open(cookie);
    client.socket.terminate();
    const reloaded = await open(cookie);
    await new Promise((done) => setTimeout(done, 150));
    expect(stopped).toBe(false);
    reloaded.socket.terminate();
    await host.closed;
    await expect(get('/')).rejects.toThrow();
  });

  it('listens on loopback alone', () => {
    expect(new URL(host.url).hostname).toBe('127.0.0.1');
  });

  it('says what is wrong with the port, the folder or the build', async () => {
    const parts = { createStudio: doubles.createStudio, rendererFolder: join(folder, 'renderer') };
    await expect(serveStudio({ port: host.port }, parts)).rejects.toMatchObject({ code: 'serve.port', message: expect.stringContaining('--port') as string });
    await expect(serveStudio({ root: join(folder, 'missing') }, parts)).rejects.toMatchObject({ code: 'serve.root' });
    await expect(serveStudio({ root: join(folder, 'secret.json') }, parts)).rejects.toMatchObject({ code: 'serve.root' });
    await expect(serveStudio({}, { ...parts, rendererFolder: join(folder, 'missing') })).rejects.toMatchObject({ code: 'serve.build', message: expect.stringContaining('npm run build') as string });
  });

  it('ends its windows\' services when it is closed', async () => {
    const cookie = await enter();
    const client = await open(cookie);
    await call(client, 1, 'app.pending', {});
    const shut = new Promise<number>((done) => client.socket.on('close', done));
    await host.close();
    expect(await shut).toBe(4002);
    expect(doubles.made[0]!.disposed).toBe(true);
  });
});
