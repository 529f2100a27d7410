/**
 * Stands in for the package `electron` in every test: the binary cannot be had where the tests run, and importing the
 * real package in plain Node starts a download. Typed against the real declarations.
 */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';

/** What the stand-in saw, for tests to look at; `reset` before each test. */
export const seen = {
  /** In the order in which they were made; one that was destroyed stays. */
  trays: [] as { tooltip: string; menu: string[]; images: number; destroyed: boolean; click(label: string): void }[],
  notifications: [] as FakeNotification[],
  opened: [] as string[],
  windows: [] as FakeWindow[],
  handlers: new Map<string, (event: Electron.IpcMainInvokeEvent, ...args: unknown[]) => unknown>(),
  schemes: [] as Electron.CustomScheme[],
  protocols: new Map<string, (request: Request) => Response | Promise<Response>>(),
  exposed: new Map<string, unknown>(),
  session: {} as {
    request?: Parameters<Electron.Session['setPermissionRequestHandler']>[0];
    check?: Parameters<Electron.Session['setPermissionCheckHandler']>[0];
    beforeRequest?: (
      details: Pick<Electron.OnBeforeRequestListenerDetails, 'url'>,
      answer: (response: Electron.CallbackResponse) => void,
    ) => void;
  },
  quit: 0,
  exits: [] as (number | undefined)[],
  relaunches: [] as (Electron.RelaunchOptions | undefined)[],
  clsid: '',
  sandboxed: false,
  hasLock: true,
  userData: '/nonexistent',
  version: '0.1.0',
  languages: ['de-DE'] as string[],
  idleState: 'active' as ReturnType<Electron.PowerMonitor['getSystemIdleState']>,
  notificationsSupported: true,
  reset(): void {
    this.trays = [];
    this.notifications = [];
    this.opened = [];
    this.exits = [];
    this.relaunches = [];
    this.clsid = '';
    this.version = '0.1.0';
    this.languages = ['de-DE'];
    this.idleState = 'active';
    this.notificationsSupported = true;
    this.windows = [];
    this.handlers.clear();
    this.schemes = [];
    this.protocols.clear();
    this.exposed.clear();
    this.session = {};
    this.quit = 0;
    this.sandboxed = false;
    this.hasLock = true;
    appEvents.removeAllListeners();
    powerMonitor.removeAllListeners();
    ipcRendererEvents.removeAllListeners();
  },
};

/** Fires an event of `app`, as the system would. */
export const appEvents = new EventEmitter();

type AppUnderTest = Pick<
  Electron.App,
  | 'enableSandbox'
  | 'disableHardwareAcceleration'
  | 'requestSingleInstanceLock'
  | 'quit'
  | 'whenReady'
  | 'isPackaged'
  | 'setAppUserModelId'
  | 'setToastActivatorCLSID'
  | 'getAppPath'
  | 'getPath'
  | 'setPath'
  | 'getVersion'
  | 'getPreferredSystemLanguages'
  | 'relaunch'
  | 'exit'
> & { on(event: string, listener: (...args: never[]) => void): unknown };

export const app: AppUnderTest = {
  isPackaged: false,
  enableSandbox: () => {
    seen.sandboxed = true;
  },
  disableHardwareAcceleration: () => undefined,
  requestSingleInstanceLock: () => seen.hasLock,
  quit: () => {
    seen.quit += 1;
  },
  whenReady: () => Promise.resolve(),
  setAppUserModelId: () => undefined,
  setToastActivatorCLSID: (id) => {
    seen.clsid = id;
  },
  getVersion: () => seen.version,
  getPreferredSystemLanguages: () => seen.languages,
  relaunch: (options) => {
    seen.relaunches.push(options);
  },
  exit: (code) => {
    seen.exits.push(code);
  },
  setPath: () => undefined,
  getAppPath: () => new URL('../..', import.meta.url).pathname,
  getPath: () => seen.userData,
  on: (event, listener) => appEvents.on(event, listener as (...args: unknown[]) => void),
};

let contentsMade = 0;
export class FakeContents extends EventEmitter implements Pick<Electron.WebContents, 'id' | 'send'> {
  readonly id = ++contentsMade;
  readonly sent: { channel: string; payload: unknown }[] = [];
  opens: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | undefined;

  send(channel: string, payload: unknown): void {
    this.sent.push({ channel, payload });
  }

  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.opens = handler;
  }
}

type WindowUnderTest = Pick<
  Electron.BrowserWindow,
  'loadURL' | 'show' | 'focus' | 'isMinimized' | 'restore' | 'destroy' | 'isDestroyed' | 'isFocused'
>;

