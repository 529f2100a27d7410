/** A real server process that is told to end, or is killed, while reports arrive. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { proofHeader, reportMediaType } from '../../../agent/contract/wire.ts';
import { encodeFrame, type SignedReport } from '../../../agent/signing/report-frame.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { reservedPort } from '../../fixtures/reserved-port.ts';

const cli = join(import.meta.dirname, '../../../server/cli.ts');

async function town() {
  const dir = mkdtempSync(join(tmpdir(), 'kits-end-'));
  const dataDir = join(dir, 'server');
  const prepared = await startTestServer({ dataDir });
  const { token } = prepared;
  await prepared.close();
  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(dir, { recursive: true });
  });
  const start = async (port: number) => {
    const args = [cli, 'start', '--data-dir', dataDir, '--port', String(port), '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.add(child);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return { child, url: (JSON.parse(line) as { url: string }).url };
  };
  return {
    start,
    agentAt: async (url: string): Promise<TestAgent> => {
      const agent = await createTestAgent({ url, token });
      await agent.enrol();
      return agent;
    },
    /** What is stored, by report id, and what the database itself says of its state. */
    stored: (): string[] => {
      const db = new DatabaseSync(join(dataDir, 'kits.db'));
      try {
        expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
        return db
          .prepare('SELECT id FROM reports ORDER BY id')
          .all()
          .map((row) => String(row['id']));
      } finally {
        db.close();
      }
    },
  };
}

const idOf = ({ envelope }: SignedReport): string => envelope.reportId;

test('told to end in the middle of a report, it takes the rest, answers, stores it and ends', async () => {
  const { start, agentAt, stored } = await town();
  const { child, url } = await start(0);
  const agent = await agentAt(url);
  await agent.checkIn();
  const report = await agent.makeReport();
  const body = Buffer.from(encodeFrame(report));
  const { proof } = await agent.proofFor('/agent/v1/reports', body);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [
    'POST /agent/v1/reports HTTP/1.1',
    `host: ${hostname}`,
    `content-type: ${reportMediaType}`,
    `content-length: ${body.byteLength}`,
    `${proofHeader}: ${proof}`,
    // Answered once the server has read as far as this: it has accepted the request.
    'expect: 100-continue',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  expect(String((await once(socket, 'data'))[0])).toContain('100 Continue');
  socket.write(body.subarray(0, 1000));
  child.kill('SIGTERM');
  // Nobody new gets in any more.
  await expect
    .poll(async () => {
      const other = connect(Number(port), hostname);
      const outcome = await once(other, 'connect').then(
        () => 'open',
        () => 'closed',
      );
      other.destroy();
      return outcome;
    })
    .toBe('closed');
  expect(child.exitCode).toBeNull();
  const exit = once(child, 'exit');
  socket.write(body.subarray(1000));
  const answer = Buffer.concat(await socket.toArray()).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  expect(await exit).toEqual([0, null]);
  expect(stored()).toEqual([idOf(report)]);
});

test('ended and started again under a stream of reports, it holds each of them once', async () => {
  const { start, agentAt, stored } = await town();
  const port = await reservedPort();
  let { child, url } = await start(port);
  const agents = await Promise.all(Array.from({ length: 4 }, () => agentAt(url)));
  const made: SignedReport[] = [];
  const acknowledged = new Set<string>();
  let resends = 0;

  // After how many answers it is told to end, or killed.
  for (const [signal, cut] of [
    ['SIGTERM', 2],
    ['SIGKILL', 1],
    ['SIGKILL', 5],
    ['SIGTERM', 6],
    ['SIGKILL', 3],
  ] as const) {
    let answered = 0;
    const gone = once(child, 'exit');
    const unsent = await Promise.all(
      agents.map(async (agent) => {
        for (let count = 0; count < 6; count += 1) {
          const report = await agent.makeReport(agent.sections({ memory: { totalBytes: 1000 + made.length } }));
          made.push(report);
          try {
            const { status } = await agent.sendReport(report);
            if (status !== 201) throw new Error(`refused with ${status}`);
            acknowledged.add(idOf(report));
            answered += 1;
            if (answered === cut) child.kill(signal);
          } catch {
            // The server is gone: what is under way may be stored or not, and is sent again.
            return report;
          }
        }
        return undefined;
      }),
    );
    if (answered < cut) child.kill(signal);
    await gone;
    const held = new Set(stored());
    for (const id of acknowledged) expect(held.has(id)).toBe(true);
    ({ child, url } = await start(port));
    for (const [index, report] of unsent.entries()) {
      if (report === undefined) continue;
      const again = await agents[index]!.sendReport(report);
      expect([200, 201]).toContain(again.status);
      expect(again.status === 200).toBe(held.has(idOf(report)));
      acknowledged.add(idOf(report));
      resends += 1;
    }
  }
  expect(resends).toBeGreaterThan(0);
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
  expect(stored()).toEqual(made.map(idOf).sort());
});
