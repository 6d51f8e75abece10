/**
 * npm start: installs what is missing, builds, and opens the app in the best window that this machine has, or runs the command
 * line. Plain Node, since it comes before anything is installed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { fetchElectron, findChromium, findElectron, forgetElectronFailure, profileFolder } from './browsers.mjs';
import { ensureInstalled, root } from './install.mjs';

const COMMANDS = ['fit', 'decode', 'eval', 'info', 'validate', 'compare', 'serve', 'presets', 'help'];
const SHELLS = ['electron', 'chromium', 'url'];

const HELP = `INR Studio: fit coordinate networks to pictures, keep them as small .inr files.

The app
  npm start                              opens the window
  npm start -- photo.jpg                 opens it with files
    --shell electron|chromium|url        which window (else the first that works; url: serve and print the address)
    --port N                             port of the chromium and url shells (else any free one)
    --root DIR                           a folder whose files those two may list, open and save into

The command line, also without a display
  npm start -- fit photo.jpg -o photo.inr
  npm start -- decode photo.inr -o photo.png
  npm start -- help                      all commands: ${COMMANDS.filter((each) => each !== 'help').join(', ')}

Both install what is missing and build first. After a build, \`npm run -s inr -- fit ...\` is the shortest way.`;

class Usage extends Error {}

/** { cli: args } or { shell, port, root, files } or { help } */
function readArguments(args) {
  const first = args.find((each) => !each.startsWith('-'));
  if (COMMANDS.includes(args[0]) || args[0] === '--version' || args[0] === '-V') return { cli: args };
  if (args.includes('--help') || args.includes('-h')) return { help: true };
  if (first && COMMANDS.includes(first) && args[0] !== '--shell' && args[0] !== '--root' && args[0] !== '--port') throw new Usage(`Write the command first: npm start -- ${first} ...`);
  const choice = { shell: null, port: 0, root: undefined, files: [] };
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift();
    if (!argument.startsWith('-')) {
      choice.files.push(resolve(argument));
      continue;
    }
    const [option, inline] = argument.split(/=(.*)/s);
    const value = inline ?? rest.shift();
    if (option === '--shell' && SHELLS.includes(value)) choice.shell = value;
    else if (option === '--port' && /^\d{1,5}$/.test(value ?? '') && Number(value) < 65536) choice.port = Number(value);
    else if (option === '--root' && value) choice.root = resolve(value);
    else throw new Usage(`What is ${argument}${value === undefined ? '' : ` ${value}`}? npm start -- --help shows what there is.`);
  }
  return choice;
}

const isRoot = process.platform !== 'win32' && process.getuid?.() === 0;
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/** Runs a program with this terminal until it ends. */
function runToEnd(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ELECTRON_RUN_AS_NODE: undefined } });
    const stop = () => child.kill();
    process.on('SIGINT', stop).on('SIGTERM', stop);
    child.on('error', () => done({ code: 127, failed: true }));
    child.on('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      done({ code: code ?? 1, failed: code !== 0 && signal !== 'SIGTERM' && signal !== 'SIGINT' });
    });
  });
}

/** An exit code, or the reason why Electron is not the window. */
async function startElectron(choice) {
  if (choice.shell === 'electron') forgetElectronFailure();
  let path = findElectron();
  if (!path) {
    const fetched = await fetchElectron();
    if (fetched.reason) return { reason: fetched.reason };
    path = fetched.path;
  }
  console.error('Window: Electron.');
  const started = Date.now();
  const { code, failed } = await runToEnd(path, [...(isRoot ? ['--no-sandbox'] : []), root, ...choice.files]);
  if (failed && Date.now() - started < 5000) return { reason: `it ended at once with code ${code}` };
  return { code };
}

