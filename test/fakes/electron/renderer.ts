/** `contextBridge` and `ipcRenderer` for a preload that runs in Node; in Chromium the files in `page/` take their place. */
import type * as Electron from 'electron';
import { ipcRendererEvents, seen } from './seen.ts';

export const contextBridge: Pick<Electron.ContextBridge, 'exposeInMainWorld'> = {
  exposeInMainWorld: (key, api) => {
    seen.exposed.set(key, api);
  },
};

export const ipcRenderer = {
  invoke: (channel: string, ...args: unknown[]): Promise<unknown> => Promise.resolve({ channel, args }),
  on: (channel: string, listener: (...args: unknown[]) => void) => ipcRendererEvents.on(channel, listener),
  off: (channel: string, listener: (...args: unknown[]) => void) => ipcRendererEvents.off(channel, listener),
} satisfies { [K in keyof Electron.IpcRenderer]?: unknown };
