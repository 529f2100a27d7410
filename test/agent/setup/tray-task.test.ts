import { expect, test } from 'vitest';
import { elementsNamed, parseXml } from '../../../agent/backup/xml.ts';
import { trayTaskXml } from '../../../agent/setup/tray-task.ts';

test('the tray is started as the people who are logged on, with no more than their rights', () => {
  const root = parseXml(trayTaskXml('C:\\Program Files\\KITS & Agent\\KITS Agent.exe'));
  const text = (name: string): string | undefined => elementsNamed(root, name)[0]?.text;
  expect(text('GroupId')).toBe('S-1-5-32-545');
  expect(text('RunLevel')).toBe('LeastPrivilege');
  expect(elementsNamed(root, 'UserId')).toEqual([]);
  expect(text('Command')).toBe('"C:\\Program Files\\KITS & Agent\\KITS Agent.exe"');
  // Nobody asked for a window: an installation is silent.
  expect(elementsNamed(root, 'Arguments').map((one) => one.text)).toEqual(['--hidden']);
  expect(elementsNamed(root, 'Triggers')[0]?.children).toEqual([]);
  expect(text('ExecutionTimeLimit')).toBe('PT0S');
  expect(text('Priority')).toBe('5');
});

test.each(['KITS Agent.exe', 'C:\\a" /c "calc'])('refuses the program %j', (program) => {
  expect(() => trayTaskXml(program)).toThrow(RangeError);
});
