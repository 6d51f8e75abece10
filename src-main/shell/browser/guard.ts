/**
 * Who may talk to the browser shell. The host listens on loopback, but every page that a browser on this machine shows, and
 * every user of this machine, can reach loopback too; so a request must pass three gates:
 *
 * 1. Host names a loopback address. A page of evil.example whose DNS was rebound to 127.0.0.1 sends Host: evil.example.
 *    Any port is taken, since an SSH tunnel may end at another port than ours.
 * 2. Origin (where sent, and always for a WebSocket) is that very host: other local servers' pages are other origins.
 *    Sec-Fetch-Site, which pages cannot forge, says the same for the requests that carry no Origin.
 * 3. A cookie that only the holder of the printed URL got: HttpOnly, SameSite=Strict, made from 256 random bits.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Takes the same time wherever the texts differ. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

export class Guard {
  /** In the URL that is printed. */
  readonly key = randomBytes(32).toString('base64url');
  readonly #cookie = randomBytes(32).toString('base64url');

  /** @param cookieName cookies ignore ports, so each host on a machine needs a name of its own */
  constructor(private readonly cookieName: string) {}

  /** Gates 1 and 2. `needsOrigin`: a WebSocket, which no same-origin policy protects. */
  refuseOrigin(headers: IncomingHttpHeaders, needsOrigin: boolean): Refusal | null {
    const { host, origin } = headers;
    if (!host || !loopback.test(host)) return { status: 421, reason: 'This host answers only to 127.0.0.1 and localhost.' };
    if (origin === undefined ? needsOrigin : origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
      return { status: 403, reason: 'Requests of other pages are refused.' };
    }
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      return { status: 403, reason: 'Requests of other pages are refused.' };
    }
    return null;
  }

  /** Gate 3. */
  refuseStranger(headers: IncomingHttpHeaders): Refusal | null {
    for (const pair of (headers.cookie ?? '').split(';')) {
      const split = pair.indexOf('=');
      if (pair.slice(0, split).trim() === this.cookieName && equal(pair.slice(split + 1).trim(), this.#cookie)) return null;
    }
    return { status: 403, reason: 'Open INR Studio by the whole URL that it printed when it started.' };
  }

  isKey(key: string | null): boolean {
    return key !== null && equal(key, this.key);
  }

  /** Value of Set-Cookie for whoever showed the key. Ends with the browser. */
  setCookie(): string {
    return `${this.cookieName}=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict`;
  }
}
