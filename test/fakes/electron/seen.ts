/** What the stand-in for Electron saw, and what a test makes the system do. `seen.reset()` before each test. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import type { FakeNotification } from './notification.ts';
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
/** Lock screen, sleep and wake, as the system tells them. */
export const powerEvents = new EventEmitter();
/** Fires an event at a preload that runs in Node, as the main process would. */
export const ipcRendererEvents = new EventEmitter();

const nothingYet = () => ({
  screen: undefined as Screen | undefined,
  isReady: false,
  readiness: Promise.withResolvers<void>(),
  /** In the order in which they were made; one that was destroyed stays. */
  trays: [] as TrayRecord[],
  windows: [] as FakeWindow[],
  /** In the order in which they were made. */
  notifications: [] as FakeNotification[],
  notificationsSupported: true,
  /** What the system says once a toast is to be shown; `by-test`: nothing, the test emits it. */
  toastOutcome: 'by-test' as 'by-test' | 'show' | 'failed',
  clsid: '',
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
  exits: [] as (number | undefined)[],
  relaunches: [] as (Electron.RelaunchOptions | undefined)[],
  sandboxed: false,
  hasLock: true,
  /** What the tray that runs in this session does about one more start. */
  refused: (_folder: string, _data: unknown): void => undefined,
  isPackaged: false,
  version: '0.1.0',
  languages: ['de-DE'] as string[],
  idleState: 'active' as ReturnType<Electron.PowerMonitor['getSystemIdleState']>,
});

export const seen = Object.assign(nothingYet(), {
  userData: '/nonexistent',
  /** Holds dist/tray. */
  appPath: new URL('../../..', import.meta.url).pathname,
  reset(): void {
    Object.assign(seen, nothingYet());
    appEvents.removeAllListeners();
    powerEvents.removeAllListeners();
    ipcRendererEvents.removeAllListeners();
  },
});

/** What Electron refuses once it is ready. */
export function mustNotBeReady(call: string): void {
  if (seen.isReady) throw new Error(`${call} can only be called before app is ready`);
}

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
