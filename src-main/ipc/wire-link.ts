/**
 * A conversation that outlives its sockets: messages arrive once, in order, however often the socket between the ends breaks
 * and is made anew (a laptop that slept, a tunnel that was restarted), as long as both ends keep their Link.
 *
 * Each end numbers what it sends and keeps it until the other says that it arrived. On a new socket both ends first say how
 * many messages they have received; what is missing is then sent again. Invariants: numbers start at 1 and have no gaps;
 * nothing is sent on a socket before the other end's greeting came; a message below or at `received` is a repetition and is
 * dropped. The scheme is that of any sliding-window protocol (RFC 9293 in small).
 *
 * Lossy messages (previews, progress: the next one makes the last one worthless) are not kept: they are sent when the socket is
 * there and has caught up, else dropped, so that a slow tunnel shows fewer previews instead of ever older ones.
 */
import { decodeFrame, encodeFrame, WireError } from './wire';

/** One socket, as a link sees it. */
export interface Transport {
  send(frame: Uint8Array): void;
  /** Bytes that were sent but have not left yet. */
  readonly bufferedBytes: number;
}

/** Above this, lossy messages are dropped. */
const CONGESTED_BYTES = 4 * 1024 * 1024;
/** An acknowledgement goes out at the latest after so many messages or bytes. */
const UNACKNOWLEDGED_MESSAGES = 16;
const UNACKNOWLEDGED_BYTES = 1024 * 1024;

type Packet =
  | { readonly type: 'greeting'; readonly received: number }
  | { readonly type: 'message'; readonly number: number; readonly received: number; readonly message: unknown }
  | { readonly type: 'lossy'; readonly message: unknown }
  | { readonly type: 'received'; readonly received: number };

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function readPacket(frame: Uint8Array): Packet {
  const value = decodeFrame(frame) as Partial<Record<string, unknown>> | null;
  const counted = value?.type === 'lossy' || isCount(value?.received);
  const numbered = value?.type !== 'message' || isCount(value.number);
  if (!counted || !numbered || !['greeting', 'message', 'lossy', 'received'].includes(String(value?.type))) {
    throw new WireError('Not a packet of this protocol.');
  }
  return value as unknown as Packet;
}

export class Link {
  #transport: Transport | null = null;
  #greeted = false;
  #sent = 0;
  #received = 0;
  #acknowledged = 0;
  #bytesSinceAcknowledged = 0;
  /** As encoded: the sender may change its arrays afterwards. An old `received` in them does no harm. */
  #kept: { readonly number: number; readonly frame: Uint8Array }[] = [];
  #keptBytes = 0;

  /**
   * @param deliver is given each message of the other end, once and in order
   * @param maximumKeptBytes what may wait for a socket; send() throws above it
   */
  constructor(
    private readonly deliver: (message: unknown) => void,
    private readonly maximumKeptBytes = 256 * 1024 * 1024,
  ) {}

  /** Bytes that wait for the other end to say that they arrived. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Takes a new socket, instead of an earlier one if there is any, and greets. */
  attach(transport: Transport): void {
    this.#transport = transport;
    this.#greeted = false;
    this.#put({ type: 'greeting', received: this.#received });
    this.#noteAcknowledged();
  }

  detach(): void {
    this.#transport = null;
    this.#greeted = false;
  }

  /** Throws WireError when the message cannot be sent at all or too much is waiting. */
  send(message: unknown): void {
    const number = this.#sent + 1;
    const frame = encodeFrame({ type: 'message', number, received: this.#received, message } satisfies Packet);
    if (this.#keptBytes + frame.byteLength > this.maximumKeptBytes) throw new WireError('The other end has not answered for too long.');
    this.#sent = number;
    this.#kept.push({ number, frame });
    this.#keptBytes += frame.byteLength;
    if (!this.#greeted || !this.#transport) return;
    this.#transport.send(frame);
    this.#noteAcknowledged();
  }

  sendLossy(message: unknown): void {
    if (!this.#greeted || !this.#transport || this.#transport.bufferedBytes > CONGESTED_BYTES) return;
    this.#put({ type: 'lossy', message });
  }

  /** A frame came from the socket. Throws WireError when it is not of this protocol: the socket is then to be closed. */
  receive(frame: Uint8Array): void {
    const packet = readPacket(frame);
    if (packet.type === 'lossy') {
      this.deliver(packet.message);
      return;
    }
    this.#forget(packet.received);
    if (packet.type === 'greeting') {
      this.#greeted = true;
      for (const { frame: kept } of this.#kept) this.#transport?.send(kept);
    }
    if (packet.type !== 'message' || packet.number <= this.#received) return;
    if (packet.number !== this.#received + 1) throw new WireError('A message is missing.');
    this.#received = packet.number;
    this.#bytesSinceAcknowledged += frame.byteLength;
    const due = this.#received - this.#acknowledged >= UNACKNOWLEDGED_MESSAGES || this.#bytesSinceAcknowledged >= UNACKNOWLEDGED_BYTES;
    if (due && this.#greeted) {
      this.#put({ type: 'received', received: this.#received });
      this.#noteAcknowledged();
    }
    this.deliver(packet.message);
  }

  #put(packet: Packet): void {
    this.#transport?.send(encodeFrame(packet));
  }

  #noteAcknowledged(): void {
    this.#acknowledged = this.#received;
    this.#bytesSinceAcknowledged = 0;
  }

  #forget(received: number): void {
    if (received > this.#sent) throw new WireError('The other end has received more than was sent.');
    while (this.#kept.length > 0 && this.#kept[0]!.number <= received) this.#keptBytes -= this.#kept.shift()!.frame.byteLength;
  }
}
