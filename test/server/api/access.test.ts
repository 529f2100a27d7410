import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guard } from '../../../server/api/access.ts';
import { createApiToken, revokeApiToken } from '../../../server/staff/api-tokens.ts';
import { addDevice, type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
const clients: Record<string, Client> = {};
let own: string;
let foreign: string;
let ownToken: string;
let foreignToken: string;
let ownException: string;
let ownServer: string;
let foreignServer: string;
let ownTest: string;
let foreignTest: string;
let foreignException: string;
let ownNotice: string;
let foreignNotice: string;
let ownGroup: string;
let foreignGroup: string;

const exceptionFor = (municipalityId: string, deviceId?: string) => ({
  ruleId: 'screen-lock',
  municipalityId,
  ...(deviceId === undefined ? {} : { deviceId }),
  reason: 'Anzeigetafel',
  approvedBy: 'Amtsleitung',
  expiresAt: new Date(startOfTime + 86_400_000).toISOString(),
});

const noticeFor = (municipality: string) => ({
  audience: { municipality },
  severity: 'info',
  title: { de: 'Wartung am Freitag' },
  body: { de: 'Ab 14 Uhr wird das Netz gewartet.' },
  validUntil: new Date(startOfTime + 86_400_000).toISOString(),
});

const restoreTest = {
  at: new Date(startOfTime - 3_600_000).toISOString(),
  testedBy: 'Technik',
  source: 'Archivserver',
  sample: 'ein Ordner',
  result: 'equal',
  files: 3,
  different: 0,
};

beforeAll(async () => {
  kits = await startStaffedServer();
  clients['nobody'] = kits.anonymous;
  clients['admin'] = await kits.staff('Ada', 'admin');
  clients['technician'] = await kits.staff('Tom', 'technician', kits.wasungen);
  clients['viewer'] = await kits.staff('Vera', 'viewer', kits.wasungen);
  clients['technician script'] = (await kits.script('technician', kits.wasungen)).client;
  clients['viewer script'] = (await kits.script('viewer')).client;
  own = await addDevice(kits.context, kits.wasungen, { hostname: 'own' });
  foreign = await addDevice(kits.context, kits.grabfeld, { hostname: 'foreign' });
  const make = async (municipalityId: string) =>
    (await clients['admin']!.send('POST', 'tokens', { municipalityId })).body.id;
  ownToken = await make(kits.wasungen);
  foreignToken = await make(kits.grabfeld);
  const serve = async (municipalityId: string) =>
    (await clients['admin']!.send('POST', 'backups/servers', { municipalityId, name: 'Archivserver' })).body.id;
  ownServer = await serve(kits.wasungen);
  foreignServer = await serve(kits.grabfeld);
  const tested = async (device: string) =>
    (await clients['admin']!.send('POST', `devices/${device}/restore-tests`, restoreTest)).body.id;
  ownTest = await tested(own);
  foreignTest = await tested(foreign);
  const except = async (municipalityId: string) =>
    (await clients['admin']!.send('POST', 'exceptions', exceptionFor(municipalityId))).body.id;
  ownException = await except(kits.wasungen);
  foreignException = await except(kits.grabfeld);
  const notify = async (municipality: string) =>
    (await clients['admin']!.send('POST', 'notices', noticeFor(municipality))).body.id;
  ownNotice = await notify(kits.wasungen);
  foreignNotice = await notify(kits.grabfeld);
  const group = async (municipalityId: string) =>
    (await clients['admin']!.send('POST', 'groups', { municipalityId, name: 'Notebooks' })).body.id;
  ownGroup = await group(kits.wasungen);
  foreignGroup = await group(kits.grabfeld);
});
afterAll(() => kits.close());

const firstPolicy = { settings: { checkInSeconds: 600 }, expectedVersion: 0 };

type Expected = number;
const everybody = ['nobody', 'viewer', 'viewer script', 'technician', 'technician script', 'admin'] as const;

/** What each caller gets, in the order of `everybody`. */
const matrix: readonly [method: string, path: () => string, body: () => object | string | undefined, Expected[]][] = [
  ['GET', () => 'session', () => undefined, [401, 200, 403, 200, 403, 200]],
  ['GET', () => 'municipalities', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => 'municipalities', () => ({ name: 'Fambach' }), [401, 403, 403, 403, 403, 201]],
  [
    'PATCH',
    () => `municipalities/${kits.wasungen}`,
    () => ({ approvalRequired: true }),
    [401, 403, 403, 403, 403, 200],
  ],
  ['GET', () => 'devices', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `devices/${own}`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `devices/${own}/history`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `devices/${own}/history/export`, () => undefined, [401, 403, 403, 200, 200, 200]],
  ['GET', () => `devices/${own}/software-changes`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'patches', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'patches/devices?update=x', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'versions', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'patches/overview', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'backups', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'backups/servers', () => undefined, [401, 200, 200, 200, 200, 200]],
  // Each makes one, and the next one finds the name taken.
  [
    'POST',
    () => 'backups/servers',
    () => ({ municipalityId: kits.wasungen, name: 'PBS' }),
    [401, 403, 403, 201, 409, 409],
  ],
  ['DELETE', () => `backups/servers/${ownServer}`, () => undefined, [401, 403, 403, 204, 204, 204]],
  // Only for the token of a backup server: not even an administrator speaks for one.
  ['POST', () => 'backups/evidence', () => [], [401, 401, 401, 401, 401, 401]],
  ['GET', () => `devices/${own}/backup`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `devices/${own}/restore-tests`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => `devices/${own}/restore-tests`, () => restoreTest, [401, 403, 403, 201, 201, 201]],
  ['DELETE', () => `devices/${own}/restore-tests/${ownTest}`, () => undefined, [401, 403, 403, 204, 204, 204]],
  ['GET', () => 'controls', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'controls/WiBA%205.2/devices', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'exceptions', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => 'exceptions', () => exceptionFor(kits.wasungen), [401, 403, 403, 201, 201, 201]],
  ['DELETE', () => `exceptions/${ownException}`, () => undefined, [401, 403, 403, 204, 204, 204]],
  ['GET', () => 'groups', () => undefined, [401, 200, 200, 200, 200, 200]],
  // Each makes one, and the next one finds the name taken.
  ['POST', () => 'groups', () => ({ municipalityId: kits.wasungen, name: 'Archiv' }), [401, 403, 403, 201, 409, 409]],
  ['GET', () => `groups/${ownGroup}`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['PATCH', () => `groups/${ownGroup}`, () => ({ position: 1 }), [401, 403, 403, 200, 200, 200]],
  ['POST', () => `groups/${ownGroup}/members`, () => ({ add: [own] }), [401, 403, 403, 200, 200, 200]],
  ['GET', () => 'notices', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => 'notices', () => noticeFor(kits.wasungen), [401, 403, 403, 201, 201, 201]],
  ['GET', () => 'notices/signing', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `notices/reach?municipality=${kits.wasungen}`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `notices/${ownNotice}`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `notices/${ownNotice}/acknowledgements`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `notices/${ownNotice}/devices`, () => undefined, [401, 200, 200, 200, 200, 200]],
  // The first one recalls it; to the others it is recalled already.
  ['POST', () => `notices/${ownNotice}/recall`, () => ({}), [401, 403, 403, 200, 200, 200]],
  ['GET', () => 'policies', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'policies/fields', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => `policies/group-${ownGroup}`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => `policies/group-${ownGroup}/preview`, () => ({ settings: {} }), [401, 200, 200, 200, 200, 200]],
  // The first one stores it; to the others it has changed meanwhile.
  ['PUT', () => `policies/group-${ownGroup}`, () => firstPolicy, [401, 403, 403, 200, 409, 409]],
  ['GET', () => `policies/group-${ownGroup}/history`, () => undefined, [401, 200, 200, 200, 200, 200]],
  [
    'POST',
    () => `policies/group-${ownGroup}/restore`,
    () => ({ version: 1, expectedVersion: 1 }),
    [401, 403, 403, 200, 200, 200],
  ],
  ['POST', () => `devices/${own}/report-now`, () => ({ sections: ['os'] }), [401, 403, 403, 202, 202, 202]],
  ['GET', () => `devices/${own}/policy`, () => undefined, [401, 200, 200, 200, 200, 200]],
  ['DELETE', () => `groups/${ownGroup}`, () => undefined, [401, 403, 403, 200, 404, 404]],
  ['PATCH', () => `devices/${own}`, () => ({ location: 'Rathaus' }), [401, 403, 403, 200, 200, 200]],
  ['POST', () => 'devices/import-records', () => 'hostname,note\nown,x', [401, 403, 403, 200, 200, 200]],
  ['GET', () => 'tokens', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['POST', () => 'tokens', () => ({ municipalityId: kits.wasungen }), [401, 403, 403, 201, 201, 201]],
  ['DELETE', () => `tokens/${ownToken}`, () => undefined, [401, 403, 403, 204, 204, 204]],
  ['GET', () => 'retention', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['GET', () => 'audit', () => undefined, [401, 200, 200, 200, 200, 200]],
  ['PUT', () => 'session/password', () => ({ password: 'a long enough one' }), [401, 204, 403, 204, 403, 204]],
];

describe('each role may do its share and no more', () => {
  test.each(matrix)('%s %o', async (method, path, body, expected) => {
    const statuses: number[] = [];
    for (const who of everybody) {
      const payload = body();
      const answer = await clients[who]!.send(method, path(), payload);
      statuses.push(answer.status);
      if (answer.status === 401) expect(answer.body.code).toBe('not-signed-in');
      if (answer.status === 403) expect(answer.body.code).toBe('forbidden');
    }
    expect(statuses).toEqual(expected);
  });

  test('no route of the API is missing in this table', async () => {
    const { paths } = (await kits.call('openapi.json', {})).body;
    const published = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      path.startsWith('/api/v1/')
        ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(8)}`)
        : [],
    );
    const listed = matrix.map(
      ([method, path]) =>
        `${method} ${path()
          .replace(/(?<=policies\/)group-[0-9a-f-]{36}/, '{audience}')
          .replace(/(?<=restore-tests\/)[0-9a-f-]{36}/, '{test}')
          .replace(/[0-9a-f-]{36}|WiBA%205.2/, '{id}')
          .replace(/\?.*/, '')}`,
    );
    // Signing in and out have tests of their own.
    expect(published.sort()).toEqual([...listed, 'POST session', 'DELETE session'].sort());
  });
});

describe('what belongs to another municipality is not there', () => {
  test.each<[string, () => string, () => object | undefined]>([
    ['GET', () => `devices/${foreign}`, () => undefined],
    ['GET', () => `devices/${foreign}/history`, () => undefined],
    ['GET', () => `devices/${foreign}/history/export`, () => undefined],
    ['PATCH', () => `devices/${foreign}`, () => ({ note: 'taken over' })],
    ['PATCH', () => `devices/${foreign}`, () => ({ municipalityId: kits.wasungen })],
    ['PATCH', () => `devices/${own}`, () => ({ municipalityId: kits.grabfeld })],
    ['PATCH', () => `devices/${own}`, () => ({ replacesDeviceId: foreign })],
    ['GET', () => `devices/${foreign}/software-changes`, () => undefined],
    ['DELETE', () => `exceptions/${foreignException}`, () => undefined],
    ['POST', () => 'exceptions', () => exceptionFor(kits.grabfeld)],
    ['POST', () => 'exceptions', () => exceptionFor(kits.wasungen, foreign)],
    ['POST', () => 'exceptions', () => exceptionFor(kits.grabfeld, own)],
    ['DELETE', () => `tokens/${foreignToken}`, () => undefined],
    ['POST', () => 'backups/servers', () => ({ municipalityId: kits.grabfeld, name: 'PBS' })],
    ['DELETE', () => `backups/servers/${foreignServer}`, () => undefined],
    ['GET', () => `devices/${foreign}/backup`, () => undefined],
    ['GET', () => `devices/${foreign}/restore-tests`, () => undefined],
    ['POST', () => `devices/${foreign}/restore-tests`, () => restoreTest],
    ['DELETE', () => `devices/${foreign}/restore-tests/${foreignTest}`, () => undefined],
    ['DELETE', () => `devices/${own}/restore-tests/${foreignTest}`, () => undefined],
    ['POST', () => 'tokens', () => ({ municipalityId: kits.grabfeld })],
    ['POST', () => 'notices', () => noticeFor(kits.grabfeld)],
    ['GET', () => `notices/${foreignNotice}`, () => undefined],
    ['GET', () => `notices/${foreignNotice}/devices`, () => undefined],
    ['GET', () => `notices/${foreignNotice}/acknowledgements`, () => undefined],
    ['POST', () => `notices/${foreignNotice}/recall`, () => ({})],
    ['GET', () => `notices/reach?municipality=${kits.grabfeld}`, () => undefined],
    ['POST', () => 'groups', () => ({ municipalityId: kits.grabfeld, name: 'Archiv' })],
    ['GET', () => `groups/${foreignGroup}`, () => undefined],
    ['PATCH', () => `groups/${foreignGroup}`, () => ({ name: 'unsere' })],
    ['DELETE', () => `groups/${foreignGroup}`, () => undefined],
    ['POST', () => `groups/${foreignGroup}/members`, () => ({ add: [own] })],
    ['POST', () => `groups/${foreignGroup}/members`, () => ({ remove: [foreign] })],
    ...['group', 'municipality', 'device'].flatMap((level): [string, () => string, () => object | undefined][] => {
      const ids = { group: () => foreignGroup, municipality: () => kits.grabfeld, device: () => foreign };
      const path = (more: string) => () => `policies/${level}-${ids[level as keyof typeof ids]()}${more}`;
      return [
        ['GET', path(''), () => undefined],
        ['PUT', path(''), () => firstPolicy],
        ['POST', path('/preview'), () => ({ settings: {} })],
        ['GET', path('/history'), () => undefined],
        ['POST', path('/restore'), () => ({ version: 1, expectedVersion: 1 })],
      ];
    }),
    ['GET', () => `devices/${foreign}/policy`, () => undefined],
  ])('%s %o', async (method, path, body) => {
    for (const who of ['technician', 'technician script']) {
      const answer = await clients[who]!.send(method, path(), body());
      expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
      const nowhere = await clients[who]!.send(method, path().replaceAll(foreign, crypto.randomUUID()), body());
      expect(nowhere.status).toBe(404);
    }
    const row = await kits.context.db.selectFrom('devices').selectAll().where('id', '=', foreign).executeTakeFirst();
    expect(row).toMatchObject({ municipality_id: kits.grabfeld, note: null, state: 'active' });
  });

  test('an administrator of one municipality has no rights in another, and adds none', async () => {
    const local = await kits.staff('Lea', 'admin', kits.wasungen);
    const change = await local.send('PATCH', `municipalities/${kits.grabfeld}`, { approvalRequired: true });
    expect([change.status, change.body.code]).toEqual([404, 'not-found']);
    const add = await local.send('POST', 'municipalities', { name: 'Neubrunn' });
    expect([add.status, add.body.code]).toEqual([403, 'forbidden']);
  });

  test('no query of the API gets at devices, tokens or audit except through the scope', () => {
    const root = join(import.meta.dirname, '../../../server');
    const unscoped = ['api', 'fleet', 'staff', 'commands']
      .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(folder, file)))
      // The rules judge every device by the clock, for nobody in particular.
      .filter((file) => !['fleet/scope.ts', 'fleet/evaluate.ts'].includes(file))
      .filter((file) =>
        /selectFrom\('(devices|device_groups|policy_versions|enrolment_tokens|audit)\b/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      );
    expect(unscoped).toEqual([]);
  });

  test('lists show one’s own only', async () => {
    for (const who of ['technician', 'technician script', 'viewer']) {
      const client = clients[who]!;
      const names = async (path: string) => (await client.get(path)).body.items;
      expect((await names('municipalities')).map((one: { name: string }) => one.name)).toEqual(['Wasungen']);
      const devices = await client.get('devices');
      expect(devices.body.total).toBe(1);
      expect(devices.body.items.map((one: { hostname: string }) => one.hostname)).toEqual(['own']);
      expect((await client.get(`devices?municipality=${kits.grabfeld}`)).body).toMatchObject({ items: [], total: 0 });
      const tokens: { municipality: { id: string } }[] = await names('tokens');
      expect(new Set(tokens.map((one) => one.municipality.id))).toEqual(new Set([kits.wasungen]));
      const groups: { municipality: { id: string } }[] = await names('groups');
      expect(new Set(groups.map((one) => one.municipality.id))).toEqual(new Set([kits.wasungen]));
      expect((await client.get(`devices?group=${foreignGroup}`)).body).toMatchObject({ items: [], total: 0 });
      const audit: { municipalityId: string }[] = await names('audit');
      expect(new Set(audit.map((one) => one.municipalityId))).toEqual(new Set([kits.wasungen]));
    }
  });

  test('one member of staff can look after several municipalities', async () => {
    const both = await kits.staff('Both', 'technician', kits.wasungen, kits.grabfeld);
    expect((await both.get(`devices/${own}`)).status).toBe(200);
    expect((await both.get(`devices/${foreign}`)).status).toBe(200);
    expect((await both.get('session')).body.municipalities.sort()).toEqual([kits.wasungen, kits.grabfeld].sort());
  });

  test('sign-ins and users stand in the record of district administrators only', async () => {
    const actions = async (client: Client): Promise<string[]> =>
      (await client.get('audit?limit=500')).body.items.map((one: { action: string }) => one.action);
    expect(await actions(clients['admin']!)).toContain('session.open');
    const district = await kits.script('technician');
    const seen = await actions(district.client);
    expect(seen).toContain('municipality.create');
    expect(seen).not.toContain('session.open');
    expect(seen).not.toContain('user.create');
  });
});

describe('an API token', () => {
  test('stops at once when it is revoked', async () => {
    const { id, client } = await kits.script('viewer');
    expect((await client.get('devices')).status).toBe(200);
    await revokeApiToken(kits.context, 'cli:test', id);
    const answer = await client.get('devices');
    expect([answer.status, answer.body.code, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'not-signed-in',
      'Bearer',
    ]);
    await expect(revokeApiToken(kits.context, 'cli:test', id)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('that is wrong is not helped by a good cookie beside it', async () => {
    const { cookie } = clients['admin']!;
    for (const authorization of [`Bearer kits_${'a'.repeat(43)}`, 'Basic YTpi', 'Bearer', '']) {
      const answer = await kits.call('devices', { headers: { cookie, authorization } });
      expect(answer.status).toBe(401);
    }
  });

  test('is not stored, and its deeds carry its id', async () => {
    const { id, client } = await kits.script('technician');
    await client.send('PATCH', `devices/${own}`, { note: 'by a script' });
    const audit = await kits.context.db.selectFrom('audit').selectAll().orderBy('id', 'desc').executeTakeFirst();
    expect(audit).toMatchObject({ actor: `api-token:${id}`, action: 'device.change', target: own });
    const stored = await kits.context.db.selectFrom('api_tokens').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain('kits_');
  });
});

test('a route that forgot to say who may is for administrators only', async () => {
  const app = fastify();
  app.decorateRequest('caller', null);
  app.addHook('onRequest', guard(kits.context));
  app.get('/forgotten', async () => 'secret');
  for (const [role, status] of [
    ['technician', 500],
    ['admin', 200],
  ] as const) {
    const { token } = await createApiToken(kits.context, 'cli:test', { role });
    const answer = await app.inject({ url: '/forgotten', headers: { authorization: `Bearer ${token}` } });
    // Without the error handler of the API a refusal shows as 500.
    expect([role, answer.statusCode]).toEqual([role, status]);
  }
  await app.close();
});

test('answers are kept by no cache', async () => {
  expect((await clients['admin']!.get('devices')).headers.get('cache-control')).toBe('no-store');
});

test('words are German unless English is asked for', async () => {
  const speak = async (language: string) =>
    (await kits.call('devices', { headers: { 'accept-language': language } })).body.detail;
  expect(await speak('de-DE,de;q=0.9,en;q=0.8')).toContain('nicht angemeldet');
  expect(await speak('en-GB,en;q=0.9')).toContain('not signed in');
});
