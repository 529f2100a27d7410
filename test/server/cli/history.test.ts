/** Evidence from the database to a file and back: by the API, by both command lines, with the server gone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main as agentMain } from '../../../agent/cli.ts';
import { main as serverMain } from '../../../server/cli.ts';
import { createApiToken } from '../../../server/staff/api-tokens.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let dir: string;
let dataDir: string;
let server: TestServer;
let agent: TestAgent;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-history-'));
  dataDir = join(dir, 'server');
  server = await startTestServer({ dataDir });
  agent = await createTestAgent({ url: server.url, token: server.token, hostname: 'rathaus-01' });
  await agent.enrol();
  for (let count = 0; count < 6; count += 1) await agent.report();
  agent.renewEpoch();
  await agent.report();
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

type Main = typeof agentMain | typeof serverMain;

async function run(main: Main, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const file = (): string => join(dir, 'evidence.kits-history');
const exportFile = () => run(serverMain, 'export-history', agent.state.deviceId, file(), '--data-dir', dataDir);
const verifyChain = (...args: string[]) => run(agentMain, 'verify-chain', file(), ...args);
const verifyAll = (...args: string[]) => run(serverMain, 'verify', '--data-dir', dataDir, ...args);

function change(sql: string, ...values: (string | number)[]): void {
  const db = new DatabaseSync(join(dataDir, 'kits.db'));
  db.prepare(sql).run(...values);
  db.close();
}

describe('a history that is whole', () => {
  test('is exported with the server gone and proven by the agent’s command alone', async () => {
    await server.close();
    expect(await exportFile()).toMatchObject({ code: 0, out: file() });
    const pins = [`--device-key=${agent.key.thumbprint}`, `--server-key=${server.keyThumbprint}`];
    const proven = await verifyChain(...pins);
    expect([proven.code, proven.out]).toEqual([
      0,
      expect.stringContaining('Complete, unaltered and signed by this device.'),
    ]);
    expect(proven.out).toContain('7 reports');
    expect(proven.out).toContain(`Key ${agent.key.thumbprint}, as given.`);
    expect(proven.out).toContain(`Where it ends was signed by the key ${server.keyThumbprint}, as given.`);
    expect(await verifyAll()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/rathaus-01 .*: 7 reports in 2 epochs, complete/),
    });
  });

  test('comes the same by the API, recorded, to those who may', async () => {
    const tokenOf = async (role: 'technician' | 'viewer', municipalityId?: string) =>
      (await createApiToken(server.context, 'test', { role, municipalityId })).token;
    const get = async (token: string) =>
      fetch(`${server.url}/api/v1/devices/${agent.state.deviceId}/history/export`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const answer = await get(await tokenOf('technician'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/vnd.kits.history');
    expect(answer.headers.get('content-disposition')).toMatch(
      /attachment; filename="rathaus-01-\d{4}-\d\d-\d\d\.kits-history"/,
    );
    writeFileSync(file(), Buffer.from(await answer.arrayBuffer()));
    // Whoever cut a file short can sign its new end with a key of their own: the reader is told to compare it.
    const believed = await verifyChain();
    expect(believed.code).toBe(0);
    expect(believed.out).toMatch(/signed by the key \S+; compare it with a source of your own, .* --server-key/);
    const deeds = await server.context.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'device.history-export')
      .execute();
    expect(deeds).toMatchObject([{ target: agent.state.deviceId, municipality_id: server.municipalityId }]);

    expect((await get(await tokenOf('viewer'))).status).toBe(403);
    const elsewhere = await server.addMunicipality('Grabfeld');
    expect((await get(await tokenOf('technician', elsewhere))).status).toBe(404);
  });

  test('is proven with the folder that npm start was given, too', async () => {
    expect(await run(serverMain, 'verify', '--data-dir', dir)).toMatchObject({
      code: 0,
      err: expect.stringContaining(join(dataDir, 'kits.db')),
    });
  });

  test('tells the scripts in JSON', async () => {
    await exportFile();
    expect(JSON.parse((await verifyChain('--json')).out)).toMatchObject({
      verdict: 'complete',
      reports: 7,
      end: 'stated',
    });
    expect(JSON.parse((await verifyAll('--json')).out)).toMatchObject({
      devices: [{ hostname: 'rathaus-01', verdict: 'complete' }],
    });
  });
});

describe('an administrator of the server', () => {
  test('cannot take a report away unnoticed, in the middle or at the end', async () => {
    change('DELETE FROM reports WHERE sequence = 3');
    change('DELETE FROM reports WHERE sequence = 6');
    const { code, out } = await verifyAll();
    expect([code, out]).toEqual([3, expect.stringContaining('GAPS')]);
    expect(out).toMatch(/missing: 3 to 3 of .*not declared/);
    expect(out).toMatch(/missing: 6 to 6 of .*not declared/);
    await exportFile();
    expect((await verifyChain()).code).toBe(6);
  });

  test('cannot alter one, nor put another one in its place', async () => {
    const bodies = await server.context.db
      .selectFrom('reports')
      .select(['sequence', 'body'])
      .orderBy('sequence')
      .execute();
    const db = new DatabaseSync(join(dataDir, 'kits.db'));
    db.prepare('UPDATE reports SET body = ? WHERE sequence = 2').run(bodies.at(-1)!.body);
    db.close();
    const { code, out } = await verifyAll();
    expect([code, out]).toEqual([3, expect.stringContaining('NOT GENUINE')]);
    await exportFile();
    const proven = await verifyChain();
    expect(proven.code).toBe(8);
    expect(proven.out).toMatch(/^NOT GENUINE/);
    expect(proven.out).toMatch(/Fault: Entry 2/);
  });
});

describe('a database that is not what it was', () => {
  test('with a body that cannot be read is named, and everything behind it is proven all the same', async () => {
    change("UPDATE reports SET body = x'28b52ffd00ff' WHERE sequence = 2");
    const other = await server.context.db.selectFrom('reports').select('body').where('sequence', '=', 4).execute();
    const longer = zstdCompressSync(Buffer.concat([zstdDecompressSync(other[0]!.body), Buffer.from(' ')]));
    const db = new DatabaseSync(join(dataDir, 'kits.db'));
    db.prepare('UPDATE reports SET body = ? WHERE sequence = 4').run(longer);
    db.close();
    const { code, out } = await verifyAll();
    expect([code, out]).toEqual([3, expect.stringMatching(/7 reports in 2 epochs, NOT GENUINE/)]);
    expect(out).toMatch(/The body of report 2 of \S+ is damaged[\s\S]*The body of report 4 of/);
    expect(out).not.toMatch(/report 5|Entry/);
    // What can still be proven leaves as a file; what cannot is said, and is missing from it.
    expect((await exportFile()).err).toMatch(/report 2 of \S+ is damaged and is left out/);
    const proven = await verifyChain();
    expect(proven.code).toBe(6);
    expect(proven.out).toMatch(/Gap 2 to 2 [\s\S]*Gap 4 to 4/);
  });

  test('whose ends were moved or taken away does not hide what lies beyond them', async () => {
    change(`UPDATE device_epochs SET sequence = 4, envelope_hash =
      (SELECT envelope_hash FROM reports WHERE sequence = 4) WHERE sequence = 6`);
    const moved = await verifyAll();
    expect(moved.code).toBe(3);
    expect(moved.out).toMatch(/are held up to 6, beyond its end, which is noted as 4/);
    change('DELETE FROM device_epochs WHERE sequence = 4');
    expect((await verifyAll()).out).toMatch(/are held up to 6, beyond its end, which is noted as 0/);
  });

  test('without the device is not proven by leaving it out', async () => {
    const { deviceId } = agent.state;
    expect((await verifyAll()).code).toBe(0);
    await server.close();
    const db = new DatabaseSync(join(dataDir, 'kits.db'), { enableForeignKeyConstraints: false });
    db.prepare('DELETE FROM devices').run();
    db.close();
    const { code, out } = await verifyAll();
    expect([code, out]).toEqual([3, `${deviceId}: reports of this device are held, and the device is not.`]);
    expect(JSON.parse((await verifyAll('--json')).out)).toEqual({ devices: [], orphans: [deviceId] });
  });
});

test('what is no history is refused in words, and nothing is overwritten', async () => {
  writeFileSync(file(), 'not a history\n');
  expect(await verifyChain()).toMatchObject({ code: 2, err: expect.stringContaining('no exported history') });
  expect(await exportFile()).toMatchObject({ code: 2, err: expect.stringContaining('not overwritten') });
  expect(readFileSync(file(), 'utf8')).toBe('not a history\n');
  expect((await run(agentMain, 'verify-chain')).code).toBe(2);
  expect(await run(agentMain, 'verify-chain', dir)).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be read'),
  });
  expect((await run(agentMain, 'verify-chain', join(dir, 'nowhere'))).code).toBe(2);
  expect((await run(agentMain, 'status', 'extra')).code).toBe(2);
  expect((await verifyAll('--device', 'nobody')).code).toBe(2);
});

test('the name a device gives itself clears no screen and forges no line', async () => {
  change('UPDATE devices SET hostname = ?', 'pc\u001b[2J\u009b1A\u202e\nrathaus-02 whole: 9 reports, complete');
  const { out } = await verifyAll();
  expect(out.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
    expect.stringMatching(
      /^pc\\u001b\[2J\\u009b1A\\u202e\\u000arathaus-02 whole: 9 reports, complete [\da-f-]{36}: 7 reports/,
    ),
  ]);
});
