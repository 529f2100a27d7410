/** Backup servers and repository hosts: whoever holds such a token may say what is kept of the devices of one municipality. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { plainText } from '../../agent/rules/wording.ts';
import type { BackupServer, createdBackupServer } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import { makeSecret, secretHash } from '../staff/secret.ts';
import type { Database } from '../store/database.ts';
import { findMunicipality } from './municipalities.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, backupServersIn, type FleetContext, type Scope } from './scope.ts';

/** Who speaks, as its token says. */
export interface KnownBackupServer {
  readonly id: string;
  /** Its municipality, and nothing else. */
  readonly scope: Scope;
}

/** The answer holds the secret, the only time it is ever shown. Throws `Refusal` not-found, invalid or name-taken. */
export async function createBackupServer(
  context: FleetContext,
  actor: Actor,
  request: { readonly municipalityId: string; readonly name: string },
): Promise<z.infer<typeof createdBackupServer>> {
  const { secret, hash } = makeSecret('kits-backup-');
  const id = randomUUID();
  const at = context.now();
  const name = plainText(request.name.normalize('NFC'));
  if (name === '' || name.length > 120) {
    throw new Refusal('invalid', {
      de: 'Der Name des Sicherungsservers muss 1 bis 120 Zeichen haben.',
      en: 'The name of the backup server must have 1 to 120 characters.',
    });
  }
  await context.db.transaction().execute(async (trx) => {
    const municipality = await findMunicipality(trx, actor.scope, request.municipalityId);
    await refuseTaken(trx, municipality.id, name);
    await trx
      .insertInto('backup_servers')
      .values({
        id,
        municipality_id: municipality.id,
        name,
        secret_hash: hash,
        created_at: at.toISOString(),
        created_by: actor.name.slice(0, 120),
      })
      .execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'backup-server.create',
      municipalityId: municipality.id,
      target: id,
      detail: { name },
    });
  });
  const made = (await listBackupServers(context, actor.scope)).find((server) => server.id === id);
  if (made === undefined) throw notFound();
  return { ...made, token: secret };
}

async function refuseTaken(trx: Database, municipalityId: string, name: string): Promise<void> {
  const taken = await trx
    .selectFrom('backup_servers')
    .select('id')
    .where('municipality_id', '=', municipalityId)
    .where('name', '=', name)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (taken === undefined) return;
  throw new Refusal('name-taken', {
    de: `Ein Sicherungsserver „${name}“ ist für diese Gemeinde schon eingetragen. Widerrufen Sie ihn zuerst, oder wählen Sie einen anderen Namen.`,
    en: `There is a backup server "${name}" for this municipality already. Revoke it first, or choose another name.`,
  });
}

/** Youngest first. */
export async function listBackupServers({ db }: FleetContext, scope: Scope): Promise<BackupServer[]> {
  const rows = await backupServersIn(db, scope)
    .innerJoin('municipalities', 'municipalities.id', 'backup_servers.municipality_id')
    .selectAll('backup_servers')
    .select(['municipalities.name as municipality_name'])
    .select(({ selectFrom }) =>
      selectFrom('backup_evidence')
        .whereRef('backup_evidence.server_id', '=', 'backup_servers.id')
        .select(({ fn }) => fn.count<number>('backup_evidence.device_id').distinct().as('devices'))
        .as('devices'),
    )
    .orderBy('backup_servers.created_at', 'desc')
    .orderBy('backup_servers.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    municipality: { id: row.municipality_id, name: row.municipality_name },
    name: row.name,
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    devices: Number(row.devices ?? 0),
  }));
}

/**
 * From now on it is not heard, and what it said does not count any more; the devices are judged anew with the next tick.
 * Revoking twice keeps the first time. Throws `Refusal` not-found.
 */
export async function revokeBackupServer({ db, now }: FleetContext, actor: Actor, id: string): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const server = await backupServersIn(trx, actor.scope)
      .where('backup_servers.id', '=', id)
      .select(['backup_servers.municipality_id', 'backup_servers.name', 'backup_servers.revoked_at'])
      .executeTakeFirst();
    if (server === undefined) throw notFound();
    if (server.revoked_at !== null) return;
    await trx.updateTable('backup_servers').set({ revoked_at: at.toISOString() }).where('id', '=', id).execute();
    const named = trx.selectFrom('backup_evidence').select('device_id').where('server_id', '=', id);
    await trx.updateTable('devices').set({ judged_at: null }).where('id', 'in', named).execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'backup-server.revoke',
      municipalityId: server.municipality_id,
      target: id,
      detail: { name: server.name },
    });
  });
}

/** `undefined` when the token is not, or no longer, valid. */
export async function backupServerOfToken({ db }: FleetContext, token: string): Promise<KnownBackupServer | undefined> {
  const row = await db
    .selectFrom('backup_servers')
    .select(['id', 'municipality_id'])
    .where('secret_hash', '=', secretHash(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && { id: row.id, scope: { role: 'viewer', municipalities: [row.municipality_id] } };
}
