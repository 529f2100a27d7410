import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  addDevice,
  auditOf,
  type Client,
  type StaffedServer,
  startStaffedServer,
} from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
let token: string;
let serverId: string;
let own: string;
let other: string;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('technician')).client;
  ({ token, id: serverId } = await makeServer(kits.wasungen, 'PBS'));
  own = await addDevice(kits.context, kits.wasungen, { hostname: 'WAS-PC-01', inventory_number: 'INV 7' });
  other = await addDevice(kits.context, kits.wasungen, { hostname: 'was-pc-02' });
});
afterEach(() => kits.close());

async function makeServer(municipalityId: string, name: string): Promise<{ id: string; token: string }> {
  return (await staff.send('POST', 'backups/servers', { municipalityId, name })).body;
}

function post(
  body: string | object,
  options: { token?: string; type?: string; language?: string } = {},
): Promise<Answer> {
  const json = typeof body !== 'string';
  return kits.call('backups/evidence', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.token ?? token}`,
      'content-type': options.type ?? (json ? 'application/json' : 'text/plain'),
      ...(options.language === undefined ? {} : { 'accept-language': options.language }),
    },
    body: json ? JSON.stringify(body) : body,
  });
}

const stored = (deviceId = own) =>
  kits.context.db.selectFrom('backup_evidence').selectAll().where('device_id', '=', deviceId).execute();
const codes = ({ body }: Answer) => body.refused.map(({ line, code }: { line: number; code: string }) => [line, code]);

describe('the word of a backup server', () => {
  test('JSON: by host name, id and inventory number', async () => {
    const answer = await post([
      { device: 'was-pc-01', newest: '2026-11-24T03:00:00Z', count: 14, bytes: 5_000_000_000, source: 'restic' },
      { device: other.toUpperCase(), newest: '2026-11-24T04:30:00.123456789+01:00' },
    ]);
    expect([answer.status, answer.body]).toEqual([200, { accepted: 2, refused: [] }]);
    expect(await stored()).toEqual([
      {
        device_id: own,
        server_id: serverId,
        source: 'restic',
        newest_at: '2026-11-24T03:00:00.000Z',
        restore_points: 14,
        bytes: 5_000_000_000,
        received_at: '2026-11-24T09:00:00.000Z',
      },
    ]);
    expect(await stored(other)).toMatchObject([{ newest_at: '2026-11-24T03:30:00.123Z', source: '', bytes: null }]);
    // The list may stand in an object too; the older word is the newer one now, because the server says so.
    const older = Date.parse('2026-11-20T00:00:00Z') / 1000;
    expect((await post({ items: [{ device: 'inv 7', newest: older, source: 'restic' }] })).status).toBe(200);
    expect(await stored()).toMatchObject([{ newest_at: '2026-11-20T00:00:00.000Z', restore_points: null }]);
  });

  test('lines of text, with comments, blank lines and Windows line ends', async () => {
    const answer = await post(
      '# nightly\r\nwas-pc-01\t2026-11-24T03:00:00Z\r\n\r\n  was-pc-02 \t1795600000\t3\t1024\tborg\r\n',
    );
    expect(answer.body).toMatchObject({
      accepted: 1,
      refused: [{ line: 4, code: 'time-in-future', device: 'was-pc-02' }],
    });
    const good = await post(`was-pc-02\t${Date.parse('2026-11-23T22:00:00Z') / 1000}\t3\t1024\tborg`);
    expect(good.status).toBe(200);
    expect(await stored(other)).toMatchObject([
      { newest_at: '2026-11-23T22:00:00.000Z', restore_points: 3, bytes: 1024, source: 'borg' },
    ]);
    expect(await stored()).toMatchObject([{ newest_at: '2026-11-24T03:00:00.000Z' }]);
  });

  test('a list of all restore points gives the newest one', async () => {
    const days = ['2026-11-22', '2026-11-24', '2026-11-23'];
    const answer = await post(days.map((day) => `was-pc-01\t${day}T01:00:00Z`).join('\n'));
    expect(answer.body).toEqual({ accepted: 3, refused: [] });
    expect(await stored()).toMatchObject([{ newest_at: '2026-11-24T01:00:00.000Z' }]);
  });

  test('saying it twice changes nothing but when it was heard', async () => {
    const word = [{ device: 'was-pc-01', newest: '2026-11-24T03:00:00Z' }];
    await post(word);
    const before = await stored();
    kits.advance(60);
    await post(word);
    expect(await stored()).toEqual(before.map((row) => ({ ...row, received_at: '2026-11-24T09:01:00.000Z' })));
  });

  test('each line is answered by itself, and nothing is guessed', async () => {
    await addDevice(kits.context, kits.wasungen, { hostname: 'doppelt' });
    await addDevice(kits.context, kits.wasungen, { hostname: 'DOPPELT' });
    await addDevice(kits.context, kits.wasungen, { hostname: 'x', inventory_number: 'was-pc-02' });
    await addDevice(kits.context, kits.wasungen, { hostname: 'gone', state: 'retired' });
    await addDevice(kits.context, kits.grabfeld, { hostname: 'foreign' });
    const at = '2026-11-24T03:00:00Z';
    const answer = await post(
      [
        `was-pc-01\t${at}`,
        `doppelt\t${at}`,
        // The host name of one, the inventory number of another.
        `was-pc-02\t${at}`,
        `gone\t${at}`,
        `foreign\t${at}`,
        `was-pc\t${at}`,
        `was-pc-01.example\t${at}`,
        'was-pc-01',
        'was-pc-01\tyesterday',
        'was-pc-01\t2026-02-31T00:00:00Z',
        'was-pc-01\t2026-11-24T03:00:00',
        'was-pc-01\t2026-11-24T09:10:01Z',
        'was-pc-01\t1989-01-01T00:00:00Z',
        `was-pc-01\t${at}\tmany`,
        `was-pc-01\t${at}\t1\t2\t3\t4`,
        `was-pc-01\t${at}\t${'9'.repeat(30)}`,
      ].join('\n'),
      { language: 'en' },
    );
    expect(answer.status).toBe(207);
    expect(answer.body.accepted).toBe(1);
    expect(codes(answer)).toEqual([
      [2, 'ambiguous-device'],
      [3, 'ambiguous-device'],
      [4, 'unknown-device'],
      [5, 'unknown-device'],
      [6, 'unknown-device'],
      [7, 'unknown-device'],
      [8, 'malformed'],
      [9, 'time-unreadable'],
      [10, 'time-unreadable'],
      [11, 'time-without-zone'],
      [12, 'time-in-future'],
      [13, 'time-unreadable'],
      [14, 'malformed'],
      [15, 'malformed'],
      [16, 'malformed'],
    ]);
    expect(answer.body.refused[0]).toMatchObject({ device: 'doppelt', reason: expect.stringContaining('Several') });
    expect(await kits.context.db.selectFrom('backup_evidence').selectAll().execute()).toHaveLength(1);
  });

  test.each<[string, unknown[]]>([
    ['no object', ['was-pc-01', 7, null, []]],
    ['no name', [{ newest: '2026-11-24T03:00:00Z' }, { device: '', newest: '2026-11-24T03:00:00Z' }]],
    ['no time', [{ device: 'was-pc-01' }, { device: 'was-pc-01', newest: 1.5 }, { device: 'was-pc-01', newest: null }]],
    ['negative numbers', [{ device: 'was-pc-01', newest: '2026-11-24T03:00:00Z', count: -1 }]],
  ])('JSON with %s is refused item by item', async (_, items) => {
    const answer = await post(items);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({
      accepted: 0,
      refused: items.map((__, index) => ({ line: index + 1, code: 'malformed' })),
    });
    expect(await stored()).toEqual([]);
  });

  test.each([
    ['{"items":', 'application/json', 400],
    ['"words"', 'application/json', 400],
    ['{}', 'application/json', 400],
    ['', 'application/json', 400],
    ['a;b', 'text/csv', 415],
  ])('what is no list at all is refused: %s as %s', async (body, type, status) => {
    expect((await post(body, { type })).status).toBe(status);
  });

  test('2,000 words go through, one more does not, and nothing of it is stored', async () => {
    const word = { device: 'was-pc-01', newest: '2026-11-24T03:00:00Z' };
    const tooMany = await post(Array.from({ length: 2001 }, () => word));
    expect([tooMany.status, tooMany.body.code]).toEqual([400, 'invalid']);
    expect(await stored()).toEqual([]);
    expect((await post(Array.from({ length: 2000 }, () => word))).body).toEqual({ accepted: 2000, refused: [] });
    const huge = await post('x'.repeat(1024 * 1024 + 1));
    expect([huge.status, huge.body.code]).toEqual([413, 'too-large']);
  });

  test('keeps the 16 sources of a device that were heard last', async () => {
    const words = Array.from({ length: 20 }, (_, index) => ({
      device: 'was-pc-01',
      newest: `2026-11-${String(index + 1).padStart(2, '0')}T00:00:00Z`,
      source: `repo-${index}`,
    }));
    await post(words);
    const sources = (await stored()).map(({ source }) => source);
    expect(sources).toHaveLength(16);
    expect(sources).not.toContain('repo-3');
    expect(sources).toContain('repo-4');
  });

  test('a server that reports too often waits, another one does not', async () => {
    const statuses = new Set<number>();
    for (let count = 0; count < 300; count += 1) statuses.add((await post([])).status);
    expect(statuses).toEqual(new Set([200]));
    const refused = await post([]);
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-attempts']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const second = await makeServer(kits.wasungen, 'Borg');
    expect((await post([], { token: second.token })).status).toBe(200);
    kits.advance(60);
    expect((await post([])).status).toBe(200);
  });
});

describe('the token of a backup server', () => {
  test('opens nothing else, and nothing else opens its door', async () => {
    for (const path of ['backups', 'devices', 'backups/servers', 'session']) {
      const answer = await kits.call(path, { headers: { authorization: `Bearer ${token}` } });
      expect([answer.status, answer.body.code]).toEqual([401, 'not-signed-in']);
    }
    const foreign = await makeServer(kits.grabfeld, 'PBS');
    const word = [{ device: own, newest: '2026-11-24T03:00:00Z' }];
    expect(codes(await post(word, { token: foreign.token }))).toEqual([[1, 'unknown-device']]);
    for (const wrong of ['', 'kits-backup-', `kits-backup-${'A'.repeat(43)}`, token.replace('kits-backup-', 'kits_')]) {
      expect((await post(word, { token: wrong })).status).toBe(401);
    }
    expect(await stored()).toEqual([]);
  });

  test('is listed without its secret, with its last use, and ends when it is revoked', async () => {
    expect((await staff.get('backups/servers')).body.items).toMatchObject([
      { name: 'PBS', lastUsedAt: null, devices: 0 },
    ]);
    kits.advance(3600);
    await post([
      { device: 'was-pc-01', newest: '2026-11-24T03:00:00Z', source: 'a' },
      { device: 'was-pc-01', newest: '2026-11-24T03:00:00Z', source: 'b' },
    ]);
    const listed = await staff.get('backups/servers');
    expect(listed.body.items).toEqual([
      {
        id: serverId,
        municipality: { id: kits.wasungen, name: 'Wasungen' },
        name: 'PBS',
        createdAt: '2026-11-24T09:00:00.000Z',
        createdBy: expect.stringMatching(/^api-token:/),
        lastUsedAt: '2026-11-24T10:00:00.000Z',
        revokedAt: null,
        devices: 1,
      },
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(token.slice(-20));
    expect((await staff.get(`devices/${own}/backup`)).body.evidence).toHaveLength(2);

    expect((await staff.send('DELETE', `backups/servers/${serverId}`)).status).toBe(204);
    expect((await staff.send('DELETE', `backups/servers/${serverId}`)).status).toBe(204);
    expect((await post([])).status).toBe(401);
    // What it said may have been said by whoever had the token.
    expect((await staff.get(`devices/${own}/backup`)).body.evidence).toEqual([]);
    const device = await kits.context.db
      .selectFrom('devices')
      .select('judged_at')
      .where('id', '=', own)
      .executeTakeFirst();
    expect(device?.judged_at).toBeNull();
    const deeds = await auditOf(kits.context, 'backup-server.revoke');
    expect(deeds).toMatchObject([{ municipality_id: kits.wasungen, target: serverId, detail: '{"name":"PBS"}' }]);
    expect(JSON.stringify(await auditOf(kits.context, 'backup-server.create'))).not.toContain(token);
    // The name is free again.
    expect((await staff.send('POST', 'backups/servers', { municipalityId: kits.wasungen, name: 'PBS' })).status).toBe(
      201,
    );
  });

  test('a name is taken once in a municipality', async () => {
    const again = await staff.send('POST', 'backups/servers', { municipalityId: kits.wasungen, name: ' PBS ' });
    expect([again.status, again.body.code]).toEqual([409, 'name-taken']);
    expect((await makeServer(kits.grabfeld, 'PBS')).token).toMatch(/^kits-backup-[\w-]{43}$/);
    expect((await staff.send('POST', 'backups/servers', { municipalityId: kits.wasungen, name: '   ' })).status).toBe(
      400,
    );
  });

  test('what it said stays behind when the device moves away', async () => {
    await post([{ device: 'was-pc-01', newest: '2026-11-24T03:00:00Z' }]);
    await staff.send('PATCH', `devices/${own}`, { municipalityId: kits.grabfeld });
    expect((await staff.get(`devices/${own}/backup`)).body.evidence).toEqual([]);
    expect(codes(await post([{ device: 'was-pc-01', newest: '2026-11-24T03:00:00Z' }]))).toEqual([
      [1, 'unknown-device'],
    ]);
  });
});
