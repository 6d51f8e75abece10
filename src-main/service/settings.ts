/** What the window remembers. Saved atomically; a damaged or foreign file gives the defaults and a line on the console. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { settings as schema, type Settings } from '../ipc/contract';
import { writeAtomically } from './atomic-write';

export const DEFAULT_SETTINGS: Settings = { theme: 'system', panes: { runs: true, controls: true, charts: true }, engine: 'auto' };

export class SettingsFile {
  #writing: Promise<unknown> = Promise.resolve();
  #current: Settings = DEFAULT_SETTINGS;

  private constructor(private readonly path: string) {}

  static async open(path: string): Promise<SettingsFile> {
    const file = new SettingsFile(path);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) return file;
    try {
      file.#current = v.parse(schema, JSON.parse(text));
    } catch {
      console.warn(`${path}: the settings are damaged or of another version; the defaults are used.`);
    }
    return file;
  }

  get current(): Settings {
    return this.#current;
  }

  /** Takes effect at once; saves follow one another, so that the last one is what the file says. Throws StudioError of writeAtomically. */
  write(settings: Settings): Promise<void> {
    this.#current = settings;
    const save = async (): Promise<void> => {
      await mkdir(dirname(this.path), { recursive: true }).catch(() => undefined);
      await writeAtomically(this.path, new TextEncoder().encode(`${JSON.stringify(settings, null, 2)}\n`));
    };
    const result = this.#writing.then(save, save);
    this.#writing = result.catch(() => undefined);
    return result;
  }
}
