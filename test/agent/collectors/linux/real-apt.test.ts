/** The patches of a private Debian whose packages are installed, outdated and upgraded by the real apt and dpkg. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runRound } from '../../../../agent/collectors/run-round.ts';
import type { FactsOf } from '../../../../agent/contract/facts/index.ts';
import type { KnownSection } from '../../../../agent/contract/report.ts';
import { systemClock } from '../../../../agent/platform/clock.ts';
import { createLinuxMachine } from '../../../../agent/platform/linux-machine.ts';
import { openStore } from '../../../../agent/store/agent-store.ts';
import { type PrivateDebian, privateDebian, suites, type TestPackage } from '../../../fixtures/linux-apt.ts';
import { collectors, contextOf } from '../context.ts';

type Section = Omit<KnownSection, 'data'> & { data?: FactsOf<'patches'> };

const day = 24 * 60 * 60 * 1000;
const kernel = {
  release: '6.1.0-41-amd64',
  machine: 'x86_64',
  version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)',
};
const [main, security] = suites;

/** Rounds over the private machine, with the agent's own memory of what was missing since when. */
function rounds(debian: PrivateDebian): (now?: Date) => Promise<Section> {
  const machine = createLinuxMachine({
    root: debian.root,
    kernel,
    hostname: 'private',
    privileged: true,
    run: async () => ({ kind: 'not-found' }),
  });
  const store = openStore(debian.data);
  onTestFinished(() => store.close());
  return async (now = new Date()) => {
    const [section] = await runRound(
      collectors.filter(({ id }) => id === 'patches'),
      { ...contextOf(machine), now, firstSeen: (name, ids) => store.firstSeen(name, ids, now) },
      { clock: systemClock },
    );
    return section as Section;
  };
}

const installed: readonly TestPackage[] = [
  { name: 'probe', version: '1.0-1' },
  { name: 'library', version: '2:1.4~rc1-1' },
  { name: 'kept', version: '3.0' },
  { name: 'words', version: '1', architecture: 'all' },
  { name: 'linux-image-6.1.0-41-amd64', version: '6.1.158-1' },
];

/** Installs the packages above with apt from the archive. */
async function withPackages(): Promise<PrivateDebian> {
  const debian = await privateDebian();
  await debian.publish(installed);
  await debian.apt('update');
  await debian.apt('install', '-y', ...installed.map(({ name }) => name));
  return debian;
}

