/** The way to the tasks of Windows, against scripted answers of schtasks and icacls. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../../agent/store/sqlite.ts';
import { peopleWhoMayWrite } from '../../../agent/upgrade/access-list.ts';
import { SwitchFailed } from '../../../agent/upgrade/installed-versions.ts';
import { executableIn, guardTask, serviceTask, taskXml } from '../../../agent/upgrade/task-xml.ts';
import { createWindowsVersions } from '../../../agent/upgrade/windows-versions.ts';

const administratorsOnly = 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)';

function machine({ sddl = administratorsOnly, refuses = '' } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'kits-windows-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const [root, dataDir] = [join(base, 'KITS Agent'), join(base, 'data')];
  for (const folder of [root, join(dataDir, 'private')]) mkdirSync(folder, { recursive: true });
  const tasks = new Map<string, string>();
  const asked: string[][] = [];
  const pauses = { ms: [] as number[], during: (_pause: number): void => undefined };
  const done = (exitCode: number, stdout = '') => ({
    kind: 'exited' as const,
    exitCode,
    stdout,
    stderr: 'Zugriff verweigert',
  });
  const versions = createWindowsVersions({
    root,
    dataDir,
    pause: async (ms) => {
      pauses.ms.push(ms);
      pauses.during(pauses.ms.length);
    },
    run: async (command, args) => {
      asked.push([command, ...args]);
      const [verb, , name = '', , file = ''] = args;
      if (command === 'icacls') {
        if (sddl !== '') writeFileSync(args[2] ?? '', `KITS Agent\r\n${sddl}\r\n`, 'utf16le');
        return done(0);
      }
      if (verb === refuses) return done(1);
      if (verb === '/query') return tasks.has(name) ? done(0, tasks.get(name)) : done(1);
      if (verb === '/create') tasks.set(name, readFileSync(file, 'utf16le'));
      return done(0);
    },
  });
  return { versions, tasks, asked, root, dataDir, pauses };
}

test('which version runs stands in the task and nowhere else', async () => {
  const { versions, tasks } = machine();
  expect(await versions.current()).toBeUndefined();
  await versions.startServiceFrom('1.0.0');
  await versions.startGuardFrom('1.0.0');
  await versions.startServiceFrom('1.1.0');
  expect([await versions.current(), await versions.proven()]).toEqual(['1.1.0', '1.0.0']);
  expect([...tasks.keys()]).toEqual([serviceTask, guardTask]);
  expect(tasks.get(serviceTask)?.startsWith('\ufeff<?xml')).toBe(true);
});

test('a task that leads elsewhere names no version', async () => {
  const { versions, tasks } = machine();
  tasks.set(serviceTask, taskXml(serviceTask, 'C:\\Temp\\versions\\1.0.0\\kits-agent.exe', 'C:\\logs'));
  expect(await versions.current()).toBeUndefined();
});

test('a refusal of Windows is an error with a next step', async () => {
  const { versions } = machine({ refuses: '/create' });
  await expect(versions.startServiceFrom('1.0.0')).rejects.toThrow(SwitchFailed);
  await expect(versions.startServiceFrom('..\\..\\x')).rejects.toThrow('not a version');
});

test('a service that was started anew was ended before', async () => {
  const { versions, asked } = machine();
  await versions.restart();
  expect(asked.map(([, verb]) => verb)).toEqual(['/end', '/run']);
});

test('a task that is still ending is waited for before it is started, and not for ever', async () => {
  const ending = machine();
  const lock = lockDirectory(join(ending.dataDir, 'private', 'lock.db'));
  ending.pauses.during = (pause) => {
    if (pause === 3) lock.release();
  };
  await ending.versions.restart();
  expect(ending.asked.map(([, verb]) => verb)).toEqual(['/end', '/run']);
  expect(ending.pauses.ms).toEqual([250, 250, 250]);
  const stays = machine();
  const held = lockDirectory(join(stays.dataDir, 'private', 'lock.db'));
  onTestFinished(() => held.release());
  await stays.versions.restart();
  expect(stays.pauses.ms.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
});

test.each([
  ['nobody but administrators', administratorsOnly, undefined],
  ['users may add files', 'D:(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;BU)', 'BU'],
  ['authenticated users may change', 'D:(A;;FA;;;SY)(A;;0x1301bf;;;AU)', 'AU'],
  ['everybody may do everything', 'D:(A;;FA;;;WD)', 'WD'],
  ['one person may write', 'D:(A;;FA;;;SY)(A;;GW;;;S-1-5-21-1-2-3-1001)', 'S-1-5-21-1-2-3-1001'],
  ['no entry at all', 'D:NO_ACCESS_CONTROL', 'WD'],
  ['no answer', '', 'unreadable'],
])('%s', async (_name, sddl, who) => {
  const objection = await machine({ sddl }).versions.objection();
  if (who === undefined) expect(objection).toBeUndefined();
  else expect(objection).toContain(who);
});

test('reading and listing are no writing; what is denied is not allowed', () => {
  expect(peopleWhoMayWrite('D:(A;;GRGX;;;BU)(A;;FRFX;;;WD)(D;;FA;;;AU)(A;;0x1200a9;;;AC)')).toEqual([]);
  expect(peopleWhoMayWrite('D:(A;;GR?;;;BU)')).toEqual(['BU']);
});

test('a path with signs of XML comes back as it was', () => {
  const path = 'C:\\Program Files\\A & B <"x">\\versions\\1.0.0\\kits-agent.exe';
  expect(executableIn(taskXml(guardTask, path, 'C:\\logs'))).toBe(path);
});
