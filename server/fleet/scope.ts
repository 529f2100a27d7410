/**
 * The tenant-scoped layer: what a member of staff or a script may reach. Devices, groups, policies, updates,
 * backup servers, exceptions, notices, rollouts, tokens, municipalities and the audit record are read through these functions only, so that no query can forget whose data it touches.
 */
import type { Role } from '../api/contract.ts';
import type { ServerContext } from '../context.ts';
import type { Database } from '../store/database.ts';

export type FleetContext = Pick<ServerContext, 'db' | 'now'>;

export interface Scope {
  readonly role: Role;
  /** A list is never empty: nobody becomes "all" by losing the last entry. */
  readonly municipalities: 'all' | readonly [string, ...string[]];
}

/** Who acts: `name` stands in the audit record. */
export interface Actor {
  readonly name: string;
  readonly scope: Scope;
}

export const everything: Scope = { role: 'admin', municipalities: 'all' };

/** Each role may do what the ones before it may. */
const rising: readonly Role[] = ['viewer', 'technician', 'admin'];

export function holdsRole(scope: Scope, needed: Role): boolean {
  return rising.indexOf(scope.role) >= rising.indexOf(needed);
}

/** Ids as stored for a user or an API token; none stored = all municipalities. */
export function reachOf(stored: readonly string[]): Scope['municipalities'] {
  const [first, ...more] = stored;
  return first === undefined ? 'all' : [first, ...more];
}

export function devicesIn(db: Database, { municipalities }: Scope) {
  const devices = db.selectFrom('devices');
  return municipalities === 'all' ? devices : devices.where('devices.municipality_id', 'in', municipalities);
}

export function tokensIn(db: Database, { municipalities }: Scope) {
  const tokens = db.selectFrom('enrolment_tokens');
  return municipalities === 'all' ? tokens : tokens.where('enrolment_tokens.municipality_id', 'in', municipalities);
}

export function municipalitiesIn(db: Database, { municipalities }: Scope) {
  const all = db.selectFrom('municipalities');
  return municipalities === 'all' ? all : all.where('municipalities.id', 'in', municipalities);
}

/** Entries that belong to no municipality (sign-ins, users) are for administrators of the whole district only. */
export function auditIn(db: Database, { municipalities, role }: Scope) {
  const audit = db.selectFrom('audit');
  if (municipalities !== 'all') return audit.where('audit.municipality_id', 'in', municipalities);
  return role === 'admin' ? audit : audit.where('audit.municipality_id', 'is not', null);
}

/** How far releases are rolled out; '' = all municipalities, which is for everybody to read. */
export function releaseRolloutsIn(db: Database, { municipalities }: Scope) {
  const rollouts = db.selectFrom('release_rollouts');
  return municipalities === 'all'
    ? rollouts
    : rollouts.where('release_rollouts.municipality_id', 'in', ['', ...municipalities]);
}

/** Sums over devices; they name no device. */
export function updateCountsIn(db: Database, { municipalities }: Scope) {
  const counts = db.selectFrom('update_counts');
  return municipalities === 'all' ? counts : counts.where('update_counts.municipality_id', 'in', municipalities);
}

export function exceptionsIn(db: Database, { municipalities }: Scope) {
  const exceptions = db.selectFrom('exceptions');
  return municipalities === 'all' ? exceptions : exceptions.where('exceptions.municipality_id', 'in', municipalities);
}

/** Deleted ones too. */
export function groupsIn(db: Database, { municipalities }: Scope) {
  const groups = db.selectFrom('device_groups');
  return municipalities === 'all' ? groups : groups.where('device_groups.municipality_id', 'in', municipalities);
}

/** What the district decides is for everybody to read: it is in force on their devices. */
export function policiesIn(db: Database, { municipalities }: Scope) {
  const policies = db.selectFrom('policies');
  if (municipalities === 'all') return policies;
  return policies.where(({ eb, or }) =>
    or([eb('policies.municipality_id', 'is', null), eb('policies.municipality_id', 'in', municipalities)]),
  );
}

/** As `policiesIn`: all versions there ever were. */
export function policyVersionsIn(db: Database, { municipalities }: Scope) {
  const versions = db.selectFrom('policy_versions');
  if (municipalities === 'all') return versions;
  return versions.where(({ eb, or }) =>
    or([
      eb('policy_versions.municipality_id', 'is', null),
      eb('policy_versions.municipality_id', 'in', municipalities),
    ]),
  );
}

/** As they were signed, those to come and those that are over. */
export function noticesIn(db: Database, { municipalities }: Scope) {
  const notices = db.selectFrom('notices');
  return municipalities === 'all' ? notices : notices.where('notices.municipality_id', 'in', municipalities);
}

export function backupServersIn(db: Database, { municipalities }: Scope) {
  const servers = db.selectFrom('backup_servers');
  return municipalities === 'all' ? servers : servers.where('backup_servers.municipality_id', 'in', municipalities);
}
