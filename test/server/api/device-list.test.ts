import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceList, DeviceSummary } from '../../../server/api/contract.ts';
import {
  addDevice,
  type Client,
  deviceRow,
  type StaffedServer,
  startOfTime,
  startStaffedServer,
} from './staffed-server.ts';

const fleet = 500;
const lights = ['critical', 'attention', 'unknown', 'ok'] as const;
const systems = ['Debian GNU/Linux 12 (bookworm)', 'Debian GNU/Linux 13 (trixie)', 'Windows 11 Pro', null];

describe('500 devices', () => {
  let kits: StaffedServer;
  let client: Client;

  beforeAll(async () => {
    kits = await startStaffedServer();
    client = (await kits.script('viewer')).client;
    const rows = Array.from({ length: fleet }, (_, index) =>
      deviceRow(index % 3 === 0 ? kits.grabfeld : kits.wasungen, {
        // Many alike, so that pages have to break between equal keys.
        hostname: index % 2 === 0 ? `PC-${index % 40}` : `pc-${index % 40}`,
        light: lights[index % 4]!,
        light_rank: index % 4,
        os_name: systems[index % systems.length] ?? null,
        last_heard_at: index % 7 === 0 ? null : new Date(startOfTime - (index % 50) * 1000).toISOString(),
        model: null,
      }),
    );
    for (let from = 0; from < fleet; from += 50) {
      await kits.context.db
        .insertInto('devices')
        .values(rows.slice(from, from + 50))
        .execute();
    }
  });
  afterAll(() => kits.close());

  async function everyPage(query: string): Promise<DeviceSummary[]> {
    const items: DeviceSummary[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await client.get(`devices?limit=37&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      const list = answer.body as DeviceList;
      expect(list.total).toBe(fleet);
      items.push(...list.items);
      cursor = list.nextCursor;
    }
    return items;
  }

  const keys: Record<string, (device: DeviceSummary) => string | number> = {
    hostname: (device) => device.hostname.toLowerCase(),
    municipality: (device) => device.municipality.name,
    light: (device) => lights.indexOf(device.light as (typeof lights)[number]),
    lastHeardAt: (device) => device.lastHeardAt ?? '',
    osName: (device) => device.osName?.toLowerCase() ?? '',
  };

  test.each(Object.keys(keys).flatMap((sort) => [[sort, 'asc'] as const, [sort, 'desc'] as const]))(
    'sorted by %s %s: each device once, in order, over all pages',
    async (sort, order) => {
      const items = await everyPage(`sort=${sort}&order=${order}`);
      expect(items).toHaveLength(fleet);
      expect(new Set(items.map(({ id }) => id)).size).toBe(fleet);
      const shown = items.map(keys[sort]!);
      const sorted = shown.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(shown).toEqual(order === 'asc' ? sorted : sorted.reverse());
    },
  );

  test('worst first is the light ascending; devices alike stand by name', async () => {
    const { items } = (await client.get('devices?sort=light&limit=200')).body as DeviceList;
    expect(new Set(items.slice(0, 125).map(({ light }) => light))).toEqual(new Set(['critical']));
    expect(items[125]?.light).toBe('attention');
    const names = items.slice(0, 125).map(({ hostname }) => hostname.toLowerCase());
    expect(names).toEqual(names.toSorted());
  });

  test('the default page has 50, the last one no cursor', async () => {
    expect((await client.get('devices')).body.items).toHaveLength(50);
    const all = await client.get('devices?limit=500');
    expect([all.body.items.length, all.body.nextCursor]).toEqual([500, null]);
  });

  test('a cursor that was made up, or belongs to another order, is refused', async () => {
    const { nextCursor } = (await client.get('devices?sort=osName')).body;
    const forge = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');
    const id = crypto.randomUUID();
    for (const query of [
      `sort=hostname&cursor=${nextCursor}`,
      `sort=osName&order=desc&cursor=${nextCursor}`,
      'cursor=nonsense',
      `cursor=${forge(['hostname', 'asc', 'a'])}`,
      `cursor=${forge(['hostname', 'asc', 1, id])}`,
      `cursor=${forge(['osName', 'asc', 'a', 'b'])}&sort=osName`,
      `cursor=${forge(['hostname', 'asc', id, 'b', 'c'])}`,
      `sort=light&cursor=${forge(['light', 'asc', 'a', 'b', id])}`,
      `cursor=${forge(null)}`,
    ]) {
      const answer = await client.get(`devices?${query}`);
      expect([query, answer.status, answer.body.code]).toEqual([query, 400, 'invalid-cursor']);
    }
  });

  test.each([
    'limit=0',
    'limit=501',
    'limit=x',
    'sort=note',
    'order=up',
    'light=green',
    'municipality=1',
    'search=a&search=b',
  ])('a query that makes no sense is refused: %s', async (query) => {
    const answer = await client.get(`devices?${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
  });
});

describe('search and filters', () => {
  let kits: StaffedServer;
  let client: Client;

  beforeAll(async () => {
    kits = await startStaffedServer();
    client = (await kits.script('viewer')).client;
    const add = (municipalityId: string, values: Parameters<typeof addDevice>[2]) =>
      addDevice(kits.context, municipalityId, values);
    await add(kits.wasungen, { hostname: 'BÜRO-1', location: 'Rathaus, Raum 12', light: 'critical', light_rank: 0 });
    await add(kits.wasungen, { hostname: 'pc_2', inventory_number: 'INV-100%', office: 'Kämmerei' });
    await add(kits.grabfeld, {
      hostname: 'pcx2',
      serial_number: 'SN\\7',
      model: 'ThinkCentre M70q',
      note: 'geheim',
      state: 'quarantined',
    });
    await add(kits.grabfeld, { hostname: 'alt', state: 'retired', light: 'unknown', light_rank: 2 });
    await add(kits.grabfeld, { hostname: 'neu', state: 'pending', light: 'unknown', light_rank: 2 });
  });
  afterAll(() => kits.close());

  async function found(query: string): Promise<string[]> {
    const { items, total } = (await client.get(`devices?${query}`)).body as DeviceList;
    expect(total).toBe(items.length);
    return items.map(({ hostname }) => hostname).sort();
  }

  test.each([
    ['büro', ['BÜRO-1']],
    ['raum 12', ['BÜRO-1']],
    ['12 rathaus', ['BÜRO-1']],
    ['kämmerei', ['pc_2']],
    ['inv-100', ['pc_2']],
    ['thinkcentre', ['pcx2']],
    // As they are written, not as wildcards.
    ['pc_', ['pc_2']],
    ['100%', ['pc_2']],
    ['%', ['pc_2']],
    ['sn\\7', ['pcx2']],
    ['\\', ['pcx2']],
    ["'", []],
    ['geheim', []],
    ['  ', ['BÜRO-1', 'neu', 'pc_2', 'pcx2']],
  ])('%j finds %j', async (search, expected) => {
    expect(await found(`search=${encodeURIComponent(search)}`)).toEqual(expected);
  });

  test('retired devices are listed only when asked for', async () => {
    expect(await found('')).toEqual(['BÜRO-1', 'neu', 'pc_2', 'pcx2']);
    expect(await found('state=retired')).toEqual(['alt']);
    expect(await found('light=unknown')).toEqual(['neu']);
  });

  test('filters narrow together', async () => {
    expect(await found('state=pending')).toEqual(['neu']);
    expect(await found('light=critical')).toEqual(['BÜRO-1']);
    expect(await found(`municipality=${kits.grabfeld}`)).toEqual(['neu', 'pcx2']);
    expect(await found(`municipality=${kits.grabfeld}&light=critical`)).toEqual([]);
    expect(await found(`municipality=${kits.grabfeld}&search=pc`)).toEqual(['pcx2']);
  });

  test('the numbers of the overview are those of the list', async () => {
    const { items } = (await client.get('municipalities')).body;
    expect(items).toEqual([
      {
        id: kits.grabfeld,
        name: 'Grabfeld',
        approvalRequired: false,
        devices: 2,
        pending: 1,
        quarantined: 1,
        lights: { ok: 1, attention: 0, critical: 0, unknown: 1 },
        lastHeardAt: new Date(startOfTime - 60_000).toISOString(),
      },
      expect.objectContaining({ name: 'Wasungen', devices: 2, pending: 0, quarantined: 0 }),
    ]);
  });
});

test('hostnames of 253 wide characters page as well', async () => {
  const kits = await startStaffedServer();
  const { client } = await kits.script('viewer');
  for (const end of ['a', 'b', 'c']) {
    await addDevice(kits.context, kits.wasungen, {
      hostname: '\u0001'.repeat(252) + end,
      os_name: '\u0002'.repeat(120),
    });
  }
  const seen = new Set<string>();
  for (const sort of ['osName', 'municipality']) {
    seen.clear();
    let query = `devices?limit=1&sort=${sort}`;
    for (let turn = 0; turn < 3; turn += 1) {
      const { body, status } = await client.get(query);
      expect(status).toBe(200);
      seen.add(body.items[0].hostname);
      query = `devices?limit=1&sort=${sort}&cursor=${body.nextCursor}`;
    }
    expect(seen.size).toBe(3);
  }
  await kits.close();
});
