/** Who administers a Windows PC and how people get in: by SID, because names of groups are translated. */
import { z } from 'zod';
import type { SecurityFacts } from '../../contract/facts/security.ts';
import type { CollectContext } from '../collector.ts';
import { atMost, byKey } from '../text.ts';
import { registryKey, type WindowsDocument } from './document.ts';
import { flag, listOf, words } from './values.ts';

type Accounts = NonNullable<SecurityFacts['accounts']>;
type Administrator = NonNullable<Accounts['administrators']>[number];

const sid = z.string().regex(/^S-1-[0-9-]{1,180}$/);
const groupsSchema = z.object({
  members: listOf(z.object({ sid, class: words }), 500),
  users: listOf(z.object({ sid, enabled: flag }), 500),
  groups: listOf(sid, 500),
});

const logonSchema = z.object({
  uac: registryKey,
  logon: registryKey,
  passwordThere: flag,
  lapsDevice: registryKey,
  lapsPolicy: registryKey,
  lapsLocal: registryKey,
  lapsLegacy: registryKey,
});
type Logon = z.output<typeof logonSchema>;

const profile = z.object({ policy: registryKey, setting: registryKey });
const screenSchema = z.object({ profiles: listOf(profile, 100) });

const longestLockSeconds = 86_400;
/** Numbers at the end of the SIDs every Windows and every domain has. */
const endOf = {
  administrator: '-500',
  guest: '-501',
  domainGroups: /-(?:512|513|515|516|518|519|520|544|545|546)$/,
} as const;

export function readAccounts(
  document: WindowsDocument,
  context: Pick<CollectContext, 'problem'>,
): Accounts | undefined {
  const people = document.read('administrators', groupsSchema);
  const logon = document.read('hardening', logonSchema, { quiet: true });
  const accounts: Accounts = {
    ...(people.kind === 'read' ? peopleOf(people.data, context) : {}),
    ...(logon.kind === 'read' ? logonOf(logon.data) : {}),
  };
  const lock = lockSeconds(document, logon.kind === 'read' ? logon.data.uac : undefined);
  if (lock !== undefined) accounts.screenLockSeconds = lock;
  return Object.keys(accounts).length === 0 ? undefined : accounts;
}

function peopleOf(
  { members, users, groups }: z.output<typeof groupsSchema>,
  context: Pick<CollectContext, 'problem'>,
): Pick<Accounts, 'administrators' | 'guestEnabled'> {
  const guest = users.items.find((user) => isLocal(user.sid) && user.sid.endsWith(endOf.guest))?.enabled;
  const guestFact = guest === undefined ? {} : { guestEnabled: guest };
  // A list with holes is no list of who may administer. Somebody is always in this group: an empty one was not read.
  if (members.broken > 0 || members.items.length === 0) {
    context.problem('unreadable', 'administrators: the members of S-1-5-32-544 cannot be read in full');
    return guestFact;
  }
  const enabled = new Map(users.items.map((user) => [user.sid, user.enabled]));
  const found = new Map<string, Administrator>();
  for (const member of members.items) {
    const local = enabled.has(member.sid) || groups.items.includes(member.sid);
    const on = enabled.get(member.sid);
    found.set(member.sid, {
      id: member.sid,
      kind: kindOf(member, enabled, groups.items),
      ...(users.broken === 0 && groups.broken === 0 ? { local } : {}),
      builtIn: local && isLocal(member.sid) && member.sid.endsWith(endOf.administrator),
      ...(on === undefined ? {} : { enabled: on }),
    });
  }
  return {
    administrators: atMost(
      byKey([...found.values()], ({ id }) => id),
      200,
      'administrators',
      context,
    ),
    ...guestFact,
  };
}

function isLocal(id: string): boolean {
  return id.startsWith('S-1-5-21-');
}

function kindOf(
  member: { sid: string; class: string | undefined },
  users: ReadonlyMap<string, unknown>,
  groups: readonly string[],
): Administrator['kind'] {
  if (users.has(member.sid)) return 'user';
  if (groups.includes(member.sid) || endOf.domainGroups.test(member.sid)) return 'group';
  // ADSI's names of classes are not translated, unlike those of the cmdlet, which the script leaves out.
  if (member.class === 'Group') return 'group';
  if (member.class === 'User') return 'user';
  return isLocal(member.sid) && member.sid.endsWith(endOf.administrator) ? 'user' : 'unknown';
}

function logonOf(logon: Logon): Partial<Accounts> {
  const automatic = logon.logon.number('AutoAdminLogon');
  const automaticLogon =
    automatic === undefined ? (logon.logon.unset('AutoAdminLogon') ? false : undefined) : automatic !== 0;
  const rotation = rotationOf(logon);
  return {
    ...(automaticLogon === undefined ? {} : { automaticLogon }),
    ...(logon.passwordThere === undefined || logon.logon.state !== 'ok'
      ? {}
      : { plainLogonPassword: logon.passwordThere }),
    ...(rotation === undefined ? {} : { passwordRotation: rotation }),
  };
}

/** The first policy that exists counts, as Windows does it; the old product only where none of Windows' own is set. */
function rotationOf({ lapsDevice, lapsPolicy, lapsLocal, lapsLegacy }: Logon): Accounts['passwordRotation'] {
  for (const key of [lapsDevice, lapsPolicy, lapsLocal]) {
    if (key.state === 'absent') continue;
    if (key.state !== 'ok') return undefined;
    const directory = key.number('BackupDirectory');
    if (directory === 1) return 'entra';
    if (directory === 2) return 'active-directory';
    return directory === 0 || key.unset('BackupDirectory') ? 'off' : undefined;
  }
  if (lapsLegacy.number('AdmPwdEnabled') === 1) return 'legacy';
  return lapsLegacy.number('AdmPwdEnabled') === 0 || lapsLegacy.unset('AdmPwdEnabled') ? 'off' : undefined;
}

/** The lock of the machine, or else the longest among the loaded profiles; unknown while nobody is logged on. */
function lockSeconds(document: WindowsDocument, machine: z.output<typeof registryKey> | undefined): number | undefined {
  const limit = machine?.number('InactivityTimeoutSecs');
  if (limit !== undefined && limit > 0 && limit <= longestLockSeconds) return limit;
  const read = document.read('screenLock', screenSchema);
  if (read.kind !== 'read' || read.data.profiles.broken > 0 || read.data.profiles.items.length === 0) return undefined;
  const locks = read.data.profiles.items.map(lockOf);
  if (locks.some((seconds) => seconds === 0)) return 0;
  const known = locks.filter((seconds) => seconds !== undefined);
  return known.length === locks.length ? Math.max(...known) : undefined;
}

/** 0 = this profile never locks by itself; undefined = not known. A policy wins over the person's own setting, value by value. */
function lockOf({ policy, setting }: z.output<typeof profile>): number | undefined {
  const value = (name: string): number | undefined => {
    if (policy.unset(name)) return setting.unset(name) ? 0 : setting.number(name);
    return policy.number(name);
  };
  const [active, secure, seconds] = [
    value('ScreenSaveActive'),
    value('ScreenSaverIsSecure'),
    value('ScreenSaveTimeOut'),
  ];
  if (active === 0 || secure === 0 || seconds === 0) return 0;
  if (active !== 1 || secure !== 1 || seconds === undefined) return undefined;
  return seconds > 0 && seconds <= longestLockSeconds ? seconds : undefined;
}
