/** Events the administrator named: what is asked of Windows, and what its answer is worth. */
import { expect, test } from 'vitest';
import type { BackupContext } from '../../../../agent/backup/product.ts';
import { backupSources } from '../../../../agent/backup/sources.ts';
import { type EventSource, parseEvents, readEventSource } from '../../../../agent/backup/windows/event-source.ts';
import type { CommandOutcome } from '../../../../agent/platform/machine.ts';
import { windowsPc } from '../../../fixtures/backup/windows.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedText } from '../damaged.ts';
import { productOn } from './collected.ts';

const source = (changes: Partial<EventSource> = {}): EventSource => ({
  kind: 'windows-event',
  id: 'fachverfahren',
  name: 'Sicherung Fachverfahren',
  channel: 'Application',
  provider: 'Fachverfahren Sicherung',
  success: [100],
  warning: [],
  failure: [102],
  ...changes,
});
const event = (id: number, record: number, at: string) =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Fachverfahren Sicherung'/><EventID Qualifiers='16384'>${id}</EventID><Level>4</Level><TimeCreated SystemTime='${at}'/><EventRecordID>${record}</EventRecordID><Channel>Application</Channel></System><EventData><Data>Erfolg f\uFFFDr M\uFFFDller</Data></EventData></Event>`;
const events = (...list: string[]): CommandOutcome => ({
  kind: 'exited',
  exitCode: 0,
  stdout: `<Events>${list.join('\r\n')}</Events>`,
  stderr: '',
});

async function read(
  answer: (filter: string) => CommandOutcome,
  oldest = events(event(1, 4711, '2026-01-01T00:00:00.000000000Z')),
  from = source(),
) {
  const asked: string[][] = [];
  const context = {
    signal: new AbortController().signal,
    machine: {
      run: async (command: string, args: readonly string[]) => {
        expect(command).toBe('wevtutil');
        asked.push([...args]);
        const filter = args.find((arg) => arg.startsWith('/q:'));
        return filter === undefined ? oldest : answer(filter);
      },
    },
  } as unknown as BackupContext;
  return { found: await readEventSource(context, from), asked };
}

test('the newest events by number, with record and time', async () => {
  const { found, asked } = await read(() =>
    events(event(102, 5002, '2026-11-23T20:00:00.123456700Z'), event(100, 5001, '2026-11-22T20:00:00Z')),
  );
  expect(asked[0]).toEqual([
    'qe',
    'Application',
    "/q:*[System[Provider[@Name='Fachverfahren Sicherung'] and (EventID=100 or EventID=102)]]",
    '/c:50',
    '/rd:true',
    '/f:xml',
    '/e:Events',
  ]);
  expect(found).toMatchObject({ writableBy: 'administrator', history: 'window', reasons: [] });
  expect(found.runs.map(({ result, sequence, endedAt }) => [result, sequence, endedAt?.toISOString()])).toEqual([
    ['failed', 5002, '2026-11-23T20:00:00.123Z'],
    ['success', 5001, '2026-11-22T20:00:00.000Z'],
  ]);
});

test('no event means never only while the first record is there', async () => {
  expect((await read(() => events(), events(event(1, 1, '2026-01-01T00:00:00Z')))).found.history).toBe('whole');
  expect((await read(() => events(), events(event(1, 2, '2026-01-01T00:00:00Z')))).found.history).toBe('window');
  expect((await read(() => events(), { kind: 'timeout' })).found.history).toBe('window');
});

test.each([
  [{ kind: 'exited', exitCode: 5, stdout: '', stderr: 'Zugriff verweigert' }, 'source-denied'],
  [
    { kind: 'exited', exitCode: 15007, stdout: '', stderr: 'Der angegebene Kanal wurde nicht gefunden.' },
    'source-missing',
  ],
  [{ kind: 'exited', exitCode: 87, stdout: '', stderr: '' }, 'source-unreadable'],
  [{ kind: 'exited', exitCode: 0, stdout: 'Erfolg', stderr: '' }, 'schema-unknown'],
  [{ kind: 'timeout' }, 'source-unreadable'],
  [{ kind: 'too-much-output' }, 'source-too-large'],
  [{ kind: 'not-found' }, 'source-unreadable'],
] as const)('%j is no answer', async (outcome, reason) => {
  expect((await read(() => outcome)).found).toEqual({
    writableBy: 'administrator',
    runs: [],
    history: 'unreadable',
    reasons: [reason],
  });
});

test('many numbers are asked in several filters; one named twice means the worse', async () => {
  const many = source({ success: [1, 2], failure: Array.from({ length: 32 }, (_, index) => index + 2) });
  const { found, asked } = await read(
    (filter) => (/EventID=2\b/.test(filter) ? events(event(2, 9, '2026-11-23T20:00:00Z')) : events()),
    events(),
    many,
  );
  expect(asked).toHaveLength(4);
  expect(found.runs.map(({ result }) => result)).toEqual(['failed']);
});

test.each(["x' or '1'='1", 'a"b', '/q:x', '-x', '', "Anw'endung", 'a]b', 'a*', 'a\nb'])(
  '%j is no name of a log or a provider',
  (name) => {
    for (const part of ['channel', 'provider'] as const) {
      expect(backupSources.safeParse({ custom: [{ ...source(), [part]: name }] }).success).toBe(false);
    }
  },
);

test('names of Windows itself are taken', () => {
  const channel = 'Microsoft-Windows-TaskScheduler/Operational';
  expect(
    backupSources.safeParse({ custom: [source({ channel, provider: 'Fachverfahren Müller (x64) 2.0' })] }).success,
  ).toBe(true);
});

test('damaged output gives events or a reason, and never another number', () => {
  const text = `<Events>${event(102, 5002, '2026-11-23T20:00:00Z')}</Events>`;
  fc.assert(
    fc.property(damagedText([text]), (damaged) => {
      const found = parseEvents(damaged);
      if (typeof found !== 'string') for (const { id } of found) expect(Number.isInteger(id)).toBe(true);
    }),
    { numRuns: tries(2000) },
  );
});

test('as a product of its own: the job the administrator named, judged by its events', async () => {
  const machine = windowsPc({
    run: (command, args) =>
      command === 'wevtutil' && args.some((arg) => arg.startsWith('/q:'))
        ? events(event(100, 5001, '2026-11-23T20:00:00Z'))
        : events(),
  });
  const { product } = await productOn(
    'custom',
    machine,
    backupSources.parse({ custom: [source({ target: { kind: 'share', name: '\\\\nas01\\fach$' } })] }),
  );
  expect(product?.jobs).toMatchObject([
    {
      id: 'fachverfahren',
      state: 'success',
      lastSuccess: { endedAt: '2026-11-23T20:00:00.000Z' },
      targets: [{ kind: 'share' }],
    },
  ]);
});
