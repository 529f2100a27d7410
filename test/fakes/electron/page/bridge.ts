/**
 * Runs in the page, once in its own world and once in the isolated world of the preload, as Chromium has them apart in
 * Electron. What passes between the two is copied; functions and promises are replaced by ones that ask the other side.
 * Injected as text: it may import types alone.
 */
import type { ContextBridge, IpcRenderer } from 'electron';

type Answerable = (...args: unknown[]) => unknown;
type Wire =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'function' | 'promise'; readonly id: number }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'list'; readonly items: readonly Wire[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Wire])[] };
type Answer = { readonly value: Wire } | { readonly thrown: Wire };

interface Ends {
  tell(what: string, detail: unknown): void;
  hear(what: string, listener: (detail: never) => void): void;
  encode(value: unknown): Wire;
  decode(wire: Wire): unknown;
}

/** One end; an event of a world is heard in the other, with its detail copied. */
export function bridgeEnd(own: string, other: string): Ends {
  const functions: Answerable[] = [];
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let promises = 0;
  const tell: Ends['tell'] = (what, detail) => {
    window.dispatchEvent(new CustomEvent(`${other}:${what}`, { detail }));
  };
  const hear: Ends['hear'] = (what, listener) => {
    window.addEventListener(`${own}:${what}`, (event) => listener((event as CustomEvent).detail as never));
  };
  const answerOf = (work: () => unknown): Answer => {
    try {
      return { value: encode(work()) };
    } catch (error) {
      return { thrown: encode(error) };
    }
  };
  const resultOf = (answer: Answer | undefined): unknown => {
    if (answer === undefined) throw new Error('the other world does not answer');
    if ('thrown' in answer) throw decode(answer.thrown);
    return decode(answer.value);
  };

  function encode(value: unknown): Wire {
    if (typeof value === 'function') return { kind: 'function', id: functions.push(value as Answerable) - 1 };
    if (value instanceof Promise) {
      const id = promises;
      promises += 1;
      value.then(
        (result: unknown) => tell('settled', { id, answer: answerOf(() => result) }),
        (error: unknown) => tell('settled', { id, answer: { thrown: encode(error) } }),
      );
      return { kind: 'promise', id };
    }
    if (value instanceof Error) return { kind: 'error', message: value.message };
    if (Array.isArray(value)) return { kind: 'list', items: value.map(encode) };
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return { kind: 'object', entries: Object.entries(value).map(([key, one]) => [key, encode(one)]) };
    }
    return { kind: 'value', value: structuredClone(value) };
  }

  function decode(wire: Wire): unknown {
    switch (wire.kind) {
      case 'value':
        return wire.value;
      case 'error':
        return new Error(wire.message);
      case 'list':
        return wire.items.map(decode);
      case 'object':
        return Object.fromEntries(wire.entries.map(([key, one]) => [key, decode(one)]));
      case 'function':
        return (...args: unknown[]): unknown => {
          // An event is delivered before its dispatch returns: the answer is there by then.
          let answer: Answer | undefined;
          const take = (event: Event): void => {
            answer = (event as CustomEvent).detail as Answer;
          };
          window.addEventListener(`${own}:answer`, take);
          tell('call', { id: wire.id, args: args.map(encode) });
          window.removeEventListener(`${own}:answer`, take);
          return resultOf(answer);
        };
      case 'promise':
        return new Promise((resolve, reject) => waiting.set(wire.id, { resolve, reject }));
    }
  }

  hear('call', ({ id, args }: { id: number; args: Wire[] }) => {
    tell(
      'answer',
      answerOf(() => functions[id]?.(...args.map(decode))),
    );
  });
  hear('settled', ({ id, answer }: { id: number; answer: Answer }) => {
    const promise = waiting.get(id);
    waiting.delete(id);
    if ('thrown' in answer) promise?.reject(decode(answer.thrown));
    else promise?.resolve(decode(answer.value));
  });
  return { tell, hear, encode, decode };
}

/** In the page's own world: takes what the preload exposes. */
export function receiveExposed(): void {
  const { hear, decode } = bridgeEnd('kits-page', 'kits-preload');
  hear('expose', ({ key, api }: { key: string; api: Wire }) => {
    Object.defineProperty(window, key, { value: Object.freeze(decode(api)), enumerable: true });
  });
}

/** What the other side of IPC does in the isolated world. Texts are those of clone.ts. */
export interface Delivery {
  answer(id: number, text: string): void;
  refuse(id: number, message: string): void;
  deliver(channel: string, text: string): void;
}

/** In the isolated world: what `require('electron')` gives a sandboxed preload. */
export function preloadElectron(
  toMain: (text: string) => void,
  toText: (value: unknown) => string,
  fromText: (text: string) => unknown,
): { electron: object; delivery: Delivery } {
  const { tell, encode } = bridgeEnd('kits-preload', 'kits-page');
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  const listeners = new Map<string, Answerable[]>();
  let asks = 0;
  const contextBridge: Pick<ContextBridge, 'exposeInMainWorld'> = {
    exposeInMainWorld: (key, api) => tell('expose', { key, api: encode(api) }),
  };
  const ipcRenderer = {
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        asks += 1;
        // First the copy: what cannot be copied is refused here and never asked.
        const text = toText(args);
        asked.set(asks, { resolve, reject });
        toMain(JSON.stringify({ id: asks, channel, args: text }));
      }),
    on: (channel: string, listener: Answerable) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    },
    off: (channel: string, listener: Answerable) => {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter((one) => one !== listener),
      );
    },
  } satisfies { [K in keyof IpcRenderer]?: unknown };
  const take = (id: number) => {
    const promise = asked.get(id);
    asked.delete(id);
    return promise;
  };
  return {
    electron: { contextBridge, ipcRenderer },
    delivery: {
      answer: (id, text) => take(id)?.resolve(fromText(text)),
      refuse: (id, message) => take(id)?.reject(new Error(message)),
      deliver: (channel, text) => {
        for (const listener of listeners.get(channel) ?? []) listener({ sender: ipcRenderer }, fromText(text));
      },
    },
  };
}
