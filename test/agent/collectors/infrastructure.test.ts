import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { InfrastructureTarget } from '../../../agent/contract/policy.ts';
import { type ConnectResult, connectTo } from '../../../agent/platform/connect.ts';
import type { Machine } from '../../../agent/platform/machine.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { makeCertificates } from '../../fixtures/certificates.ts';
import { now, sectionOf } from './context.ts';

const target = (name: string, change: Partial<InfrastructureTarget> = {}): InfrastructureTarget => ({
  name,
  kind: 'other',
  host: 'localhost',
  port: 443,
  tls: false,
  ...change,
});
const answering = (result: ConnectResult): Machine => recordedMachine({}, { connect: async () => result });

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('real connections: one that stands, one that is refused, one to a server with a certificate', async () => {
  const certificates = makeCertificates();
  onTestFinished(() => certificates.remove());
  const open = await listen(createServer((socket) => socket.destroy()));
  const secure = await listen(createTlsServer(certificates.issue('good', 20)));
  const machine = recordedMachine(
    {},
    { connect: (where, options) => connectTo(where, { ...options, ca: certificates.ca }) },
  );
  const section = await sectionOf('infrastructure', machine, [
    target('c', { port: secure, tls: true, kind: 'kits-server' }),
    target('b', { port: 1 }),
    target('a', { port: open, kind: 'gateway' }),
  ]);
  expect(section.state).toBe('complete');
  expect(section.data?.targets).toEqual([
    { name: 'a', kind: 'gateway', host: 'localhost', port: open, reachable: true, latencyMs: expect.any(Number) },
    { name: 'b', kind: 'other', host: 'localhost', port: 1, reachable: false, failure: 'refused' },
    {
      name: 'c',
      kind: 'kits-server',
      host: 'localhost',
      port: secure,
      reachable: true,
      latencyMs: expect.any(Number),
      certificate: {
        subject: 'localhost',
        issuer: 'Test CA',
        validUntil: expect.stringMatching(/Z$/),
        daysLeft: expect.any(Number),
        trusted: true,
      },
    },
  ]);
});

test.each([
  ['2026-11-24T09:00:00Z', 0],
  ['2026-11-24T08:59:59Z', -1],
  ['2026-11-25T08:59:59Z', 0],
  ['2026-11-25T09:00:00Z', 1],
  ['2026-11-20T09:00:00Z', -4],
  ['9999-12-31T23:59:59Z', 100_000],
])('a certificate valid until %s has %i whole days left', async (until, daysLeft) => {
  expect(now.toISOString()).toBe('2026-11-24T09:00:00.000Z');
  const certificate = { subject: 'x', validUntil: new Date(until), trusted: daysLeft >= 0 };
  const { data } = await sectionOf('infrastructure', answering({ reachable: true, connectMs: 1, certificate }), [
    target('a', { tls: true }),
  ]);
  expect(data?.targets[0]?.certificate).toMatchObject({ daysLeft, trusted: daysLeft >= 0 });
});

test('an untrusted server is not reachable, and its certificate is shown with its words cleaned', async () => {
  const certificate = { subject: 'a\u202e\nb', issuer: '\u0000', validUntil: now, trusted: false };
  const machine = answering({ reachable: false, failure: 'tls', connectMs: 7.1, certificate });
  expect((await sectionOf('infrastructure', machine, [target('a', { tls: true })])).data?.targets).toEqual([
    {
      name: 'a',
      kind: 'other',
      host: 'localhost',
      port: 443,
      reachable: false,
      failure: 'tls',
      latencyMs: 10,
      certificate: { subject: 'a b', validUntil: now.toISOString(), daysLeft: 0, trusted: false },
    },
  ]);
});

test('without a target there is nothing to say', async () => {
  expect(await sectionOf('infrastructure', answering({ reachable: true }))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'not-present' }],
  });
});

test('a failure without a reason is still a failure with a code', async () => {
  const { data } = await sectionOf('infrastructure', answering({ reachable: false }), [target('a')]);
  expect(data?.targets[0]).toMatchObject({ reachable: false, failure: 'other' });
});

test('targets by name and nothing else', async () => {
  const names = ['B', 'A B', 'A', 'a', 'Ä'];
  const { data } = await sectionOf(
    'infrastructure',
    answering({ reachable: true }),
    names.map((name) => target(name, { host: name === 'A' ? 'zzz' : 'aaa' })),
  );
  expect(data?.targets.map(({ name }) => name)).toEqual(['A', 'A B', 'B', 'a', 'Ä']);
});

test('at most eight at a time, each with a limit of its own and the signal of the round', async () => {
  let running = 0;
  let most = 0;
  const asked: unknown[] = [];
  const machine = recordedMachine(
    {},
    {
      connect: async ({ host, port, tls }, { timeoutMs, signal }) => {
        running += 1;
        most = Math.max(most, running);
        asked.push({ host, port, tls, timeoutMs, aborted: signal.aborted });
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { reachable: true };
      },
    },
  );
  const targets = Array.from({ length: 20 }, (_, index) => target(`t${index}`, { tls: true }));
  expect((await sectionOf('infrastructure', machine, targets)).data?.targets).toHaveLength(20);
  expect(most).toBe(8);
  expect(asked).toHaveLength(20);
  expect(asked[0]).toEqual({ host: 'localhost', port: 443, tls: true, timeoutMs: 5000, aborted: false });
});
