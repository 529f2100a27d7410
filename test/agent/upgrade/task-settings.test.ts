import { describe, expect, test } from 'vitest';
import { elementsNamed, parseXml } from '../../../agent/backup/xml.ts';
import { guardTask, serviceTask, taskXml } from '../../../agent/upgrade/task-xml.ts';

const program = 'C:\\Program Files\\KITS & Agent\\versions\\1.2.3\\kits-agent.exe';
const logs = 'C:\\ProgramData\\KITS & Agent\\private';
const tasks = [serviceTask, guardTask] as const;

/** Text of the only element of this name. */
function only(xml: string, name: string): string {
  const found = elementsNamed(parseXml(xml), name);
  expect(found, name).toHaveLength(1);
  return found[0]?.text ?? '';
}

/** Elements and ranges of the schema of version 1.3 (MS-TSCH 2.5.4) that these tasks use; wine takes any. */
const settingsOfTheSchema = {
  MultipleInstancesPolicy: /^(Parallel|Queue|IgnoreNew|StopExisting)$/,
  DisallowStartIfOnBatteries: /^(true|false)$/,
  StopIfGoingOnBatteries: /^(true|false)$/,
  AllowHardTerminate: /^(true|false)$/,
  StartWhenAvailable: /^(true|false)$/,
  RunOnlyIfNetworkAvailable: /^(true|false)$/,
  IdleSettings: /^$/,
  AllowStartOnDemand: /^(true|false)$/,
  Enabled: /^(true|false)$/,
  Hidden: /^(true|false)$/,
  RunOnlyIfIdle: /^(true|false)$/,
  DisallowStartOnRemoteAppSession: /^(true|false)$/,
  UseUnifiedSchedulingEngine: /^(true|false)$/,
  WakeToRun: /^(true|false)$/,
  ExecutionTimeLimit: /^PT\d+[SMH]$/,
  Priority: /^([0-9]|10)$/,
  RestartOnFailure: /^$/,
} as const;

describe.each(tasks)('%s', (name) => {
  const xml = taskXml(name, program, logs);

  test('runs as SYSTEM by its SID, with all its rights', () => {
    expect(only(xml, 'UserId')).toBe('S-1-5-18');
    expect(only(xml, 'RunLevel')).toBe('HighestAvailable');
    const [principal] = elementsNamed(parseXml(xml), 'Principal');
    const [actions] = elementsNamed(parseXml(xml), 'Actions');
    expect(actions?.attributes['Context']).toBe(principal?.attributes['id']);
  });

  test('starts with the PC and every 30 minutes, also on battery, and at most once', () => {
    expect(elementsNamed(parseXml(xml), 'BootTrigger')).toHaveLength(1);
    const [repetition] = elementsNamed(parseXml(xml), 'Repetition');
    expect(Object.fromEntries(repetition?.children.map(({ name, text }) => [name, text]) ?? [])).toEqual({
      Interval: 'PT30M',
      StopAtDurationEnd: 'false',
    });
    expect(only(xml, 'DisallowStartIfOnBatteries')).toBe('false');
    expect(only(xml, 'StopIfGoingOnBatteries')).toBe('false');
    expect(only(xml, 'StartWhenAvailable')).toBe('true');
    expect(only(xml, 'MultipleInstancesPolicy')).toBe('IgnoreNew');
    expect(only(xml, 'StopOnIdleEnd')).toBe('false');
  });

  test('has normal priority and is to be seen', () => {
    expect(Number(only(xml, 'Priority'))).toBeGreaterThanOrEqual(4);
    expect(Number(only(xml, 'Priority'))).toBeLessThanOrEqual(6);
    expect(only(xml, 'Hidden')).toBe('false');
    expect(only(xml, 'RunOnlyIfIdle')).toBe('false');
    expect(only(xml, 'RunOnlyIfNetworkAvailable')).toBe('false');
    expect(only(xml, 'WakeToRun')).toBe('false');
  });

  test('holds no setting beyond the schema, none twice, each in its range', () => {
    const [settings] = elementsNamed(parseXml(xml), 'Settings');
    const names = settings?.children.map((child) => child.name) ?? [];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(10);
    for (const { name, text } of settings?.children ?? []) {
      expect(settingsOfTheSchema, name).toHaveProperty(name);
      expect(text, name).toMatch(settingsOfTheSchema[name as keyof typeof settingsOfTheSchema]);
    }
  });

  test('names the program in quotes, as its own text', () => {
    expect(only(xml, 'Command')).toBe(`"${program}"`);
  });
});

test('the service has no time limit and is restarted after a failure; the guard ends', () => {
  const service = taskXml(serviceTask, program, logs);
  expect(only(service, 'ExecutionTimeLimit')).toBe('PT0S');
  expect(only(service, 'Arguments')).toBe(`run --log-file "${logs}\\service.log"`);
  const [restart] = elementsNamed(parseXml(service), 'RestartOnFailure');
  expect(restart?.children.map(({ name, text }) => [name, text])).toEqual([
    ['Interval', 'PT1M'],
    ['Count', '255'],
  ]);
  const guard = taskXml(guardTask, program, logs);
  expect(only(guard, 'ExecutionTimeLimit')).toBe('PT1H');
  expect(only(guard, 'Arguments')).toBe(`guard --log-file "${logs}\\guard.log"`);
});
