/**
 * Tells devices that there is a new notice or policy, or that a group or an exception of theirs has changed, whoever wrote it: this process, another one, or a command beside a
 * running server. The tables are the truth; looking once a second costs three small queries.
 */
import type { ServerContext } from '../context.ts';
import type { NoticeTable } from '../store/schema.ts';
import type { Target } from './device-streams.ts';

const everyMs = 1000;
/** So many devices of one audience are asked to check in within a second. */
const checkInsPerSecond = 20;
const longestSpreadSeconds = 900;
const atOnce = 100;

/** One fact that changes what a device is told; `deviceId` null = all of the municipality. */
interface Standing {
  readonly municipalityId: string;
  readonly deviceId: string | null;
  readonly says: string;
}

type AudienceOfNotice = Pick<NoticeTable, 'municipality_id' | 'group_id' | 'device_id'>;

export interface WordsWatch {
  /** One look now. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function watchWords({ db, push, log }: Pick<ServerContext, 'db' | 'push' | 'log'>): WordsWatch {
  let newestNotice: number | undefined;
  /** Whom each notice was for when it was last looked at: a correction under the same id takes the place of its row. */
  const audiences = new Map<string, AudienceOfNotice>();
  let newestChange = '';
  /** Versions told about that were written at `newestChange`: others may follow within the same millisecond. */
  let told = new Set<string>();
  let started = false;
  let standingsVersion: number | undefined;
  let standings: ReadonlyMap<string, Standing> | undefined;

  async function tellNotices(): Promise<void> {
    if (newestNotice === undefined) {
      const known = await db
        .selectFrom('notices')
        .select(['id', 'number', 'municipality_id', 'group_id', 'device_id'])
        .orderBy('number')
        .execute();
      for (const row of known) audiences.set(row.id, row);
      newestNotice = known.at(-1)?.number ?? 0;
      return;
    }
    const fresh = await db
      .selectFrom('notices')
      .select(['id', 'number', 'municipality_id', 'group_id', 'device_id', 'replaces', 'jws'])
      .where('number', '>', newestNotice)
      .orderBy('number')
      .limit(atOnce)
      .execute();
    for (const row of fresh) {
      newestNotice = row.number;
      const target = await targetOf(row.municipality_id, row.group_id, row.device_id);
      push.publish(target, { name: 'notice', data: { notice: row.jws } });
      if (row.replaces !== null) await takeFromAll(row.replaces);
      const before = audiences.get(row.id);
      audiences.set(row.id, row);
      // Those whom the correction does not concern any more would hold the wording from before until they check in.
      if (before !== undefined && !isSameAudience(before, row)) await askAudience(before);
    }
  }

  async function askAudience({ municipality_id, group_id, device_id }: AudienceOfNotice): Promise<void> {
    await askToCheckIn(await targetOf(municipality_id, group_id, device_id));
  }

  /** What was replaced is gone for everybody it was for, also for those whom the new one does not concern. */
  async function takeFromAll(noticeId: string): Promise<void> {
    const old = await db
      .selectFrom('notices')
      .select(['municipality_id', 'group_id', 'device_id'])
      .where('id', '=', noticeId)
      .executeTakeFirst();
    if (old !== undefined) await askAudience(old);
  }

  async function tellPolicies(): Promise<void> {
    const changed = await db
      .selectFrom('policies')
      .select(['level', 'audience_id', 'municipality_id', 'version', 'changed_at'])
      .where('changed_at', '>=', newestChange)
      .orderBy('changed_at')
      .execute();
    for (const row of changed) {
      const key = `${row.level} ${row.audience_id} ${row.version}`;
      if (told.has(key) && row.changed_at === newestChange) continue;
      if (row.changed_at !== newestChange) told = new Set();
      newestChange = row.changed_at;
      told.add(key);
      if (started) await tellPolicy(row);
    }
  }

  async function tellPolicy(row: {
    level: string;
    audience_id: string;
    municipality_id: string | null;
  }): Promise<void> {
    const municipalities =
      row.municipality_id === null
        ? (await db.selectFrom('municipalities').select('id').execute()).map(({ id }) => id)
        : [row.municipality_id];
    for (const municipality of municipalities) {
      const target = await targetOf(
        municipality,
        row.level === 'group' ? row.audience_id : null,
        row.level === 'device' ? row.audience_id : null,
      );
      await askToCheckIn(target);
    }
  }

