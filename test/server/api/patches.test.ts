import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countUpdates } from '../../../server/fleet/device-updates.ts';
import type { TestAgent } from '../../fakes/test-agent.ts';
import { agentIn, lacking, reporting, update } from './fleet-agents.ts';
import { type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
let local: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('technician')).client;
  local = (await kits.script('viewer', kits.wasungen)).client;
});
afterEach(() => kits.close());

const ids = async (query = '', client = staff): Promise<string[]> =>
  (await client.get(`patches?${query}`)).body.items.map(({ id }: { id: string }) => id);
const overview = async (query = '', client = staff) => (await client.get(`patches/overview?${query}`)).body;

describe('the list of missing updates', () => {
  test('says of each update what it is, where it is missing and since when', async () => {
    await reporting(
      kits,
      kits.wasungen,
      'a',
      lacking([
        update('openssl:amd64', {
          title: 'OpenSSL-Bibliothek',
          installedVersion: '3.5.0',
          candidateVersion: '3.5.1',
          origin: 'Debian:trixie-security',
          security: true,
          severity: 'moderate',
          firstSeenOn: '2026-11-18',
        }),
      ]),
    );
    await reporting(
      kits,
      kits.grabfeld,
      'b',
      lacking([
        update('openssl:amd64', {
          title: 'OpenSSL-Bibliothek',
          candidateVersion: '3.0.17',
          origin: 'Debian:bookworm-security',
          security: true,
          severity: 'critical',
          firstSeenOn: '2026-11-19',
          publishedOn: '2026-11-10',
        }),
      ]),
    );
    await reporting(
      kits,
      kits.grabfeld,
      'c',
      lacking([update('openssl:amd64', { state: 'waiting-for-restart', firstSeenOn: '2026-11-20' })]),
    );
    const { status, body } = await staff.get('patches');
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          id: 'openssl:amd64',
          title: 'OpenSSL-Bibliothek',
          origins: ['Debian:bookworm-security', 'Debian:trixie-security'],
          candidateVersions: ['3.0.17', '3.5.1'],
          security: true,
          severity: 'critical',
          devices: 2,
          waitingForRestart: 1,
          // The maker published it before the PC saw it.
          oldestSince: '2026-11-10',
          municipalities: [
            { id: kits.grabfeld, name: 'Grabfeld', devices: 1, waitingForRestart: 1 },
            { id: kits.wasungen, name: 'Wasungen', devices: 1, waitingForRestart: 0 },
          ],
        },
      ],
      nextCursor: null,
      total: 1,
    });
  });

  test('security comes first, then what is not known, then number of devices, then age', async () => {
    const { security: _, ...unknownKind } = update('c-unknown');
    const mixed = [
      update('a-other', { firstSeenOn: '2026-11-20' }),
      update('b-other-older', { firstSeenOn: '2026-11-19' }),
      unknownKind,
      update('d-security', { security: true }),
    ];
    await reporting(kits, kits.wasungen, 'a', lacking(mixed));
    await reporting(kits, kits.wasungen, 'b', lacking([update('e-often', { firstSeenOn: '2026-11-21' })]));
    await reporting(kits, kits.wasungen, 'c', lacking([update('e-often', { firstSeenOn: '2026-11-21' })]));
    const sorted = ['d-security', 'c-unknown', 'e-often', 'b-other-older', 'a-other'];
    expect(await ids()).toEqual(sorted);
    const items = (await staff.get('patches')).body.items as { id: string; security: boolean | null }[];
    expect(items.map(({ security }) => security)).toEqual([true, null, false, false, false]);
    // Page by page: everything once, in the same order, and the total stays whole.
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await staff.get(`patches?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(body.total).toBe(5);
      paged.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(sorted);
  });

  test('filters by kind, state, words and municipality; a row stays whole', async () => {
    await reporting(
      kits,
      kits.wasungen,
      'a',
      lacking([
        update('KB5066791', { title: 'Kumulatives Update für Ä%_', security: true }),
        update('waits', { state: 'waiting-for-restart' }),
        update('plain'),
      ]),
    );
    await reporting(kits, kits.grabfeld, 'b', lacking([update('waits')]));
    expect(await ids('security=true')).toEqual(['KB5066791']);
    expect(await ids('security=false')).toEqual(['waits', 'plain']);
    expect(await ids('state=waiting-for-restart')).toEqual(['waits']);
    const [waits] = (await staff.get('patches?state=waiting-for-restart')).body.items;
    expect(waits).toMatchObject({ devices: 1, waitingForRestart: 1 });
    expect(await ids('search=KUMULATIVES%20%C3%A4')).toEqual(['KB5066791']);
    expect(await ids('search=%25_')).toEqual(['KB5066791']);
    expect(await ids('search=kb50')).toEqual(['KB5066791']);
    expect(await ids('search=nothing')).toEqual([]);
    expect(await ids(`municipality=${kits.grabfeld}`)).toEqual(['waits']);
    const [own] = (await staff.get(`patches?municipality=${kits.wasungen}&state=waiting-for-restart`)).body.items;
    expect(own).toMatchObject({ devices: 0, waitingForRestart: 1, municipalities: [{ id: kits.wasungen }] });
  });

  test('a municipality sees its own devices only', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([update('shared')]));
    await reporting(kits, kits.grabfeld, 'b', lacking([update('shared'), update('foreign')]));
    const { items, total } = (await local.get('patches')).body;
    expect(total).toBe(1);
    expect(items).toMatchObject([{ id: 'shared', devices: 1, municipalities: [{ id: kits.wasungen, devices: 1 }] }]);
    expect(await ids(`municipality=${kits.grabfeld}`, local)).toEqual([]);
    const { body } = await local.get('patches/devices?update=shared');
    expect(body).toMatchObject({ total: 1, items: [{ hostname: 'a' }] });
    expect((await local.get('patches/devices?update=foreign')).body).toEqual({ items: [], nextCursor: null, total: 0 });
    expect((await overview('', local)).municipalities).toMatchObject([{ id: kits.wasungen, devices: 1 }]);
    expect((await overview('', local)).total.devices).toBe(1);
    expect(await overview(`municipality=${kits.grabfeld}`, local)).toMatchObject({
      total: { devices: 0 },
      municipalities: [],
    });
  });

  test('names at most 8 versions and sources', async () => {
    for (let index = 0; index < 10; index += 1) {
      const own = { candidateVersion: `1.${index}`, origin: `source-${index}` };
      await reporting(kits, kits.wasungen, `pc-${index}`, lacking([update('many', own)]));
    }
    const [{ origins, candidateVersions, devices }] = (await staff.get('patches')).body.items;
    expect([origins.length, candidateVersions.length, devices]).toEqual([8, 8, 10]);
  });

  test.each(['cursor=nonsense', 'cursor=WyJhIl0', 'security=maybe', 'state=installed', 'limit=0', 'municipality=x'])(
    'refuses %s',
    async (query) => {
      expect((await staff.get(`patches?${query}`)).status).toBe(400);
    },
  );
});

describe('the devices of an update', () => {
  test('longest missing first, with versions, by pages', async () => {
    const days = ['2026-11-03', '2026-11-01', '2026-11-02', '2026-11-02'];
    for (const [index, firstSeenOn] of days.entries()) {
      const own = { firstSeenOn, installedVersion: `1.${index}`, ...(index === 1 ? { held: true } : {}) };
      await reporting(kits, kits.wasungen, `pc-${index}`, lacking([update('vim:amd64', own), update('other')]));
    }
    const first = (await staff.get('patches/devices?update=vim:amd64&limit=3')).body;
    expect(first).toMatchObject({ total: 4 });
    expect(first.items[0]).toMatchObject({
      hostname: 'pc-1',
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      state: 'missing',
      installedVersion: '1.1',
      candidateVersion: null,
      since: '2026-11-01',
      held: true,
    });
    const second = (await staff.get(`patches/devices?update=vim:amd64&limit=3&cursor=${first.nextCursor}`)).body;
    expect(second.nextCursor).toBeNull();
    const items = [...first.items, ...second.items] as { hostname: string; since: string; held: boolean }[];
    expect(items.map(({ since }) => since)).toEqual([...days].sort());
    expect(new Set(items.map(({ hostname }) => hostname)).size).toBe(4);
    expect(items.map(({ held }) => held)).toEqual([true, false, false, false]);
  });

  test('filters by state and municipality, and counts what it lists', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([update('u')]));
    await reporting(kits, kits.grabfeld, 'b', lacking([update('u', { state: 'waiting-for-restart' })]));
    const named = async (query: string) => {
      const { items, total } = (await staff.get(`patches/devices?update=u&${query}`)).body;
      return [items.map(({ hostname }: { hostname: string }) => hostname), total];
    };
    expect(await named('state=waiting-for-restart')).toEqual([['b'], 1]);
    expect(await named('state=missing')).toEqual([['a'], 1]);
    expect(await named(`municipality=${kits.grabfeld}`)).toEqual([['b'], 1]);
    expect((await staff.get('patches/devices')).status).toBe(400);
  });
});

describe('the overview', () => {
  const scan = (succeededOn: string | undefined, kind: 'index' | 'build-table' = 'index') => ({
    scan: { kind, complete: true, ...(succeededOn === undefined ? {} : { succeededOn }) },
  });

  test('counts each device once by what it lacks, its restart and the age of its scan', async () => {
    const due = (since: string) => ({ restart: { required: true, reasons: [], since } });
    await reporting(kits, kits.wasungen, 'a', lacking([update('x', { security: true })], due('2026-11-12')));
    await reporting(kits, kits.wasungen, 'b', lacking([update('y')], due('2026-11-15')));
    await reporting(kits, kits.grabfeld, 'c', lacking([], { restart: { reasons: [] } }));
    await agentIn(kits, kits.grabfeld, 'never-reported');
    const { total, municipalities } = await overview();
    expect(total).toEqual({
      devices: 4,
      security: { missing: 1, noneMissing: 2, unknown: 1 },
      restart: { due: 2, notDue: 0, unknown: 2, oldestSince: '2026-11-12' },
      scan: { upTo3Days: 3, upTo14Days: 0, older: 0, unknown: 1 },
    });
    expect(municipalities).toMatchObject([
      { id: kits.grabfeld, name: 'Grabfeld', devices: 2, security: { missing: 0, noneMissing: 1, unknown: 1 } },
      { id: kits.wasungen, name: 'Wasungen', devices: 2, restart: { due: 2, unknown: 0 } },
    ]);
    expect((await overview(`municipality=${kits.wasungen}`)).municipalities).toHaveLength(1);
  });

  test.each([
    ['2026-11-24', 'upTo3Days', 'noneMissing'],
    ['2026-11-21', 'upTo3Days', 'noneMissing'],
    ['2026-11-20', 'upTo14Days', 'noneMissing'],
    ['2026-11-10', 'upTo14Days', 'noneMissing'],
    ['2026-11-09', 'older', 'unknown'],
    ['2026-11-25', 'upTo3Days', 'noneMissing'],
    ['2026-11-26', 'unknown', 'unknown'],
    [undefined, 'unknown', 'unknown'],
  ])('a scan of %s counts as %s, and nothing missing as %s', async (day, age, security) => {
    await reporting(kits, kits.wasungen, 'a', lacking([], scan(day)));
    const { total } = await overview();
    expect([total.scan[age], total.security[security]]).toEqual([1, 1]);
  });

  test('a scan grows old without any report', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([]));
    kits.advance(20 * 86_400);
    expect((await overview()).total).toMatchObject({ scan: { older: 1 }, security: { unknown: 1 } });
  });

  test('"nothing missing" is not believed of an incomplete list, of a table of builds, or with updates of unknown kind', async () => {
    const { security: _, ...unclear } = update('x');
    await reporting(kits, kits.wasungen, 'unclear', lacking([unclear]));
    await reporting(kits, kits.wasungen, 'builds', lacking([], scan('2026-11-24', 'build-table')));
    await reporting(kits, kits.wasungen, 'whole', lacking([]));
    expect((await overview()).total.security).toEqual({ missing: 0, noneMissing: 1, unknown: 2 });
    const cut = lacking([]);
    await reporting(kits, kits.wasungen, 'cut', { ...cut, scan: { ...cut.scan, complete: false } });
    expect((await overview()).total.security).toEqual({ missing: 0, noneMissing: 1, unknown: 3 });
  });
});

describe('what is stored follows the newest report', () => {
  const hosts = async (id: string) =>
    (await staff.get(`patches/devices?update=${id}`)).body.items.map(({ hostname }: { hostname: string }) => hostname);

  test('an update that was installed is gone; its restart shows until it is done', async () => {
    const agent = await reporting(kits, kits.wasungen, 'a', lacking([update('x', { security: true })]));
    await agent.report(
      agent.sections({ patches: lacking([update('x', { security: true, state: 'waiting-for-restart' })]) }),
    );
    expect((await staff.get('patches')).body.items).toMatchObject([{ id: 'x', devices: 0, waitingForRestart: 1 }]);
    expect((await overview()).total.security).toEqual({ missing: 0, noneMissing: 1, unknown: 0 });
    await agent.report(agent.sections({ patches: lacking([]) }));
    expect(await ids()).toEqual([]);
    expect(await hosts('x')).toEqual([]);
    expect(await kits.context.db.selectFrom('update_counts').selectAll().execute()).toEqual([]);
  });

  test('a section gone missing is unknown, not "nothing missing"', async () => {
    const agent = await reporting(
      kits,
      kits.wasungen,
      'a',
      lacking([update('x', { security: true })], { restart: { required: true, reasons: [], since: '2026-11-20' } }),
    );
    await agent.report(agent.sections({ patches: undefined }));
    expect(await ids()).toEqual([]);
    expect((await overview()).total).toEqual({
      devices: 1,
      security: { missing: 0, noneMissing: 0, unknown: 1 },
      restart: { due: 0, notDue: 0, unknown: 1, oldestSince: null },
      scan: { upTo3Days: 0, upTo14Days: 0, older: 0, unknown: 1 },
    });
  });

  test('one id named twice counts once', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([update('x'), update('x', { candidateVersion: '2' })]));
    expect((await staff.get('patches')).body.items).toMatchObject([{ id: 'x', devices: 1, candidateVersions: ['2'] }]);
  });

  test('5,000 updates of one device are all there', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => update(`package-${String(index).padStart(4, '0')}`));
    await reporting(kits, kits.wasungen, 'a', lacking(many));
    expect((await staff.get('patches?limit=1')).body.total).toBe(5000);
  });

  test('a retired device counts no more, and again when it is back; a moved one counts where it is', async () => {
    const agent = await reporting(kits, kits.wasungen, 'a', lacking([update('x')]));
    const change = (body: object) => staff.send('PATCH', `devices/${agent.state.deviceId}`, body);
    await change({ state: 'retired' });
    expect([await ids(), await hosts('x'), (await overview()).total.devices]).toEqual([[], [], 0]);
    // Reports while retired are refused; what is known stays as it is.
    await change({ state: 'active', municipalityId: kits.grabfeld });
    expect((await staff.get('patches')).body.items).toMatchObject([
      { devices: 1, municipalities: [{ id: kits.grabfeld, devices: 1 }] },
    ]);
    expect(await ids('', local)).toEqual([]);
    const successor = await reporting(kits, kits.grabfeld, 'b', lacking([update('x')]));
    await staff.send('PATCH', `devices/${successor.state.deviceId}`, { replacesDeviceId: agent.state.deviceId });
    expect((await staff.get('patches')).body.items).toMatchObject([{ devices: 1 }]);
  });

  test('the sums are those of the devices, whatever happened', async () => {
    const { db } = kits.context;
    const agents: TestAgent[] = [];
    for (const name of ['a', 'b', 'c']) agents.push(await reporting(kits, kits.wasungen, name, lacking([])));
    // A small generator with a fixed seed, so that a failure can be repeated.
    let seed = 20_261_124;
    const pick = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    for (let step = 0; step < 60; step += 1) {
      const agent = agents[pick(3)]!;
      const device = `devices/${agent.state.deviceId}`;
      const chosen = ['u', 'v', 'w'].filter(() => pick(2) === 0);
      const patches = lacking(
        chosen.map((id) =>
          update(id, {
            state: pick(2) === 0 ? 'missing' : 'waiting-for-restart',
            candidateVersion: `${pick(2)}`,
            firstSeenOn: `2026-11-0${1 + pick(2)}`,
          }),
        ),
      );
      switch (pick(5)) {
        case 0:
          await staff.send('PATCH', device, { state: pick(2) === 0 ? 'retired' : 'active' });
          break;
        case 1:
          await staff.send('PATCH', device, { municipalityId: pick(2) === 0 ? kits.wasungen : kits.grabfeld });
          break;
        default:
          await agent.report(agent.sections({ patches: pick(6) === 0 ? undefined : patches }));
      }
    }
    const read = () =>
      db
        .selectFrom('update_counts')
        .selectAll()
        .orderBy('municipality_id')
        .orderBy('variant_id')
        .orderBy('state')
        .orderBy('since')
        .execute();
    const kept = await read();
    expect(kept.length).toBeGreaterThan(2);
    await db.deleteFrom('update_counts').execute();
    for (const { state } of agents) await countUpdates(db, state.deviceId);
    expect(await read()).toEqual(kept);
  });
});
