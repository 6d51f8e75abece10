/**
 * As much of XML as headers of volumes need: elements, attributes and where the content of an element lies in the file. The content itself
 * stays bytes, since it may be hundreds of megabytes of numbers.
 *
 * Left out on purpose: entities of a document's own (nothing is ever expanded or fetched), name spaces (a prefix is dropped), text between
 * elements. Limits on elements, nesting and attributes keep work in proportion to the file.
 */

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** The bytes between its tags: [from, to). */
  readonly from: number;
  to: number;
}

const MOST_ELEMENTS = 65536;
const MOST_DEPTH = 64;
/** Longest tag, with its attributes. */
const MOST_TAG = 2 ** 16;

const [LESS, GREATER, DOUBLE, SINGLE] = [0x3c, 0x3e, 0x22, 0x27];

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Position of the ">" that ends a tag; one in quotes does not. -1 where there is none. */
function tagEnd(bytes: Uint8Array, from: number): number {
  let quote = 0;
  const last = Math.min(bytes.length, from + MOST_TAG);
  for (let at = from; at < last; at++) {
    const byte = bytes[at]!;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === GREATER) return at;
    else if (byte === DOUBLE || byte === SINGLE) quote = byte;
  }
  return -1;
}

/**
 * The first element of a document. At the start of an element called `stopAt` reading ends, whatever follows: its content goes to the end of
 * the file. Calls `fail` with what is wrong ("the XML ...") and throws what that gives.
 */
export function readXml(bytes: Uint8Array, fail: (what: string) => Error, stopAt?: string): XmlElement {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const open: XmlElement[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  /** Past the next `word`. */
  const past = (word: string, from: number): number => {
    const found = buffer.indexOf(word, from, 'latin1');
    if (found < 0) throw fail('ends too early');
    return found + word.length;
  };
  for (let at = 0; ; ) {
    const start = bytes.indexOf(LESS, at);
    if (start < 0) break;
    const ahead = buffer.toString('latin1', start, start + 9);
    if (ahead.startsWith('<!--')) at = past('-->', start + 4);
    else if (ahead === '<![CDATA[') at = past(']]>', start);
    else if (ahead.startsWith('<?')) at = past('?>', start);
    else if (ahead.startsWith('<!')) {
      const end = tagEnd(bytes, start);
      if (end < 0 || buffer.toString('latin1', start, end).includes('[')) throw fail('has definitions of its own, which are not read here');
      at = end + 1;
    } else {
      const end = tagEnd(bytes, start);
      if (end < 0) throw fail('ends too early');
      at = end + 1;
      const tag = buffer.toString('utf8', start + 1, end);
      if (tag.startsWith('/')) {
        const closed = open.pop();
        if (!closed || local(tag.slice(1).trim()) !== closed.name) throw fail('closes what it did not open');
        closed.to = start;
        if (open.length === 0) return root!;
        continue;
      }
      const empty = tag.endsWith('/');
      const word = /^[^\s/]+/.exec(tag)?.[0] ?? '';
      const element: XmlElement = { name: local(word), attributes: attributesOf(tag.slice(word.length)), children: [], from: at, to: at };
      if (++elements > MOST_ELEMENTS || open.length >= MOST_DEPTH) throw fail('has too many elements');
      if (root === null) root = element;
      else open.at(-1)!.children.push(element);
      if (element.name === stopAt) {
        element.to = bytes.length;
        return root;
      }
      if (!empty) open.push(element);
      else if (open.length === 0) return element;
    }
  }
  throw fail(root === null ? 'has no element' : 'ends too early');
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function attributesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(/([^\s=/"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) found.set(local(name!), plain(double ?? single!));
  return found;
}

/** All elements of that name below one, in their order. */
export function elementsOf(element: XmlElement, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const look = (each: XmlElement): void => {
    for (const child of each.children) {
      if (child.name === name) found.push(child);
      look(child);
    }
  };
  look(element);
  return found;
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}