  /** Who is in which group at which place, and what exceptions there are: whoever's differ from before is told. */
  async function tellStandings(): Promise<void> {
    const row = await db.selectFrom('words_version').select('version').executeTakeFirst();
    if (row === undefined || row.version === standingsVersion) return;
    standingsVersion = row.version;
    const now = await readStandings();
    const before = standings;
    standings = now;
    if (before === undefined) return;
    const changed = new Map<string, Set<string> | 'all'>();
    for (const [key, { municipalityId, deviceId }] of [...before, ...now]) {
      if (before.get(key)?.says === now.get(key)?.says) continue;
      const devices = changed.get(municipalityId) ?? new Set<string>();
      if (devices === 'all') continue;
      changed.set(municipalityId, deviceId === null ? 'all' : devices.add(deviceId));
    }
    for (const [municipalityId, devices] of changed) {
      const target: Target = devices === 'all' ? { municipalityId } : { municipalityId, deviceIds: [...devices] };
      await askToCheckIn(target);
    }
  }

  async function readStandings(): Promise<Map<string, Standing>> {
    const memberships = await db
      .selectFrom('group_members')
      .innerJoin('device_groups', 'device_groups.id', 'group_members.group_id')
      .select([
        'group_members.device_id',
        'device_groups.id',
        'device_groups.municipality_id',
        'device_groups.position',
      ])
      .where('group_members.removed_at', 'is', null)
      .where('device_groups.deleted_at', 'is', null)
      .execute();
    const exceptions = await db
      .selectFrom('exceptions')
      .select(['id', 'municipality_id', 'device_id'])
      .where('withdrawn_at', 'is', null)
      .execute();
    return new Map<string, Standing>([
      ...memberships.map(
        ({ device_id, id, municipality_id, position }) =>
          [
            `${id} ${device_id}`,
            { municipalityId: municipality_id, deviceId: device_id, says: `${position}` },
          ] as const,
      ),
      ...exceptions.map(
        ({ id, municipality_id, device_id }) =>
          [id, { municipalityId: municipality_id, deviceId: device_id, says: 'excepted' }] as const,
      ),
    ]);
  }

  async function askToCheckIn(target: Target): Promise<void> {
    const spreadSeconds = Math.min(longestSpreadSeconds, Math.floor((await sizeOf(target)) / checkInsPerSecond));
    push.publish(target, { name: 'policy', data: { spreadSeconds } });
  }

  async function targetOf(municipalityId: string, group: string | null, device: string | null): Promise<Target> {
    if (device !== null) return { municipalityId, deviceIds: [device] };
    if (group === null) return { municipalityId };
    const members = await db
      .selectFrom('group_members')
      .select('device_id')
      .where('group_id', '=', group)
      .where('removed_at', 'is', null)
      .execute();
    return { municipalityId, deviceIds: members.map(({ device_id }) => device_id) };
  }

  async function sizeOf({ municipalityId, deviceIds }: Target): Promise<number> {
    if (deviceIds !== undefined) return deviceIds.length;
    const { count } = await db
      .selectFrom('devices')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('municipality_id', '=', municipalityId)
      .where('state', '!=', 'retired')
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  let current = Promise.resolve();
  const look = (): Promise<void> => {
    current = current
      .then(tellNotices)
      .then(tellPolicies)
      .then(tellStandings)
      .then(() => {
        started = true;
      })
      // The check-in delivers what was not told here.
      .catch((error: unknown) => log.error({ err: error }, 'news could not be told'));
    return current;
  };
  // What is there now is no news; what comes from here on is.
  void look();
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, everyMs).unref();
  return {
    look,
    stop: () => {
      clearInterval(timer);
      return current;
    },
  };
}

function isSameAudience(one: AudienceOfNotice, other: AudienceOfNotice): boolean {
  return one.group_id === other.group_id && one.device_id === other.device_id;
}
