/** What the products print and log: read as meant, and nothing good made of what is damaged or unknown. */
import { describe, expect, test } from 'vitest';
import type { JobRecord } from '../../../../agent/backup/product.ts';
import { parseSessionList } from '../../../../agent/backup/products/cove.ts';
import { imageJob, parseImageList } from '../../../../agent/backup/products/netbackup.ts';
import { scheduleFinding, scheduleOptions } from '../../../../agent/backup/products/spectrum-protect.ts';
import { parseScheduleLog } from '../../../../agent/backup/products/spectrum-protect-log.ts';
import { taskFinding } from '../../../../agent/backup/products/synology-abb.ts';
import { parseSynologyLog } from '../../../../agent/backup/products/synology-log.ts';
import { fileBackupOf, parseUrBackupStatus } from '../../../../agent/backup/products/urbackup.ts';
import { sessionList } from '../../../fixtures/backup/cove.ts';
import { imageList } from '../../../fixtures/backup/netbackup.ts';
import { scheduledEvent } from '../../../fixtures/backup/spectrum-protect.ts';
import { synologyAnswer } from '../../../fixtures/backup/synology-abb.ts';
import { urBackupStatus } from '../../../fixtures/backup/urbackup.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedText } from '../damaged.ts';

const results = (jobs: readonly JobRecord[] | undefined): string[] =>
  (jobs ?? []).flatMap(({ id, runs }) => runs.map(({ result, reasons = [] }) => [id, result, ...reasons].join(' ')));

describe('Cove', () => {
  test.each([
    ['Completed', 'FileSystem success'],
    ['CompletedWithErrors', 'FileSystem warning files-skipped'],
    ['InProcess', 'FileSystem running'],
    ['Failed', 'FileSystem failed'],
    ['Interrupted', 'FileSystem failed interrupted'],
    ['Aborted', 'FileSystem cancelled'],
    ['Skipped', 'FileSystem cancelled'],
    ['constructor', 'FileSystem unknown'],
    ['', 'FileSystem unknown'],
  ])('state "%s" is %s', (state, expected) => {
    const list = sessionList(['FileSystem', state, '2026-11-23 22:00:05', '2026-11-23 22:07:41']);
    expect(results(parseSessionList(list))).toEqual([expected]);
  });

  test('reads columns by their head, tabs or commas, and leaves restores out', () => {
    const list =
      'END\tSTATE\tTYPE\tDSRC\tSTART\n2026-11-23 22:07:41\tCompleted\tBackup\tVssMsSql\t2026-11-23 22:00:00\n2026-11-23 22:07:41\tCompleted\tRestore\tVssMsSql\t-\n';
    expect(results(parseSessionList(list))).toEqual(['VssMsSql success']);
    expect(parseSessionList('SOURCE,RESULT\nFileSystem,Completed\n')).toBeUndefined();
    expect(parseSessionList('')).toBeUndefined();
  });
});

describe('NetBackup', () => {
  test('what a person saved by hand proves nothing', () => {
    const runs = parseImageList(imageList(['11-23', 'User Backup'], ['11-20', 'Full Backup']));
    expect(runs?.map(({ provesNothing = false, bytes }) => [provesNothing, bytes])).toEqual([
      [true, 10_737_418_240],
      [false, 10_737_418_240],
    ]);
  });

  test.each([
    [undefined, 'unreadable', ['target-unreachable']],
    ['EXIT STATUS 135: client is not validated to perform the requested operation', 'unreadable', ['source-denied']],
    ['EXIT STATUS 25: cannot connect on socket', 'unreadable', ['source-unreadable']],
    ['EXIT STATUS 227: no entity was found', 'window', undefined],
    ['another answer', 'unreadable', ['schema-unknown']],
  ])('%s: %s', (output, history, reasons) => {
    const job = imageJob(output);
    expect([job.history, job.reasons, job.runs]).toEqual([history, reasons, []]);
  });
});

