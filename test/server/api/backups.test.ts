import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addDevice, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
let local: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('viewer')).client;
  local = (await kits.script('viewer', kits.wasungen)).client;
});
afterEach(() => kits.close());

type Values = Parameters<typeof addDevice>[2];
const products = (...list: (readonly [id: string, name: string, kind: string, state: string])[]) =>
  JSON.stringify(list);
const restic = products(['restic', 'restic', 'backup', 'success']);
const add = (hostname: string, values: Values = {}, municipality = kits.wasungen) =>
  addDevice(kits.context, municipality, { hostname, ...values });
const daysAgo = (days: number) => new Date(kits.context.now().getTime() - days * 86_400_000).toISOString();
const hosts = async (query = '', client = staff): Promise<string[]> =>
  (await client.get(`backups?${query}`)).body.items.map(({ hostname }: { hostname: string }) => hostname);
const total = async (query = '', client = staff) => (await client.get(`backups?${query}`)).body.overview.total;

describe('the overview', () => {
  test('counts each device once in each group, per municipality and in all', async () => {
    await add('a', {
      backup_rank: 0,
      backup_rule: 'backup-recent',
      backup_reason: 'too-old',
      backup_presence: 'present',
      backup_products: products(['restic', 'restic', 'backup', 'failed'], ['sync', 'Abgleich', 'file-sync', 'success']),
      backup_success_at: daysAgo(40),
      backup_two_sided: 'not-met',
      backup_restore: 'not-met',
    });
    await add('b', {
      backup_rank: 5,
      backup_rule: 'backup-recent',
      backup_reason: 'fresh',
      backup_presence: 'present',
      backup_products: restic,
      backup_success_at: daysAgo(0.1),
      backup_two_sided: 'met',
      backup_restore: 'met',
    });
    await add('c', { backup_rank: 1, backup_presence: 'none', backup_products: '[]' }, kits.grabfeld);
    await add('d', { backup_rank: 4, backup_presence: 'hint', backup_restore: 'exempt' }, kits.grabfeld);
    await add('never-reported', {}, kits.grabfeld);
    await add('gone', { state: 'retired', backup_rank: 0 });
    const { overview } = (await staff.get('backups')).body;
    expect(overview.total).toEqual({
      devices: 5,
      states: { critical: 1, attention: 1, unknown: 1, note: 0, exempt: 1, ok: 1 },
      freshness: { upTo1Day: 1, upTo3Days: 0, upTo7Days: 0, upTo30Days: 0, older: 1, none: 3 },
      presence: { present: 2, hint: 1, none: 1, unknown: 1 },
      twoSided: { agree: 1, disagree: 1, unknown: 0, silent: 3 },
      restoreTests: { inTime: 1, due: 1, unknown: 2, exempt: 1 },
    });
    expect(overview.municipalities).toMatchObject([
      { id: kits.grabfeld, name: 'Grabfeld', devices: 3, presence: { none: 1 } },
      { id: kits.wasungen, name: 'Wasungen', devices: 2, states: { critical: 1, ok: 1 } },
    ]);
    expect(overview.products).toEqual([
      { id: 'restic', name: 'restic', kind: 'backup', devices: 2, states: { failed: 1, success: 1 } },
      { id: 'sync', name: 'Abgleich', kind: 'file-sync', devices: 1, states: { success: 1 } },
    ]);
    expect(overview.reasons).toMatchObject([
      { light: 'critical', ruleId: 'backup-recent', reason: 'too-old', devices: 1 },
    ]);
    // Of one municipality only its own.
    const own = (await staff.get(`backups?municipality=${kits.grabfeld}`)).body.overview;
    expect(own).toMatchObject({
      total: { devices: 3 },
      products: [],
      reasons: [],
      municipalities: [{ id: kits.grabfeld }],
    });
  });

  test.each([
    [0, 'upTo1Day'],
    [1, 'upTo1Day'],
    [2, 'upTo3Days'],
    [3, 'upTo3Days'],
    [4, 'upTo7Days'],
    [7, 'upTo7Days'],
    [8, 'upTo30Days'],
    [30, 'upTo30Days'],
    [31, 'older'],
    [4000, 'older'],
    // The calendar of the device may be one day ahead, not more.
    [-1, 'upTo1Day'],
    [-2, 'none'],
    [-40_000, 'none'],
  ])('a success of %d days ago is %s, in the counts and in the list', async (days, age) => {
    await add('a', { backup_success_at: daysAgo(days) });
    expect((await total()).freshness[age]).toBe(1);
    for (const each of ['upTo1Day', 'upTo3Days', 'upTo7Days', 'upTo30Days', 'older', 'none']) {
      expect(await hosts(`age=${each}`)).toEqual(each === age ? ['a'] : []);
    }
  });

  test('a backup grows old without any report', async () => {
    await add('a', { backup_success_at: daysAgo(0) });
    kits.advance(9 * 86_400);
    expect((await total()).freshness).toMatchObject({ upTo1Day: 0, upTo30Days: 1 });
  });

  test('comes with the first page only, and not for those who only want the list', async () => {
    await add('a');
    await add('b');
    const { overview, nextCursor } = (await staff.get('backups?limit=1')).body;
    expect(overview.total.devices).toBe(2);
    expect((await staff.get(`backups?limit=1&cursor=${nextCursor}`)).body.overview).toBeNull();
    expect((await staff.get('backups?overview=false')).body).toMatchObject({ overview: null, total: 2 });
  });
});

