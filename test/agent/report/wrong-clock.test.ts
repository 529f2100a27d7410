/** The agent as a process of its own whose clock is wrong, against a real server behind real TLS. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer as createHttps, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeDevice } from '../../../server/fleet/devices.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { atTime, type Certificates, makeCertificates } from '../../fixtures/certificates.ts';

const cli = join(import.meta.dirname, '../../../agent/cli.ts');
const dayMs = 86_400_000;
const away = (days: number): Date => new Date(Date.now() + days * dayMs);

let certificates: Certificates;
let server: TestServer;
beforeAll(async () => {
  certificates = makeCertificates({ since: new Date('2010-01-01T00:00:00Z'), days: 20_000 });
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  certificates.remove();
});

/** Ends TLS in front of the KITS server, as nginx would. */
async function frontOf(certificate: { key: string; cert: string }): Promise<{ server: Server; port: number }> {
  const front = createHttps(certificate, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const upstream = httpRequest(server.url + incoming.url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  return { server: front, port: (front.address() as AddressInfo).port };
}

interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A PC enrolled through this front while its clock was right; each run may have another clock. */
async function pc(certificate: { key: string; cert: string }) {
  const front = await frontOf(certificate);
  const dir = mkdtempSync(join(tmpdir(), 'kits-wrong-clock-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const config = join(dir, 'agent.json');
  const sections = ['software', 'patches', 'security', 'network', 'storage', 'display', 'usb', 'printers', 'backup'];
  writeFileSync(config, JSON.stringify({ caFile: certificates.caFile, withoutSections: sections }));
  const run = (args: readonly string[], time?: Date): Promise<Finished> =>
    new Promise((resolve) => {
      const env = { ...process.env, ...(time === undefined ? {} : atTime(time)) };
      const all = [cli, ...args, '--data-dir', join(dir, 'data'), '--config', config];
      execFile(process.execPath, all, { env }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
      });
    });
  const url = `https://localhost:${front.port}`;
  const enrol = (time?: Date) =>
    run(['enrol', '--server', url, '--token', server.token, '--server-key', server.keyThumbprint, '--json'], time);
  return { run, front, enrol };
}

const deviceOf = async (enrolled: Finished) =>
  describeDevice(server.context, everything, (JSON.parse(enrolled.out) as { deviceId: string }).deviceId);

test('a clock that is six years behind works while the certificate is valid by it, and nothing is judged fresh by it', async () => {
  const here = await pc(certificates.issue('long', 9000, new Date('2015-01-01T00:00:00Z')));
  const enrolled = await here.enrol(away(-6 * 365));
  expect(enrolled).toMatchObject({ code: 0, err: '' });
  expect(await here.run(['report'], away(-6 * 365))).toMatchObject({ err: '' });
  const { clockOffsetSeconds, verdicts, sections } = await deviceOf(enrolled);
  expect(clockOffsetSeconds).toBeLessThan(-5.9 * 365 * 86_400);
  expect(verdicts.find(({ ruleId }) => ruleId === 'clock-correct')).toMatchObject({
    verdict: 'not-met',
    severity: 'critical',
  });
  const collectedAt = Date.parse(sections.find(({ id }) => id === 'agent')?.collectedAt ?? '');
  expect(Math.abs(collectedAt - away(-6 * 365).getTime())).toBeLessThan(dayMs);
});

test('a clock behind the beginning of the certificate: reports wait, and the reason is the clock', async () => {
  const here = await pc(certificates.issue('young', 60, away(-2)));
  const enrolled = await here.enrol();
  const blocked = await here.run(['report'], away(-6 * 365));
  expect(blocked.code).toBe(5);
  expect(blocked.err).toContain('clock-blocks-tls');
  expect(blocked.err).toContain('Set the clock of this PC');
  const status = await here.run(['status', '--json'], away(-6 * 365));
  expect(JSON.parse(status.out).reporting).toMatchObject({ waiting: 1, failure: 'clock-blocks-tls' });
  // Once it is set right, all that waited arrives.
  const right = await here.run(['report', '--json']);
  expect(JSON.parse(right.out)).toMatchObject({ accepted: 2, waiting: 0 });
  const { events } = await deviceOf(enrolled);
  expect(events.map(({ code }) => code)).toEqual(['clock-jump']);
});

test('a clock years ahead of the end of the certificate is told from a certificate that has run out', async () => {
  const here = await pc(certificates.issue('current', 60, away(-2)));
  await here.enrol();
  const ahead = await here.run(['report'], away(11 * 365));
  expect(ahead).toMatchObject({ code: 5, err: expect.stringContaining('clock-blocks-tls') });
  const words = await here.run(['status']);
  expect(words.out).toContain('Bitte die Uhr stellen');
  here.front.server.setSecureContext(certificates.issue('over', 30, away(-31)));
  const over = await here.run(['report']);
  expect(over).toMatchObject({ code: 5, err: expect.stringContaining('tls-expired') });
  here.front.server.setSecureContext(certificates.issue('renewed', 60));
  expect(JSON.parse((await here.run(['report', '--json'])).out)).toMatchObject({ accepted: 3, waiting: 0 });
});
