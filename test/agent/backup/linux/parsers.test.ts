/** What Linux programs write down about backups: read as meant, and nothing made of what is damaged. */
import { describe, expect, test } from 'vitest';
import { parseCrontab } from '../../../../agent/backup/linux/cron.ts';
import { parseKeyFile } from '../../../../agent/backup/linux/deja-dup.ts';
import { listsOf } from '../../../../agent/backup/linux/duplicity.ts';
import { parseGvdb } from '../../../../agent/backup/linux/gvdb.ts';
import { parseProxmoxSnapshots } from '../../../../agent/backup/linux/proxmox-backup.ts';
import { parseRsnapshotConfig, parseRsnapshotLog } from '../../../../agent/backup/linux/rsnapshot-log.ts';
import { fromCron } from '../../../../agent/backup/linux/scheduled-jobs.ts';
import { mountOf, targetKindOf } from '../../../../agent/backup/linux/target.ts';
import { parseSnapshotInfo, parseTimeshiftConfig } from '../../../../agent/backup/linux/timeshift.ts';
import { localInstant, parseLocalIso } from '../../../../agent/backup/local-time.ts';
import { parseDuplicatiTime } from '../../../../agent/backup/products/duplicati-database.ts';
import { recordedMachine } from '../../../fakes/recorded-machine.ts';
import { dconfDatabase, dejaDupKeys } from '../../../fixtures/backup/deja-dup.ts';
import { snapshotList } from '../../../fixtures/backup/proxmox-backup.ts';
import { rsnapshotConfig, rsnapshotRun } from '../../../fixtures/backup/rsnapshot.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedBytes, damagedText } from '../damaged.ts';

const of = { lowest: 'alpha', config: '/etc/rsnapshot.conf' };

describe('rsnapshot', () => {
  test('the configuration: tabs, the first interval, older words, and sync_first', () => {
    expect(parseRsnapshotConfig(rsnapshotConfig())).toEqual({
      root: '/mnt/sicherung',
      log: '/var/log/rsnapshot.log',
      lock: '/run/rsnapshot.pid',
      lowest: 'alpha',
    });
    expect(parseRsnapshotConfig('interval\thourly\t6\nretain\tdaily\t7\n#logfile\t/x\nlogfile /y\n')).toEqual({
      lowest: 'hourly',
    });
    expect(parseRsnapshotConfig('retain\talpha\t6\nsync_first\t1\n').lowest).toBe('sync');
  });

  test.each([
    ['completed successfully', 'success'],
    ['completed, but with some warnings', 'warning'],
    ['completed, but with some errors', 'failed'],
    ['completed in another way', 'unknown'],
    ['ERROR: rsync returned error 1', 'failed'],
  ])('%s is %s', (words, result) => {
    expect(parseRsnapshotLog(rsnapshotRun('11-23', words), of)?.map((run) => run.result)).toEqual([result]);
  });

  test('times before version 1.4, other intervals and other configurations', () => {
    const log = [
      '[23/Nov/2026:06:00:01] /usr/bin/rsnapshot -c /etc/rsnapshot.conf alpha: started',
      '[23/Nov/2026:06:02:11] WARNING: some files vanished before they could be transferred (code 24)',
      '[23/Nov/2026:06:04:55] /usr/bin/rsnapshot -c /etc/rsnapshot.conf alpha: completed, but with some warnings',
      '[23/Nov/2026:07:00:00] /usr/bin/rsnapshot beta: completed successfully',
      '[23/Nov/2026:08:00:00] /usr/bin/rsnapshot -c /etc/other.conf alpha: completed successfully',
    ].join('\n');
    expect(parseRsnapshotLog(log, of)).toEqual([
      {
        startedAt: new Date(2026, 10, 23, 6, 0, 1),
        endedAt: new Date(2026, 10, 23, 6, 4, 55),
        result: 'warning',
        code: 'completed, but with some warnings',
        reasons: ['files-skipped'],
        line: 3,
      },
    ]);
    expect(parseRsnapshotLog(log, { lowest: 'alpha', config: '/etc/other.conf' })).toHaveLength(1);
    expect(parseRsnapshotLog('no such log\n', of)).toBeUndefined();
  });

  test('a run that was refused because one goes on is no run, one without an end was interrupted by the next', () => {
    const started = rsnapshotRun('11-22', '');
    const refused =
      '[2026-11-22T01:00:00] /usr/bin/rsnapshot alpha: started\n[2026-11-22T01:00:00] /usr/bin/rsnapshot alpha: ERROR: Lockfile /run/rsnapshot.pid exists and so does its process, can not continue\n';
    const results = (log: string): string[] =>
      (parseRsnapshotLog(log, of) ?? []).map(({ result, reasons }) => [result, ...reasons].join(' '));
    expect(results(started + refused)).toEqual(['running']);
    expect(results(started + rsnapshotRun('11-23', 'completed successfully'))).toEqual([
      'failed interrupted',
      'success',
    ]);
  });
});

