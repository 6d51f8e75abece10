/**
 * All that the window gets of Electron: call and listen. Runs sandboxed; it passes names and payloads through unread, since
 * the main process validates every call on arrival (src-main/ipc/dispatch.ts).
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { StudioBridge } from '../ipc/contract';

const bridge: StudioBridge = {
  call: (name, request) => ipcRenderer.invoke('studio:call', name, request) as ReturnType<StudioBridge['call']>,
  on(listener) {
    const receive = (_event: unknown, name: string, payload: unknown): void => listener(name, payload);
    ipcRenderer.on('studio:event', receive);
    return () => void ipcRenderer.off('studio:event', receive);
  },
};

contextBridge.exposeInMainWorld('studio', bridge);
