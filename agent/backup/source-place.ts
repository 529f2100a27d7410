/** With whose rights a file is read, and what it is worth, by where it lies. */
import type { Machine, Reader } from '../platform/machine.ts';
import type { BackupContext, JobRecord } from './product.ts';

export interface SourcePlace {
  readonly reader: Pick<Reader, 'readText'>;
  readonly writableBy: JobRecord['writableBy'];
}

/** Everybody writes here, or a person whose account is kept elsewhere (a domain's has no line in /etc/passwd). */
const open = /^\/(tmp|var\/tmp|dev\/shm|run\/user|home)\/|^[a-z]:\\(users|temp|windows\\temp)\\/i;

/** A file in somebody's home is read with that person's rights: it may be a link to what the person must not see. */
export async function placeOf(
  context: Pick<BackupContext, 'machine' | 'users' | 'profile'>,
  path: string,
): Promise<SourcePlace> {
  const owner = (await context.users()).find(({ home }) => path.startsWith(home.endsWith('/') ? home : `${home}/`));
  if (owner !== undefined) return { reader: context.profile(owner), writableBy: 'user' };
  const writableBy = open.test(path) || (await peopleReach(context.machine, path)) ? 'user' : 'administrator';
  return { reader: context.machine, writableBy };
}

/** Whether a person could change the file or put another one, or another folder, in its place. */
async function peopleReach(machine: Machine, path: string): Promise<boolean> {
  if (machine.platform !== 'linux') return false;
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    try {
      if ((await machine.stat(at === '' ? '/' : at)).changeableByPeople === true) return true;
    } catch {
      // Not there: reading it will say so, and nothing is believed of what is not read.
    }
    if (at === '') return false;
  }
}
