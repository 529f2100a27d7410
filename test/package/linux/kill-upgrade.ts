/** Kills an installation at a moment that is seen from outside, in files: the package itself knows nothing of being watched. */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { readTrial } from '../../../agent/upgrade/trial-file.ts';
import type { BootedSystem } from './booted-system.ts';

/** Short against every step, and long enough to leave the machine to the installation. */
const lookEveryMs = 5;

export interface Seen {
  /** Versions the service and the guard are started from; empty before there is one. */
  readonly current: string;
  readonly proven: string;
  readonly trial: string;
  readonly attempts: number;
  /** The delivered file is being unpacked; the executable is being tried. */
  readonly unpacking: boolean;
  readonly draft: boolean;
}

/** What stands there now. */
export function look(system: BootedSystem, version: string): Seen {
  const root = `/proc/${system.firstProcess()}/root`;
  const programs = join(root, 'usr/lib/kits-agent');
  const link = (name: string): string => {
    try {
      return readlinkSync(join(programs, name)).replace('versions/', '');
    } catch {
      return '';
    }
  };
  const record = readTrial(join(root, 'var/lib/kits-agent'));
  return {
    current: link('current'),
    proven: link('proven'),
    trial: record === undefined ? '' : `${record.to} ${record.state}${record.startedAt === undefined ? '' : ', begun'}`,
    attempts: record?.to === version ? record.attempts : 0,
    unpacking: existsSync(join(programs, 'payload/kits-agent.dpkg-new')),
    draft: existsSync(join(programs, 'versions', version, 'kits-agent.draft')),
  };
}

/** `everything`: as when the power goes, dpkg first, so that none of them can still tidy up. */
export type Victims = 'activate' | 'everything';

export interface Killed {
  /** Read again right after the kill. */
  readonly seen: Seen;
  readonly killed: readonly string[];
  /** Of dpkg; null when it was killed itself. */
  readonly exitCode: number | null;
}

export interface Kill {
  readonly deb: string;
  readonly version: string;
  readonly when: (seen: Seen) => boolean;
  readonly victims: Victims;
  /** From then on `activate` gets no more of the machine, so that it cannot end before that moment is seen. */
  readonly hold?: (seen: Seen) => boolean;
}

/** Throws when dpkg ends without that moment having come, or nothing was there to be killed. */
export async function killDuring(
  system: BootedSystem,
  { deb, version, when, victims, hold = () => false }: Kill,
): Promise<Killed> {
  const dpkg = system.start('dpkg', ['--install', deb]);
  const said: Buffer[] = [];
  dpkg.stdout?.resume();
  dpkg.stderr?.on('data', (piece: Buffer) => said.push(piece));
  const ended = once(dpkg, 'exit') as Promise<[number | null]>;
  for (let held = false; ; ) {
    await setTimeout(lookEveryMs);
    const seen = look(system, version);
    if (when(seen)) break;
    if (!held && hold(seen)) {
      held = true;
      for (const { pid } of processesOf(system, 'activate')) signal(pid, 'SIGSTOP');
    }
    if (dpkg.exitCode !== null || dpkg.signalCode !== null) {
      throw new Error(`dpkg ended with ${dpkg.exitCode} before it could be killed:\n${Buffer.concat(said)}`);
    }
  }
  const found = processesOf(system, victims);
  for (const { pid } of found) signal(pid, 'SIGKILL');
  const [exitCode] = await ended;
  if (found.length === 0) throw new Error('nothing was there to be killed');
  return { seen: look(system, version), killed: found.map(({ name }) => name), exitCode };
}

/** What was started by one that has been killed may be gone with it. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processesOf(system: BootedSystem, victims: Victims): { pid: number; name: string }[] {
  const namespaceOf = (pid: number | string): string => readlinkSync(`/proc/${pid}/ns/pid`);
  const ours = namespaceOf(system.firstProcess());
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [file = '', first = '', second = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const name =
          file.endsWith('payload/kits-agent') && first === 'activate' ? 'activate' : nameOf(file, second, first);
        return name !== undefined && namespaceOf(pid) === ours ? [{ pid: Number(pid), name }] : [];
      } catch {
        // Gone in the meantime.
        return [];
      }
    });
  const order = ['dpkg', 'postinst', 'activate'];
  return found
    .filter(({ name }) => victims === 'everything' || name === 'activate')
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** A script is seen as its shell with the script behind it. */
function nameOf(file: string, ...words: string[]): string | undefined {
  if (/(^|\/)dpkg(-deb)?$/.test(file)) return 'dpkg';
  return [file, ...words].some((word) => word.endsWith('kits-agent.postinst')) ? 'postinst' : undefined;
}
