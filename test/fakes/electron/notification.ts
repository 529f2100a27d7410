/** `Notification`: a toast that a test can click, dismiss, or let fail. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { seen } from './seen.ts';

/** What a test sees of a toast, and does to it. */
export interface Toast {
  readonly title: string;
  readonly body: string;
  readonly options: Electron.NotificationConstructorOptions;
  /** `replaced`: by a later one of the same id and group, as the system does. */
  readonly state: 'made' | 'shown' | 'failed' | 'closed' | 'replaced';
  click(): void;
  /** Presses the button of that number, from 0. */
  press(action: number): void;
  dismiss(reason?: Electron.NotificationCloseEventParams['reason']): void;
}

export class FakeNotification
  extends EventEmitter
  implements Pick<Electron.Notification, 'show' | 'close' | 'title' | 'body' | 'silent' | 'groupId'>, Toast
{
  readonly options: Electron.NotificationConstructorOptions;
  title: string;
  body: string;
  silent: boolean;
  readonly groupId: string;
  state: Toast['state'] = 'made';

  static isSupported(): boolean {
    return seen.toastsSupported;
  }

  static handleActivation(_callback: (details: Electron.ActivationArguments) => void): void {
    // A click that starts the program: there is none while the test runs it.
  }

  static remove(id: string | string[]): void {
    for (const toast of seen.toasts as FakeNotification[]) {
      if ([id].flat().includes(toast.options.id ?? '')) toast.#end('closed');
    }
  }

  static removeAll(): void {
    for (const toast of seen.toasts as FakeNotification[]) toast.#end('closed');
  }

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.options = options;
    this.title = options.title ?? '';
    this.body = options.body ?? '';
    this.silent = options.silent ?? false;
    this.groupId = options.groupId ?? '';
  }

  show(): void {
    const { id, groupId } = this.options;
    for (const other of seen.toasts as FakeNotification[]) {
      if (id !== undefined && other.options.id === id && other.options.groupId === groupId) other.#end('replaced');
    }
    seen.toasts.push(this);
    const fault = seen.toastFault;
    this.state = fault === undefined ? 'shown' : 'failed';
    // The system answers later, never from within the call.
    setImmediate(() => (fault === undefined ? this.emit('show', {}) : this.emit('failed', {}, fault)));
  }

  close(): void {
    this.#end('closed');
  }

  #end(state: 'closed' | 'replaced'): void {
    if (this.state === 'shown') this.state = state;
  }

  #mustBeShown(): void {
    if (this.state !== 'shown') throw new Error(`the toast "${this.title}" is ${this.state}`);
  }

  click(): void {
    this.#mustBeShown();
    this.#end('closed');
    this.emit('click', {});
  }

  press(actionIndex: number): void {
    this.#mustBeShown();
    if (this.options.actions?.[actionIndex] === undefined) throw new Error(`the toast has no button ${actionIndex}`);
    this.#end('closed');
    this.emit('action', { actionIndex, selectionIndex: -1 }, actionIndex, -1);
  }

  dismiss(reason: Electron.NotificationCloseEventParams['reason'] = 'userCanceled'): void {
    this.#mustBeShown();
    this.#end('closed');
    this.emit('close', { reason });
  }
}
