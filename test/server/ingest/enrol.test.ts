import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enrolmentResponse, jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const withToken = (token: string): Promise<TestAgent> => createTestAgent({ url: server.url, token });
const devices = async () => {
  const { count } = await server.context.db
    .selectFrom('devices')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};
const usesLeft = async (token: string) => {
  const { hashBytes } = await import('../../../agent/signing/canonical.ts');
  const row = await server.context.db
    .selectFrom('enrolment_tokens')
    .select('uses_left')
    .where('secret_hash', '=', hashBytes(token))
    .executeTakeFirstOrThrow();
  return row.uses_left;
};

test('a valid token makes a device of its municipality', async () => {
  const agent = await createTestAgent({ ...server, serverKeyThumbprint: server.keyThumbprint, hostname: 'pc-rathaus' });
  const { answered, answer } = await agent.tryEnrol();
  expect(answered.status).toBe(201);
  expect(answer).toMatchObject({ state: 'active', municipality: { id: server.municipalityId }, checkInSeconds: 900 });
  expect(
    await server.context.db.selectFrom('devices').selectAll().where('id', '=', answer!.deviceId).execute(),
  ).toMatchObject([
    {
      hostname: 'pc-rathaus',
      platform: 'linux',
      municipality_id: server.municipalityId,
      key_thumbprint: agent.key.thumbprint,
      last_heard_at: null,
      light: 'unknown',
      search_text: 'pc-rathaus',
    },
  ]);
});

test('the same key again is the same device and costs no use', async () => {
  const token = await server.addToken(server.municipalityId, { uses: 1 });
  const agent = await withToken(token);
  const first = await agent.enrol();
  const again = await agent.tryEnrol();
  expect(again.answered.status).toBe(200);
  expect(again.answer?.deviceId).toBe(first.deviceId);
  expect(await usesLeft(token)).toBe(0);
});

test('a device that staff moved stays where it is, whatever token its image still carries', async () => {
  const agent = await withToken(server.token);
  const { deviceId } = await agent.enrol();
  const elsewhere = await server.addMunicipality('Breitungen');
  await server.context.db
    .updateTable('devices')
    .set({ municipality_id: elsewhere })
    .where('id', '=', deviceId)
    .execute();
  expect(await agent.enrol()).toMatchObject({ deviceId, municipality: { id: elsewhere, name: 'Breitungen' } });
});

test('a token with one use lets in exactly one of many who come at once', async () => {
  const token = await server.addToken(server.municipalityId, { uses: 1 });
  const agents = await Promise.all(Array.from({ length: 8 }, () => withToken(token)));
  const before = await devices();
  const answers = await Promise.all(agents.map((agent) => agent.tryEnrol()));
  expect(answers.map(({ answered }) => answered.status).sort()).toEqual([201, 401, 401, 401, 401, 401, 401, 401]);
  expect(await devices()).toBe(before + 1);
});

describe('a device that shows the answer to its earlier enrolment', () => {
  const again = async (agent: TestAgent, enrolled: string, key = agent.key) => {
    const request = {
      contractVersion: 1,
      nonce: 'n'.repeat(24),
      enrolled,
      hostname: agent.hostname,
      platform: 'linux',
      agentVersion: '0.1.0',
      fingerprint: {},
    };
    const jws = await signJws(jwsTypes.enrolment, request, key, { embedKey: true });
    return agent.post('/agent/v1/enrol', { 'content-type': 'application/jose' }, Buffer.from(jws));
  };
  const enrolled = async () => {
    const agent = await withToken(server.token);
    const { answered } = await agent.tryEnrol();
    return { agent, statement: enrolmentResponse.parse(answered.body).answer };
  };

  test('is the same device where it is known, and no second one', async () => {
    const { agent, statement } = await enrolled();
    const before = await devices();
    expect((await again(agent, statement)).status).toBe(200);
    expect(await devices()).toBe(before);
  });

  test('waits for staff where it is not', async () => {
    const { agent, statement } = await enrolled();
    const { db } = server.context;
    for (const table of ['verdicts', 'device_events'] as const)
      await db.deleteFrom(table).where('device_id', '=', agent.state.deviceId).execute();
    await db.deleteFrom('devices').where('id', '=', agent.state.deviceId).execute();
    expect((await again(agent, statement)).status).toBe(201);
    const [row] = await db.selectFrom('devices').selectAll().where('id', '=', agent.state.deviceId).execute();
    expect(row).toMatchObject({
      state: 'pending',
      key_thumbprint: agent.key.thumbprint,
      municipality_id: server.municipalityId,
    });
  });

  test('is refused with the words of another device, of another server, of a check-in, and once it is retired', async () => {
    const { agent, statement } = await enrolled();
    const other = await enrolled();
    const strange = await generateKey();
    const payload = JSON.parse(Buffer.from(statement.split('.')[1]!, 'base64url').toString());
    const checkedIn = (await agent.checkIn()).body as { answer: string };
    const attempts = [
      again(agent, other.statement),
      again(agent, statement, strange),
      again(agent, await signJws(jwsTypes.answer, payload, strange)),
      again(agent, checkedIn.answer),
    ];
    for (const { status, code } of await Promise.all(attempts)) expect([status, code]).toEqual([401, 'token-invalid']);
    const { db } = server.context;
    await db.updateTable('devices').set({ state: 'retired' }).where('id', '=', agent.state.deviceId).execute();
    expect((await again(agent, statement)).status).toBe(401);
  });
});

