/** Shadow copy writers in two languages: only class ids and bracketed numbers decide. */
import { expect, test } from 'vitest';
import { collectBackups } from '../../../../agent/backup/collector.ts';
import { backupProductsOf } from '../../../../agent/backup/index.ts';
import { parseFailedWriters } from '../../../../agent/backup/windows/writers.ts';
import { finished } from '../../../fixtures/backup/veeam-agent-windows.ts';
import { eventLog, windowsPc } from '../../../fixtures/backup/windows.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { contextOf, now } from '../../collectors/context.ts';
import { damagedText } from '../damaged.ts';

const id = (digit: number) => `{e813297${digit}-6f93-4464-a53e-1050253ae220}`;
const german = (...states: readonly [digit: number, state: number, words: string][]) =>
  `vssadmin 1.1 - Verwaltungsprogramm f\uFFFDr Volumeschattenkopie-Dienst\r\n(C) Copyright 2001-2013 Microsoft Corp.\r\n\r\n${states
    .map(
      ([digit, state, words]) =>
        `Verfassername: "System Writer [${digit}]"\r\n   Verfasserkennung: ${id(digit)}\r\n   Verfasserinstanzkennung: ${id(9)}\r\n   Status: [${state}] ${words}\r\n   Letzter Fehler: Kein Fehler\r\n`,
    )
    .join('\r\n')}`;
const english = german([1, 7, 'Failed'], [2, 1, 'Stable'])
  .replaceAll('Verfassername', 'Writer name')
  .replaceAll('Verfasserkennung', 'Writer Id')
  .replaceAll('Verfasserinstanzkennung', 'Writer Instance Id')
  .replaceAll('Status', 'State');

test.each([
  ['German', german([2, 1, 'Stabil'], [1, 7, 'Fehlgeschlagen'])],
  ['English', english],
])('%s: the failed one is named', (_language, text) => {
  expect(parseFailedWriters(text)).toEqual([{ id: 'e8132971-6f93-4464-a53e-1050253ae220', state: 7 }]);
});

test('waiting for a backup that runs is no failure; an unknown state is', () => {
  expect(parseFailedWriters(german([1, 5, 'Warten auf Abschluss'], [2, 2, 'Warten'], [3, 1, 'Stabil']))).toEqual([]);
  expect(parseFailedWriters(german([1, 0, 'Unbekannt'], [3, 11, 'Fehler']))).toHaveLength(2);
});

test.each([
  '',
  'Fehler: Sie besitzen nicht die erforderlichen Berechtigungen.',
  'Status: [7] x',
  german([1, 7, 'x']).replace(/^.*instanz.*$/m, ''),
])('what is no list of writers says nothing', (text) => {
  expect(parseFailedWriters(text)).toBeUndefined();
});

test('whatever comes, only ids and numbers come out', () => {
  fc.assert(
    fc.property(damagedText([german([1, 7, 'Fehlgeschlagen'], [2, 1, 'Stabil']), english]), (text) => {
      for (const writer of parseFailedWriters(text) ?? []) {
        expect(writer.id).toMatch(/^[0-9a-f-]{36}$/);
        expect(writer.state).toBeLessThanOrEqual(1000);
      }
    }),
    { numRuns: tries(2000) },
  );
});

test('writers are asked where a backup failed, and only there', async () => {
  for (const [word, level, asked] of [
    ['Failed', 2, true],
    ['Success', 4, false],
  ] as const) {
    let calls = 0;
    const machine = windowsPc({
      programs: { 'Veeam Agent for Microsoft Windows': '6.3' },
      events: { veeam: eventLog([finished(4, '2026-11-23T11:42:00.0000000Z', word, level)]) },
      run: (command) => {
        calls += command === 'vssadmin' ? 1 : 0;
        return { kind: 'exited', exitCode: 0, stdout: english, stderr: '' };
      },
    });
    const facts = await collectBackups(
      { ...contextOf(machine), now, signal: new AbortController().signal, problem: () => undefined },
      (await backupProductsOf('win32')).filter((product) => product.id === 'veeam-agent-windows'),
    );
    expect(calls > 0).toBe(asked);
    expect(facts.failedWriters?.length).toBe(asked ? 1 : undefined);
  }
});
