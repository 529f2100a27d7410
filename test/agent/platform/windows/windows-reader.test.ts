/** How PowerShell is asked: one process for all who want the document, one search at a time, the online one seldom. */
import { describe, expect, test } from 'vitest';
import type { CommandOutcome } from '../../../../agent/platform/machine.ts';
import {
  createUpdateSearches,
  offlineLimitMs,
  onlineLimitMs,
  onlineSearchDue,
  type SearchMemory,
} from '../../../../agent/platform/windows/update-search.ts';
import { createWindowsReader, type RunScript } from '../../../../agent/platform/windows/windows-machine.ts';

const exited = (stdout: string): CommandOutcome => ({ kind: 'exited', exitCode: 0, stdout, stderr: 'Warnung' });

/** A clock that stands until it is moved, and scripts that answer what they are told. */
function bench(answers: CommandOutcome[]) {
  const started: string[] = [];
  let time = Date.parse('2026-11-24T08:00:00.000Z');
  const run: RunScript = async (script, args, limitMs) => {
    started.push([script, ...args, limitMs].join(' '));
    return answers.shift() ?? { kind: 'not-found' };
  };
  const reader = createWindowsReader(run, undefined, { now: () => new Date(time), random: () => 0 });
  return {
    reader,
    started,
    move: (ms: number): void => {
      time += ms;
    },
  };
}

describe('document', () => {
  test('collectors of one round share one process, the next round has its own', async () => {
    const { reader, started, move } = bench([exited('{"a":1}'), exited('{"a":2}')]);
    expect(await Promise.all([reader.readDocument(), reader.readDocument()])).toEqual([{ a: 1 }, { a: 1 }]);
    move(5 * 60_000 - 1);
    expect(await reader.readDocument()).toEqual({ a: 1 });
    move(1);
    expect(await reader.readDocument()).toEqual({ a: 2 });
    expect(started).toEqual(['collect.ps1 180000', 'collect.ps1 180000']);
  });

  test('a clock set back does not keep an old document alive', async () => {
    const { reader, move } = bench([exited('1'), exited('2')]);
    expect(await reader.readDocument()).toBe(1);
    move(-60_000);
    expect(await reader.readDocument()).toBe(2);
  });

  test.each<[string, CommandOutcome, string]>([
    ['no PowerShell', { kind: 'not-found' }, 'ENOENT'],
    ['too slow', { kind: 'timeout' }, 'ETIMEDOUT'],
    ['too much', { kind: 'too-much-output' }, 'EFBIG'],
    ['nothing', exited(''), 'EIO'],
    ['cut off', exited('{"version":1,"sections":{"ver'), 'EIO'],
    ['a refusal in words', exited('Die Datei "collect.ps1" kann nicht geladen werden.'), 'EIO'],
  ])('%s', async (_name, outcome, code) => {
    const { reader } = bench([outcome, exited('{}')]);
    await expect(reader.readDocument()).rejects.toMatchObject({ name: 'ReadError', code });
    // The next one who asks gets a try of his own.
    expect(await reader.readDocument()).toEqual({});
  });

  test('a mark of byte order is no fault, escapes become characters', async () => {
    const { reader } = bench([exited('\uFEFF{"name":"Geb\\u00fchr"}\r\n')]);
    expect(await reader.readDocument()).toEqual({ name: 'Gebühr' });
  });
});

