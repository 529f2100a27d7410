/**
 * Stands in for the preload where the window is shown in a normal browser: the same object, over HTTP to this machine.
 * Part of the preview alone; the packaged window never loads it.
 */
import type { AppApi } from '../../main/ipc/contract.ts';

const api: AppApi = {
  async request(channel, input) {
    const response = await fetch(`/request/${channel}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-kits-preview': '1' },
      body: JSON.stringify({ input }),
    });
    if (!response.ok) throw new Error(`${channel}: ${response.status}`);
    const { output } = (await response.json()) as { output?: never };
    return output as never;
  },
  on(event, listener) {
    const source = new EventSource('/events');
    source.addEventListener(event, ({ data }) => listener(JSON.parse(data as string)));
    return () => source.close();
  },
};

Object.defineProperty(window, 'kits', { value: api });
