import { request } from 'node:http';
import { expect, startHost, test } from './fixtures';

test('the page comes from a clean address, under a strict policy that it never breaks', async ({ page, host }) => {
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });
  const response = await page.goto(host.url);
  await page.getByRole('main').waitFor();
  expect(new URL(page.url()).search).toBe('');
  expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
  expect(await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content')).toContain("script-src 'self'");
  const cookies = await page.context().cookies();
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  expect(violations).toEqual([]);
  // Neither an inline script nor code in a string runs. (eval called from here would be the test's own, which is exempt.)
  const ran = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = "document.title = 'inline'";
    document.head.append(script);
    const timer: (code: string) => void = setTimeout;
    timer("document.title = 'string'");
    await new Promise((done) => setTimeout(done, 100));
    return document.title;
  });
  expect(['inline', 'string']).not.toContain(ran);
  expect(violations.length).toBeGreaterThan(0);
});

test('a browser without the key sees only what to do', async ({ page, host }) => {
  await page.goto(new URL('/', host.url).href);
  await expect(page.locator('body')).toContainText('whole URL');
});

test('another page of this machine can neither read nor call', async ({ app, host, folder }) => {
  const other = await startHost(folder, { root: folder });
  try {
    const page = await app.context().newPage();
    await page.goto(other.url);
    const { host: address } = new URL(host.url);
    const outcome = await page.evaluate(async (target) => {
      const socket = await new Promise<string>((done) => {
        try {
          const opened = new WebSocket(`ws://${target}/socket`);
          opened.onopen = () => done('open');
          opened.onerror = () => done('refused');
        } catch {
          done('refused');
        }
      });
      const read = await fetch(`http://${target}/`, { credentials: 'include' }).then(
        () => 'read',
        () => 'refused',
      );
      return { socket, read };
    }, address);
    expect(outcome).toEqual({ socket: 'refused', read: 'refused' });
    // Their own policy refuses the two above already, so the host's refusal is asked for by hand.
    const cookie = (await app.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const status = await new Promise<number | undefined>((done) => {
      request(`http://${address}/`, { headers: { cookie, origin: new URL(other.url).origin } }, (response) => done(response.resume().statusCode)).end();
    });
    expect(status).toBe(403);
  } finally {
    await other.kill();
  }
});

test('the window says when its host is gone instead of hanging', async ({ app, host }) => {
  await app.evaluate(() => {
    addEventListener('studio:connection', (event) => (document.body.dataset.connection = (event as CustomEvent<string>).detail));
  });
  await host.kill();
  await expect(app.locator('body')).toHaveAttribute('data-connection', 'lost');
});

test.describe('a host that was started with its window', () => {
  test.use({ hostOptions: { stopWithWindow: true } });

  test('survives a reload and ends when the window is closed', async ({ app, host }) => {
    await app.reload();
    await app.getByRole('main').waitFor();
    await app.waitForTimeout(4000);
    expect(host.process.exitCode).toBeNull();
    const ended = new Promise((done) => host.process.on('exit', done));
    await app.close();
    await ended;
    expect(host.process.exitCode).toBe(0);
  });
});
