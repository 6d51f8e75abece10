/** Files that a user named when starting the app, or a second instance of it. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The files among a command line's arguments, as absolute paths.
 *
 * @param argv the whole command line; the program and, in a checkout, the app's folder come first
 * @param folder what relative names are relative to
 * @param packaged whether the program is the app itself
 */
export function namedFiles(argv: readonly string[], folder: string, packaged: boolean): string[] {
  const files: string[] = [];
  // Chromium adds switches of its own, anywhere; their values come with '='.
  const names = argv.slice(1).filter((argument) => !argument.startsWith('-'));
  for (const argument of packaged ? names : names.slice(1)) {
    const path = resolve(folder, argument);
    // What is not there is passed on too: the services then say so by its name. Folders are left out: '.' for one.
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (!isFolder) files.push(path);
  }
  return files;
}
