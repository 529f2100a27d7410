/** Garbage over real HTTP: what the parsers are told (see fuzz.test.ts) is also what comes out of the whole server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proofHeader, reportMediaType } from '../../../agent/contract/wire.ts';
import { createTestAgent, sectionOf, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { fc, tries } from '../../fixtures/properties.ts';

let server: TestServer;
let agent: TestAgent;
beforeAll(async () => {
  server = await startTestServer();
  agent = await createTestAgent(server);
  await agent.enrol();
});
afterAll(() => server.close());

const anything = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((parts) => Buffer.from(parts.join('.'))),
);
const mediaType = fc.constantFrom('application/json', 'application/jose', reportMediaType, 'text/plain', 'x');
const path = fc.constantFrom(
  '/agent/v1/enrol',
  '/agent/v1/check-in',
  '/agent/v1/reports',
  '/agent/v1/keys',
  '/agent/v1/other',
);
const encoding = fc.constantFrom('zstd', 'gzip', 'identity', 'br', '');

const rows = async () => {
  const [reports, devices] = await Promise.all(
    (['reports', 'devices'] as const).map((table) =>
      server.context.db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
  );
  return [reports?.count, devices?.count];
};

test('garbage of a stranger is refused with a problem document, never by a fault', async () => {
  const before = await rows();
  await fc.assert(
    fc.asyncProperty(
      path,
      mediaType,
      encoding,
      anything,
      fc.option(fc.base64String({ maxLength: 60 })),
      async (to, type, coding, body, proof) => {
        const answered = await agent.post(
          to,
          {
            'content-type': type,
            ...(coding === '' ? {} : { 'content-encoding': coding }),
            ...(proof === null ? {} : { [proofHeader]: proof }),
          },
          body,
        );
        expect(answered.status).toBeGreaterThanOrEqual(400);
        expect(answered.status).toBeLessThan(500);
        expect(answered.code).toBeTypeOf('string');
      },
    ),
    { numRuns: tries(150) },
  );
  expect(await rows()).toEqual(before);
});

test('garbage of an enrolled device is refused too', async () => {
  const before = await rows();
  await fc.assert(
    fc.asyncProperty(encoding, anything, async (coding, body) => {
      const answered = await agent.sendBytes(body, coding === '' ? {} : { 'content-encoding': coding });
      expect(answered.status).toBeGreaterThanOrEqual(400);
      expect(answered.status).toBeLessThan(500);
      expect(answered.code).toBeTypeOf('string');
    }),
    { numRuns: tries(60) },
  );
  expect(await rows()).toEqual(before);
});

test('signed garbage is taken or refused, never by a fault, and is never green', async () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const id = fc.constantFrom('storage', 'os', 'memory', 'software', 'agent', 'unheard-of', '__proto__', 'system');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(id, value), { selector: ([name]) => name, maxLength: 4 }),
      async (parts) => {
        const next = agent.state.sequence + 1;
        const sections = parts.map(([name, data]) => sectionOf(name, data));
        const answered = await agent.report(sections, { sequence: next });
        expect([201, 422]).toContain(answered.status);
      },
    ),
    { numRuns: tries(80) },
  );
  const device = await server.context.db
    .selectFrom('devices')
    .select('light')
    .where('id', '=', agent.state.deviceId)
    .executeTakeFirstOrThrow();
  expect(device.light).not.toBe('ok');
});
