/** Whatever happens on the way between agent and server: each report is held exactly once in the end. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Fault, faults } from '../fakes/fault-proxy.ts';
import { makeCertificates } from '../fixtures/certificates.ts';
import { expectAllHeld, startTown } from './town.ts';

const harmless: readonly Fault[] = ['none', 'delay', 'trickle'];
const tried = faults.filter((fault) => fault !== 'stall');

describe.each(['/agent/v1/reports', '/agent/v1/check-in'])('%s', (path) => {
  test.each(tried)('%s, five times in a row', async (fault) => {
    const town = await startTown();
    const key = readFileSync(join(town.agentDir, 'private', 'device-key.pem'), 'utf8');
    const enrolment = town.agent.enrolment();
    await town.report(3);
    let left = 5;
    town.proxy.plan = (asked) => {
      if (asked !== path || left === 0) return 'none';
      left -= 1;
      return fault;
    };
    const failures = await town.drain();
    expect(left).toBe(harmless.includes(fault) ? Math.min(left, 4) : 0);
    if (harmless.includes(fault)) expect(failures).toEqual([]);
    else expect(failures.length).toBeGreaterThan(0);
    await town.report(1);
    expect(await town.drain()).toEqual([]);
    expect(expectAllHeld(town)).toBeGreaterThanOrEqual(4);
    expect(readFileSync(join(town.agentDir, 'private', 'device-key.pem'), 'utf8')).toBe(key);
    expect(town.agent.enrolment()).toEqual(enrolment);
  });
});

test('every fault at random while reports are made', async () => {
  const town = await startTown();
  // Always the same "random" order, so that a failure can be seen again.
  let seed = 7;
  town.proxy.plan = (_path, count) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return count > 400 || seed % 3 === 0 ? 'none' : (tried[seed % tried.length] ?? 'none');
  };
  const seen = new Set<string>();
  for (let round = 0; round < 40; round += 1) {
    await town.report(1);
    await town.agent.exchange().catch((error: { code?: string }) => seen.add(String(error.code)));
  }
  for (const code of await town.drain(600)) seen.add(code);
  expect(seen.size).toBeGreaterThan(3);
  expect(expectAllHeld(town)).toBeGreaterThanOrEqual(40);
});

test('a server that takes a report and never answers is given up, and asked again', async () => {
  const town = await startTown();
  await town.report(1);
  let stalled = false;
  town.proxy.plan = (path) => {
    if (path !== '/agent/v1/reports' || stalled) return 'none';
    stalled = true;
    return 'stall';
  };
  expect(await town.drain()).toEqual(['timeout']);
  expect(expectAllHeld(town)).toBeGreaterThanOrEqual(1);
});

test('clients that send byte by byte keep nobody else waiting', async () => {
  const town = await startTown();
  const { hostname, port } = new URL(town.proxy.target);
  const sockets = Array.from({ length: 100 }, () => connect(Number(port), hostname));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.write('POST /agent/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n');
  }
  await town.report(3);
  expect(await town.drain()).toEqual([]);
  expect(expectAllHeld(town)).toBeGreaterThanOrEqual(3);
});

test('a certificate that cannot be trusted keeps every report here, and a good one lets them go', async () => {
  const town = await startTown({ tls: true });
  await town.report(2);
  expect(await town.drain()).toEqual([]);
  const foreign = makeCertificates();
  onTestFinished(() => foreign.remove());
  const bad = {
    'tls-untrusted': [
      foreign.issue('foreign', 10),
      town.certificates!.issue('wrong-name', 10, new Date(), 'kits.example'),
    ],
    'tls-expired': [town.certificates!.issue('expired', -1)],
  };
  for (const [code, shown] of Object.entries(bad)) {
    for (const certificate of shown) {
      town.proxy.present(certificate);
      await town.report(1);
      await expect(town.agent.exchange()).rejects.toMatchObject({ code });
      expect(town.agent.store.queue().waiting).toBeGreaterThan(0);
    }
  }
  town.proxy.present(town.certificates!.issue('good-again', 10));
  expect(await town.drain()).toEqual([]);
  expect(expectAllHeld(town)).toBeGreaterThanOrEqual(5);
});
