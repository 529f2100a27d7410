import { expect, test } from 'vitest';
import { parseOsRelease } from '../../../agent/collectors/os.ts';
import type { RecordedTree } from '../../fakes/recorded-machine.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { pc, sectionOf } from './context.ts';

test('Debian with its point release, days instead of times', async () => {
  const section = await sectionOf('os', pc(notebook));
  expect(section.data).toMatchObject({
    family: 'linux',
    id: 'debian',
    name: 'Debian GNU/Linux 12 (bookworm)',
    version: '12',
    pointRelease: '12.11',
    codename: 'bookworm',
    architecture: 'x86_64',
    startedOn: '2025-11-23',
    timeZone: 'Europe/Berlin',
  });
  expect(section.state).toBe('complete');
});

test('an x86_64 kernel is never called i386', async () => {
  const machine = pc(vm, { kernel: { release: '6.1', machine: 'x86_64', version: '' } });
  expect((await sectionOf('os', machine)).data?.architecture).toBe('x86_64');
  expect((await sectionOf('cpu', machine)).data?.architecture).toBe('x86_64');
});

test('1970 and the future are no days of installation or start', async () => {
  const machine = pc({ ...vm, '/proc/stat': 'btime 0\n' });
  const old = {
    ...machine,
    stat: async (path: string) => ({ ...(await machine.stat(path)), modifiedAt: new Date(0) }),
  };
  const section = await sectionOf('os', old);
  expect(section.data).not.toHaveProperty('installedOn');
  expect(section.data).not.toHaveProperty('startedOn');
  expect(section.state).toBe('partial');
  const future = {
    ...machine,
    stat: async (path: string) => ({ ...(await machine.stat(path)), modifiedAt: new Date('2031-01-01') }),
  };
  expect((await sectionOf('os', future)).data).not.toHaveProperty('installedOn');
});

test('without os-release nothing is guessed', async () => {
  const { '/etc/os-release': _gone, ...rest } = vm;
  expect(await sectionOf('os', pc(rest))).toMatchObject({ state: 'missing', problems: [{ code: 'not-found' }] });
});

test.each([
  ['ID=arch\nNAME="Arch Linux"\n', { id: 'arch', name: 'Arch Linux' }],
  [
    'ID=\'ubuntu\'\nPRETTY_NAME="Ubuntu 24.04 \\"LTS\\" \\$x"\nVERSION_ID=24.04\n',
    { id: 'ubuntu', name: 'Ubuntu 24.04 "LTS" $x', version: '24.04' },
  ],
  ['# ID=x\r\nID=Debian\r\nID=debian\r\n', { id: 'debian', name: 'debian' }],
])('os-release is read with the quoting of a shell: %j', async (text, expected) => {
  expect((await sectionOf('os', pc({ ...vm, '/etc/os-release': text }))).data).toMatchObject(expected);
});

test('an os-release below /usr/lib counts when /etc has none; without an ID it says nothing', async () => {
  const { '/etc/os-release': text = '', ...rest } = vm;
  expect((await sectionOf('os', pc({ ...rest, '/usr/lib/os-release': text }))).data?.id).toBe('debian');
  expect(await sectionOf('os', pc({ ...vm, '/etc/os-release': 'NAME=x\n' }))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'unreadable' }],
  });
});

test('a long line of blanks takes no long time', () => {
  expect(parseOsRelease(`ID=${' '.repeat(60_000)}x${' '.repeat(60_000)}y`).get('ID')).toHaveLength(120_002);
});

test('the point release is Debian’s own and only when it is a number', async () => {
  const release = async (version: string) =>
    (await sectionOf('os', pc({ ...vm, '/etc/debian_version': version }))).data?.pointRelease;
  expect(await release('13.2\n')).toBe('13.2');
  expect(await release('forky/sid\n')).toBeUndefined();
  const ubuntu = { ...vm, '/etc/os-release': 'ID=ubuntu\n', '/etc/debian_version': '12.1\n' };
  expect((await sectionOf('os', pc(ubuntu))).data).not.toHaveProperty('pointRelease');
});

test('the time zone comes from the link, else from the file, else not at all', async () => {
  const { '/etc/localtime': _link, ...rest } = vm;
  const zone = async (tree: RecordedTree) => (await sectionOf('os', pc(tree))).data?.timeZone;
  expect(await zone({ ...rest, '/etc/localtime': 'TZif2', '/etc/timezone': 'Europe/Vienna\n' })).toBe('Europe/Vienna');
  expect(await zone(rest)).toBeUndefined();
});

test('a kernel for a machine nobody planned for is said, not guessed', async () => {
  const machine = pc(vm, { kernel: { release: '6.1', machine: 's390x', version: '' } });
  expect(await sectionOf('os', machine)).toMatchObject({ state: 'missing', problems: [{ code: 'unsupported' }] });
});
