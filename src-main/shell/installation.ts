/**
 * Where this copy of the program lies. The bundles are in out/ and the data in assets/ of one folder: of the checkout, of the
 * installed package, or of the packaged app's archive. Found by walking up, since chunks lie at different depths.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Installation {
  readonly folder: string;
  readonly assets: string;
  /** The built window. */
  readonly renderer: string;
  readonly preload: string;
  readonly version: string;
}

/** Throws an Error when the file that asks lies outside of any copy of the program. */
export function findInstallation(from = import.meta.dirname): Installation {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string };
      if (name === 'inr-studio') {
        const out = join(folder, 'out');
        return {
          folder,
          assets: join(folder, 'assets'),
          renderer: join(out, 'renderer'),
          preload: join(out, 'preload', 'index.cjs'),
          version: version ?? '0.0.0',
        };
      }
    }
    if (dirname(folder) === folder) throw new Error(`No installation of INR Studio around ${from}.`);
  }
}

/** The browser shell's settings file, where each platform keeps such files. */
export function settingsFileFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  const folder =
    platform === 'win32'
      ? (env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'))
      : platform === 'darwin'
        ? join(homedir(), 'Library', 'Application Support')
        : (env.XDG_CONFIG_HOME ?? join(homedir(), '.config'));
  return join(folder, 'inr-studio', 'settings.json');
}
