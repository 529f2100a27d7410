/** Real repositories of Borg and borgmatic: good, stale, interrupted and failing backups, a wrong passphrase, a lock. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { borg } from '../../../../agent/backup/linux/borg.ts';
import { hookScript, judged, killed, lasting, pcWith, rootFolder, tool } from './real-tools.ts';

function bench() {
  const folder = rootFolder('borg');
  const repository = join(folder, 'repository');
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'akte.txt'), 'x'.repeat(100_000));
  const env = { BORG_REPO: repository, BORG_PASSPHRASE: 'richtig', BORG_BASE_DIR: folder, HOME: folder };
  const run = (...args: string[]) => tool('borg', args, { env });
  expect(run('init', '--encryption', 'repokey').status).toBe(0);
  const ask = (passphrase = 'richtig', more?: Parameters<typeof judged>[3]) => {
    const script = `export BORG_REPO=${repository} BORG_PASSPHRASE=${passphrase} BORG_BASE_DIR=${folder}
exec borg info --json --last 20 --lock-wait 0`;
    const hooks = [{ id: 'borg', name: 'Server', product: 'borg' as const, run: hookScript(folder, script) }];
    return judged(borg, pcWith({ borgbackup: '1.2.4' }), { hooks }, more);
  };
  return { folder, repository, source, env, run, ask };
}

describe.runIf(process.geteuid?.() === 0)('borg', () => {
  test('a good backup is met, a stale one is not', async () => {
    const { run, source, env, ask } = bench();
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'never' } });
    const old = tool('faketime', ['-f', '-36d', 'borg', 'create', '::old', source], { env });
    expect(old.status, old.text).toBe(0);
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'success' } });
    const before = Date.now();
    expect(run('create', '::new', source).status).toBe(0);
    const { job, verdict } = await ask();
    expect({ verdict, encrypted: job.encrypted, kind: job.lastSuccess?.evidence.kind }).toEqual({
      verdict: 'met',
      encrypted: true,
      kind: 2,
    });
    const at = Date.parse(job.lastSuccess?.endedAt ?? '');
    expect(at).toBeGreaterThanOrEqual(before - 2000);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(job.targets).toMatchObject([{ kind: 'unknown' }]);
  });

  test('the checkpoint of an interrupted backup is no backup', async () => {
    const { run, source, env, repository, ask } = bench();
    const old = tool('faketime', ['-f', '-5d', 'borg', 'create', '::old', source], { env });
    expect(old.status, old.text).toBe(0);
    const backup = lasting('borg', ['create', '--checkpoint-interval', '1', '::new', '-'], env);
    const indexes = (): string =>
      readdirSync(repository)
        .filter((name) => name.startsWith('index.'))
        .join();
    const before = indexes();
    // As long as data comes, a checkpoint is written every second; each is a new index of the repository.
    while (indexes() === before) {
      backup.stdin?.write(randomBytes(4_000_000));
      await setTimeout(200);
    }
    await killed(backup, 'SIGKILL');
    expect(run('info', '--json', '--last', '5').text).toContain('new.checkpoint');
    const { job, verdict } = await ask();
    expect(verdict).toBe('not-met');
    expect(job.recentRuns).toHaveLength(1);
  });

  test('a wrong passphrase, a lock and a repository that is gone say why', async () => {
    const { run, source, env, repository, ask } = bench();
    expect(run('create', '::new', source).status).toBe(0);
    expect(await ask('falsch')).toMatchObject({ verdict: 'unknown', job: { reasons: ['wrong-password'] } });

    const holder = lasting('borg', ['with-lock', repository, 'sleep', '60'], env);
    while (!existsSync(join(repository, 'lock.exclusive'))) await setTimeout(10);
    expect(await ask()).toMatchObject({ verdict: 'unknown', job: { reasons: ['repository-locked'] } });
    await killed(holder, 'SIGTERM');

    renameSync(repository, `${repository}-away`);
    expect(await ask()).toMatchObject({ verdict: 'unknown', job: { reasons: ['target-unreachable'] } });
  });

  test('a backup with a missing source is there, as Borg keeps it', async () => {
    const { run, source, ask } = bench();
    expect(run('create', '::new', source, `${source}-gone`).status).toBe(1);
    expect(await ask()).toMatchObject({ verdict: 'met', job: { state: 'success' } });
  });

  test('borgmatic: its own list of the same repository', async () => {
    const { folder, repository, source, env } = bench();
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      `location:\n    source_directories:\n        - ${source}\n    repositories:\n        - ${repository}\nstorage:\n    encryption_passphrase: richtig\nhooks: {}\n`,
      { mode: 0o600 },
    );
    const ask = () => {
      const script = `export BORG_BASE_DIR=${folder}\nexec borgmatic --config ${config} info --json --last 20`;
      const hooks = [{ id: 'b', name: 'Server', product: 'borgmatic' as const, run: hookScript(folder, script) }];
      return judged(borg, pcWith({ borgmatic: '1.7.7' }), { hooks });
    };
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'never' } });
    const made = tool('borgmatic', ['--config', config, 'create'], { env });
    expect(made.status, made.text).toBe(0);
    expect(await ask()).toMatchObject({ verdict: 'met', job: { state: 'success', encrypted: true } });
    renameSync(repository, `${repository}-away`);
    expect(tool('borgmatic', ['--config', config, 'create'], { env }).status).not.toBe(0);
    expect(await ask()).toMatchObject({
      verdict: 'unknown',
      job: { state: 'unknown', reasons: ['target-unreachable'] },
    });
  });
});