describe('Spectrum Protect', () => {
  const on = (day: string): Date => new Date(`2026-${day}T02:20:00`);
  const dates = {
    iso: (day: string) => `2026-${day}`,
    german: (day: string) => `${day.slice(3)}.${day.slice(0, 2)}.2026`,
    american: (day: string) => `${day.slice(0, 2)}/${day.slice(3)}/2026`,
    americanShort: (day: string) => `${day.slice(0, 2)}/${day.slice(3)}/26`,
    british: (day: string) => `${day.slice(3)}/${day.slice(0, 2)}/2026`,
  };

  test.each(Object.entries(dates))('dates written %s', (_name, date) => {
    for (const day of ['11-23', '03-04']) {
      const [event] = parseScheduleLog(scheduledEvent(day, {}, date), on(day)) ?? [];
      expect(event?.endedAt).toEqual(new Date(`2026-${day}T02:14:30`));
      expect(event).toMatchObject({ schedule: 'TAEGLICH', result: 'success' });
    }
  });

  test('day and month that cannot be told apart by the age of the file say nothing', () => {
    expect(parseScheduleLog(scheduledEvent('03-04', {}, dates.american), on('09-20'))).toBeUndefined();
  });

  test('objects that failed, a failed event, an event without an end, and one whose line is translated', () => {
    const log =
      scheduledEvent('11-18', { failed: 3 }) +
      scheduledEvent('11-19', { code: 12 }) +
      '20.11.2026 02:00:00 --- SCHEDULEREC OBJECT BEGIN TAEGLICH 20.11.2026 02:00:00\n' +
      scheduledEvent('11-21').replace(/Scheduled event .*/, "Geplantes Ereignis 'TAEGLICH' erfolgreich beendet.") +
      scheduledEvent('11-22').replace(/Scheduled event .*\n/, '');
    const { jobs } = scheduleFinding({ text: log, modifiedAt: on('11-22') }, { remembered: [], schedulerRuns: true });
    expect(results(jobs)).toEqual([
      'TAEGLICH warning files-skipped',
      'TAEGLICH failed target-unreachable',
      'TAEGLICH failed',
      'TAEGLICH success',
      'TAEGLICH unknown',
    ]);
  });

  test('a line that names success for another schedule, or denies it, is none', () => {
    for (const line of ["Ereignis 'ANDERES' erfolgreich beendet.", "Ereignis 'TAEGLICH' nicht erfolgreich beendet."]) {
      const log = scheduledEvent('11-21').replace(/Scheduled event .*/, line);
      expect(parseScheduleLog(log, on('11-21'))?.map(({ result }) => result)).toEqual(['unknown']);
    }
  });

  test('a run that was cut off is not one that goes on', () => {
    const log = '24.11.2026 02:00:00 --- SCHEDULEREC OBJECT BEGIN TAEGLICH 24.11.2026 02:00:00\n';
    const found = (schedulerRuns: boolean): string[] =>
      results(scheduleFinding({ text: log, modifiedAt: on('11-24') }, { remembered: [], schedulerRuns }).jobs);
    expect(found(true)).toEqual(['TAEGLICH running']);
    expect(found(false)).toEqual(['TAEGLICH failed interrupted']);
  });

  test('the options give the place of the log and the server, nothing else', () => {
    const text = 'SErvername A\n  tcps  backup.example\n  PASSWORD secret\n  schedlogn "/var/log/tsm/x.log"\n';
    const { logs, server } = scheduleOptions(text);
    expect([logs[0], server]).toEqual(['/var/log/tsm/x.log', 'backup.example']);
    expect(JSON.stringify(scheduleOptions(text))).not.toContain('secret');
  });
});

describe('UrBackup', () => {
  test('image backups and restores under way', () => {
    const states = (action: string): string[] =>
      results([fileBackupOf(parseUrBackupStatus(urBackupStatus({ last: null, running: [action] })) ?? fail())]);
    for (const action of ['INCR', 'FULL', 'INCRI', 'FULLI', 'R_INCR']) {
      expect(states(action)).toEqual(['file-backup running']);
    }
    expect(states('RESTORE_FILES')).toEqual([]);
  });

  test.each([
    '',
    'Error: cannot connect',
    '[]',
    '{}',
    '{"last_backup_time": -5}',
    '{"last_backup_time": "1795486509"}',
  ])('%s is no answer of the client', (output) => {
    expect(parseUrBackupStatus(output)).toBeUndefined();
  });
});

