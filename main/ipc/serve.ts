/** Registers every request of the contract; a stranger or a malformed input never reaches a handler. */
import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { z } from 'zod';
import { requestChannels } from './channels.ts';
import { answer, type Handlers } from './contract.ts';

export interface ServeOptions {
  readonly ipcMain: Pick<IpcMain, 'handle'>;
  readonly handlers: Handlers;
  readonly isTrusted: (event: IpcMainInvokeEvent) => boolean;
  readonly warn: (line: string) => void;
}

export function serve({ ipcMain, handlers, isTrusted, warn }: ServeOptions): void {
  for (const channel of requestChannels) {
    ipcMain.handle(channel, async (event, value: unknown) => {
      if (!isTrusted(event)) {
        warn(`refused ${channel} from an untrusted frame`);
        throw new Error('refused');
      }
      try {
        return await answer(handlers, channel, value);
      } catch (error) {
        // Neither stack nor path of this process is the window's business.
        const why = error instanceof z.ZodError ? z.prettifyError(error) : 'it failed';
        warn(`${channel}: ${error instanceof z.ZodError ? why : String(error)}`);
        throw new Error(`${channel}: ${why}`);
      }
    });
  }
}
