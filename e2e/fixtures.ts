/**
 * What every end-to-end spec starts from: the built app on a folder of its own, in a page of its own. A test fails when the
 * page met an error that nobody caught; when a test fails, the console of the page and of the host are attached.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';

export interface Host {
  readonly url: string;
  /** The one folder whose files the app lists, opens and saves into. */
  readonly root: string;
  /** What the host wrote, so far. */
  log(): string;
  /** Ends it, as when a machine is shut down. */
  kill(): Promise<void>;
  readonly process: ChildProcess;
}

export interface HostOptions {
  readonly open?: readonly string[];
  readonly stopWithWindow?: boolean;
}

interface Fixtures {
  /** Options of the host, to be set by test.use({ hostOptions: ... }). */
  hostOptions: HostOptions;
  /** A folder that is empty at the start and gone at the end. */
  folder: string;
  host: Host;
  /** The page with the app open, once its first paint is there. */
  app: Page;
  /** Fails the test on violations that axe finds in the page as it is. */
  axe: (page?: Page) => Promise<void>;
}

/** Starts the built host on `root`, with settings of its own below `folder`. */
export async function startHost(folder: string, options: HostOptions & { root: string }): Promise<Host> {
  const child = fork(join(import.meta.dirname, 'host.mjs'), [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), APPDATA: join(folder, 'config'), HOME: folder },
  });
  let output = '';
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
  const url = await new Promise<string>((done, failed) => {
    child.on('message', (message: { url: string }) => done(message.url));
    child.on('exit', (code) => failed(new Error(`The host ended with code ${code}: ${output}`)));
  });
  const ended = new Promise<void>((done) => child.on('exit', () => done()));
  return {
    url,
    root: options.root,
    log: () => output,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    process: child,
  };
}

export const test = base.extend<Fixtures>({
  hostOptions: [{}, { option: true }],

  // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter's pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'inr-e2e-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },

  host: async ({ folder, hostOptions }, use, testInfo) => {
    const root = join(folder, 'pictures');
    mkdirSync(root);
    const host = await startHost(folder, { ...hostOptions, root });
    await use(host);
    await host.kill();
    if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('host.log', { body: host.log(), contentType: 'text/plain' });
  },

  page: async ({ page }, use, testInfo) => {
    const lines: string[] = [];
    const errors: Error[] = [];
    page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => errors.push(error));
    page.on('crash', () => errors.push(new Error('The page crashed.')));
    await use(page);
    if (testInfo.status !== testInfo.expectedStatus || errors.length > 0) {
      await testInfo.attach('console.log', { body: [...lines, ...errors.map(({ stack }) => stack ?? '')].join('\n'), contentType: 'text/plain' });
    }
    expect(errors.map(({ message }) => message), 'errors of the page that nobody caught').toEqual([]);
  },

  app: async ({ page, host }, use) => {
    await page.goto(host.url);
    await page.getByRole('main').waitFor();
    await use(page);
  },

  axe: async ({ page }, use) => {
    await use(async (which = page) => {
      const { violations } = await new AxeBuilder({ page: which }).analyze();
      const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, any }) => `${target.join(' ')} (${any[0]?.message ?? ''})`).join(', ')}`);
      expect(found, 'violations that axe finds').toEqual([]);
    });
  },
});

export { expect };
