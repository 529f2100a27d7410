/** What Windows knows of the installation, from answers as PowerShell and schtasks give them in any language. */
import { expect, test } from 'vitest';
import { windowsChecklist } from '../../../agent/commands/windows-checklist.ts';
import { installationFindings } from '../../../agent/commands/windows-installation-checks.ts';
import type { CommandOutcome } from '../../../agent/platform/machine.ts';
import { guardTask, serviceTask, taskXml } from '../../../agent/upgrade/task-xml.ts';

const executable = 'C:\\Program Files\\KITS Agent\\versions\\0.2.0\\kits-agent.exe';
const exited = (stdout: string, exitCode = 0): CommandOutcome => ({ kind: 'exited', exitCode, stdout, stderr: '' });

interface Answers {
  readonly signature?: string;
  readonly settings?: string;
  readonly task?: (name: string) => CommandOutcome;
  readonly exists?: boolean;
}

const direct = '40,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0';
const named = (proxy: string) =>
  [40, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, proxy.length, 0, 0, 0, ...Buffer.from(proxy), 0, 0, 0, 0].join(',');
const settings = (change: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    source: '1',
    autostart: '1',
    proxy: direct,
    Schedule: 'Running Automatic',
    EventLog: 'Running Automatic',
    Winmgmt: 'Running Automatic',
    wuauserv: 'Stopped Manual',
    ...change,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\r\n');

async function findings(answers: Answers = {}) {
  const { signature = 'Valid', settings: said = settings(), exists = true } = answers;
  const task =
    answers.task ?? ((name) => exited(taskXml(name as typeof serviceTask | typeof guardTask, executable, 'C:\\logs')));
  const found = await installationFindings({
    run: async (command) => exited(command.includes('Get-AuthenticodeSignature') ? `${signature}\r\n` : `${said}\r\n`),
    schtasks: async (args) => task(args[2] ?? ''),
    exists: () => exists,
  });
  return Object.fromEntries(found.map(({ check, result, detail }) => [check, `${result} ${detail}`]));
}

test('a PC as it was installed has no fault, and every check of the list that is made here is answered', async () => {
  const found = await findings();
  expect(Object.values(found).filter((said) => !said.startsWith('ok'))).toEqual([]);
  const elsewhere = ['rights', 'powershell', 'search', 'history time'];
  const wanted = windowsChecklist.flatMap(({ checks = [] }) => checks).filter((check) => !elsewhere.includes(check));
  expect(Object.keys(found).sort()).toEqual(wanted.sort());
});

test.each<[string, Answers, string, RegExp]>([
  [
    'no task',
    { task: () => exited('FEHLER: Das System kann die angegebene Datei nicht finden.', 1) },
    `task ${serviceTask}`,
    /^problem .*missing/,
  ],
  [
    'a task of a user',
    { task: () => exited(taskXml(serviceTask, executable, 'C:\\logs').replaceAll('S-1-5-18', 'S-1-5-21-1-2-3-1001')) },
    `task ${serviceTask}`,
    /^problem .*does not run as SYSTEM/,
  ],
  ['a task whose program is gone', { exists: false }, `task ${guardTask}`, /^problem .*which is not there/],
  ['an unsigned program', { signature: 'NotSigned' }, 'signature', /^problem .*NotSigned/],
  ['a changed program', { signature: 'HashMismatch' }, 'signature', /^problem .*HashMismatch/],
  ['no word about the signature', { signature: 'Die Benennung wurde nicht erkannt' }, 'signature', /^unknown/],
  ['no program to look at', { task: () => exited('', 1) }, 'signature', /^unknown/],
  ['no event source', { settings: settings({ source: '' }) }, 'event source', /^problem missing/],
  ['no autostart', { settings: settings({ autostart: '' }) }, 'autostart', /^problem missing/],
  [
    'a service that stands still',
    { settings: settings({ Winmgmt: 'Stopped Automatic' }) },
    'services',
    /^problem Winmgmt: Stopped Automatic$/,
  ],
  [
    'Windows Update switched off',
    { settings: settings({ wuauserv: 'Stopped Disabled' }) },
    'services',
    /^problem wuauserv: Stopped Disabled$/,
  ],
  [
    'a service that is not there',
    { settings: settings({ wuauserv: ' ' }) },
    'services',
    /^problem wuauserv: not there$/,
  ],
  ['no proxy ever set', { settings: settings({ proxy: '' }) }, 'winhttp proxy', /^ok none: direct$/],
  ['a proxy', { settings: settings({ proxy: named('proxy.kreis:3128') }) }, 'winhttp proxy', /^ok proxy\.kreis:3128$/],
  [
    'a proxy with a password',
    { settings: settings({ proxy: named('http://pc:geheim@proxy:3128') }) },
    'winhttp proxy',
    /^ok http:\/\/\*\*\*@proxy:3128$/,
  ],
  [
    'a proxy cut off',
    { settings: settings({ proxy: named('proxy').split(',').slice(0, 17).join(',') }) },
    'winhttp proxy',
    /^unknown/,
  ],
  ['half an answer', { settings: 'source=1' }, 'services', /^unknown/],
])('%s', async (_, answers, check, said) => {
  expect((await findings(answers))[check]).toMatch(said);
});
