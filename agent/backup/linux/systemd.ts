/** State of systemd's units, for any number of them with one program; what a unit's exit code says about a backup. */
import { clean } from '../../collectors/text.ts';
import type { BackupContext, RunRecord } from '../product.ts';

export interface UnitState {
  /** With its suffix. */
  readonly name: string;
  /** False: there is no such unit. */
  readonly exists: boolean;
  /** "active", "activating", "inactive", "failed" … */
  readonly active: string;
  /** "enabled", "disabled", "static", "masked" …; absent where systemd has no file for it. */
  readonly file?: string;
  /** "success", "exit-code", "signal", "timeout" …: of the last run since the PC was started. */
  readonly result?: string;
  /** Exit code, or the number of the signal where `endedBySignal`. */
  readonly exitStatus?: number;
  readonly endedBySignal?: true;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** Of timers. */
  readonly nextElapseAt?: Date;
  readonly lastTriggerAt?: Date;
}

/** By name. `no-systemd`: there is no systemd to ask; `unreadable`: there is one, and it did not answer. */
export type UnitStates = ReadonlyMap<string, UnitState> | 'no-systemd' | 'unreadable';

const timeoutMs = 15_000;
const maxUnits = 64;
const unitName = /^[A-Za-z0-9:_.@\\-]{1,250}\.(service|timer)$/;
const properties = [
  'Id',
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'Result',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestamp',
  'ExecMainExitTimestamp',
  'NextElapseUSecRealtime',
  'LastTriggerUSec',
];

/** Names that are no name of a service or timer are left out. */
export async function unitStates(
  { machine, signal }: Pick<BackupContext, 'machine' | 'signal'>,
  units: readonly string[],
): Promise<UnitStates> {
  const asked = [...new Set(units)].filter((name) => unitName.test(name)).slice(0, maxUnits);
  if (asked.length === 0) return new Map();
  // "--all": a property without a value is printed too, so that each unit is a block of its own.
  const args = ['show', '--no-pager', '--all', `--property=${properties.join(',')}`, '--', ...asked];
  const outcome = await machine.run('systemctl', args, { timeoutMs, signal });
  if (outcome.kind === 'not-found') return 'no-systemd';
  if (outcome.kind !== 'exited') return 'unreadable';
  if (outcome.exitCode === 0) return parseUnitStates(outcome.stdout, asked);
  return /not been booted with systemd/.test(outcome.stderr) ? 'no-systemd' : 'unreadable';
}

/** Blocks of `systemctl show`, one for each unit asked for, in that order; a unit may answer under another name. */
export function parseUnitStates(text: string, asked: readonly string[]): ReadonlyMap<string, UnitState> {
  const blocks = text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
  const states = new Map<string, UnitState>();
  if (blocks.length !== asked.length) return states;
  for (const [index, name] of asked.entries()) states.set(name, parseUnit(name, blocks[index] ?? ''));
  return states;
}

function parseUnit(name: string, block: string): UnitState {
  const values = new Map(
    block.split('\n').map((line) => {
      const end = line.indexOf('=');
      return [line.slice(0, end), line.slice(end + 1).trim()];
    }),
  );
  const word = (key: string): string | undefined => clean(values.get(key), 40);
  const status = values.get('ExecMainStatus') ?? '';
  const code = values.get('ExecMainCode');
  const endedAt = parseUnitTime(values.get('ExecMainExitTimestamp'));
  return {
    name,
    exists: word('LoadState') === 'loaded' || word('LoadState') === 'masked',
    active: word('ActiveState') ?? 'unknown',
    ...present('file', word('UnitFileState')),
    ...present('result', word('Result')),
    ...(endedAt !== undefined && /^\d{1,3}$/.test(status) ? { exitStatus: Number(status) } : {}),
    // CLD_KILLED and CLD_DUMPED.
    ...(code === '2' || code === '3' ? { endedBySignal: true as const } : {}),
    ...present('startedAt', parseUnitTime(values.get('ExecMainStartTimestamp'))),
    ...present('endedAt', endedAt),
    ...present('nextElapseAt', parseUnitTime(values.get('NextElapseUSecRealtime'))),
    ...present('lastTriggerAt', parseUnitTime(values.get('LastTriggerUSec'))),
  };
}

function present<K extends string, T>(key: K, value: T | undefined): { [key in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: T });
}

/**
 * "Tue 2026-11-24 01:05:02 UTC", which is how every version prints a time where the zone is UTC. Old versions print some as
 * spans ("48y 3w 3d 15h"): those say nothing.
 */
export function parseUnitTime(text: string | undefined): Date | undefined {
  const match = /^[A-Z][a-z]{2} (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? UTC$/.exec(text ?? '');
  if (match === null) return undefined;
  const time = new Date(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/**
 * The last run of a service as its exit code tells it: the program ended, which is not yet proof of a backup (rung 4).
 * Undefined when there was none since the PC was started.
 */
export function runOfUnit(state: UnitState, warningExitCodes: readonly number[] = []): RunRecord | undefined {
  const { startedAt, endedAt } = state;
  if (startedAt === undefined) return undefined;
  const evidence = { kind: 4, source: `systemd ${state.name}` } as const;
  const isOver = endedAt !== undefined && endedAt.getTime() >= startedAt.getTime();
  if (!isOver) {
    const runs = state.active === 'activating' || state.active === 'active';
    return { startedAt, result: runs ? 'running' : 'unknown', evidence };
  }
  const { result = 'unknown', exitStatus } = state;
  const code = `${result}${exitStatus === undefined ? '' : ` ${exitStatus}`}`;
  return { startedAt, endedAt, code, evidence, result: resultOf(state, warningExitCodes) };
}

function resultOf({ result, exitStatus, endedBySignal }: UnitState, warnings: readonly number[]): RunRecord['result'] {
  if (endedBySignal === true) return result === 'oom-kill' || result === 'core-dump' ? 'failed' : 'cancelled';
  if (exitStatus !== undefined && warnings.includes(exitStatus)) return 'warning';
  if (result === undefined || exitStatus === undefined) return 'unknown';
  if (result !== 'success') return 'failed';
  // A code the unit itself calls a success ("SuccessExitStatus=").
  return exitStatus === 0 ? 'success' : 'warning';
}
