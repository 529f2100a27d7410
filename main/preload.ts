/** The one object the page gets. It forwards names of the contract and nothing else; events and IPC itself stay behind. */
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron';
import { eventChannels, requestChannels } from './ipc/channels.ts';
import type { AppApi } from './ipc/contract.ts';

const api: AppApi = {
  request(channel, input) {
    if (!requestChannels.includes(channel)) return Promise.reject(new Error('unknown channel'));
    return ipcRenderer.invoke(channel, input);
  },
  on(event, listener) {
    if (!eventChannels.includes(event)) throw new Error('unknown event');
    const forward = (_event: IpcRendererEvent, payload: Parameters<typeof listener>[0]): void => listener(payload);
    ipcRenderer.on(event, forward);
    return () => ipcRenderer.off(event, forward);
  },
};

contextBridge.exposeInMainWorld('kits', api);
