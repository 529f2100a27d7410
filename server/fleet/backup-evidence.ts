/** The target side's word: what backup servers hold of a device. A device is named, never guessed. */
import type { Words } from '../../agent/rules/wording.ts';
import type { EvidenceRefusal, EvidenceResult } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { KnownBackupServer } from './backup-servers.ts';
import { evaluateDevice } from './evaluate.ts';
import type { EvidenceWord, Read } from './evidence-words.ts';
import { devicesIn, type FleetContext, type Scope } from './scope.ts';

/** Judged before the answer; with more of them the next tick does it, because a request cannot wait for that. */
const judgedAtOnce = 20;
/** Of one device and one server, the youngest ones. */
const maxSources = 16;

const reasons: Readonly<Record<EvidenceRefusal, Words>> = {
  malformed: {
    de: 'Nicht lesbar: erwartet werden Gerät und Zeitpunkt, dann Anzahl, Bytes und Quelle.',
    en: 'Not readable: expected device and time, then count, bytes and source.',
  },
  'unknown-device': {
    de: 'In dieser Gemeinde gibt es kein Gerät mit diesem Namen, dieser Kennung oder Inventarnummer.',
    en: 'This municipality has no device with this name, id or inventory number.',
  },
  'ambiguous-device': {
    de: 'Mehrere Geräte heißen so. Nennen Sie die Gerätekennung aus der Konsole.',
    en: 'Several devices are called that. Give the device id from the console.',
  },
  'time-unreadable': {
    de: 'Kein Zeitpunkt: erwartet wird ISO 8601 mit Zone oder Sekunden seit 1970.',
    en: 'Not a time: expected ISO 8601 with its zone, or seconds since 1970.',
  },
  'time-without-zone': {
    de: 'Dem Zeitpunkt fehlt die Zone, etwa „Z“ oder „+01:00“.',
    en: 'The time lacks its zone, such as "Z" or "+01:00".',
  },
  'time-in-future': {
    de: 'Der Zeitpunkt liegt in der Zukunft. Prüfen Sie die Uhr des Sicherungsservers.',
    en: 'The time lies in the future. Check the clock of the backup server.',
  },
};

/**
 * Takes the words, also a second time: then nothing changes but when they were last heard. Of several on one device and
 * source the newest restore point counts, so that a script may list them all.
 */
export async function takeEvidence(
  { db, now }: FleetContext,
  server: KnownBackupServer,
  words: readonly Read[],
  language: keyof Words,
): Promise<EvidenceResult> {
  const at = now();
  return db.transaction().execute(async (trx) => {
    await trx
      .updateTable('backup_servers')
      .set({ last_used_at: at.toISOString() })
      .where('id', '=', server.id)
      .execute();
    const find = await finder(trx, server.scope);
    const refused: EvidenceResult['refused'] = [];
    const taken = new Map<string, { deviceId: string; word: EvidenceWord }>();
    let accepted = 0;
    for (const word of words) {
      const found = 'code' in word ? word.code : find(word.device);
      if ('code' in word || typeof found === 'string') {
        const code = 'code' in word ? word.code : (found as EvidenceRefusal);
        refused.push({ line: word.line, device: word.device, code, reason: reasons[code][language] });
        continue;
      }
      accepted += 1;
      const key = JSON.stringify([found.id, word.source]);
      const known = taken.get(key);
      if (known === undefined || word.newestAt > known.word.newestAt) taken.set(key, { deviceId: found.id, word });
    }
    await store(trx, server, [...taken.values()], at);
    return { accepted, refused };
  });
}

type Finder = (name: string) => { readonly id: string } | 'unknown-device' | 'ambiguous-device';

/** By host name (in any case), device id or inventory number; whatever fits more than one device fits none. */
async function finder(trx: Database, scope: Scope): Promise<Finder> {
  const devices = await devicesIn(trx, scope)
    .select(['id', 'hostname', 'inventory_number'])
    .where('state', '!=', 'retired')
    .execute();
  const ids = new Map<string, Set<string>>();
  for (const { id, hostname, inventory_number } of devices) {
    for (const name of [id, hostname, inventory_number]) {
      if (name === null || name.trim() === '') continue;
      const known = ids.get(plain(name)) ?? new Set();
      ids.set(plain(name), known.add(id));
    }
  }
  return (name) => {
    const [first, ...more] = ids.get(plain(name)) ?? [];
    if (first === undefined) return 'unknown-device';
    return more.length === 0 ? { id: first } : 'ambiguous-device';
  };
}

function plain(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

async function store(
  trx: Database,
  server: KnownBackupServer,
  taken: readonly { readonly deviceId: string; readonly word: EvidenceWord }[],
  at: Date,
): Promise<void> {
  const own = trx.selectFrom('backup_evidence').where('server_id', '=', server.id);
  const changed = new Set<string>();
  for (const { deviceId, word } of taken) {
    const before = await own
      .select('newest_at')
      .where('device_id', '=', deviceId)
      .where('source', '=', word.source)
      .executeTakeFirst();
    if (before?.newest_at !== word.newestAt) changed.add(deviceId);
    const said = {
      newest_at: word.newestAt,
      restore_points: word.count ?? null,
      bytes: word.bytes ?? null,
      received_at: at.toISOString(),
    };
    await trx
      .insertInto('backup_evidence')
      .values({ device_id: deviceId, server_id: server.id, source: word.source, ...said })
      .onConflict((conflict) => conflict.columns(['device_id', 'server_id', 'source']).doUpdateSet(said))
      .execute();
  }
  for (const deviceId of new Set(taken.map(({ deviceId: id }) => id))) {
    const sources = await own
      .select('source')
      .where('device_id', '=', deviceId)
      .orderBy('received_at', 'desc')
      .orderBy('newest_at', 'desc')
      .execute();
    const old = sources.slice(maxSources).map(({ source }) => source);
    if (old.length === 0) continue;
    await trx
      .deleteFrom('backup_evidence')
      .where('server_id', '=', server.id)
      .where('device_id', '=', deviceId)
      .where('source', 'in', old)
      .execute();
  }
  if (changed.size > judgedAtOnce) {
    await trx
      .updateTable('devices')
      .set({ judged_at: null })
      .where('id', 'in', [...changed])
      .execute();
  } else {
    for (const deviceId of changed) await evaluateDevice(trx, deviceId, at);
  }
}
