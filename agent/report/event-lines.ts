/** Reads server-sent events as far as the KITS server writes them: `event`, `id` and one line of `data`; bounded. */
import { StringDecoder } from 'node:string_decoder';

export interface RawEvent {
  readonly name: string;
  readonly id: string;
  readonly data: string;
}

/** Far longer than the longest notice: what goes beyond is no event of ours. */
const maxLineLength = 128 * 1024;

/** What came is not a stream of events. */
export class NotEvents extends Error {
  override readonly name = 'NotEvents';
}

/**
 * Takes the bytes as they come and hands back the events they complete. Comments (heartbeats) and unknown fields are
 * passed over. Throws `NotEvents` for a line without end.
 */
export function createEventReader(): (chunk: Uint8Array) => RawEvent[] {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let event = { name: '', id: '', data: '' };
  return (chunk) => {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw new NotEvents('a line of the stream of events does not end');
    const complete: RawEvent[] = [];
    for (const line of lines) {
      if (line.length > maxLineLength) throw new NotEvents('a line of the stream of events is too long');
      if (line === '') {
        if (event.name !== '') complete.push(event);
        event = { name: '', id: '', data: '' };
        continue;
      }
      const [, field, value = ''] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
      if (field === 'event') event.name = value;
      else if (field === 'id') event.id = value;
      else if (field === 'data') event.data = value;
    }
    return complete;
  };
}
