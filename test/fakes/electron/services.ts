/** What the program asks of the system and of Chromium: messages, schemes, the session, dialogues, the desktop. */
import type * as Electron from 'electron';
import { mustNotBeReady, seen } from './seen.ts';

export const ipcMain: Pick<Electron.IpcMain, 'handle' | 'removeHandler'> = {
  handle: (channel, listener) => {
    if (seen.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    seen.handlers.set(channel, listener);
  },
  removeHandler: (channel) => {
    seen.handlers.delete(channel);
  },
};

export const protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
  registerSchemesAsPrivileged: (schemes) => {
    mustNotBeReady('protocol.registerSchemesAsPrivileged()');
    seen.schemes.push(...schemes);
  },
  handle: (scheme, handler) => {
    seen.protocols.set(scheme, handler as (request: Request) => Response | Promise<Response>);
  },
};

type SessionUnderTest = Pick<
  Electron.Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
> & { readonly webRequest: { onBeforeRequest(listener: typeof seen.session.beforeRequest): void } };

export const session: { readonly defaultSession: SessionUnderTest } = {
  defaultSession: {
    setPermissionRequestHandler: (handler) => {
      seen.session.request = handler;
    },
    setPermissionCheckHandler: (handler) => {
      seen.session.check = handler;
    },
    setDevicePermissionHandler: () => undefined,
    webRequest: {
      onBeforeRequest: (listener) => {
        if (listener !== undefined) seen.session.beforeRequest = listener;
      },
    },
  },
};

export const dialog: {
  showSaveDialog(options: Electron.SaveDialogOptions): Promise<Electron.SaveDialogReturnValue>;
} & Pick<Electron.Dialog, 'showErrorBox'> = {
  showSaveDialog: async ({ defaultPath = '' }) =>
    seen.saveAs === undefined
      ? { canceled: true, filePath: '' }
      : { canceled: false, filePath: seen.saveAs(defaultPath) },
  showErrorBox: () => undefined,
};

export const shell: Pick<Electron.Shell, 'openExternal'> = {
  openExternal: async (url) => {
    seen.opened.push(url);
  },
};

export const clipboard: Pick<Electron.Clipboard, 'readText' | 'writeText'> = {
  readText: async () => seen.clipboard,
  writeText: async (text) => {
    seen.clipboard = text;
  },
};

const display = {
  scaleFactor: 1,
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1040 },
} satisfies Partial<Electron.Display>;
export const screen = {
  getPrimaryDisplay: () => display,
  getAllDisplays: () => [display],
  getCursorScreenPoint: () => ({ x: 1900, y: 1060 }),
} satisfies { [K in keyof Electron.Screen]?: unknown };
