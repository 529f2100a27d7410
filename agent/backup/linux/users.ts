/** People with an account on this Linux PC, from /etc/passwd: whose profiles may hold a backup tool of their own. */
import type { Machine } from '../../platform/machine.ts';

export interface LocalUser {
  readonly uid: number;
  readonly gid: number;
  /** Absolute path. */
  readonly home: string;
}

/** Accounts of people begin here on Debian and stay below the ids of services made by systemd (61184). */
const firstPerson = 1000;
const lastPerson = 60_000;
/** A terminal server has more; a backup tool in each of their profiles is no backup of the PC. */
const maxUsers = 20;

/** Throws `ReadError` when the list of accounts cannot be read. */
export async function localUsers(machine: Machine): Promise<LocalUser[]> {
  const text = await machine.readText('/etc/passwd');
  const users: LocalUser[] = [];
  for (const line of text.split('\n')) {
    const [, , uid = '', gid = '', , home = '', shell = ''] = line.split(':');
    if (!/^\d{1,9}$/.test(uid) || !/^\d{1,9}$/.test(gid)) continue;
    const number = Number(uid);
    if (number < firstPerson || number >= lastPerson) continue;
    if (!home.startsWith('/') || home === '/' || /\/(nologin|false)$/.test(shell)) continue;
    users.push({ uid: number, gid: Number(gid), home });
  }
  return users.slice(0, maxUsers);
}
