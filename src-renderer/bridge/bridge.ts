/** The renderer's only way to the main process, whichever shell it runs in; only this folder knows that there are two. */
import type { StudioBridge } from '../../src-main/ipc/contract';

declare global {
  interface Window {
    /** Put there by the preload in Electron; absent in a browser. */
    readonly studio?: StudioBridge;
  }
}

/** Electron's bridge where the preload left one, else a connection to the host that served this page. */
export async function openBridge(): Promise<StudioBridge> {
  if (window.studio) return window.studio;
  const { connectSocket } = await import('./socket');
  return connectSocket();
}