describe('the list', () => {
  test('worst first, then who has no success, then the oldest; page by page everything once', async () => {
    await add('ok', { backup_rank: 5, backup_success_at: daysAgo(0) });
    await add('unknown', { backup_success_at: daysAgo(1) });
    await add('warned', { backup_rank: 1, backup_success_at: daysAgo(5) });
    await add('critical-old', { backup_rank: 0, backup_success_at: daysAgo(90) });
    await add('critical-none', { backup_rank: 0 });
    await add('critical-new', { backup_rank: 0, backup_success_at: daysAgo(9) });
    await add('noted', { backup_rank: 3 });
    await add('exempt', { backup_rank: 4 });
    const sorted = ['critical-none', 'critical-old', 'critical-new', 'warned', 'unknown', 'noted', 'exempt', 'ok'];
    expect(await hosts()).toEqual(sorted);
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await staff.get(`backups?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(body.total).toBe(8);
      paged.push(...body.items.map(({ hostname }: { hostname: string }) => hostname));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(sorted);
  });

  test('filters, alone and together', async () => {
    await add('a', {
      backup_rank: 0,
      backup_reason: 'too-old',
      backup_presence: 'present',
      backup_products: products(['restic', 'restic', 'backup', 'failed']),
      backup_two_sided: 'not-met',
      backup_restore: 'not-met',
      location: 'Rathaus',
    });
    await add('b', {
      backup_presence: 'none',
      backup_products: '[]',
      backup_two_sided: 'unknown',
      backup_restore: 'met',
    });
    await add('c', { backup_products: products(['resticprofile', '["restic",', 'backup', 'success']) }, kits.grabfeld);
    expect(await hosts('light=critical')).toEqual(['a']);
    expect((await hosts('light=unknown')).sort()).toEqual(['b', 'c']);
    expect(await hosts('reason=too-old')).toEqual(['a']);
    expect(await hosts('presence=none')).toEqual(['b']);
    expect(await hosts('presence=unknown')).toEqual(['c']);
    // Neither a longer id nor a name that looks like one.
    expect(await hosts('product=restic')).toEqual(['a']);
    expect(await hosts('product=resticprofile')).toEqual(['c']);
    expect(await hosts('twoSided=disagree')).toEqual(['a']);
    expect(await hosts('twoSided=unknown')).toEqual(['b']);
    expect(await hosts('twoSided=silent')).toEqual(['c']);
    expect(await hosts('restoreTest=due')).toEqual(['a']);
    expect(await hosts('restoreTest=inTime')).toEqual(['b']);
    expect(await hosts('restoreTest=unknown')).toEqual(['c']);
    expect(await hosts('search=rathaus')).toEqual(['a']);
    expect(await hosts('search=%25')).toEqual([]);
    expect(await hosts(`municipality=${kits.grabfeld}&light=unknown`)).toEqual(['c']);
    const { overview, total: found } = (await staff.get('backups?light=critical')).body;
    expect([overview.total.devices, found]).toEqual([3, 1]);
  });

  test('a row says what is known, in words of the rule', async () => {
    const id = await add('a', {
      backup_rank: 0,
      backup_rule: 'storage-free',
      backup_reason: 'critical',
      backup_presence: 'present',
      backup_products: restic,
      backup_success_at: daysAgo(40),
      restore_tested_at: daysAgo(100),
      backup_restore: 'met',
      location: 'Rathaus',
    });
    await add('b');
    await kits.context.db
      .insertInto('verdicts')
      .values({
        device_id: id,
        rule_id: 'storage-free',
        verdict: 'not-met',
        severity: 'critical',
        reason: 'critical',
        values: '{}',
        evidence: '[]',
        since: daysAgo(3),
      })
      .execute();
    const [row, other] = (await staff.get('backups')).body.items;
    expect(row).toEqual({
      id,
      hostname: 'a',
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      location: 'Rathaus',
      light: 'critical',
      worst: {
        ruleId: 'storage-free',
        reason: 'critical',
        title: { de: expect.any(String), en: expect.any(String) },
        explanation: { de: expect.any(String), en: expect.any(String) },
        since: daysAgo(3),
      },
      products: [{ id: 'restic', name: 'restic', kind: 'backup', state: 'success' }],
      lastSuccessAt: daysAgo(40),
      twoSided: 'silent',
      restoreTest: { state: 'inTime', lastAt: daysAgo(100) },
      lastHeardAt: expect.any(String),
    });
    // Nothing is known of it, and nothing of that is good.
    expect(other).toMatchObject({ light: 'unknown', worst: null, products: null, lastSuccessAt: null });
    expect(other.restoreTest).toEqual({ state: 'unknown', lastAt: null });
  });

  test('a municipality sees its own devices only', async () => {
    await add('own', { backup_products: restic });
    await add('foreign', { backup_products: products(['borg', 'BorgBackup', 'backup', 'success']) }, kits.grabfeld);
    expect(await hosts('', local)).toEqual(['own']);
    expect(await hosts(`municipality=${kits.grabfeld}`, local)).toEqual([]);
    const { overview } = (await local.get('backups')).body;
    expect(overview).toMatchObject({ total: { devices: 1 }, products: [{ id: 'restic' }] });
    expect(overview.municipalities).toHaveLength(1);
    const { overview: elsewhere } = (await local.get(`backups?municipality=${kits.grabfeld}`)).body;
    expect(elsewhere).toMatchObject({ total: { devices: 0 }, municipalities: [] });
  });

  test.each([
    'cursor=nonsense',
    'cursor=WyJhIl0',
    'light=green',
    'age=old',
    'product=%25',
    'presence=maybe',
    'twoSided=met',
    'limit=501',
  ])('refuses %s', async (query) => {
    expect((await staff.get(`backups?${query}`)).status).toBe(400);
  });
});
