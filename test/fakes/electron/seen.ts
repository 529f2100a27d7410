/** What the stand-in for Electron saw, and what a test makes the system do. `seen.reset()` before each test. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import type { Toast } from './notification.ts';
import type { TrayRecord } from './tray.ts';
import type { FakeWindow } from './window.ts';

type Handler = (event: Electron.IpcMainInvokeEvent, ...args: unknown[]) => unknown;

/** Makes real pages of the windows; without one a window is a record of what was asked of it. */
export interface Screen {
  load(window: FakeWindow, url: string): Promise<Shown>;
}

/** A page on the screen. */
export interface Shown {
  send(channel: string, payload: unknown): void;
  close(): void;
}

/** Fires an event of `app`, as the system would. */
export const appEvents = new EventEmitter();
/** Fires an event at a preload that runs in Node, as the main process would. */
export const ipcRendererEvents = new EventEmitter();

const nothingYet = () => ({
  screen: undefined as Screen | undefined,
  trays: [] as TrayRecord[],
  windows: [] as FakeWindow[],
  toasts: [] as Toast[],
  /** Why the next toasts cannot be shown. */
  toastFault: undefined as string | undefined,
  toastsSupported: true,
  toastActivator: undefined as string | undefined,
  opened: [] as string[],
  handlers: new Map<string, Handler>(),
  schemes: [] as Electron.CustomScheme[],
  protocols: new Map<string, (request: Request) => Response | Promise<Response>>(),
  exposed: new Map<string, unknown>(),
  /** Addresses a page asked the network for; nothing of it leaves the test. */
  network: [] as string[],
  session: {} as {
    request?: Parameters<Electron.Session['setPermissionRequestHandler']>[0];
    check?: Parameters<Electron.Session['setPermissionCheckHandler']>[0];
    beforeRequest?: (
      details: Pick<Electron.OnBeforeRequestListenerDetails, 'url'>,
      answer: (response: Electron.CallbackResponse) => void,
    ) => void;
  },
  /** Where the person saves a file; undefined when they change their mind. */
  saveAs: undefined as ((suggested: string) => string) | undefined,
  clipboard: '',
  appUserModelId: undefined as string | undefined,
  quit: 0,
  exitCode: undefined as number | undefined,
  sandboxed: false,
  hasLock: true,
  isPackaged: false,
  locale: 'de-DE',
});

export const seen = Object.assign(nothingYet(), {
  userData: '/nonexistent',
  reset(): void {
    Object.assign(seen, nothingYet());
    appEvents.removeAllListeners();
    ipcRendererEvents.removeAllListeners();
  },
});

/** A plain event of Electron with its default to prevent. */
export function preventable<T extends object>(more: T): T & { preventDefault(): void; defaultPrevented: boolean } {
  const event = {
    ...more,
    defaultPrevented: false,
    preventDefault: () => {
      event.defaultPrevented = true;
    },
  };
  return event;
}
