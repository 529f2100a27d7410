/** Who may administer a Linux machine, whether it logs in by itself, and whether a policy locks its screen. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { atMost, byKey, clean, codeOf, defined, listOrNone, readRequired } from '../text.ts';
import { configReader } from './config-reader.ts';
import { parseDconf, screenLock } from './dconf.ts';
import { readSudoRights, type SudoRight } from './sudoers.ts';

type Accounts = NonNullable<FactsOf<'security'>['accounts']>;
type Administrator = NonNullable<Accounts['administrators']>[number];

export async function readAccounts(context: CollectContext): Promise<Accounts> {
  return defined({
    administrators: await attempt(context, 'administrators', () => readAdministrators(context)),
    automaticLogon: await attempt(context, 'automatic logon', () => readAutomaticLogon(context)),
    screenLockSeconds: await attempt(context, 'screen lock', () => readScreenLock(context)),
  });
}

/** A part that cannot be read is noted and left out. */
async function attempt<T>({ problem }: CollectContext, part: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    problem(codeOf(error), `${part}: ${(error as Error).message}`);
    return undefined;
  }
}

async function readAdministrators(context: CollectContext): Promise<Administrator[]> {
  const { machine, problem } = context;
  const users = parsePasswd(await readRequired(machine, '/etc/passwd'));
  const groups = parseGroup(await readRequired(machine, '/etc/group'));
  let rights: SudoRight[] = [];
  try {
    rights = await readSudoRights('/etc/sudoers', configReader(machine), (path, error) => {
      // An include that is not there gives nobody a right.
      if (codeOf(error) === 'not-found') return;
      problem(codeOf(error), `${path} cannot be read: who may administer is not complete`);
    });
  } catch (error) {
    // Without sudo only user number 0 may do everything.
    if (codeOf(error) !== 'not-found') throw error;
  }
  return atMost(administratorsOf(users, groups, rights), 200, 'administrators', context);
}

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
}

export function parsePasswd(text: string): User[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name !== undefined && name !== '' && uid !== undefined && /^\d+$/.test(uid) && gid !== undefined
      ? [{ name, uid, gid }]
      : [];
  });
}

export interface Group {
  readonly name: string;
  readonly gid: string;
  readonly members: readonly string[];
}

export function parseGroup(text: string): Group[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    return name !== undefined && name !== '' && gid !== undefined && /^\d+$/.test(gid)
      ? [{ name, gid, members: members?.trim().split(',').filter(Boolean) ?? [] }]
      : [];
  });
}

/** User number 0, everybody sudo lets do everything, and the members of the groups among them. Sorted by kind and id. */
export function administratorsOf(
  users: readonly User[],
  groups: readonly Group[],
  rights: readonly SudoRight[],
): Administrator[] {
  const found = new Map<string, Administrator>();
  const add = (id: string, kind: Administrator['kind'], more: Partial<Administrator>): void => {
    const name = clean(id, 190);
    if (name === undefined) return;
    const known = found.get(`${kind} ${name}`);
    found.set(`${kind} ${name}`, {
      ...known,
      ...more,
      id: name,
      kind,
      ...(known?.withoutPassword === true ? { withoutPassword: true } : {}),
    });
  };
  for (const { name, uid } of users)
    if (Number(uid) === 0) add(name, 'user', { local: true, ...(name === 'root' ? { builtIn: true } : {}) });
  for (const { id, kind, withoutPassword } of rights) {
    if (kind !== 'group') {
      const user = users.find(({ name, uid }) => name === id || `#${uid}` === id);
      // A number 0 is an administrator without sudo and asks itself for nothing.
      if (user !== undefined && Number(user.uid) === 0) continue;
      add(user?.name ?? id, kind, { local: user !== undefined, withoutPassword });
      continue;
    }
    const group = groups.find(({ name, gid }) => name === id || `#${gid}` === id);
    add(group?.name ?? id, 'group', { local: group !== undefined, withoutPassword });
    const members =
      group === undefined
        ? []
        : [...group.members, ...users.filter(({ gid }) => gid === group.gid).map(({ name }) => name)];
    for (const member of members) {
      const user = users.find(({ name }) => name === member);
      if (user === undefined || Number(user.uid) !== 0)
        add(member, 'user', { local: user !== undefined, withoutPassword });
    }
  }
  return byKey([...found.values()], ({ kind, id }) => `${kind} ${id}`);
}

/** Settings of the display managers, and of the text console. */
async function readAutomaticLogon({ machine }: CollectContext): Promise<boolean> {
  const directories: readonly (readonly [string, RegExp])[] = [
    ['/etc/gdm3', /^(daemon|custom)\.conf$/],
    ['/etc/lightdm', /^lightdm\.conf$/],
    ['/etc/lightdm/lightdm.conf.d', /\.conf$/],
    ['/etc/sddm.conf.d', /\.conf$/],
    ['/etc', /^sddm\.conf$/],
    ['/etc/systemd/system/getty@tty1.service.d', /\.conf$/],
    ['/etc/systemd/system/getty@.service.d', /\.conf$/],
  ];
  // A tree without /etc says nothing about logons.
  await readRequired(machine, '/etc/passwd');
  for (const [directory, wanted] of directories) {
    for (const name of (await listOrNone(machine, directory)).filter((one) => wanted.test(one))) {
      if (logsInByItself(await readRequired(machine, `${directory}/${name}`))) return true;
    }
  }
  return false;
}

/** gdm, lightdm, sddm and agetty, each in its own word for it. */
export function logsInByItself(settings: string): boolean {
  return settings
    .split('\n')
    .some((line) =>
      /^\s*(?:(?:Automatic|Timed)LoginEnable\s*=\s*(?:true|1|yes)\b|autologin-user\s*=\s*\S|autologin-guest\s*=\s*true|User\s*=\s*\S|ExecStart=.*\s(?:--autologin|-a)[\s=])/i.test(
        line,
      ),
    );
}

/** Only what a policy locks counts: everything else the user may change. */
async function readScreenLock({ machine, problem }: CollectContext): Promise<number | undefined> {
  const databases = (await listOrNone(machine, '/etc/dconf/db')).filter((name) => name.endsWith('.d'));
  for (const database of databases) {
    const read = async (directory: string): Promise<string[]> =>
      Promise.all(
        (await listOrNone(machine, directory))
          .filter((name) => name !== 'locks' && !name.startsWith('.'))
          .map((name) => readRequired(machine, `${directory}/${name}`)),
      );
    const settings = parseDconf((await read(`/etc/dconf/db/${database}`)).join('\n'));
    const locks = (await read(`/etc/dconf/db/${database}/locks`)).flatMap((text) =>
      text.split('\n').map((line) => line.trim()),
    );
    const seconds = screenLock(settings, new Set(locks));
    if (seconds !== undefined) return seconds;
  }
  problem('not-present', 'screen lock: no policy of dconf fixes it');
  return undefined;
}
