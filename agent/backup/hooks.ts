/** Programs of the administrator that ask a backup tool with the password the agent never has (`backup.hooks`). */
import type { BackupReason } from '../contract/facts/backup.ts';
import type { BackupContext, JobRecord, Target } from './product.ts';
import type { BackupHook } from './sources.ts';

/** Some repositories answer over slow lines; the round has four minutes for everything. */
const timeoutMs = 60_000;
/** A list of snapshots is long; what is older than these is not shown anyway. */
export const maxHookRuns = 100;

export type HookAnswer = { readonly text: string } | { readonly reasons: readonly BackupReason[] };

/** What the hook printed, or why there is nothing to read; a hook that must not be run is also noted as a gap. */
export async function askHook(
  { machine, signal, problem }: Pick<BackupContext, 'machine' | 'signal' | 'problem'>,
  hook: BackupHook,
): Promise<HookAnswer> {
  const outcome = await machine.runHook(hook.run, { timeoutMs, signal });
  switch (outcome.kind) {
    case 'unsafe':
      problem('denied', `the hook "${hook.id}" was not run: ${outcome.why}`);
      return { reasons: ['source-denied'] };
    case 'not-found':
      return { reasons: ['source-missing'] };
    case 'timeout':
      problem('timeout', `the hook "${hook.id}" did not end within ${timeoutMs / 1000} s`);
      return { reasons: ['source-unreadable'] };
    case 'too-much-output':
      return { reasons: ['source-too-large'] };
    case 'exited': {
      if (outcome.exitCode === 0) return { text: outcome.stdout };
      const reason = reasonOfExit(outcome.exitCode) ?? reasonOfWords(outcome.stderr);
      return { reasons: [reason ?? 'source-unreadable'] };
    }
  }
}

/** Exit codes restic has for three causes since 0.17; earlier versions say 1 for each. */
function reasonOfExit(code: number): BackupReason | undefined {
  const known: Readonly<Record<number, BackupReason>> = {
    10: 'target-unreachable',
    11: 'repository-locked',
    12: 'wrong-password',
  };
  return known[code];
}

/** Causes in the words of restic, Borg and Kopia, none of which is translated. */
const words: readonly (readonly [RegExp, BackupReason])[] = [
  [
    /wrong password|passphrase supplied in .* is incorrect|PassphraseWrong|invalid repository password/i,
    'wrong-password',
  ],
  [
    /unable to create lock|repository is already locked|Failed to create\/acquire the lock|LockTimeout|LockError/i,
    'repository-locked',
  ],
  [/no space left on device|InsufficientFreeSpace|Insufficient free space|quota exceeded/i, 'target-full'],
  [
    /Is there a repository at|unable to open config file|Repository .* does not exist|not a valid repository|ConnectionClosed|connection (?:closed|refused|reset|timed out)|could not resolve|no route to host|no such host|network is unreachable|i\/o timeout|repository not (?:initialized|connected)/i,
    'target-unreachable',
  ],
];

export function reasonOfWords(text: string): BackupReason | undefined {
  return words.find(([pattern]) => pattern.test(text))?.[1];
}

/** The part of a job that does not depend on what the hook said. */
export function jobOfHook(
  hook: BackupHook,
  targets: readonly Target[],
): Pick<JobRecord, 'id' | 'name' | 'writableBy' | 'targets'> {
  return { id: `hook ${hook.id}`, name: hook.name, writableBy: 'administrator', targets };
}
