/** A real repository: a good backup, a stale, an interrupted and a failing one, a wrong password, a lock. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { restic } from '../../../../agent/backup/linux/restic.ts';
import { hookScript, judged, killed, lasting, pcWith, rootFolder, tool } from './real-tools.ts';

function bench() {
  const folder = rootFolder('restic');
  const repository = join(folder, 'repository');
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'akte.txt'), 'x'.repeat(100_000));
  const env = {
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: 'richtig',
    RESTIC_CACHE_DIR: join(folder, 'cache'),
    HOME: folder,
  };
  const run = (...args: string[]) => tool('restic', args, { env });
  const hook = (password = 'richtig') =>
    hookScript(
      folder,
      `export RESTIC_REPOSITORY=${repository} RESTIC_PASSWORD=${password} RESTIC_CACHE_DIR=${folder}/cache\nexec restic snapshots --json`,
    );
  expect(run('init').status).toBe(0);
  const ask = (password?: string, more?: Parameters<typeof judged>[3]) => {
    const hooks = [{ id: 'server', name: 'Server', product: 'restic' as const, run: hook(password) }];
    return judged(restic, pcWith({ restic: '0.14.0' }), { hooks }, more);
  };
  return { folder, repository, source, env, run, ask };
}

/** As restic takes it with --time: local time. */
function daysAgo(days: number): string {
  const time = new Date(Date.now() - days * 86_400_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

describe.runIf(process.geteuid?.() === 0)('restic', () => {
  test('a good backup of this PC is met; one of another PC in the same repository is none of this', async () => {
    const { run, source, ask } = bench();
    expect(run('backup', source, '--host', 'anderer-pc').status).toBe(0);
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'never' } });
    const before = Date.now();
    expect(run('backup', source).status).toBe(0);
    const { job, verdict } = await ask();
    expect({ verdict, state: job.state, kind: job.lastSuccess?.evidence.kind, encrypted: job.encrypted }).toEqual({
      verdict: 'met',
      state: 'success',
      kind: 2,
      encrypted: true,
    });
    const at = Date.parse(job.lastSuccess?.endedAt ?? '');
    expect(at).toBeGreaterThanOrEqual(before - 1000);
    expect(at).toBeLessThanOrEqual(Date.now());
    // The same repository, looked at four days later.
    expect((await ask(undefined, { days: 4 })).verdict).toBe('not-met');
  });

  test('a stale backup is not met, and one with a time of the future counts for nothing', async () => {
    const { run, source, ask } = bench();
    expect(run('backup', source, '--time', daysAgo(36)).status).toBe(0);
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'success' } });
    expect(run('backup', source, '--time', daysAgo(-2)).status).toBe(0);
    const { job, verdict } = await ask();
    expect({ verdict, reasons: job.reasons }).toEqual({ verdict: 'not-met', reasons: ['time-in-future'] });
  });

  test('an interrupted backup leaves the last good one as it was', async () => {
    const { run, source, env, repository, ask } = bench();
    expect(run('backup', source, '--time', daysAgo(5)).status).toBe(0);
    const backup = lasting('restic', ['backup', '--stdin', '--stdin-filename', 'akte'], env);
    backup.stdin?.write('x'.repeat(1_000_000));
    while (readdirSync(join(repository, 'locks')).length === 0) await setTimeout(10);
    await killed(backup, 'SIGKILL');
    const { job, verdict } = await ask();
    expect(verdict).toBe('not-met');
    expect(job.recentRuns).toHaveLength(1);
  });

  test('a wrong password, a repository that is gone and one that is locked say why, and nothing else', async () => {
    const { run, source, env, repository, ask } = bench();
    expect(run('backup', source).status).toBe(0);
    expect(await ask('falsch')).toMatchObject({
      verdict: 'unknown',
      job: { state: 'unknown', reasons: ['wrong-password'] },
    });
    // What an earlier round saw stands, and grows old.
    const fresh = { lastSuccess: ['hook server', new Date()] as const };
    const old = { lastSuccess: ['hook server', new Date(Date.now() - 9 * 86_400_000)] as const };
    expect((await ask('falsch', old)).verdict).toBe('not-met');
    expect((await ask('falsch', fresh)).job.lastSuccess).toBeDefined();

    // At a kilobyte a second the check holds the repository for minutes.
    writeFileSync(join(source, 'noise'), randomBytes(1_000_000));
    expect(run('backup', source).status).toBe(0);
    const check = lasting('restic', ['check', '--read-data', '--limit-download', '1', '--no-cache'], env);
    while (readdirSync(join(repository, 'locks')).length === 0) await setTimeout(10);
    expect(await ask()).toMatchObject({ job: { state: 'unknown', reasons: ['repository-locked'] } });
    await killed(check, 'SIGKILL');

    renameSync(repository, `${repository}-away`);
    expect(await ask()).toMatchObject({
      verdict: 'unknown',
      job: { state: 'unknown', reasons: ['target-unreachable'] },
    });
  });

  test('resticprofile’s status file: exit codes and words of real runs', async () => {
    const { run, source, repository, folder, env } = bench();
    const status = (result: { status: number; stderr: string }, at = new Date()) => {
      const failed = result.status !== 0;
      const backup = {
        success: !failed,
        time: at.toISOString(),
        error: failed ? `exit status ${result.status}` : '',
        stderr: failed ? result.stderr : '',
        duration: 1,
      };
      return pcWith(
        { restic: '0.14.0' },
        {
          '/etc/resticprofile/profiles.toml':
            '[self]\nrepository = "/srv/repo"\nstatus-file = "/var/lib/status.json"\n',
          '/var/lib/status.json': JSON.stringify({ profiles: { self: { backup } } }),
        },
      );
    };
    expect(await judged(restic, status(run('backup', source)), {})).toMatchObject({
      verdict: 'met',
      job: { state: 'success', lastSuccess: { evidence: { kind: 1 } } },
    });
    // Exit code 3: the snapshot is there, a file is missing in it. Nobody may read it but root, so root's rights are given up.
    const partly = tool(
      'setpriv',
      [
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-all',
        'sh',
        '-c',
        `chmod 0 ${source}/akte.txt; exec restic backup ${source}`,
      ],
      { env },
    );
    expect(partly.status, partly.text).toBe(3);
    expect(await judged(restic, status(partly), {})).toMatchObject({
      verdict: 'met',
      job: { state: 'warning', reasons: ['files-skipped'], lastSuccess: { result: 'warning' } },
    });
    renameSync(repository, join(folder, 'away'));
    const gone = run('backup', source);
    expect(gone.status).not.toBe(0);
    expect(await judged(restic, status(gone), {})).toMatchObject({
      verdict: 'not-met',
      job: { state: 'failed', reasons: ['target-unreachable'] },
    });
  });
});