describe('one and the same refusal', () => {
  const refusals: string[] = [];
  const refused = async (token: string, agent?: TestAgent) => {
    const before = await devices();
    const { answered } = await (agent ?? (await withToken(token))).tryEnrol({ token });
    expect([answered.status, answered.code]).toEqual([401, 'token-invalid']);
    expect(await devices()).toBe(before);
    refusals.push(JSON.stringify(answered.body));
  };

  test('for an unknown token', () => refused('kits-enrol-nobody-made-this-one'));

  test('for an expired token', async () => {
    await refused(await server.addToken(server.municipalityId, { expiresAt: new Date(Date.now() - 1000) }));
  });

  test('for a used-up token', async () => {
    await refused(await server.addToken(server.municipalityId, { uses: 0 }));
  });

  test('for a revoked token, also for a key known already', async () => {
    const token = await server.addToken(server.municipalityId);
    const agent = await withToken(token);
    await agent.enrol();
    await server.context.db
      .updateTable('enrolment_tokens')
      .set({ revoked_at: new Date().toISOString() })
      .where('uses_left', '=', 999)
      .where('revoked_at', 'is', null)
      .execute();
    await refused(token, agent);
  });

  test('for the key of a retired device', async () => {
    const token = await server.addToken(server.municipalityId);
    const agent = await withToken(token);
    const { deviceId } = await agent.enrol();
    await server.context.db.updateTable('devices').set({ state: 'retired' }).where('id', '=', deviceId).execute();
    await refused(token, agent);
  });

  test('word for word', () => {
    expect(refusals).toHaveLength(5);
    expect(new Set(refusals).size).toBe(1);
  });
});

test('where each device is to be approved it waits: it may check in, its reports may not come yet', async () => {
  const municipality = await server.addMunicipality('Roßdorf', { approvalRequired: true });
  const agent = await withToken(await server.addToken(municipality));
  expect((await agent.enrol()).state).toBe('pending');
  expect((await agent.checkIn()).answer?.state).toBe('pending');
  const early = await agent.makeReport();
  const refused = await agent.sendReport(early);
  expect([refused.status, refused.code]).toEqual([403, 'device-not-active']);
  await server.context.db
    .updateTable('devices')
    .set({ state: 'active' })
    .where('id', '=', agent.state.deviceId)
    .execute();
  expect((await agent.sendReport(early)).status).toBe(201);
});

describe('a malformed request', () => {
  test.each<[string, (jws: string) => string, string]>([
    ['that is no JWS', () => 'hello', 'malformed'],
    ['that is empty', () => '', 'malformed'],
    [
      'with a changed payload',
      (jws) => jws.replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
      'signature-invalid',
    ],
  ])('%s is refused', async (_name, tamper, code) => {
    const before = await devices();
    const { answered } = await (await withToken(server.token)).tryEnrol({ tamper });
    expect([answered.status, answered.code]).toEqual([400, code]);
    expect(await devices()).toBe(before);
  });

  test('with another key in the header than the one that signed is refused', async () => {
    const agent = await withToken(server.token);
    const other = await generateKey();
    const { answered } = await agent.tryEnrol({
      tamper: (jws) => {
        const [header = '', ...rest] = jws.split('.');
        const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as object;
        const swapped = Buffer.from(JSON.stringify({ ...fields, jwk: other.publicKey })).toString('base64url');
        return [swapped, ...rest].join('.');
      },
    });
    expect([answered.status, answered.code]).toEqual([400, 'signature-invalid']);
  });

  test('without the right media type is refused', async () => {
    const agent = await withToken(server.token);
    const answered = await agent.post('/agent/v1/enrol', { 'content-type': 'application/json' }, Buffer.from('{}'));
    expect([answered.status, answered.code]).toEqual([415, 'unsupported-media-type']);
  });
});
