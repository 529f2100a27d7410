/** The event log of Windows as eventcreate.exe fills it: by its rules, and with a source that must be registered for it. */
import type { EventLogOptions } from '../../agent/event-log.ts';

export interface ShownEvent {
  readonly id: number;
  readonly type: string;
  readonly text: string;
}

/** `source`: the name under which an installer has registered it. What breaks a rule gets exit code 1 and is not shown. */
export function eventViewer({ source = 'KITS Agent' } = {}): {
  readonly shown: ShownEvent[];
  readonly refused: string[];
  readonly run: NonNullable<EventLogOptions['run']>;
} {
  const shown: ShownEvent[] = [];
  const refused: string[] = [];
  return {
    shown,
    refused,
    run: async (args) => {
      const options = new Map<string, string>();
      for (let at = 0; at < args.length; at += 2) options.set(args[at]?.toLowerCase() ?? '', args[at + 1] ?? '');
      const id = Number(options.get('/id'));
      const text = options.get('/d') ?? '';
      const type = options.get('/t') ?? '';
      const objection =
        options.size !== 5 || options.get('/l') !== 'APPLICATION' || options.get('/so') !== source
          ? 'parameters'
          : !Number.isInteger(id) || id < 1 || id > 1000
            ? 'id'
            : !['ERROR', 'WARNING', 'INFORMATION', 'SUCCESS'].includes(type)
              ? 'type'
              : // Another message text is asked for with "%", and a line or a quotation mark ends the description.
                text === '' || /["%\p{C}]/u.test(text)
                ? 'text'
                : undefined;
      if (objection === undefined) shown.push({ id, type, text });
      else refused.push(`${objection}: ${args.join(' ')}`);
      return { kind: 'exited', exitCode: objection === undefined ? 0 : 1, stdout: '', stderr: '' };
    },
  };
}
