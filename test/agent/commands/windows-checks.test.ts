import { expect, test } from 'vitest';
import { windowsFindings } from '../../../agent/commands/windows-checks.ts';
import { type CommandName, type CommandOutcome, ReadError } from '../../../agent/platform/machine.ts';
import { recordedWindows } from '../../fakes/recorded-windows.ts';
import { finished } from '../../fixtures/backup/veeam-agent-windows.ts';
import { deniedLog, eventLog, service, task, windowsPc } from '../../fixtures/backup/windows.ts';
import {
  accessDenied,
  changed,
  englishNotebook,
  germanDesktop,
  having,
  invalidNamespace,
} from '../../fixtures/windows/documents.ts';
import { answered, searchConstrained, searchDocument, searchFailed } from '../../fixtures/windows/searches.ts';

const writers = (state: number): string =>
  `Verfassername: "System Writer"\r\n   Verfasserkennung: {e8132975-6f93-4464-a53e-1050253ae220}\r\n   Verfasserinstanzkennung: {3f1c3b2e-0000-4000-8000-000000000007}\r\n   Status: [${state}] Stabil\r\n   Letzter Fehler: Kein Fehler\r\n`;
const answersOf = (command: CommandName): CommandOutcome =>
  command === 'vssadmin' ? { kind: 'exited', exitCode: 0, stdout: writers(1), stderr: '' } : { kind: 'not-found' };

const now = new Date('2026-11-24T09:00:00.000Z');
const of = (document: unknown, search: unknown = searchDocument([]), changes = {}) =>
  windowsFindings({ ...recordedWindows({ document, offline: answered(search), run: answersOf }), ...changes }, now);

const finding = async (check: string, ...input: Parameters<typeof of>) =>
  (await of(...input)).find((entry) => entry.check === check);

test('a PC without faults', async () => {
  const findings = await of(germanDesktop());
  expect(findings.filter(({ result }) => result === 'problem')).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['privileges', 'powershell', 'section bitlocker', 'search']),
  );
});

test('what is refused is named with its code, what is not there is no fault', async () => {
  const document = having(germanDesktop(), { bitlocker: accessDenied, securityCenter: invalidNamespace });
  expect(await finding('section bitlocker', document)).toMatchObject({
    result: 'problem',
    detail: 'denied 0x80041003',
  });
  expect(await finding('section securityCenter', document)).toMatchObject({ result: 'ok' });
  expect(await finding('privileges', document, undefined, { privileged: false })).toMatchObject({ result: 'problem' });
});

test('PowerShell that does not answer, or only in part', async () => {
  expect(await finding('powershell', new ReadError('collect.ps1', 'ETIMEDOUT'))).toMatchObject({ result: 'problem' });
  expect(await finding('powershell', 'Zugriff verweigert')).toMatchObject({ result: 'problem' });
  const constrained = { ...englishNotebook(), language: 'ConstrainedLanguage' };
  expect(await finding('powershell', constrained)).toMatchObject({ result: 'problem' });
  expect(await finding('search', constrained, searchConstrained)).toMatchObject({ result: 'problem' });
  expect(await finding('search', germanDesktop(), searchFailed(-2145107934))).toMatchObject({ result: 'problem' });
});

test('whether the history is in local time shows where both records name one update', async () => {
  const document = changed(germanDesktop(), 'updateEvents', {
    events: [{ id: 19, at: '2026-05-14T08:00:00Z', fields: ['Update (KB5089549)'] }],
  });
  expect(await finding('history time', document)).toMatchObject({
    result: 'ok',
    detail: expect.stringContaining('is 60 minutes ahead'),
  });
  expect(await finding('history time', germanDesktop())).toMatchObject({ result: 'unknown' });
});

test('what a PC tells of open questions about backups', async () => {
  const machine = windowsPc({
    services: [service('ActiveBackupAgent', 'C:\\x.exe')],
    tasks: [task('Bürgerbüro', '\\', { result: 0x80070002 })],
    events: {
      sources: ['Macrium Reflect', 'Backup Manager'],
      veeam: eventLog(
        [
          finished(4, '2026-11-22T11:42:00.0000000Z', 'Failed', 4),
          finished(5, '2026-11-23T11:42:00.0000000Z', 'Success', 4),
        ],
        3,
      ),
      windowsBackup: deniedLog,
    },
  });
  const document = await machine.windows?.readDocument();
  expect(await finding('backup services', document)).toMatchObject({
    detail: expect.stringContaining('ActiveBackupAgent (running)'),
  });
  expect(await finding('backup event sources', document)).toMatchObject({ detail: 'Macrium Reflect, Backup Manager' });
  expect(await finding('backup tasks', document)).toMatchObject({ detail: 'Bürgerbüro (0x80070002)' });
  expect(await finding('backup logs', document)).toMatchObject({
    result: 'problem',
    detail: expect.stringContaining('windowsBackup: denied'),
  });
  expect(await finding('veeam results', document)).toMatchObject({
    detail: 'Success at level 4 (1), Failed at level 4 (1)',
  });
  expect(await finding('shadow copy writers', document)).toMatchObject({ result: 'ok', detail: 'none failed' });
  const failed = { run: async () => ({ kind: 'exited', exitCode: 0, stdout: writers(7), stderr: '' }) };
  expect(await finding('shadow copy writers', document, undefined, failed)).toMatchObject({
    detail: expect.stringContaining('in state 7'),
  });
  const refused = { run: async () => ({ kind: 'exited', exitCode: 2, stdout: 'Zugriff verweigert', stderr: '' }) };
  expect(await finding('shadow copy writers', document, undefined, refused)).toMatchObject({ result: 'problem' });
});

test('a document without backup sections is a fault, not an empty list', async () => {
  const document = having(germanDesktop(), {
    backupServices: undefined,
    backupEvents: undefined,
    backupTasks: undefined,
  });
  for (const check of ['backup services', 'backup event sources', 'backup tasks', 'backup logs']) {
    expect(await finding(check, document), check).toMatchObject({ result: 'problem' });
  }
});
