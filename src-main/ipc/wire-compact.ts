/**
 * Structured clone copies the whole buffer under a view: 4 MiB cut out of a decoded picture would drag the picture along. So
 * before bytes cross Electron's IPC, views become arrays of their own.
 */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The same value, with every Uint8Array that is a part of a larger buffer copied out of it. */
export function compactBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    const whole = value.byteLength === value.buffer.byteLength && value.constructor === Uint8Array;
    return whole ? value : new Uint8Array(value);
  }
  if (Array.isArray(value)) return value.map(compactBytes);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, compactBytes(inner)]));
}
