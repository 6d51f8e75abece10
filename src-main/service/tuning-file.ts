/**
 * Keeps in a file which GPU kernels were measured to be the fastest (src-engine/webgpu/autotune.ts), so that a fit makes the same choice
 * every time. A damaged file is an empty one, and a folder that cannot be written is nothing to end a fit for: then the kernels are measured
 * again the next time.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TuningStore } from '#engine/webgpu/autotune';

function read(path: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

export function tuningFile(path: string): TuningStore {
  return {
    get: (key) => read(path)[key] ?? null,
    set(key, choice) {
      // Read again: another process may have written in between. The new file takes the old one's place whole.
      const choices = { ...read(path), [key]: choice };
      const next = `${path}.${process.pid}`;
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(next, `${JSON.stringify(choices, null, 2)}\n`);
        renameSync(next, path);
      } catch {
        // See above.
      }
    },
  };
}
