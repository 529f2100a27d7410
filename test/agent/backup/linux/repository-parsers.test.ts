/** What restic, resticprofile, autorestic, Borg, borgmatic and Kopia print and write: read in every form, never read into. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { askHook, reasonOfWords } from '../../../../agent/backup/hooks.ts';
import { borgTime, parseArchives, parseRepositories } from '../../../../agent/backup/linux/borg.ts';
import { repositoryTarget } from '../../../../agent/backup/linux/repository.ts';
import { parseSnapshots, sameHost } from '../../../../agent/backup/linux/restic.ts';
import { parseAutoresticLock, parseStatusFile, valuesOf } from '../../../../agent/backup/linux/resticprofile.ts';
import { parseCustomStatus } from '../../../../agent/backup/products/custom.ts';
import { parseKopiaSnapshots } from '../../../../agent/backup/products/kopia.ts';
import type { HookOutcome } from '../../../../agent/platform/machine.ts';
import { recordedMachine } from '../../../fakes/recorded-machine.ts';
import { borgmaticInfo } from '../../../fixtures/backup/borg.ts';
import { kopiaSnapshots } from '../../../fixtures/backup/kopia.ts';
import { localToUtc } from '../../../fixtures/backup/linux.ts';
import { resticSnapshots } from '../../../fixtures/backup/restic.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedText } from '../damaged.ts';

const host = 'recorded';

describe('restic', () => {
  test('the end of a backup is taken where it is written, and its beginning where it is not', () => {
    const entry = {
      time: '2026-11-24T02:00:00.123456789+01:00',
      hostname: 'Recorded.rathaus.example',
      id: 'ab'.repeat(32),
    };
    const summary = {
      backup_start: '2026-11-24T02:00:00+01:00',
      backup_end: '2026-11-24T02:30:00+01:00',
      total_bytes_processed: 5,
    };
    expect(parseSnapshots(JSON.stringify([entry]), host)).toMatchObject([
      { endedAt: new Date('2026-11-24T01:00:00.123Z'), result: 'success' },
    ]);
    expect(parseSnapshots(JSON.stringify([{ ...entry, summary }]), host)).toMatchObject([
      { endedAt: new Date('2026-11-24T01:30:00Z'), bytes: 5, evidence: { reference: 'snapshot abababababab' } },
    ]);
    expect(parseSnapshots('[]', host)).toEqual([]);
    for (const text of ['', 'null', '{}', '[{}]', '[{"time":"yesterday"}]', 'Fatal: wrong password', '[[]]']) {
      expect(parseSnapshots(text, host), text).toBeUndefined();
    }
  });

  test('a PC is known by its name without the domain', () => {
    expect(sameHost('PC7', 'pc7.rathaus.example')).toBe(true);
    expect(sameHost('pc7', 'pc70')).toBe(false);
    expect(sameHost('', '')).toBe(false);
  });

  test.each([
    [{ success: true, error: '', stderr: '' }, 'success', undefined],
    [
      { success: true, error: '', stderr: 'Warning: at least one source file could not be read\n' },
      'warning',
      'files-skipped',
    ],
    [{ success: false, error: 'exit status 3', stderr: '' }, 'warning', 'files-skipped'],
    [
      { success: false, error: 'exit status 1', stderr: 'Fatal: wrong password or no key found' },
      'failed',
      'wrong-password',
    ],
    [{ success: false, error: 'run-before on profile self: exit status 3', stderr: '' }, 'failed', undefined],
    [
      { success: false, error: 'exit status 1', stderr: 'unable to create lock in backend' },
      'failed',
      'repository-locked',
    ],
    [{ success: false, error: 'exit status 1', stderr: 'write: no space left on device' }, 'failed', 'target-full'],
  ])('a status file of resticprofile that says %j', (said, result, reason) => {
    const backup = { ...said, time: '2026-11-24T02:00:16.831077+01:00', duration: 16, bytes_total: 7 };
    const text = JSON.stringify({ profiles: { self: { backup, check: { success: false } }, other: { check: {} } } });
    expect(parseStatusFile(text)).toMatchObject([
      {
        profile: 'self',
        run: { result, startedAt: new Date('2026-11-24T01:00:00.831Z'), endedAt: new Date('2026-11-24T01:00:16.831Z') },
      },
    ]);
    expect(parseStatusFile(text)?.[0]?.run.reasons).toEqual(reason === undefined ? undefined : [reason]);
  });

  test('the status file is found in each language of a configuration, and nothing else is looked at', () => {
    for (const text of [
      'status-file = "/var/lib/status.json"',
      '[self]\n  status-file = "/var/lib/status.json" # here\n  password-file = "/etc/geheim"',
      'self:\n  status-file: /var/lib/status.json\n  password-file: /etc/geheim\n',
      "self:\n  status-file: '/var/lib/status.json'\n",
      '"self" = {\n "status-file" = "/var/lib/status.json"\n}',
      '{ "self": {\n "status-file": "/var/lib/status.json", "password-file": "geheim" } }',
    ]) {
      expect(valuesOf(text, 'status-file'), text).toEqual(['/var/lib/status.json']);
    }
    expect(valuesOf('# status-file = "/x"\nmy-status-file: /y', 'status-file')).toEqual([]);
  });

  test('autorestic notes attempts', () => {
    expect(parseAutoresticLock('cron:\n    home: 1795492800\n    "srv": 1795492801\nrunning: false\n')).toEqual(
      new Map([
        ['home', new Date('2026-11-24T04:00:00Z')],
        ['srv', new Date('2026-11-24T04:00:01Z')],
      ]),
    );
    expect(parseAutoresticLock('running:\n    home: 1795492800\n')).toEqual(new Map());
  });
});

describe('Borg', () => {
  test('one repository or borgmatic’s list of them, with and without ends', () => {
    const archive = { name: 'a', start: '2026-11-24T02:00:02.000000', time: '2026-11-24T02:00:02.000000' };
    const one = { archives: [archive], repository: { id: 'x', location: '/srv/repo' }, encryption: { mode: 'none' } };
    expect(parseArchives(JSON.stringify(one), host)).toMatchObject([
      { encrypted: false, runs: [{ endedAt: new Date(localToUtc('2026-11-24T02:00:02')), result: 'success' }] },
    ]);
    expect(parseArchives(JSON.stringify([one, one]), host)).toHaveLength(2);
    // An answer that names no archives was asked without "--last": it is not one that there are none.
    expect(
      parseArchives(JSON.stringify({ repository: { last_modified: '2026-11-24T02:00:02' } }), host),
    ).toBeUndefined();
    expect(parseArchives('[]', host)).toEqual([]);
  });

  test('checkpoints and archives of other PCs do not count', () => {
    const at = { start: '2026-11-24T02:00:02', end: '2026-11-24T02:00:03' };
    const text = borgmaticInfo([
      { ...at, name: 'a.checkpoint' },
      { ...at, name: 'a.checkpoint.1' },
      { ...at, name: 'b', hostname: 'anderer-pc' },
    ]);
    expect(parseArchives(text, host)?.[0]?.runs).toEqual([]);
  });

  test('times without a zone are the PC’s own', () => {
    expect(borgTime('2026-11-24T02:00:02.000000')).toEqual(new Date(localToUtc('2026-11-24T02:00:02')));
    expect(borgTime('2026-11-24T02:00:02+01:00')).toEqual(new Date('2026-11-24T01:00:02Z'));
    for (const text of ['', '2026-13-24T02:00:02', '2026-11-24', 'Tue, 2026-11-24 02:00:02', undefined]) {
      expect(borgTime(text), text).toBeUndefined();
    }
  });

  test('of a configuration the repositories are read, in the old form and the new', () => {
    const old = `location:
    source_directories:
        - /home
    repositories:
        # off site
        - ssh://u@backup.example/./pc7
        - "/mnt/usb/repo"
storage:
    encryption_passphrase: geheim
`;
    const next = `repositories:
    - path: ssh://u@backup.example/./pc7
      label: server
    - label: usb
      path: /mnt/usb/repo
encryption_passphrase: geheim
source_directories:
    - /home
`;
    expect(parseRepositories(old)).toEqual(['ssh://u@backup.example/./pc7', '/mnt/usb/repo']);
    expect(parseRepositories(next)).toEqual(['ssh://u@backup.example/./pc7', '/mnt/usb/repo']);
  });
});

test('Kopia: what is not whole is no success, errors that were passed over are a warning', () => {
  const at = { start: '2026-11-24T02:00:00Z', end: '2026-11-24T02:10:00Z' };
  const parse = (text: string) => parseKopiaSnapshots(text, host, readAt)?.map(({ result }) => result);
  expect(parse(kopiaSnapshots([at]))).toEqual(['success']);
  expect(parse(kopiaSnapshots([{ ...at, ignored: 1 }]))).toEqual(['warning']);
  expect(parse(kopiaSnapshots([{ ...at, incomplete: 'canceled' }]))).toEqual(['cancelled']);
  expect(parse(kopiaSnapshots([{ start: at.start }]))).toEqual(['failed']);
  expect(parse(kopiaSnapshots([{ start: '2026-11-20T02:00:00Z', incomplete: 'checkpoint' }]))).toEqual(['failed']);
  expect(parse('[\n]')).toEqual([]);
  expect(parse('ERROR repository is not connected')).toBeUndefined();
});

describe('hooks', () => {
  const ask = async (outcome: HookOutcome) => {
    const problems: string[] = [];
    const machine = recordedMachine({}, { runHook: async () => outcome });
    const hook = { id: 'a', name: 'A', product: 'borg', run: '/etc/hook' } as const;
    const problem = (code: string, detail: string) => problems.push(`${code}: ${detail}`);
    return { answer: await askHook({ machine, signal: new AbortController().signal, problem }, hook), problems };
  };

  test('one that may not be run is also a gap of the report', async () => {
    const { answer, problems } = await ask({ kind: 'unsafe', why: '/etc/hook can be changed by others than root' });
    expect(answer).toEqual({ reasons: ['source-denied'] });
    expect(problems).toEqual(['denied: the hook "a" was not run: /etc/hook can be changed by others than root']);
  });

  test.each<[HookOutcome, string]>([
    [{ kind: 'not-found' }, 'source-missing'],
    [{ kind: 'timeout' }, 'source-unreadable'],
    [{ kind: 'too-much-output' }, 'source-too-large'],
    [{ kind: 'exited', exitCode: 12, stdout: '', stderr: '' }, 'wrong-password'],
    [{ kind: 'exited', exitCode: 10, stdout: '', stderr: '' }, 'target-unreachable'],
    [{ kind: 'exited', exitCode: 1, stdout: '[]', stderr: 'something new' }, 'source-unreadable'],
  ])('%j', async (outcome, reason) => {
    expect((await ask(outcome)).answer).toEqual({ reasons: [reason] });
  });

  test.each([
    [
      'passphrase supplied in BORG_PASSPHRASE, by BORG_PASSCOMMAND or via BORG_PASSPHRASE_FD is incorrect.',
      'wrong-password',
    ],
    ['Failed to create/acquire the lock /srv/repo/lock.exclusive (timeout).', 'repository-locked'],
    ['Repository /srv/repo does not exist.', 'target-unreachable'],
    ['Connection closed by remote host. Is borg working on the server?', 'target-unreachable'],
    ['Insufficient free space to complete transaction', 'target-full'],
    ['Something else entirely', undefined],
  ])('"%s"', (words, reason) => {
    expect(reasonOfWords(words)).toBe(reason);
  });
});

test('places of repositories, without what opens them', async () => {
  const machine = recordedMachine({ '/proc/self/mounts': '/dev/sda1 / ext4 rw 0 0\nnas:/b /mnt/nas nfs4 rw 0 0\n' });
  const target = async (address: string) => repositoryTarget({ machine }, address);
  expect(await target('/srv/repo')).toEqual([{ kind: 'local-disk', name: '/srv/repo' }]);
  expect(await target('/mnt/nas/repo')).toEqual([{ kind: 'share', name: '/mnt/nas/repo' }]);
  expect(await target('s3:s3.example/bucket?key=geheim')).toEqual([{ kind: 'cloud', name: 's3:s3.example/bucket' }]);
  expect(JSON.stringify(await target('rest:https://anna:geheim@backup.example/pc7/'))).not.toMatch(/geheim|anna/);
  expect(await target('sftp:sicherung@backup.example:/pc7')).toMatchObject([{ kind: 'repository' }]);
  expect(await target('')).toEqual([]);
});

const good = [
  resticSnapshots(['2026-11-23T02:00:00Z', '2026-11-24T02:00:00Z']),
  borgmaticInfo([{ name: 'a', start: '2026-11-24T02:00:00', end: '2026-11-24T02:05:00' }]),
  kopiaSnapshots([{ start: '2026-11-24T02:00:00Z', end: '2026-11-24T02:05:00Z' }]),
  '{"version":1,"result":"success","endedAt":"2026-11-24T02:05:00Z"}',
  '{"profiles":{"a":{"backup":{"success":true,"time":"2026-11-24T02:05:00Z","error":"","stderr":"","duration":3}}}}',
  'repositories:\n  - path: /a\n',
  'cron:\n  a: 1795492800\n',
];

test('damaged answers are read or refused, and nothing is thrown', () => {
  fc.assert(
    fc.property(damagedText(good), (text) => {
      const runs = [
        ...(parseSnapshots(text, host) ?? []),
        ...(parseArchives(text, host) ?? []).flatMap((repository) => repository.runs),
        ...(parseKopiaSnapshots(text, host, readAt) ?? []),
        ...(parseStatusFile(text) ?? []).map(({ run }) => run),
        ...(parseCustomStatus(text, readAt)?.runs ?? []),
      ];
      for (const { result, endedAt } of runs) {
        // A success without a time that is one could not be told from a fresh one.
        if (result === 'success' || result === 'warning') expect(endedAt?.getTime()).not.toBeNaN();
        if (result === 'success' || result === 'warning') expect(endedAt).toBeDefined();
      }
      parseRepositories(text);
      parseAutoresticLock(text);
      valuesOf(text, 'status-file');
    }),
    { numRuns: tries(2000) },
  );
});

const samples = join(
  process.env['KITS_SAMPLES'] ?? join(import.meta.dirname, '../../../../../../shared/samples'),
  'backup',
);
test.runIf(existsSync(samples))('what was captured elsewhere is understood', () => {
  const read = (name: string): string => readFileSync(join(samples, name), 'utf8');
  expect(parseSnapshots(read('linux/restic-snapshots.json'), 'vm')).toHaveLength(1);
  expect(parseSnapshots(read('linux/restic-empty.json'), 'vm')).toEqual([]);
  expect(parseArchives(read('linux/borg-info-archive.json'), 'vm')?.[0]?.runs).toHaveLength(1);
  expect(parseArchives(read('linux/borg-list.json'), 'vm')?.[0]?.runs).not.toHaveLength(0);
  expect(parseArchives(read('linux/borgmatic-list.json'), 'vm')?.[0]?.runs).not.toHaveLength(0);
  expect(parseArchives(read('linux/borgmatic-info.json'), 'vm')).toBeUndefined();
  expect(parseStatusFile(read('resticprofile-status.json'))).toMatchObject([{ run: { result: 'success' } }]);
  expect(parseKopiaSnapshots(`[${read('kopia-snapshot-manifest.json')}]`, 'workstation', readAt)).toMatchObject([
    { result: 'warning' },
  ]);
  expect(reasonOfWords(read('linux/restic-wrongpw.txt'))).toBe('wrong-password');
  expect(reasonOfWords(read('linux/restic-norepo.txt'))).toBe('target-unreachable');
  expect(reasonOfWords(read('linux/borg-wrongpw.txt'))).toBe('wrong-password');
  expect(reasonOfWords(read('linux/borg-norepo.txt'))).toBe('target-unreachable');
});
