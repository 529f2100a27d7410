/** Who may ask: the main frame of a window we opened, showing our own page. A frame that is gone is a stranger. */
import type { IpcMainInvokeEvent, WebContents } from 'electron';

export const appOrigin = 'app://ui';

export interface FrameTrust {
  add(contents: Pick<WebContents, 'id' | 'once'>): void;
  isTrusted(event: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>): boolean;
}

export function createFrameTrust(): FrameTrust {
  const ids = new Set<number>();
  return {
    add(contents) {
      const { id } = contents;
      ids.add(id);
      contents.once('destroyed', () => ids.delete(id));
    },
    isTrusted({ sender, senderFrame }) {
      if (senderFrame === null || senderFrame.parent !== null || !ids.has(sender.id)) return false;
      const url = URL.parse(senderFrame.url);
      return url !== null && `${url.protocol}//${url.host}` === appOrigin;
    },
  };
}
