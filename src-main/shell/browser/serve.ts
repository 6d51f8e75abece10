/**
 * The browser shell: serves the built window on loopback and connects each window that opens it to services of its own. For
 * machines without Electron, and for a workstation used from a laptop through an SSH tunnel. guard.ts says who may enter.
 *
 * One studio a window: events of a run reach the window that started it and no other, and closing one stops its fits alone.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { resolve } from 'node:path';
import { statSync } from 'node:fs';
import { WebSocketServer } from 'ws';
import { StudioError } from '#core/errors';
import { MAXIMUM_FRAME_BYTES } from '../../ipc/wire';
import type { Emit } from '../../ipc/dispatch';
import type { ShellPort, Studio } from '../../service/port';
import { findInstallation, settingsFileFor } from '../installation';
import { SECURITY_HEADERS } from '../policy';
import { Guard, type Refusal } from './guard';
import { listStaticFiles } from '../static-files';
import { WindowSession } from './window-session';

export interface ServeOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** The one folder whose files the window lists, opens and saves into; absent: uploads and downloads only. */
  readonly root?: string;
  /** Files that the first window opens. */
  readonly open?: readonly string[];
  /** Ends a few seconds after the last window was closed. */
  readonly stopWithWindow?: boolean;
}

export interface StudioHost {
  /** With the secret: whoever has it may use the host. */
  readonly url: string;
  readonly port: number;
  /** Settles when the host has ended, by close() or with its window. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** What tests replace. */
export interface ServeParts {
  readonly createStudio?: (port: ShellPort) => Promise<Studio>;
  readonly rendererFolder?: string;
  readonly settingsFile?: string;
  /** A window that lost its socket (not closed) may come back within this time. */
  readonly graceMilliseconds?: number;
  /** How long stopWithWindow waits for a reload. */
  readonly stopMilliseconds?: number;
}

const MAXIMUM_WINDOWS = 16;

/** What a request asks for; null for what no browser sends ('//host/path', for one). */
function targetOf({ url = '' }: IncomingMessage): URL | null {
  return /^\/(?!\/)/.test(url) && URL.canParse(url, 'http://host') ? new URL(url, 'http://host') : null;
}

function checkedRoot(root: string | undefined): string | null {
  if (root === undefined) return null;
  const path = resolve(root);
  try {
    if (statSync(path).isDirectory()) return path;
  } catch {
    // Said below.
  }
  throw new StudioError('usage', 'serve.root', `${root} is not a folder. Name one that exists.`);
}

/**
 * Starts the host. Rejects with StudioError: 'serve.port' (port taken or not allowed), 'serve.root' (no such folder),
 * 'serve.build' (the window is not built).
 */
export async function serveStudio(options: ServeOptions = {}, parts: ServeParts = {}): Promise<StudioHost> {
  const installation = findInstallation();
  const root = checkedRoot(options.root);
  const files = listStaticFiles(parts.rendererFolder ?? installation.renderer);
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : cause.code === 'EACCES' ? 'needs more rights' : `cannot be used (${cause.message})`;
      failed(new StudioError('failed', 'serve.port', `Port ${options.port} ${why}. Choose another: --port N, or none for a free one.`, { cause }));
    });
    server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, listening);
  });
  const { port } = server.address() as AddressInfo;
  const guard = new Guard(`inr-studio-${port}`);
  const sessions = new Map<string, WindowSession>();
  const farewells = new Map<WindowSession, NodeJS.Timeout>();
  let pending: readonly string[] = (options.open ?? []).map((path) => resolve(path));
  let stopTimer: NodeJS.Timeout | undefined;

  const openStudio = async (emit: Emit): Promise<Studio> => {
    const files = pending;
    pending = [];
    const createStudio = parts.createStudio ?? (await import('../../service/studio')).createStudio;
    const studio = await createStudio({
      kind: 'browser',
      emit,
      openDialog: () => Promise.resolve([]),
      saveDialog: () => Promise.resolve(null),
      root,
      settingsFile: parts.settingsFile ?? settingsFileFor(process.platform, process.env),
      versions: {},
      assetsDir: installation.assets,
      appVersion: installation.version,
    });
    if (files.length > 0) studio.setPending(files);
    return studio;
  };

  const forget = (session: WindowSession): void => {
    clearTimeout(farewells.get(session));
    farewells.delete(session);
    sessions.delete(session.id);
    session.dispose().catch((error: unknown) => console.error('Closing a window failed:', error));
  };

  const onDetached = (session: WindowSession, goodbye: boolean): void => {
    if (goodbye) forget(session);
    else farewells.set(session, setTimeout(() => forget(session), parts.graceMilliseconds ?? 120_000));
    if (!options.stopWithWindow || [...sessions.values()].some((each) => each.attached)) return;
    clearTimeout(stopTimer);
    // Time for a reload to come back; a lost socket gets the same, since the window is on this machine.
    stopTimer = setTimeout(() => void close(), parts.stopMilliseconds ?? 3000);
  };

  const answer = (response: ServerResponse, status: number, body: string | Uint8Array, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...SECURITY_HEADERS, ...headers });
    response.end(body);
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const refusal = guard.refuseOrigin(request.headers, false);
    if (refusal) return answer(response, refusal.status, refusal.reason);
    if (request.method !== 'GET') return answer(response, 405, 'Only GET.', { Allow: 'GET' });
    const target = targetOf(request);
    if (target?.pathname === '/enter') {
      if (!guard.isKey(target.searchParams.get('key'))) return answer(response, 403, 'This is not the URL that INR Studio printed.');
      return answer(response, 303, '', { Location: '/', 'Set-Cookie': guard.setCookie() });
    }
    const stranger = guard.refuseStranger(request.headers);
    if (stranger) return answer(response, stranger.status, stranger.reason);
    const file = files.get(target?.pathname ?? '');
    if (!file) return answer(response, 404, 'Not found.');
    const cache = file.immutable ? 'private, max-age=31536000, immutable' : 'no-cache';
    answer(response, 200, file.bytes, { 'Content-Type': file.type, 'Cache-Control': cache });
  };

  server.on('request', onRequest);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAXIMUM_FRAME_BYTES, perMessageDeflate: false });

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const target = targetOf(request);
    const refusal: Refusal | null =
      guard.refuseOrigin(request.headers, true) ??
      guard.refuseStranger(request.headers) ??
      (target?.pathname === '/socket' ? null : { status: 404, reason: 'Not found.' });
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${refusal.reason}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const known = sessions.get(target?.searchParams.get('session') ?? '');
      const away = [...sessions.values()].find((each) => !each.attached);
      if (!known && sessions.size >= MAXIMUM_WINDOWS && away) forget(away);
      if (!known && sessions.size >= MAXIMUM_WINDOWS) {
        webSocket.close(4003, `More than ${MAXIMUM_WINDOWS} windows are open. Close some.`);
        return;
      }
      clearTimeout(stopTimer);
      const session = known ?? new WindowSession(openStudio, onDetached);
      sessions.set(session.id, session);
      clearTimeout(farewells.get(session));
      farewells.delete(session);
      session.attach(webSocket, !known);
    });
  };
  server.on('upgrade', (request, socket: Duplex, head) => {
    socket.on('error', () => socket.destroy());
    onUpgrade(request, socket, head);
  });

  let ended!: () => void;
  const closed = new Promise<void>((done) => (ended = done));
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      clearTimeout(stopTimer);
      for (const timer of farewells.values()) clearTimeout(timer);
      const disposed = Promise.allSettled([...sessions.values()].map((session) => session.dispose()));
      sessions.clear();
      const stopped = new Promise<void>((done) => server.close(() => done()));
      await disposed;
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await stopped;
      ended();
    })();
    return closing;
  };
  return { url: `http://127.0.0.1:${port}/enter?key=${guard.key}`, port, closed, close };
}
