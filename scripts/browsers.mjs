/** Finds the programs that can show the window: Electron's binary, an installed Chromium or one of its kin. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheFolder, root } from './install.mjs';
import { runNode } from './run.mjs';

const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const onPath = (name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)).find(isProgram);

function* installedCandidates() {
  if (process.platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'];
    for (const folder of ['/Applications', join(homedir(), 'Applications')]) {
      for (const app of apps) yield join(folder, `${app}.app`, 'Contents', 'MacOS', app);
    }
  } else if (process.platform === 'win32') {
    const folders = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].filter(Boolean);
    const programs = [['Google', 'Chrome', 'Application', 'chrome.exe'], ['Microsoft', 'Edge', 'Application', 'msedge.exe'], ['Chromium', 'Application', 'chrome.exe']];
    for (const program of programs) for (const folder of folders) yield join(folder, ...program);
  } else {
    for (const name of ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'microsoft-edge', 'brave-browser']) {
      const path = onPath(name);
      if (path) yield path;
    }
  }
}

/** Path of a Chromium, or null. INR_BROWSER names one; else installed ones; else the one that Playwright fetched. */
export async function findChromium() {
  if (process.env.INR_BROWSER) return process.env.INR_BROWSER;
  for (const path of installedCandidates()) if (isProgram(path)) return path;
  const { chromium } = await import('playwright');
  const fetched = chromium.executablePath();
  return fetched && existsSync(fetched) ? fetched : null;
}

/** A browser from a snap sees little of the disk; its own folder it does. */
export function profileFolder(browser) {
  if (process.platform === 'linux' && /\/snap\//.test(`${realpathSync(browser)}/`)) return join(homedir(), 'snap', 'chromium', 'common', 'inr-studio');
  if (process.platform === 'win32') return join(process.env.LOCALAPPDATA ?? homedir(), 'inr-studio', 'browser');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'inr-studio', 'browser');
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'inr-studio', 'browser');
}

const electronFolder = join(root, 'node_modules', 'electron');

/** Path of Electron's binary, or null when it has not been fetched. */
export function findElectron() {
  const note = join(electronFolder, 'path.txt');
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (!existsSync(note) && !override) return null;
  const path = join(override ?? join(electronFolder, 'dist'), existsSync(note) ? readFileSync(note, 'utf8') : 'electron');
  return existsSync(path) ? path : null;
}

const failureNote = join(cacheFolder, 'electron-failed.json');
const DAY = 24 * 3600 * 1000;
const PATIENCE = 60_000;

/**
 * Fetches Electron's binary by the package's own installer. A failure is remembered for a day, so that the next start on a
 * machine without that way out is quick.
 *
 * @returns {Promise<{ path: string } | { reason: string }>}
 */
export async function fetchElectron() {
  const { version } = JSON.parse(readFileSync(join(electronFolder, 'package.json'), 'utf8'));
  const failed = existsSync(failureNote) ? JSON.parse(readFileSync(failureNote, 'utf8')) : null;
  if (failed?.version === version && Date.now() - failed.time < DAY) return { reason: `${failed.reason} today; --shell electron tries again` };
  console.error('Fetching Electron (for at most 60 seconds)...');
  const { code, output, timedOut } = await runNode([join(electronFolder, 'install.js')], { timeout: PATIENCE });
  const path = findElectron();
  if (code === 0 && path) return { path };
  if (process.env.INR_DEBUG) console.error(output);
  const reason = timedOut ? 'its binary could not be fetched within 60 seconds' : 'its binary could not be fetched';
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(failureNote, JSON.stringify({ version, time: Date.now(), reason }));
  return { reason };
}

/** Forgets a failed fetch. */
export const forgetElectronFailure = () => rmSync(failureNote, { force: true });