/** The browser's own profile: the usual one, or a fresh one while another start of ours is using it. */
function takeProfile(browser) {
  const folder = profileFolder(browser);
  const lock = `${folder}.lock`;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      process.kill(Number(readFileSync(lock, 'utf8')), 0);
      throw new Error('in use');
    } catch (error) {
      if (error.message === 'in use' || error.code === 'EPERM') throw error;
    }
    writeFileSync(lock, String(process.pid));
    return { folder, release: () => rmSync(lock, { force: true }) };
  } catch {
    const fresh = mkdtempSync(join(tmpdir(), 'inr-studio-'));
    return { folder: fresh, release: () => rmSync(fresh, { recursive: true, force: true, maxRetries: 5 }) };
  }
}

async function serve(choice, stopWithWindow) {
  const { serveStudio } = await import(pathToFileURL(join(root, 'out', 'main', 'serve.js')).href);
  const host = await serveStudio({ port: choice.port, root: choice.root, open: choice.files, stopWithWindow });
  const stop = () => void host.close();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return host;
}

async function startChromium(choice, browser) {
  const host = await serve(choice, true);
  const profile = takeProfile(browser);
  const linux = process.platform === 'linux' ? ['--enable-unsafe-webgpu', '--enable-features=Vulkan'] : [];
  const args = [`--app=${host.url}`, `--user-data-dir=${profile.folder}`, '--no-first-run', '--no-default-browser-check', '--disable-sync', '--disable-background-networking', '--force_high_performance_gpu', ...linux, ...(isRoot ? ['--no-sandbox'] : [])];
  const started = Date.now();
  const child = spawn(browser, args, { stdio: 'ignore' });
  const ended = new Promise((done) => {
    child.on('error', () => done(true));
    child.on('close', (code) => done(code !== 0 && Date.now() - started < 5000));
  });
  try {
    // Where the browser hands over to another process and ends, the window's connection decides alone.
    const failed = await Promise.race([ended.then((early) => (early ? true : host.closed)), host.closed]);
    if (failed === true) {
      await host.close();
      return { reason: `${browser} did not start` };
    }
    return { code: 0 };
  } finally {
    if (child.exitCode === null) child.kill();
    await ended;
    profile.release();
  }
}

async function startUrl(choice, why) {
  const host = await serve(choice, false);
  console.error(`Window: none (${why}). Open this address in a Chromium, Chrome or Edge on this machine; Ctrl+C ends it:`);
  console.log(host.url);
  console.error(`From another machine, first: ssh -L ${host.port}:127.0.0.1:${host.port} ${userInfo().username}@${hostname()}`);
  await host.closed;
  return 0;
}

async function startWindow(choice) {
  if (choice.shell === 'url') return startUrl(choice, 'as asked');
  if (!hasDisplay && !choice.shell) return startUrl(choice, 'no display here');
  let why = '';
  if (choice.shell !== 'chromium') {
    const { code, reason } = await startElectron(choice);
    if (code !== undefined) return code;
    if (choice.shell) throw new Usage(`Electron: ${reason}.`);
    why = ` (not Electron: ${reason})`;
  }
  const browser = await findChromium();
  if (!browser) {
    if (choice.shell) throw new Usage('No Chromium, Chrome or Edge is installed. Install one, or name one by INR_BROWSER=/path/to/it.');
    return startUrl(choice, `no Chromium found; not Electron: ${why.slice(16, -1)}`);
  }
  console.error(`Window: ${browser}${why}.`);
  const { code, reason } = await startChromium(choice, browser);
  if (code !== undefined) return code;
  if (choice.shell) throw new Usage(`${reason}.`);
  return startUrl(choice, reason);
}

async function main() {
  // npm runs scripts in the checkout; names are relative to where the user typed.
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  const choice = readArguments(process.argv.slice(2));
  if (choice.help) {
    console.log(HELP);
    return 0;
  }
  await ensureInstalled();
  await build({ quiet: Boolean(choice.cli) });
  if (choice.cli) {
    const command = join(root, 'bin', 'inr.mjs');
    process.argv = [process.argv[0], command, ...choice.cli];
    await import(pathToFileURL(command).href);
    return null;
  }
  return startWindow(choice);
}

try {
  const code = await main();
  // The command line ends by itself and sets its own exit code.
  if (code !== null) process.exit(code);
} catch (error) {
  console.error(error.message);
  process.exit(error instanceof Usage ? 2 : 1);
}
