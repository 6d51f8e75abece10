/** How the one window is made. */
import type { BrowserWindowConstructorOptions } from 'electron';

export function windowOptions(preload: string, version: string): BrowserWindowConstructorOptions {
  return {
    title: `INR Studio ${version}`,
    width: 1440,
    height: 900,
    minWidth: 880,
    minHeight: 600,
    // The dark theme's ground: no white flash before the first paint.
    backgroundColor: '#101214',
    show: false,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      // A fit goes on while the window is covered or minimized.
      backgroundThrottling: false,
    },
  };
}
