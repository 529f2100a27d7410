/** Programs by name: each system has paths of its own, and none of the other. */
import { expect, test } from 'vitest';
import { pathsOf } from '../../../agent/platform/commands.ts';

test('on Windows no path without a drive: it would be a folder of the current drive, which anybody may have made', () => {
  for (const name of ['stat', 'nft', 'systemctl'] as const) {
    expect(pathsOf(name, 'linux').length, name).toBeGreaterThan(0);
    expect(pathsOf(name, 'win32'), name).toEqual([]);
  }
});

test('on Linux no path of Windows: it would be a file in the current folder', () => {
  for (const name of ['vssadmin', 'wevtutil', 'veeam-configurator', 'cbb'] as const) {
    expect(pathsOf(name, 'win32').length, name).toBeGreaterThan(0);
    expect(pathsOf(name, 'linux'), name).toEqual([]);
  }
});

test('programs of both systems have each their place', () => {
  for (const name of ['urbackupclientctl', 'cove-clienttool', 'bpclimagelist'] as const) {
    expect(pathsOf(name, 'linux').every((path) => path.startsWith('/'))).toBe(true);
    expect(pathsOf(name, 'win32').every((path) => /^[A-Z]:\\/.test(path))).toBe(true);
    expect(pathsOf(name, 'win32').length).toBe(1);
  }
});