export class FakeWindow extends EventEmitter implements WindowUnderTest {
  readonly webContents = new FakeContents();
  readonly options: Electron.BrowserWindowConstructorOptions;
  url = '';
  shown = 0;
  #destroyed = false;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.options = options;
    seen.windows.push(this);
    appEvents.emit('web-contents-created', {}, this.webContents);
  }

  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }

  show(): void {
    this.shown += 1;
  }

  focus(): void {
    this.shown += 0;
  }

  isMinimized(): boolean {
    return false;
  }

  isFocused(): boolean {
    return !this.#destroyed && this.shown > 0;
  }

  restore(): void {
    this.shown += 0;
  }

  /** As closing does: the page is gone, and with it the trust in it. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.webContents.emit('destroyed');
    this.emit('closed');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
}
export { FakeWindow as BrowserWindow };

export const dialog: Pick<Electron.Dialog, 'showSaveDialog'> = {
  showSaveDialog: () => Promise.resolve({ canceled: true, filePath: '' }),
};

export const ipcMain: Pick<Electron.IpcMain, 'handle'> = {
  handle: (channel, listener) => {
    if (seen.handlers.has(channel)) throw new Error(`a second handler for ${channel}`);
    seen.handlers.set(channel, listener);
  },
};

export const protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
  registerSchemesAsPrivileged: (schemes) => {
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

interface BitmapImage {
  addRepresentation(options: Electron.AddRepresentationOptions): void;
}

export const nativeImage: { createEmpty(): BitmapImage } = {
  createEmpty: () => ({
    addRepresentation: ({ width, height, buffer }) => {
      if (buffer?.length !== (width ?? 0) * (height ?? 0) * 4)
        throw new Error('the bitmap has another size than it says');
    },
  }),
};

export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: false,
  shouldUseHighContrastColors: false,
} satisfies Partial<Electron.NativeTheme>);

export const Menu = {
  setApplicationMenu: (_menu: Electron.Menu | null) => undefined,
  buildFromTemplate: (items: Electron.MenuItemConstructorOptions[]) => items,
};

export class Tray extends EventEmitter {
  #items: Electron.MenuItemConstructorOptions[] = [];
  readonly #record = {
    tooltip: '',
    menu: [] as string[],
    images: 0,
    destroyed: false,
    click: (label: string): void => {
      const item = this.#items.find((one) => one.label === label);
      if (item?.click === undefined) throw new Error(`the menu has no ${label} to click`);
      (item.click as () => void)();
    },
  };

  constructor(_image: BitmapImage) {
    super();
    seen.trays.push(this.#record);
  }

  setImage(_image: BitmapImage): void {
    this.#record.images += 1;
  }

  destroy(): void {
    this.#record.destroyed = true;
  }

  setToolTip(text: string): void {
    this.#record.tooltip = text;
  }

  setContextMenu(items: Electron.MenuItemConstructorOptions[]): void {
    this.#items = items;
    this.#record.menu = items.map(({ label }) => label ?? '');
  }
}

/** `show` succeeds unless a test says otherwise; `act` and `press` are what a person does to a toast. */
export class FakeNotification extends EventEmitter implements Pick<Electron.Notification, 'show' | 'close'> {
  static isSupported(): boolean {
    return seen.notificationsSupported;
  }

  /** Activations that come while nobody holds the object; Windows alone has them. */
  static handleActivation(callback: (details: Electron.ActivationArguments) => void): void {
    appEvents.removeAllListeners('toast-activated');
    appEvents.on('toast-activated', callback);
  }

  readonly options: Electron.NotificationConstructorOptions;
  shown = 0;
  closed = false;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.options = options;
    seen.notifications.push(this);
  }

  show(): void {
    this.shown += 1;
  }

  close(): void {
    this.closed = true;
  }

  /** Presses the button with this label. */
  press(label: string): void {
    const actionIndex = (this.options.actions ?? []).findIndex(({ text }) => text === label);
    if (actionIndex < 0) throw new Error(`the toast has no button ${label}`);
    this.emit('action', { actionIndex, selectionIndex: -1 }, actionIndex, -1);
  }
}
export { FakeNotification as Notification };

export const powerMonitor = Object.assign(new EventEmitter(), {
  getSystemIdleState: () => seen.idleState,
} satisfies Partial<Electron.PowerMonitor>);

export const shell: Pick<Electron.Shell, 'openExternal'> = {
  openExternal: (url) => {
    seen.opened.push(url);
    return Promise.resolve();
  },
};

export const contextBridge: Pick<Electron.ContextBridge, 'exposeInMainWorld'> = {
  exposeInMainWorld: (key, api) => {
    seen.exposed.set(key, api);
  },
};

/** Fires an event at the preload, as the main process would. */
export const ipcRendererEvents = new EventEmitter();

export const ipcRenderer = {
  invoke: (channel: string, ...args: unknown[]): Promise<unknown> => Promise.resolve({ channel, args }),
  on: (channel: string, listener: (...args: unknown[]) => void) => ipcRendererEvents.on(channel, listener),
  off: (channel: string, listener: (...args: unknown[]) => void) => ipcRendererEvents.off(channel, listener),
};
