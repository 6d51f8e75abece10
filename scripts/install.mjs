/** Installs the dependencies when they are missing or not those of package-lock.json. Plain Node: nothing is installed yet. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './run.mjs';

export const root = resolve(import.meta.dirname, '..');
/** Small notes of these scripts; goes with node_modules. */
export const cacheFolder = join(root, 'node_modules', '.cache', 'inr-studio');

const readJson = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

/** Why an install is needed, or null. npm notes in node_modules what it installed; optional packages depend on the platform. */
function missing() {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return 'the dependencies are not installed';
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  for (const [path, { version, optional, devOptional, link }] of Object.entries(wanted)) {
    if (path === '' || link) continue;
    const have = installed.packages[path];
    if (have ? have.version !== version : !optional && !devOptional) return `${path.replace('node_modules/', '')} is not at ${version}`;
  }
  return null;
}

/** Throws an Error whose message is for the user. */
export async function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`INR Studio needs Node 20.19 or newer; this is ${process.versions.node}. Get a newer one from nodejs.org.`);
  }
  const why = missing();
  if (!why) return;
  console.error(`Installing (${why})...`);
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { code, output } = npm?.endsWith('js')
    ? await run(process.execPath, [npm, ...args], { cwd: root })
    : await run('npm', args, { cwd: root, shell: process.platform === 'win32' });
  if (code !== 0) throw new Error(`Installing the dependencies failed. Is the package registry reachable? npm said:\n${output.trim()}`);
}