describe('GVDB', () => {
  const file = dconfDatabase(dejaDupKeys({ last: '2026-11-24T07:40:12.123456Z' }));
  test('values below a prefix, as dconf itself compiled them', () => {
    expect(Object.fromEntries(parseGvdb(file, '/org/gnome/deja-dup/') ?? [])).toEqual({
      '/org/gnome/deja-dup/last-backup': '2026-11-24T07:40:12.123456Z',
      '/org/gnome/deja-dup/periodic': true,
      '/org/gnome/deja-dup/periodic-period': 1,
      '/org/gnome/deja-dup/backend': 'local',
      '/org/gnome/deja-dup/local/folder': '/mnt/platte/Sicherung',
    });
  });

  test('a ring of parents, a table beyond the end and another byte order', () => {
    const ring = Buffer.from(file);
    const table = ring.readUInt32LE(16);
    const items = table + 8 + 4 * ((ring.readUInt32LE(table) & 0x07ff_ffff) + ring.readUInt32LE(table + 4));
    for (let at = items; at + 24 <= ring.readUInt32LE(20); at += 24) {
      if (ring.readUInt32LE(at + 4) !== 0xffff_ffff) continue;
      // Its own parent, and without a name that would grow too long.
      ring.writeUInt32LE((at - items) / 24, at + 4);
      ring.writeUInt16LE(0, at + 12);
    }
    expect(parseGvdb(ring, '/org/gnome/deja-dup/')).toEqual(new Map());
    const beyond = Buffer.from(file);
    beyond.writeUInt32LE(0x7fff_fff0, 20);
    expect(parseGvdb(beyond, '/')).toBeUndefined();
    expect(parseGvdb(Buffer.from('raVGtnai'), '/')).toBeUndefined();
  });

  test('no damage makes it fail or answer with more than texts, numbers and truth values', () => {
    fc.assert(
      fc.property(damagedBytes([file]), (bytes) => {
        for (const value of (parseGvdb(bytes, '/') ?? new Map<string, unknown>()).values()) {
          expect(['string', 'number', 'boolean']).toContain(typeof value);
        }
      }),
      { numRuns: tries(1000) },
    );
  });

  test('the key file of the flatpak', () => {
    expect(
      Object.fromEntries(
        parseKeyFile("[org/gnome/deja-dup]\nlast-backup='2026-11-24T07:40:12Z'\nperiodic=true\n[other]\nx=1\n"),
      ),
    ).toEqual({
      '/org/gnome/deja-dup/last-backup': '2026-11-24T07:40:12Z',
      '/org/gnome/deja-dup/periodic': true,
    });
  });
});

test('cron: active lines, lines that were commented out, and words that are neither', () => {
  const text = `SHELL=/bin/sh
# m h dom mon dow user  command
17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly
#30 3  * * *  root  /usr/bin/rsnapshot beta
@daily root /usr/local/sbin/sicherung
# Use the values 5 or 6 in any case for this
`;
  expect(parseCrontab(text, { withUser: true })).toEqual([
    { schedule: '17 * * * *', command: 'cd / && run-parts --report /etc/cron.hourly', active: true },
    { schedule: '30 3 * * *', command: '/usr/bin/rsnapshot beta', active: false },
    { schedule: '@daily', command: '/usr/local/sbin/sicherung', active: true },
  ]);
  expect(parseCrontab('5 2 * * 1-5 /usr/bin/rclone sync /srv r:\n', { withUser: false })).toEqual([
    { schedule: '5 2 * * 1-5', command: '/usr/bin/rclone sync /srv r:', active: true },
  ]);
});

test('places: shares, disks that can be taken away, and encrypted ones by what lies below', async () => {
  const machine = recordedMachine({
    '/proc/self/mounts': [
      '/dev/nvme0n1p2 / ext4 rw 0 0',
      'nas:/backup /mnt/nas nfs4 rw 0 0',
      '/dev/mapper/platte /mnt/USB\\040Platte ext4 rw 0 0',
      'tmpfs /run tmpfs rw 0 0',
    ].join('\n'),
    '/sys/class/block/nvme0n1p2': { link: '../../devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/nvme0n1p2' },
    '/dev/mapper/platte': { link: '../dm-3' },
    '/sys/devices/virtual/block/dm-3/slaves/sdc1': '',
    '/sys/class/block/dm-3': { link: '../../devices/virtual/block/dm-3' },
    '/sys/class/block/sdc1': { link: '../../devices/pci0000:00/0000:00:14.0/usb2/2-1/host6/block/sdc/sdc1' },
  });
  expect(await targetKindOf(machine, '/mnt/nas/pc')).toBe('share');
  expect(await targetKindOf(machine, '/mnt/USB Platte/sicherung')).toBe('removable');
  expect(await targetKindOf(machine, '/mnt/nasx')).toBe('local-disk');
  expect(await targetKindOf(machine, '/srv')).toBe('local-disk');
  expect(await targetKindOf(recordedMachine({}), '/srv')).toBe('unknown');
  expect(mountOf('/dev/a / ext4\n/dev/b /x ext4\n/dev/c /x nfs4\n', '/x')?.source).toBe('/dev/c');
});

