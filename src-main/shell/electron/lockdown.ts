/**
 * What the page may not do, set for every web contents that this process ever makes: leave the app's origin, open windows,
 * attach webviews, get permissions. Links to the few known sites open in the user's own browser.
 */
import type { App, Session, Shell, WebContents } from 'electron';
import { isAppUrl } from './app-origin';

/** Sites that the app's own texts link to. */
const LINKED_HOSTS: ReadonlySet<string> = new Set(['github.com', 'www.getty.edu', 'creativecommons.org', 'opensource.org']);

/** Copying the command and the picture, and the whole screen for the picture; pasting needs no permission. */
const GRANTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'fullscreen']);

export function isLinkedSite(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, username, password } = new URL(url);
  return protocol === 'https:' && LINKED_HOSTS.has(host) && !username && !password;
}

export function lockContents(contents: WebContents, shell: Pick<Shell, 'openExternal'>): void {
  const stayHome = (event: { preventDefault(): void; url: string }): void => {
    if (!isAppUrl(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stayHome);
  contents.on('will-frame-navigate', stayHome);
  contents.on('will-redirect', stayHome);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isLinkedSite(url)) shell.openExternal(url).catch((error: unknown) => console.error(`Could not open ${url}:`, error));
    return { action: 'deny' };
  });
}

export function lockApp(app: Pick<App, 'on'>, shell: Pick<Shell, 'openExternal'>): void {
  app.on('web-contents-created', (_event, contents) => lockContents(contents, shell));
}

export function lockSession(session: Session): void {
  const granted = (permission: string, url: string): boolean => GRANTED.has(permission) && isAppUrl(url);
  session.setPermissionRequestHandler((_contents, permission, answer, details) => answer(granted(permission, details.requestingUrl)));
  session.setPermissionCheckHandler((_contents, permission, origin) => granted(permission, origin));
  session.setDevicePermissionHandler(() => false);
  // Downloads would write beside the save dialog and its checks.
  session.on('will-download', (event) => event.preventDefault());
  session.setSpellCheckerEnabled(false);
}
