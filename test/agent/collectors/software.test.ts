import { expect, test } from 'vitest';
import { dpkgStatus } from '../../fixtures/common.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { pc, sectionOf } from './context.ts';

test('software: entries as dpkg lists them, removed ones with configuration included, no mail address', async () => {
  const before = new Date();
  const section = await sectionOf('software', pc(notebook));
  expect(section.state).toBe('complete');
  expect(section.data?.packages.map(({ changedOn: _day, ...rest }) => rest)).toEqual([
    {
      name: 'firefox-esr',
      version: '128.11.0esr-1~deb12u1',
      architecture: 'amd64',
      publisher: 'Maintainers of Mozilla-related packages',
      installedKiB: 229_376,
    },
    {
      name: 'libc6',
      version: '2.36-9+deb12u10',
      architecture: 'amd64',
      publisher: 'GNU Libc Maintainers',
      installedKiB: 12_986,
    },
    { name: 'old-tool', version: '1.0-2', architecture: 'all', status: 'config-files' },
  ]);
  // The files of a recorded PC were made just now.
  const days = [before, new Date()].map((date) => date.toISOString().slice(0, 10));
  const [first, second, third] = section.data?.packages.map(({ changedOn }) => changedOn) ?? [];
  expect(days).toContain(first);
  expect(days).toContain(second);
  expect(third).toBeUndefined();
});

test.each([
  ['an empty database', '', 'unreadable'],
  ['a locked database', { denied: true } as const, 'denied'],
])('software: %s is no machine without software', async (_name, content, code) => {
  expect(await sectionOf('software', pc({ ...vm, '/var/lib/dpkg/status': content }))).toMatchObject({
    state: 'missing',
    problems: [{ code }],
  });
});

test('a database that ends in the middle of an entry is said to be cut', async () => {
  const cut = dpkgStatus.slice(0, dpkgStatus.indexOf('Architecture: all'));
  expect(await sectionOf('software', pc({ ...vm, '/var/lib/dpkg/status': cut }))).toMatchObject({
    state: 'partial',
    problems: [{ code: 'truncated' }],
  });
});

test('an entry that cannot be read makes the section partial', async () => {
  const status = `${dpkgStatus}Package: nameless-state\nVersion: 1\n\n`;
  const section = await sectionOf('software', pc({ ...vm, '/var/lib/dpkg/status': status }));
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'unreadable' }] });
  expect(section.data?.packages).toHaveLength(3);
});

test('a machine without dpkg has no software section, and says why', async () => {
  const { '/var/lib/dpkg/status': _gone, ...rest } = vm;
  expect(await sectionOf('software', pc(rest))).toMatchObject({ state: 'missing', problems: [{ code: 'not-found' }] });
});

test('a file of zero bytes, as a power cut leaves it, is no machine without software', async () => {
  const zeros = { ...vm, '/var/lib/dpkg/status': new Uint8Array(4096) };
  expect(await sectionOf('software', pc(zeros))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'unreadable' }],
  });
});

test('the day of a change is that of the file list of the same architecture, and never 1970', async () => {
  const machine = pc(notebook);
  const asked: string[] = [];
  const dated = {
    ...machine,
    stat: async (path: string) => {
      asked.push(path);
      const found = await machine.stat(path);
      return { ...found, modifiedAt: path.includes('libc6') ? new Date('2025-06-11T22:00:00Z') : new Date(0) };
    },
  };
  const { data } = await sectionOf('software', dated);
  expect(data?.packages.map(({ name, changedOn }) => [name, changedOn])).toEqual([
    ['firefox-esr', undefined],
    ['libc6', '2025-06-11'],
    ['old-tool', undefined],
  ]);
  expect(asked).toContain('/var/lib/dpkg/info/libc6:amd64.list');
  expect(asked).toHaveLength(3);
});
