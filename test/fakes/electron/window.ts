/** `BrowserWindow` with its web contents: a record, and a real page where a screen is attached. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { appEvents, preventable, type Shown, seen } from './seen.ts';

let contentsMade = 0;

type ContentsUnderTest = Pick<
  Electron.WebContents,
  'id' | 'send' | 'setWindowOpenHandler' | 'getURL' | 'isDestroyed' | 'isLoading'
>;

export class FakeContents extends EventEmitter implements ContentsUnderTest {
  readonly id = ++contentsMade;
  readonly sent: { channel: string; payload: unknown }[] = [];
  opens: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | undefined;
  url = '';
  page: Shown | undefined;
  #destroyed = false;

  /** What cannot be cloned throws here, as it does in Electron. */
  send(channel: string, payload: unknown): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
    const cloned: unknown = structuredClone(payload);
    this.sent.push({ channel, payload: cloned });
    this.page?.send(channel, cloned);
  }

  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.opens = handler;
  }

  getURL(): string {
    return this.url;
  }

  isLoading(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  end(): void {
    this.#destroyed = true;
    this.page?.close();
    this.emit('destroyed');
  }
}

type WindowUnderTest = Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'minimize'
  | 'restore'
  | 'close'
  | 'destroy'
  | 'isMinimized'
  | 'isVisible'
  | 'isFocused'
  | 'isDestroyed'
>;

export class FakeWindow extends EventEmitter implements WindowUnderTest {
  readonly webContents = new FakeContents();
  readonly options: Electron.BrowserWindowConstructorOptions;
  url = '';
  shown = 0;
  #state: 'hidden' | 'visible' | 'minimized' = 'hidden';
  #destroyed = false;

  static getAllWindows(): FakeWindow[] {
    return seen.windows.filter((window) => !window.isDestroyed());
  }

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.options = options;
    if (options.show !== false) this.#state = 'visible';
    seen.windows.push(this);
    appEvents.emit('web-contents-created', {}, this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    this.url = url;
    this.webContents.url = url;
    if (seen.screen === undefined) return;
    const page = await seen.screen.load(this, url);
    if (this.#destroyed) page.close();
  }

  show(): void {
    this.shown += 1;
    this.#change('visible');
  }

  hide(): void {
    this.#change('hidden');
  }

  minimize(): void {
    this.#change('minimized');
  }

  restore(): void {
    this.#change('visible');
  }

  focus(): void {
    if (this.#state === 'visible') this.emit('focus');
  }

  #change(state: 'hidden' | 'visible' | 'minimized'): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
    if (state === this.#state) return;
    this.#state = state;
    this.emit(state === 'visible' ? 'show' : state === 'hidden' ? 'hide' : 'minimize');
  }

  isMinimized(): boolean {
    return this.#state === 'minimized';
  }

  isVisible(): boolean {
    return this.#state === 'visible' && !this.#destroyed;
  }

  isFocused(): boolean {
    return this.isVisible();
  }

  /** As the person does it with the window's own button. */
  close(): void {
    const event = preventable({});
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  /** The page is gone, and with it the trust in it. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.webContents.end();
    this.emit('closed');
    if (FakeWindow.getAllWindows().length === 0) appEvents.emit('window-all-closed');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
}