describe('search for updates', () => {
  test('offline within its limit; without a memory never online', async () => {
    const { reader, started } = bench([exited('{"s":1}'), { kind: 'timeout' }, exited('{')]);
    expect(await reader.searchUpdates()).toEqual({ offline: { at: '2026-11-24T08:00:00.000Z', document: { s: 1 } } });
    expect(await reader.searchUpdates()).toMatchObject({ offline: { failure: 'timeout' } });
    expect(await reader.searchUpdates()).toMatchObject({ offline: { failure: 'unreadable' } });
    expect(started).toEqual(Array.from({ length: 3 }, () => `search-updates.ps1 ${offlineLimitMs}`));
  });

  function searches(kept?: unknown) {
    let stored = kept;
    let time = Date.parse('2026-11-24T08:00:00.000Z');
    const memory: SearchMemory = {
      read: () => stored,
      write: (value) => {
        stored = structuredClone(value);
      },
    };
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    const port = createUpdateSearches({
      memory,
      now: () => new Date(time),
      random: () => 0.5,
      search: async (online, limitMs) => {
        asked.push(`${online ? 'online' : 'offline'} ${limitMs}`);
        if (online) await new Promise<void>((resolve) => waiting.push(resolve));
        return { at: new Date(time).toISOString(), document: online ? 'online list' : 'offline list' };
      },
    });
    return {
      port,
      asked,
      finish: (): void => waiting.shift()?.(),
      move: (ms: number): void => {
        time += ms;
      },
      stored: () => stored,
    };
  }
  const hour = 3_600_000;

  test('online in the background, once a day, and its list is kept for the next call', async () => {
    const { port, asked, finish, move, stored } = searches();
    expect(await port.searchUpdates()).toEqual({
      offline: { at: '2026-11-24T08:00:00.000Z', document: 'offline list' },
    });
    expect(asked).toEqual([`offline ${offlineLimitMs}`, `online ${onlineLimitMs}`]);
    // The next try is fixed before this one has ended, whatever becomes of it.
    expect(stored()).toEqual({ version: 1, nextOnlineAt: '2026-11-25T06:00:00.000Z' });

    // While it runs nothing else is asked, and the last offline list stands.
    move(hour);
    expect(await port.searchUpdates()).toEqual({
      offline: { at: '2026-11-24T08:00:00.000Z', document: 'offline list' },
    });
    expect(asked).toHaveLength(2);

    finish();
    await port.idle();
    expect(await port.searchUpdates()).toMatchObject({
      offline: { at: '2026-11-24T09:00:00.000Z' },
      online: { at: '2026-11-24T09:00:00.000Z', document: 'online list' },
    });
    expect(asked).toHaveLength(3);

    move(21 * hour);
    await port.searchUpdates();
    expect(asked.slice(3)).toEqual([`offline ${offlineLimitMs}`, `online ${onlineLimitMs}`]);
    finish();
    await port.idle();
  });

  test('what was kept survives a restart of the service; what is torn is asked anew', async () => {
    const online = { at: '2026-11-24T02:00:00.000Z', document: 'kept list' };
    const known = searches({ version: 1, nextOnlineAt: '2026-11-24T20:00:00.000Z', online });
    expect(await known.port.searchUpdates()).toMatchObject({ online });
    expect(known.asked).toHaveLength(1);
    const failed = { at: '2026-11-24T02:00:00.000Z', failure: 'timeout' };
    const other = searches({ version: 1, nextOnlineAt: '2026-11-24T20:00:00.000Z', online: failed });
    expect((await other.port.searchUpdates()).online).toEqual(failed);
    for (const torn of ['', { version: 2 }, { version: 1, nextOnlineAt: 'bald' }, []]) {
      const anew = searches(torn);
      expect(await anew.port.searchUpdates()).not.toHaveProperty('online');
      expect(anew.asked).toHaveLength(2);
    }
  });

  test.each([
    [undefined, true],
    ['bald', true],
    ['2026-11-24T08:00:00.000Z', true],
    ['2026-11-24T08:00:00.001Z', false],
    ['2026-11-25T08:00:00.000Z', false],
    // Further ahead than the longest wait: written while the clock was wrong.
    ['2026-11-25T08:00:00.001Z', true],
    ['2031-01-01T00:00:00.000Z', true],
  ])('planned for %j', (planned, due) => {
    expect(onlineSearchDue(planned, new Date('2026-11-24T08:00:00.000Z'))).toBe(due);
  });
});
