import { expect, test } from 'vitest';
import { windowsFindings } from '../../../agent/commands/windows-checks.ts';
import { ReadError } from '../../../agent/platform/machine.ts';
import { recordedWindows } from '../../fakes/recorded-windows.ts';
import {
  accessDenied,
  changed,
  englishNotebook,
  germanDesktop,
  having,
  invalidNamespace,
} from '../../fixtures/windows/documents.ts';
import { answered, searchConstrained, searchDocument, searchFailed } from '../../fixtures/windows/searches.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const of = (document: unknown, search: unknown = searchDocument([]), changes = {}) =>
  windowsFindings({ ...recordedWindows({ document, offline: answered(search) }), ...changes }, now);
const finding = async (check: string, ...input: Parameters<typeof of>) =>
  (await of(...input)).find((entry) => entry.check === check);

test('a PC without faults', async () => {
  const findings = await of(germanDesktop());
  expect(findings.filter(({ result }) => result === 'problem')).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['rights', 'powershell', 'section bitlocker', 'search']),
  );
});

test('what is refused is named with its code, what is not there is no fault', async () => {
  const document = having(germanDesktop(), { bitlocker: accessDenied, securityCenter: invalidNamespace });
  expect(await finding('section bitlocker', document)).toMatchObject({
    result: 'problem',
    detail: 'denied 0x80041003',
  });
  expect(await finding('section securityCenter', document)).toMatchObject({ result: 'ok' });
  expect(await finding('rights', document, undefined, { privileged: false })).toMatchObject({ result: 'problem' });
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
