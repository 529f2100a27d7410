import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

/** A real disk of 8 MiB, so that it can really be full. */
let disk: string;
let server: TestServer;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), 'kits-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  server = await startTestServer({ dataDir: join(disk, 'server') });
});
afterAll(async () => {
  await server.close();
  execFileSync('umount', [disk]);
  rmdirSync(disk);
});

const filler = () => join(disk, 'filler');
function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
}

/** Larger than what the database has set aside in its files. */
const bigSections = (agent: TestAgent) => {
  const packages = Array.from({ length: 6000 }, (_, index) => ({
    name: `package-${index}-${agent.hostname}`,
    version: `${index}.0`,
  }));
  return agent.sections({ software: { source: 'dpkg', packages } });
};

test('a full disk is 503 with Retry-After, nothing is stored, and the same report is taken once there is room', async () => {
  const [agent, neighbour] = [await createTestAgent(server), await createTestAgent(server)];
  await agent.enrol();
  await neighbour.enrol();
  expect((await neighbour.report()).status).toBe(201);
  const report = await agent.makeReport(bigSections(agent));

  fill();
  const refused = await agent.sendReport(report);
  expect([refused.status, refused.code]).toEqual([503, 'storage-full']);
  expect(refused.headers.get('retry-after')).toBe('300');
  const ready = await fetch(`${server.url}/readyz`);
  expect([200, 503]).toContain(ready.status);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

  unlinkSync(filler());
  const stored = () => server.context.db.selectFrom('reports').select('device_id').execute();
  expect(await stored()).toEqual([{ device_id: neighbour.state.deviceId }]);
  const taken = await agent.sendReport(report);
  expect([taken.status, taken.code]).toEqual([201, undefined]);
  expect(await stored()).toHaveLength(2);
  expect((await neighbour.report()).status).toBe(201);
});
