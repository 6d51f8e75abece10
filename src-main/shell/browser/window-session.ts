/**
 * One window of the browser shell: its own services, its own conversation. The conversation (ipc/wire-link.ts) outlives the
 * socket, so that a fit goes on and nothing is lost when a laptop sleeps or a tunnel is restarted; a window that stays away
 * too long, or that says goodbye, is cleared away by its owner (serve.ts).
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { WireError } from '../../ipc/wire';
import { Link } from '../../ipc/wire-link';
import { dispatch, type Emit } from '../../ipc/dispatch';
import type { Studio } from '../../service/port';

/** Worth nothing once the next one is made; see Link.sendLossy. */
const lossyEvents: ReadonlySet<string> = new Set(['fit.preview']);
/** A socket that does not answer a ping within this time is dead, whatever TCP believes. */
const HEARTBEAT_MILLISECONDS = 20_000;

/** Close codes that the client end knows. */
export const CLOSE_PROTOCOL = 4000;
export const CLOSE_REPLACED = 4001;
export const CLOSE_STOPPING = 4002;

export class WindowSession {
  readonly id = randomBytes(16).toString('base64url');
  readonly #link: Link;
  #socket: WebSocket | null = null;
  #studio: Promise<Studio>;
  #heartbeat: NodeJS.Timeout | null = null;
  #said = false;

  /**
   * @param openStudio makes this window's services, which send their events by `emit`
   * @param onDetached is told when the window has lost its socket; `goodbye`: it was closed by its user
   */
  constructor(
    openStudio: (emit: Emit) => Promise<Studio>,
    private readonly onDetached: (session: WindowSession, goodbye: boolean) => void,
  ) {
    this.#link = new Link((message) => this.#take(message));
    this.#studio = openStudio((name, payload) => this.#send({ event: name, payload }, lossyEvents.has(name)));
    // Every call of the window reports it; without this line the first rejection would end the process.
    this.#studio.catch(() => undefined);
  }

  get attached(): boolean {
    return this.#socket !== null;
  }

  attach(socket: WebSocket, fresh: boolean): void {
    this.#socket?.close(CLOSE_REPLACED);
    this.#socket = socket;
    let alive = true;
    clearInterval(this.#heartbeat ?? undefined);
    this.#heartbeat = setInterval(() => {
      if (!alive) socket.terminate();
      alive = false;
      socket.ping();
    }, HEARTBEAT_MILLISECONDS);
    socket.on('pong', () => (alive = true));
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (socket !== this.#socket) return;
      try {
        if (!binary) throw new WireError('Text is not of this protocol.');
        this.#link.receive(data);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        socket.close(CLOSE_PROTOCOL, error.message);
      }
    });
    // A broken socket also closes; 'close' does the rest.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      clearInterval(this.#heartbeat ?? undefined);
      this.#socket = null;
      this.#link.detach();
      this.onDetached(this, this.#said);
    });
    socket.send(JSON.stringify({ session: this.id, fresh }));
    this.#link.attach({
      send: (frame) => socket.send(frame),
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    });
  }

  async dispose(): Promise<void> {
    clearInterval(this.#heartbeat ?? undefined);
    const socket = this.#socket;
    this.#socket = null;
    this.#link.detach();
    socket?.close(CLOSE_STOPPING, 'The host stops.');
    await this.#studio.then(
      (studio) => studio.dispose(),
      () => undefined,
    );
  }

  #take(message: unknown): void {
    if (typeof message !== 'object' || message === null) throw new WireError('Not a call.');
    if ('goodbye' in message) {
      this.#said = true;
      return;
    }
    if (!('call' in message) || typeof message.call !== 'number') throw new WireError('Not a call.');
    void this.#answer(message.call, 'name' in message ? message.name : undefined, 'request' in message ? message.request : undefined);
  }

  async #answer(call: number, name: unknown, request: unknown): Promise<void> {
    let result: Awaited<ReturnType<typeof dispatch>>;
    try {
      result = await dispatch((await this.#studio).handlers, name, request);
    } catch (error) {
      console.error('The services of a window failed to start:', error);
      result = { fault: { kind: 'failed', code: 'internal', message: error instanceof Error ? error.message : String(error) } };
    }
    this.#send({ call, result }, false);
  }

  #send(message: unknown, lossy: boolean): void {
    try {
      if (lossy) this.#link.sendLossy(message);
      else this.#link.send(message);
    } catch (error) {
      // Too much waits for a window that is away: it is then as good as closed.
      console.error('A message to the window was dropped:', error);
      this.#socket?.close(CLOSE_PROTOCOL);
    }
  }
}
