/** `Notification`: a toast that a test can click, press, dismiss, or let fail. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { appEvents, seen } from './seen.ts';

export class FakeNotification
  extends EventEmitter
  implements Pick<Electron.Notification, 'show' | 'close' | 'title' | 'body'>
{
  static isSupported(): boolean {
    return seen.notificationsSupported;
  }

  /** Activations that come while nobody holds the object; Windows alone has them. */
  static handleActivation(callback: (details: Electron.ActivationArguments) => void): void {
    appEvents.removeAllListeners('toast-activated');
    appEvents.on('toast-activated', callback);
  }

  readonly options: Electron.NotificationConstructorOptions;
  readonly title: string;
  readonly body: string;
  shown = 0;
  /** Also when another of the same id took its place, as the system does it. */
  closed = false;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.options = options;
    this.title = options.title ?? '';
    this.body = options.body ?? '';
    seen.notifications.push(this);
  }

  show(): void {
    this.shown += 1;
    const { id, groupId } = this.options;
    for (const other of seen.notifications) {
      const isSame = id !== undefined && other.options.id === id && other.options.groupId === groupId;
      if (isSame && other !== this) other.closed = true;
    }
    const outcome = seen.toastOutcome;
    // The system answers later, never from within the call.
    if (outcome === 'show') setImmediate(() => this.emit('show', {}));
    if (outcome === 'failed') setImmediate(() => this.emit('failed', {}, 'the system refused it'));
  }

  close(): void {
    this.closed = true;
  }

  /** The person clicks the text. */
  click(): void {
    this.#mustBeThere();
    this.emit('click', {});
  }

  /** Presses the button with this label. */
  press(label: string): void {
    this.#mustBeThere();
    const actionIndex = (this.options.actions ?? []).findIndex(({ text }) => text === label);
    if (actionIndex < 0) throw new Error(`the toast has no button ${label}`);
    this.emit('action', { actionIndex, selectionIndex: -1 }, actionIndex, -1);
  }

  /** Nobody touches what is not on the screen. */
  #mustBeThere(): void {
    if (this.shown === 0 || this.closed) throw new Error(`the toast "${this.title}" is not on the screen`);
  }
}
