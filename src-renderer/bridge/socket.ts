/**
 * The browser shell's end of StudioBridge: one WebSocket to the host that served this page, made anew when it breaks. The
 * conversation above it (src-main/ipc/wire-link.ts) loses nothing as long as the host still knows this window; where it does
 * not, calls that wait get a fault and the page is told by the DOM event 'studio:connection', whose detail is a
 * ConnectionState.
 */
import type { RemoteFault, StudioBridge } from '../../src-main/ipc/contract';
import { WireError } from '../../src-main/ipc/wire';
import { Link } from '../../src-main/ipc/wire-link';

/** connected; lost: trying again; reset: connected again, but the host has forgotten this window's files and fits. */
export type ConnectionState = 'connected' | 'lost' | 'reset';

/** Calls wait this long for a broken connection, milliseconds. */
const PATIENCE = 30_000;
const RETRY_DELAYS = [200, 500, 1000, 2000, 5000];

type Result = Awaited<ReturnType<StudioBridge['call']>>;

const fault = (code: string, message: string): { fault: RemoteFault } => ({ fault: { kind: 'failed', code, message } });
const GONE = 'The connection to INR Studio is lost. Is its host still running? Start it again and open the URL that it prints.';
const FORGOTTEN = 'INR Studio was started anew and has forgotten the open files. Reload this page.';
const REFUSED = 'The host of INR Studio refused this window. Open the URL that it printed.';

class SocketBridge implements StudioBridge {
  #link = this.#newLink();
  #session = '';
  #attempts = 0;
  #nextCall = 1;
  #lostAt: number | null = Date.now();
  #state: ConnectionState | null = null;
  #socket: WebSocket | null = null;
  readonly #waiting = new Map<number, (result: Result) => void>();
  readonly #listeners = new Set<(name: string, payload: unknown) => void>();

  constructor() {
    this.#connect();
    // Lets the host stop this window's fits at once instead of waiting for it to come back.
    addEventListener('pagehide', (event) => {
      if (event.persisted) return;
      this.#send({ goodbye: true });
      this.#socket?.close();
    });
  }

  call(name: string, request: unknown): Promise<Result> {
    if (this.#lostAt !== null && Date.now() - this.#lostAt > PATIENCE) return Promise.resolve(fault('ipc.disconnected', GONE));
    return new Promise((done) => {
      const call = this.#nextCall++;
      this.#waiting.set(call, done);
      const refused = this.#send({ call, name, request });
      if (refused) this.#settle(call, fault('ipc.request', refused));
    });
  }

  on(listener: (name: string, payload: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #newLink(): Link {
    return new Link((message) => this.#take(message));
  }

  /** Null, or why it could not be sent. */
  #send(message: unknown): string | null {
    try {
      this.#link.send(message);
      return null;
    } catch (error) {
      if (error instanceof WireError) return error.message;
      throw error;
    }
  }

  #settle(call: number, result: Result): void {
    const done = this.#waiting.get(call);
    this.#waiting.delete(call);
    done?.(result);
  }

  #take(message: unknown): void {
    const known = message as { event?: string; payload?: unknown; call?: number; result?: Result };
    if (known.event !== undefined) for (const listener of this.#listeners) listener(known.event, known.payload);
    else if (known.call !== undefined && known.result) this.#settle(known.call, known.result);
  }

  #connect(): void {
    const url = new URL('socket', location.origin);
    url.protocol = 'ws:';
    if (this.#session) url.searchParams.set('session', this.#session);
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      try {
        if (typeof data === 'string') this.#welcome(socket, JSON.parse(data) as { session: string; fresh: boolean });
        else this.#link.receive(new Uint8Array(data));
      } catch (error) {
        console.error('The host sent what this window does not understand:', error);
        socket.close();
      }
    };
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  #welcome(socket: WebSocket, { session, fresh }: { session: string; fresh: boolean }): void {
    const forgotten = fresh && this.#session !== '';
    if (forgotten) {
      this.#link = this.#newLink();
      for (const call of [...this.#waiting.keys()]) this.#settle(call, fault('ipc.reset', FORGOTTEN));
    }
    this.#session = session;
    this.#attempts = 0;
    this.#lostAt = null;
    this.#link.attach({
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    });
    this.#tell(forgotten ? 'reset' : 'connected');
  }

  #lost(code: number, reason: string): void {
    this.#socket = null;
    this.#link.detach();
    this.#lostAt ??= Date.now();
    this.#tell('lost');
    const never = this.#session === '' && this.#attempts >= RETRY_DELAYS.length;
    if (Date.now() - this.#lostAt > PATIENCE || never) {
      const message = never ? (reason ? `${REFUSED} (${reason})` : REFUSED) : GONE;
      for (const call of [...this.#waiting.keys()]) this.#settle(call, fault('ipc.disconnected', message));
    }
    // Another socket of this same window took over.
    if (code === 4001) return;
    const delay = RETRY_DELAYS[Math.min(this.#attempts++, RETRY_DELAYS.length - 1)];
    setTimeout(() => this.#connect(), delay);
  }

  #tell(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    dispatchEvent(new CustomEvent<ConnectionState>('studio:connection', { detail: state }));
  }
}

/** Connects to the host of this page. Calls made before the connection stands wait for it. */
export function connectSocket(): StudioBridge {
  return new SocketBridge();
}