test('lists of duplicity', () => {
  expect(
    listsOf([
      'duplicity-full.20261119T010500Z.manifest',
      'duplicity-inc.20261119T010500Z.to.20261120T010500Z.manifest',
      'duplicity-inc.20261120T010500Z.to.20261121T010500Z.manifest.part',
      'duplicity-full-signatures.20261122T010500Z.sigtar.gz',
      'duplicity-full.20269919T010500Z.manifest',
    ]).map(({ endedAt, result }) => [endedAt?.toISOString() ?? null, result]),
  ).toEqual([
    ['2026-11-19T01:05:00.000Z', 'success'],
    ['2026-11-20T01:05:00.000Z', 'success'],
    [null, 'unknown'],
  ]);
});

test('times that are none', () => {
  expect(localInstant(2026, 2, 31, 1, 0)).toBeUndefined();
  expect(localInstant(2026, 13, 1, 1, 0)).toBeUndefined();
  expect(localInstant(Number.NaN, 1, 1, 1, 0)).toBeUndefined();
  expect(parseLocalIso('2026-11-24 25:00:00')).toBeUndefined();
  expect(parseLocalIso('2026-11-24 01:05')).toEqual(new Date(2026, 10, 24, 1, 5));
  expect(parseDuplicatiTime('20261399T010941Z')).toBeUndefined();
  expect(parseDuplicatiTime('20261124T010941')).toBeUndefined();
});

test('no parser fails on damaged text', () => {
  const texts = [
    rsnapshotConfig(),
    rsnapshotRun('11-23', 'completed successfully'),
    '30 3 * * * root /usr/bin/rsnapshot beta\n',
    '{"created": "1795500001", "type": "rsync"}',
    '{"backup_device_uuid": "x", "schedule_daily": "true"}',
    '/dev/sda2 / ext4 rw 0 0\n',
    "[org/gnome/deja-dup]\nlast-backup='2026-11-24T07:40:12Z'\n",
  ];
  fc.assert(
    fc.property(damagedText(texts), (text) => {
      parseRsnapshotConfig(text);
      const runs = parseRsnapshotLog(text, of) ?? [];
      for (const { endedAt } of runs) if (endedAt !== undefined) expect(endedAt.getTime()).not.toBeNaN();
      parseCrontab(text, { withUser: true });
      parseCrontab(text, { withUser: false });
      const at = parseSnapshotInfo(text);
      if (at !== undefined) expect(at.getTime()).not.toBeNaN();
      parseTimeshiftConfig(text);
      mountOf(text, '/srv');
      parseKeyFile(text);
    }),
    { numRuns: tries(600) },
  );
});

describe('scheduled jobs', () => {
  test('of a command line only the name of the program is told', () => {
    const entries = parseCrontab(
      [
        '0 2 * * * root RSYNC_PASSWORD=geheim /usr/bin/rsync -a /srv/ konto@nas:/srv/',
        '0 3 * * * root /usr/local/sbin/nacht-sicherung.sh --passwort geheim',
        '0 4 * * * root /usr/bin/restic backup /srv',
        '0 5 * * * root /usr/bin/find /srv -name "*.tmp" -delete',
        '#0 6 * * * root /usr/bin/rclone sync /srv eimer:x',
      ].join('\n'),
      { withUser: true },
    );
    const jobs = fromCron(entries);
    expect(jobs.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['rsync', true],
      ['nacht-sicherung.sh', true],
      ['rclone', false],
    ]);
    expect(JSON.stringify(jobs)).not.toMatch(/geheim|konto|eimer/);
  });
});

describe('Proxmox Backup Client', () => {
  test('snapshots of other PCs and of virtual machines do not count, damaged ones are failures', () => {
    const list = snapshotList(['11-22', 'ok'], ['11-23', 'failed'], ['11-24', 'ok', 'anderer-pc']);
    const guest = list.replaceAll('"host"', '"vm"');
    expect(parseProxmoxSnapshots(list, 'RECORDED.rathaus.example')?.map(({ result }) => result)).toEqual([
      'failed',
      'success',
    ]);
    expect(parseProxmoxSnapshots(guest, 'recorded')).toEqual([]);
    for (const text of ['', '{}', '[{"backup-time": "x"}]', 'Error: permission check failed']) {
      expect(parseProxmoxSnapshots(text, 'recorded')).toBeUndefined();
    }
  });

  test('no damage makes it fail', () => {
    fc.assert(
      fc.property(damagedText([snapshotList(['11-22', 'ok'], ['11-23', 'failed'])]), (text) => {
        for (const { endedAt } of parseProxmoxSnapshots(text, 'recorded') ?? [])
          expect(endedAt?.getTime()).not.toBeNaN();
      }),
    );
  });
});
