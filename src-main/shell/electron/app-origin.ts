/**
 * The window's one origin, app://studio: served by this process from the built files alone. A scheme of its own, since file://
 * pages may read the disk and have no origin to check.
 */
import type { CustomScheme, Protocol, WebFrameMain } from 'electron';
import { SECURITY_HEADERS } from '../policy';
import type { StaticFile } from '../static-files';

export const APP_URL = 'app://studio/';

/** To be registered before the app is ready. */
export const APP_SCHEME: CustomScheme = {
  scheme: 'app',
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true, stream: true },
};

/** Answers app:// requests; a request can only name one of the listed files. */
export function serveApp(protocol: Pick<Protocol, 'handle'>, files: ReadonlyMap<string, StaticFile>): void {
  protocol.handle('app', ({ url, method }) => {
    const { host, pathname } = new URL(url);
    const file = host === 'studio' && method === 'GET' ? files.get(pathname) : undefined;
    if (!file) return new Response('Not found.', { status: 404, headers: SECURITY_HEADERS });
    return new Response(file.bytes, { headers: { 'Content-Type': file.type, 'Cache-Control': 'no-cache', ...SECURITY_HEADERS } });
  });
}

/** True for pages of the app: the only ones that may be shown, ask for permissions or call. */
export function isAppUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'app:' && new URL(url).host === 'studio';
}

/** True when a message comes from the app's page itself: not from a frame in it, nor from a frame that is gone. */
export function isAppFrame(frame: Pick<WebFrameMain, 'url' | 'parent'> | null): boolean {
  return frame !== null && frame.parent === null && isAppUrl(frame.url);
}
