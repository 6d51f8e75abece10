import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, MAXIMUM_FRAME_BYTES, WireError } from './wire';
import { Link, type Transport } from './wire-link';

const anyBytes = fc.uint8Array({ maxLength: 64 });
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.string(),
    anyBytes,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('value', 'patches', '__proto__', 'constructor', '0')), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

const rawFrame = (header: unknown, ...attachments: number[]): Uint8Array => {
  const bytes = new TextEncoder().encode(JSON.stringify(header));
  const frame = new Uint8Array(4 + bytes.length + attachments.length);
  new DataView(frame.buffer).setUint32(0, bytes.length, true);
  frame.set(bytes, 4);
  frame.set(attachments, 4 + bytes.length);
  return frame;
};

describe('frames', () => {
  it('bring back exactly what went in, whatever it is', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        // Not toStrictEqual, which is misled by a key named 'constructor'.
        expect(isDeepStrictEqual(decodeFrame(encodeFrame(value)), value)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('give each array of bytes a buffer of its own, also out of a pooled one', () => {
    const frame = encodeFrame({ data: new Uint8Array([1, 2, 3, 4]) });
    const pooled = Buffer.concat([Buffer.from([9]), frame]).subarray(1);
    const { data } = decodeFrame(pooled) as { data: Uint8Array };
    expect(data.byteOffset).toBe(0);
    expect(data.buffer.byteLength).toBe(4);
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
  });

  it('refuse what a structured clone of plain data would not carry', () => {
    for (const value of [() => 1, 1n, Symbol('s'), new Map(), new Date(), { deep: [new Set()] }]) {
      expect(() => encodeFrame(value)).toThrow(WireError);
    }
  });

  it('survive any bytes: a value or a WireError, nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.tuple(anyValue, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
        const frame = encodeFrame(value);
        frame[at % frame.length] = byte;
        return frame;
      })), (frame) => {
        try {
          decodeFrame(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('refuse headers that lie', () => {
    const lies: Uint8Array[] = [
      new Uint8Array(3),
      new Uint8Array([255, 255, 255, 255, 0]),
      rawFrame({ value: null, patches: [[[], 1]] }),
      rawFrame({ value: null, patches: [[[], 1e9]] }, 7),
      rawFrame({ value: null, patches: [] }, 7),
      rawFrame({ value: 5, patches: [[[], 1]] }, 7),
      rawFrame({ value: {}, patches: [[['__proto__', 'polluted'], 'NaN']] }),
      rawFrame({ value: { list: [] }, patches: [[['list', 'length'], 'NaN']] }),
      rawFrame({ value: null, patches: [[[], -1]] }),
      rawFrame({ value: null, patches: [[[], 'eval']] }),
      rawFrame({ patches: [] }),
      rawFrame([]),
    ];
    for (const lie of lies) expect(() => decodeFrame(lie)).toThrow(WireError);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(() => encodeFrame(new Uint8Array(MAXIMUM_FRAME_BYTES))).toThrow(/too large/);
  });
});

/** Two links and a socket between them that can be cut with frames under way. */
function pair() {
  const got = { a: [] as unknown[], b: [] as unknown[] };
  const a = new Link((message) => got.a.push(message));
  const b = new Link((message) => got.b.push(message));
  let underWay: (() => void)[] = [];
  const transport = (to: Link): Transport => ({ bufferedBytes: 0, send: (frame) => underWay.push(() => to.receive(frame.slice())) });
  return {
    a,
    b,
    got,
    connect: () => {
      a.attach(transport(b));
      b.attach(transport(a));
    },
    cut: () => {
      underWay = [];
      a.detach();
      b.detach();
    },
    /** Lets up to `count` frames arrive. */
    flow: (count = Number.POSITIVE_INFINITY) => {
      for (let i = 0; i < count && underWay.length > 0; i++) underWay.shift()!();
    },
  };
}

describe('a link', () => {
  it('delivers every message once and in order, wherever the socket breaks', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('a' as const) }),
      fc.record({ do: fc.constant('b' as const) }),
      fc.record({ do: fc.constant('cut' as const) }),
      fc.record({ do: fc.constant('connect' as const) }),
      fc.record({ do: fc.constant('flow' as const), count: fc.integer({ min: 1, max: 6 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { a, b, got, connect, cut, flow } = pair();
        const sent = { a: 0, b: 0 };
        for (const each of steps) {
          if (each.do === 'a') a.send(sent.a++);
          else if (each.do === 'b') b.send(sent.b++);
          else if (each.do === 'flow') flow(each.count);
          else {
            cut();
            if (each.do === 'connect') connect();
          }
        }
        cut();
        connect();
        flow();
        expect(got.b).toEqual(Array.from({ length: sent.a }, (_, index) => index));
        expect(got.a).toEqual(Array.from({ length: sent.b }, (_, index) => index));
      }),
      { numRuns: 300 },
    );
  });

  it('forgets what has arrived and drops lossy messages while there is no socket', () => {
    const { a, got, connect, flow, b } = pair();
    a.sendLossy('early');
    connect();
    flow();
    for (let i = 0; i < 100; i++) a.send(i);
    a.sendLossy('late');
    flow();
    b.send('answer');
    flow();
    expect(got.b).toEqual([...Array(100).keys(), 'late']);
    expect(a.keptBytes).toBe(0);
  });

  it('stops taking messages when too much waits', () => {
    const link = new Link(() => undefined, 1000);
    expect(() => {
      for (let i = 0; i < 100; i++) link.send(new Uint8Array(100));
    }).toThrow(WireError);
  });

  it('refuses a peer that skips numbers or claims what it cannot have', () => {
    const link = new Link(() => undefined);
    expect(() => link.receive(encodeFrame({ type: 'message', number: 2, received: 0, message: 1 }))).toThrow(WireError);
    expect(() => link.receive(encodeFrame({ type: 'received', received: 1 }))).toThrow(WireError);
    expect(() => link.receive(encodeFrame({ type: 'greeting', received: -1 }))).toThrow(WireError);
    expect(() => link.receive(encodeFrame(null))).toThrow(WireError);
  });
});
