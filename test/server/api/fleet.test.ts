import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secretHash } from '../../../server/staff/secret.ts';
import { auditOf, type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let admin: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  admin = await kits.staff('Ada', 'admin');
});
afterEach(() => kits.close());

describe('municipalities', () => {
  test('are added with a name that nobody else has', async () => {
    const made = await admin.send('POST', 'municipalities', { name: ' Roßdorf ', approvalRequired: true });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'Roßdorf',
        approvalRequired: true,
        devices: 0,
        pending: 0,
        quarantined: 0,
        lights: { ok: 0, attention: 0, critical: 0, unknown: 0 },
        lastHeardAt: null,
      },
    ]);
    const again = await admin.send('POST', 'municipalities', { name: 'Roßdorf' });
    expect([again.status, again.body.code]).toEqual([409, 'name-taken']);
    const { items } = (await admin.get('municipalities')).body;
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['Grabfeld', 'Roßdorf', 'Wasungen']);
  });

  test.each([['   '], ['\u202e'], ['x'.repeat(121)]])('are not added with the name %j', async (name) => {
    const answer = await admin.send('POST', 'municipalities', { name });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
  });

  test('decide whether new devices wait for approval; the change is on record once', async () => {
    const path = `municipalities/${kits.wasungen}`;
    expect((await admin.send('PATCH', path, { approvalRequired: true })).body.approvalRequired).toBe(true);
    await admin.send('PATCH', path, { approvalRequired: true });
    expect(await auditOf(kits.context, 'municipality.change')).toMatchObject([
      { actor: 'Ada', municipality_id: kits.wasungen, target: 'Wasungen', detail: '{"approvalRequired":[false,true]}' },
    ]);
  });
});

describe('enrolment tokens', () => {
  test('show their secret once; only its hash is stored', async () => {
    const made = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen, uses: 30, expiresInDays: 7 });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String),
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      createdAt: new Date(startOfTime).toISOString(),
      expiresAt: new Date(startOfTime + 7 * 86_400_000).toISOString(),
      usesLeft: 30,
      revokedAt: null,
      token: expect.stringMatching(/^kits-enrol-[\w-]{43}$/),
      serverKey: kits.server.keyThumbprint,
    });
    const { token, serverKey: _pin, ...listed } = made.body;
    expect((await admin.get('tokens')).body.items).toEqual([listed]);
    const stored = await kits.context.db.selectFrom('enrolment_tokens').selectAll().execute();
    expect(stored).toMatchObject([{ secret_hash: secretHash(token), created_by: 'Ada' }]);
    expect(JSON.stringify(stored)).not.toContain(token);
    const audit = await auditOf(kits.context, 'token.create');
    expect(audit).toMatchObject([{ actor: 'Ada', municipality_id: kits.wasungen, target: listed.id }]);
    expect(JSON.stringify(audit)).not.toContain(token);
  });

  test('are for one device and 14 days when nothing else is said', async () => {
    const { body } = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
    expect([body.usesLeft, body.expiresAt]).toEqual([1, new Date(startOfTime + 14 * 86_400_000).toISOString()]);
  });

  test('are revoked once and for all', async () => {
    const { body } = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
    expect((await admin.send('DELETE', `tokens/${body.id}`)).status).toBe(204);
    kits.advance(60);
    expect((await admin.send('DELETE', `tokens/${body.id}`)).status).toBe(204);
    const { items } = (await admin.get('tokens')).body;
    expect(items).toMatchObject([{ id: body.id, revokedAt: new Date(startOfTime).toISOString() }]);
    expect(await auditOf(kits.context, 'token.revoke')).toHaveLength(1);
  });

  test('are listed youngest first', async () => {
    const first = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
    kits.advance(1);
    const second = await admin.send('POST', 'tokens', { municipalityId: kits.grabfeld });
    const { items } = (await admin.get('tokens')).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([second.body.id, first.body.id]);
  });

  test.each([{ uses: 0 }, { uses: 10_001 }, { uses: 1.5 }, { expiresInDays: 0 }, { expiresInDays: 366 }])(
    'are not made with %j',
    async (values) => {
      const answer = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen, ...values });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    },
  );
});

test('the audit record pages from the youngest to the oldest entry without a gap', async () => {
  for (let made = 0; made < 12; made += 1) await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
  const all = (await admin.get('audit?limit=500')).body.items.map(({ id }: { id: number }) => id);
  expect(all).toEqual(all.toSorted((a: number, b: number) => b - a));
  const paged: number[] = [];
  let cursor = '';
  while (cursor !== '&cursor=null') {
    const { body, status } = await admin.get(`audit?limit=5${cursor}`);
    expect(status).toBe(200);
    paged.push(...body.items.map(({ id }: { id: number }) => id));
    cursor = `&cursor=${body.nextCursor}`;
  }
  expect(paged).toEqual(all);
  const forged = await admin.get(`audit?cursor=${Buffer.from('["1"]').toString('base64url')}`);
  expect([forged.status, forged.body.code]).toEqual([400, 'invalid-cursor']);
});