// dpkg installs for root only.
describe.runIf(process.geteuid?.() === 0)('real apt and dpkg', () => {
  test('a missing update appears with versions, security and age, and is gone after the upgrade; a new kernel asks for a restart', async () => {
    const debian = await withPackages();
    const round = rounds(debian);
    const today = new Date();
    const before = await round(today);
    expect(before.data?.updates).toEqual([]);
    expect(before.data?.restart).toMatchObject({ reasons: [], newestKernel: '6.1.0-41-amd64' });

    await debian.publish([
      ...installed,
      { name: 'probe', version: '1.0-1+deb12u1', suite: security },
      { name: 'library', version: '2:1.4-1' },
      { name: 'kept', version: '3.1' },
      { name: 'linux-image-6.1.0-42-amd64', version: '6.1.159-1' },
    ]);
    expect((await round(today)).data?.updates).toEqual([]);
    await debian.apt('update');
    const outdated = await round(today);
    const since = today.toISOString().slice(0, 10);
    const arch = debian.architecture;
    const expected = [
      {
        id: `kept:${arch}`,
        state: 'missing',
        installedVersion: '3.0',
        candidateVersion: '3.1',
        origin: `Debian:${main}`,
        security: false,
        firstSeenOn: since,
      },
      {
        id: `library:${arch}`,
        state: 'missing',
        installedVersion: '2:1.4~rc1-1',
        candidateVersion: '2:1.4-1',
        origin: `Debian:${main}`,
        security: false,
        firstSeenOn: since,
      },
      {
        id: `probe:${arch}`,
        state: 'missing',
        installedVersion: '1.0-1',
        candidateVersion: '1.0-1+deb12u1',
        origin: `Debian:${security}`,
        security: true,
        firstSeenOn: since,
      },
    ];
    expect(outdated.data?.updates).toEqual(expected);
    expect(outdated.data?.scan).toMatchObject({
      kind: 'index',
      succeededOn: statSync(join(debian.root, 'var/lib/apt/lists')).mtime.toISOString().slice(0, 10),
      server: '127.0.0.1',
      insecure: true,
    });
    // The day stays while the update is missing.
    const later = await round(new Date(today.getTime() + 3 * day));
    expect(later.data?.updates).toEqual(expected);

    await debian.apt('install', '-y', 'probe', 'library', 'linux-image-6.1.0-42-amd64');
    const after = await round(new Date(today.getTime() + 3 * day));
    expect(after.data?.updates.map(({ id, state }) => [id, state])).toEqual([
      [`kept:${arch}`, 'missing'],
      [`linux-image-6.1.0-42-amd64:${arch}`, 'waiting-for-restart'],
    ]);
    expect(after.data?.restart).toMatchObject({
      required: true,
      reasons: [{ code: 'kernel', strength: 'strong' }],
      runningKernel: '6.1.0-41-amd64',
      newestKernel: '6.1.0-42-amd64',
    });
    debian.write('run/reboot-required', '*** System restart required ***\n');
    debian.write('run/reboot-required.pkgs', 'library\n');
    const marked = await round();
    expect(marked.data?.restart.reasons.map(({ code }) => code)).toEqual(['marker-file', 'kernel']);
    const { mtime } = statSync(join(debian.root, 'run/reboot-required'));
    expect(marked.data?.restart.since).toBe(mtime.toISOString().slice(0, 10));
    expect(marked.data?.updates.find(({ id }) => id === `library:${arch}`)).toMatchObject({
      state: 'waiting-for-restart',
    });
  });

  test('pins, holds, backports and phases decide as they do for apt', async () => {
    const debian = await withPackages();
    const round = rounds(debian);
    await debian.publish([
      ...installed,
      { name: 'probe', version: '1.1' },
      { name: 'probe', version: '9', suite: security },
      { name: 'library', version: '2:2' },
      { name: 'library', version: '2:3', suite: security },
      { name: 'kept', version: '4' },
      { name: 'words', version: '2', architecture: 'all' },
    ]);
    debian.write(
      'etc/apt/preferences.d/test',
      `Explanation: not from there\nPackage: probe\nPin: release n=${security}\nPin-Priority: -1\n\nPackage: lib*\nPin: version 2:2\nPin-Priority: 900\n`,
    );
    await debian.apt('update');
    writeFileSync(
      join(debian.root, 'var/lib/dpkg/status'),
      readFileSync(join(debian.root, 'var/lib/dpkg/status'), 'utf8').replace(
        /(Package: kept\nStatus: )install/,
        '$1hold',
      ),
    );
    const { data, problems } = await round();
    const arch = debian.architecture;
    expect(data?.updates.map(({ id, candidateVersion, held }) => [id, candidateVersion, held])).toEqual([
      [`kept:${arch}`, '4', true],
      [`library:${arch}`, '2:2', undefined],
      [`probe:${arch}`, '1.1', undefined],
      ['words:all', '2', undefined],
    ]);
    expect(data?.held).toEqual([`kept:${arch}`]);
    expect(problems.filter(({ code }) => code !== 'not-found')).toEqual([]);
    const simulated = [...(await debian.apt('-s', 'dist-upgrade')).matchAll(/^Inst (\S+) \[[^\]]*\] \((\S+)/gm)];
    expect(simulated.map(([, name, version]) => [name, version]).sort()).toEqual([
      ['library', '2:2'],
      ['probe', '1.1'],
      ['words', '2'],
    ]);
  });

  test('packed lists say the same, also as apt packs them; xz is not guessed at; none at all is no answer', async () => {
    const debian = await withPackages();
    const round = rounds(debian);
    await debian.publish([{ name: 'probe', version: '1.0-2' }]);
    await debian.apt('update');
    const lists = join(debian.root, 'var/lib/apt/lists');
    const list = readdirSync(lists).find((name) => name.endsWith('_Packages') && !name.includes('security'))!;
    const content = readFileSync(join(lists, list));
    const plain = (await round()).data?.updates;
    expect(plain?.map(({ id }) => id)).toEqual([`probe:${debian.architecture}`]);
    const packed: [string, Uint8Array][] = [
      ['.gz', gzipSync(content)],
      ['.zst', zstdCompressSync(content)],
    ];
    rmSync(join(lists, list));
    debian.write('etc/apt/apt.conf.d/packed', 'Acquire::GzipIndexes "true";\n');
    await debian.apt('update');
    const own = readdirSync(lists).find((name) => name.startsWith(`${list}.`))!;
    expect(own).toBe(`${list}.lz4`);
    packed.push(['.lz4', readFileSync(join(lists, own))]);
    rmSync(join(lists, own));
    for (const [ending, bytes] of packed) {
      writeFileSync(join(lists, `${list}${ending}`), bytes);
      expect((await round()).data?.updates, ending).toEqual(plain);
      writeFileSync(join(lists, `${list}${ending}`), bytes.subarray(0, bytes.length - 12));
      const cut = await round();
      expect(cut.state, ending).toBe('missing');
      expect(
        cut.problems.map(({ code }) => code),
        ending,
      ).toContain('unreadable');
      rmSync(join(lists, `${list}${ending}`));
    }
    writeFileSync(join(lists, `${list}.xz`), 'x');
    expect((await round()).problems.map(({ code }) => code)).toContain('unsupported');
    rmSync(join(lists, `${list}.xz`));
    const none = await round();
    expect(none).toMatchObject({ state: 'missing' });
    expect(none.problems.map(({ code }) => code)).toContain('not-found');
  });
});
