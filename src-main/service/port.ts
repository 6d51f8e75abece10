/**
 * Where services and shells meet: a shell (Electron, browser) hands createStudio a ShellPort, gets a Studio back, and passes
 * calls of the renderer to its handlers. Types only, so that a shell can be written and tested without any service.
 */
import type { ArtifactFormat, FileRef } from '../ipc/contract';
import type { Emit, Handlers } from '../ipc/dispatch';

/** What only a shell can do. */
export interface ShellPort {
  readonly kind: 'electron' | 'browser';
  /** Sends an event to the window; a shell without a window drops it. */
  readonly emit: Emit;
  /** Native open dialog: absolute paths, empty when cancelled. The browser shell resolves to []. */
  openDialog(): Promise<string[]>;
  /** Native save dialog: an absolute path (the user has agreed to overwrite it), or null when cancelled. */
  saveDialog(suggestedName: string, format: ArtifactFormat): Promise<string | null>;
  /** The one folder that the browser shell lists, reads and saves into; null in Electron. */
  readonly root: string | null;
  /** Absolute path of the settings JSON; made when first written. */
  readonly settingsFile: string;
  /** Versions of the shell's own parts (electron, chrome); node, sharp and libvips are added to them. */
  readonly versions: Readonly<Record<string, string>>;
  /** Absolute path of the folder that holds samples/. */
  readonly assetsDir: string;
  /** Version of the app, for the about box and the provenance of files. */
  readonly appVersion?: string;
}

/** The services of one window. */
export interface Studio {
  readonly handlers: Handlers;
  /** Makes tokens for files that the user named (drop, second instance, association); shells emit file.requested with them. */
  offerFiles(paths: readonly string[]): Promise<FileRef[]>;
  /** Files to hand out at the next app.pending, before the window is ready. */
  setPending(paths: readonly string[]): void;
  /** Stops fits and tasks, ends worker threads. */
  dispose(): Promise<void>;
}
