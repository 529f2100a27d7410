/** What tests with the real tools share: a folder only root can reach, hooks in it, and the agent's answer and verdict. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { collectBackups } from '../../../../agent/backup/collector.ts';
import { createBackupMemory } from '../../../../agent/backup/memory.ts';
import type { BackupProduct } from '../../../../agent/backup/product.ts';
import { type BackupSources, backupSources } from '../../../../agent/backup/sources.ts';
import { backupFacts } from '../../../../agent/contract/facts/backup.ts';
import { defaultBackupPolicy, defaultThresholds } from '../../../../agent/contract/policy.ts';
import type { Machine } from '../../../../agent/platform/machine.ts';
import { runHook } from '../../../../agent/platform/run-hook.ts';
import { evaluateRules } from '../../../../agent/rules/rule.ts';
import { type RecordedTree, recordedMachine } from '../../../fakes/recorded-machine.ts';
import { dpkgStatus } from '../../../fixtures/backup/linux.ts';
import { contextOf } from '../../collectors/context.ts';

/** Not below the folder for temporary files, from which no hook is run. */
export function rootFolder(name: string): string {
  const folder = mkdtempSync(`/var/lib/kits-${name}-test-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function hookScript(folder: string, script: string): string {
  const file = join(folder, 'hook');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o700);
  return file;
}

/** The exit code, and everything the program said. */
export function tool(
  program: string,
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string } = {},
): { status: number; text: string; stderr: string } {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.env };
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, input: options.input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status: status ?? -1, text: `${stdout}${stderr}`, stderr };
}

/** A program that stays; ended with the test, whatever becomes of it. */
export function lasting(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(program, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin?.on('error', () => undefined);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** This PC with the real way to run hooks; what else there is comes from `tree`. */
export function pcWith(packages: Readonly<Record<string, string>>, tree: RecordedTree = {}): Machine {
  return recordedMachine({ '/var/lib/dpkg/status': dpkgStatus(packages), ...tree }, { runHook, hostname: hostname() });
}

/** The product's only job and the verdict of the rule when it is all there is. `days`: how much later the agent looks. */
export async function judged(
  product: BackupProduct,
  machine: Machine,
  sources: Partial<BackupSources>,
  { days = 0, lastSuccess = undefined as readonly [job: string, at: Date] | undefined } = {},
) {
  const now = new Date(Date.now() + days * 86_400_000);
  const values = new Map<string, unknown>();
  const memory = createBackupMemory({
    recall: (key) => values.get(key),
    remember: (key, value) => void values.set(key, value),
  });
  if (lastSuccess !== undefined) {
    const evidence = { kind: 2, source: 'an earlier round' };
    const known = { endedAt: lastSuccess[1].toISOString(), result: 'success' as const, evidence };
    memory.keep(new Map([[`${product.id} ${lastSuccess[0]}`, known]]));
  }
  const problems: string[] = [];
  const facts = backupFacts.parse(
    await collectBackups(
      {
        ...contextOf(machine),
        now,
        signal: new AbortController().signal,
        problem: (code, detail) => problems.push(`${code}: ${detail}`),
        backup: { sources: backupSources.parse(sources), memory },
      },
      [product],
    ),
  );
  const section = {
    id: 'backup' as const,
    state: 'complete' as const,
    collectedAt: now.toISOString(),
    data: facts,
    problems: [],
  };
  const verdicts = evaluateRules({
    sections: new Map([['backup', section]]),
    thresholds: defaultThresholds,
    backup: defaultBackupPolicy,
    now,
  });
  const [job, ...others] = facts.products[0]?.jobs ?? [];
  if (job === undefined || others.length > 0) throw new Error(`not one job: ${JSON.stringify(facts.products)}`);
  return { job, problems, verdict: verdicts.find(({ ruleId }) => ruleId === 'backup-recent')?.verdict };
}