describe('Synology', () => {
  test('only "complete" with a time is a success', () => {
    const log = ['complete', 'partial', 'COMPLETE', 'failed', '__proto__']
      .map((status) => synologyAnswer('Nov 24', status, '2026-11-24T01:09:00Z'))
      .join('');
    expect(results(taskFinding({ text: log }, []).jobs)).toEqual([
      'Rathaus success',
      'Rathaus unknown',
      'Rathaus unknown',
      'Rathaus failed',
      'Rathaus unknown',
    ]);
    expect(results(taskFinding({ text: synologyAnswer('Nov 24', 'complete', null) }, []).jobs)).toEqual([
      'Rathaus unknown',
    ]);
    expect(parseSynologyLog('something else\n')).toBeUndefined();
  });
});

/** Instants the undamaged answers name as successes; damage may move an end, but must not make one from a failure. */
const failures = {
  cove: sessionList(['FileSystem', 'Failed', '2026-11-23 22:00:05', '2026-11-23 22:07:41']),
  spectrum: scheduledEvent('11-23', { code: 12 }),
  urbackup: urBackupStatus({ last: null, finished: [[1, false]] }),
  synology: synologyAnswer('Nov 24', 'failed', null),
};
const anything = damagedText([
  ...Object.values(failures),
  sessionList(['FileSystem', 'Completed', '2026-11-23 22:00:05', '2026-11-23 22:07:41']),
  imageList(['11-23', 'Full Backup']),
  scheduledEvent('11-23', { failed: 2 }),
  urBackupStatus({ last: '2026-11-24T03:15:09Z', finished: [[1, true]] }),
  synologyAnswer('Nov 24', 'complete', '2026-11-24T01:09:00Z'),
]);

test('no parser fails on damaged text, and all times are times', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const status = parseUrBackupStatus(text);
      const jobs = [
        ...(parseSessionList(text) ?? []),
        imageJob(text),
        ...scheduleFinding(
          { text, modifiedAt: new Date('2026-11-23T03:00:00') },
          { remembered: [], schedulerRuns: true },
        ).jobs,
        ...taskFinding({ text }, []).jobs,
        ...(status === undefined ? [] : [fileBackupOf(status)]),
      ];
      for (const { runs, statedSuccess } of jobs) {
        for (const { startedAt, endedAt } of [...runs, statedSuccess ?? {}]) {
          for (const time of [startedAt, endedAt]) if (time !== undefined) expect(time.getTime()).not.toBeNaN();
        }
      }
    }),
    { numRuns: tries(600) },
  );
});

test('no damage to the record of a failure makes a success of it', () => {
  const lists: readonly (readonly [string, (text: string) => readonly JobRecord[]])[] = [
    [failures.cove, (text) => parseSessionList(text) ?? []],
    [
      failures.spectrum,
      (text) =>
        scheduleFinding({ text, modifiedAt: new Date('2026-11-23T03:00:00') }, { remembered: [], schedulerRuns: false })
          .jobs,
    ],
    [failures.synology, (text) => taskFinding({ text }, []).jobs],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...lists),
      fc.nat(),
      fc.nat(80),
      fc.string({ maxLength: 4 }),
      ([text, read], at, length, piece) => {
        const start = at % text.length;
        const jobs = read(text.slice(0, start) + piece + text.slice(start + length));
        expect(
          jobs.flatMap(({ runs }) => runs).filter(({ result }) => result === 'success' || result === 'warning'),
        ).toEqual([]);
        expect(jobs.filter(({ statedSuccess }) => statedSuccess !== undefined)).toEqual([]);
      },
    ),
    { numRuns: tries(600) },
  );
});

function fail(): never {
  throw new Error('the fixture is not understood');
}
