/** The one window: made when somebody wants to see it, gone when it is closed, so that an idle tray holds no page in memory. */
import type { BrowserWindow, BrowserWindowConstructorOptions, WebContents } from 'electron';
import type { EventChannel, PageName } from '../ipc/channels.ts';
import { events, type Payload } from '../ipc/contract.ts';
import { appOrigin } from '../ipc/trusted-frame.ts';

/** A page that dies is opened again this often; after that the next click of the person does it. */
const maxReopened = 2;

export interface StatusWindow {
  /** Brings it to the front on a page; without one a window that is open stays where it is. `noticeId`: with this one in sight. */
  open(page?: PageName, noticeId?: string): void;
  tell<E extends EventChannel>(event: E, payload: Payload<E>): void;
  isOpen(): boolean;
}

export interface StatusWindowOptions {
  readonly create: (options: BrowserWindowConstructorOptions) => BrowserWindow;
  readonly preload: string;
  readonly devTools: boolean;
  readonly trust: (contents: WebContents) => void;
  readonly warn: (line: string) => void;
}

export function windowOptions(preload: string, devTools: boolean): BrowserWindowConstructorOptions {
  return {
    width: 760,
    height: 720,
    minWidth: 320,
    minHeight: 320,
    show: false,
    autoHideMenuBar: true,
    title: 'KITS Agent',
    webPreferences: {
      preload,
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools,
    },
  };
}

export function createStatusWindow({ create, preload, devTools, trust, warn }: StatusWindowOptions): StatusWindow {
  let window: BrowserWindow | undefined;
  let reopened = 0;

  function make(page: PageName, noticeId?: string): void {
    const made = create(windowOptions(preload, devTools));
    window = made;
    trust(made.webContents);
    made.once('ready-to-show', () => made.show());
    made.on('closed', () => {
      if (window === made) window = undefined;
    });
    made.webContents.on('render-process-gone', (_event, { reason }) => {
      warn(`the page of the window ended: ${reason}`);
      made.destroy();
      if (reopened < maxReopened) {
        reopened += 1;
        make(page, noticeId);
      }
    });
    const place = noticeId === undefined ? page : `${page}/${noticeId}`;
    made.loadURL(`${appOrigin}/index.html#${place}`).catch((error: unknown) => {
      warn(`the window could not load its page: ${String(error)}`);
      if (!made.isDestroyed()) made.destroy();
    });
  }

  const tell: StatusWindow['tell'] = (event, payload) => {
    if (window === undefined || window.isDestroyed()) return;
    window.webContents.send(event, events[event].parse(payload));
  };

  return {
    open(page, noticeId) {
      if (window === undefined || window.isDestroyed()) {
        reopened = 0;
        make(page ?? 'status', noticeId);
        return;
      }
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      if (page !== undefined) tell('page:open', { page, ...(noticeId === undefined ? {} : { noticeId }) });
    },
    tell,
    isOpen: () => window !== undefined && !window.isDestroyed(),
  };
}
