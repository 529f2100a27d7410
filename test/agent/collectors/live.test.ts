/** This machine, compared with what other tools say about it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { cpu, mem } from 'systeminformation';
import { expect, test } from 'vitest';
import { runRound } from '../../../agent/collectors/run-round.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { collectors, contextOf, sectionOf } from './context.ts';

const machine = createLinuxMachine();
const shell = (command: string): string => execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' }).trim();

test('as many packages as dpkg lists, with the same names and versions', async () => {
  const { data, state } = await sectionOf('software', machine);
  expect(state).toBe('complete');
  expect(data?.packages).toHaveLength(Number(shell("dpkg-query -f '.\\n' -W | wc -l")));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const listed = shell("dpkg-query -f '${Package} ${Version} ${Architecture}\\n' -W").split('\n').sort();
  const own = data?.packages
    .map(({ name, version, architecture }) => `${name} ${version ?? ''} ${architecture ?? ''}`)
    .sort();
  expect(own).toEqual(listed);
});

test('memory within 1 % of the kernel and of a second opinion', async () => {
  const { data } = await sectionOf('memory', machine);
  const kernel = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  for (const other of [kernel, (await mem()).total])
    expect(Math.abs((data?.totalBytes ?? 0) / other - 1)).toBeLessThan(0.01);
});

test('processor as the kernel counts it', async () => {
  const { data } = await sectionOf('cpu', machine);
  const other = await cpu();
  expect(data).toMatchObject({ threads: Number(shell('nproc --all')), architecture: shell('uname -m') });
  expect(data?.cores).toBe(other.physicalCores);
});

test('kernel, release and host name as uname says them', async () => {
  expect((await sectionOf('os', machine)).data).toMatchObject({
    kernel: shell('uname -r'),
    architecture: shell('uname -m'),
  });
  expect((await sectionOf('system', machine)).data?.hostname).toBe(hostname());
});

test('the root file system has the size df gives it', async () => {
  const { data } = await sectionOf('storage', machine);
  const root = data?.volumes.find(({ mountPoint }) => mountPoint === '/');
  expect(root?.sizeBytes).toBe(Number(shell('df -B1 --output=size / | tail -n 1')));
  const free = Number(shell('df -B1 --output=avail / | tail -n 1'));
  // Other programs write meanwhile.
  expect(Math.abs((root?.freeBytes ?? 0) - free)).toBeLessThan(1024 ** 3);
});

test('the whole round starts few programs on a machine without shares: nft, and systemctl for the timers of backups', async () => {
  const started: string[] = [];
  const watched = createLinuxMachine({
    run: async (command) => {
      started.push(command);
      return { kind: 'not-found' };
    },
  });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const sections = await runRound(collectors, contextOf(watched), { clock: systemClock });
  expect(sections).toHaveLength(collectors.filter(({ platforms }) => platforms.includes('linux')).length);
  if (!/ - (nfs4?|cifs|smb3|9p|virtiofs) /.test(mounts))
    expect(started.filter((command) => !['nft', 'systemctl'].includes(command))).toEqual([]);
  // Ten in all is the limit; the readers of databases and profiles come on top of these.
  expect(started.length).toBeLessThanOrEqual(5);
});

test('addresses as the system library gives them', async () => {
  const { data } = await sectionOf('network', machine);
  const own = data?.interfaces.flatMap(({ name, addresses }) =>
    addresses.map(({ address, prefixLength }) => `${name} ${address}/${prefixLength}`),
  );
  const other = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
      .map(({ cidr }) => `${name} ${cidr ?? ''}`),
  );
  expect(own?.sort()).toEqual(other.sort());
});

test('two rounds in a row say the same: nothing in the facts ticks', async () => {
  const round = async (): Promise<Record<string, string>> => {
    const sections = await runRound(collectors, contextOf(machine), { clock: systemClock });
    return Object.fromEntries(sections.map(({ id, hash }) => [id, hash]));
  };
  const { storage: _first, ...first } = await round();
  const { storage: _second, ...second } = await round();
  expect(second).toEqual(first);
});
