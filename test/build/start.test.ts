import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { createServer } from '../../server/server.ts';
import { createApiToken } from '../../server/staff/api-tokens.ts';

const program = join(import.meta.dirname, '../../build/start.ts');

test.each([
  [['--once', '--port', 'abc'], /--port abc: expected a whole number from 0 to 65535/],
  [['--port', '70000'], /--port 70000: expected a whole number/],
  [['--onec'], /Unknown option '--onec'/],
])('npm start %j ends with a sentence and the usage', (args, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stdout).toMatch(message);
  expect(stdout).toMatch(/Usage: npm start/);
  expect(stderr).toBe('');
});

test('npm start --once brings the facts of this machine to a server, says where, and a second time finds both again', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-start-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const once = () =>
    spawnSync(process.execPath, [program, '--once', '--port', '0', '--data-dir', dataDir], { encoding: 'utf8' });
  const first = once();
  expect(first).toMatchObject({ status: 0, stderr: '' });
  const deviceId = /^Device: +\S+ \(([0-9a-f-]{36})\)$/m.exec(first.stdout)?.[1];
  expect(first.stdout).toMatch(/^Sections: 17$/m);
  expect(first.stdout).toMatch(/^Sent: +[1-9]\d+ bytes in 1 report$/m);
  expect(first.stdout).toContain(`/geraete/${deviceId}`);
  expect(once().stdout).toContain(`(${deviceId})`);

  const server = await createServer({ dataDir: join(dataDir, 'server'), logLevel: 'silent' });
  onTestFinished(() => server.close());
  const { token } = await createApiToken(server.context, 'test', { role: 'viewer' });
  const answer = await fetch(`${server.url}/api/v1/devices/${deviceId}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const device = (await answer.json()) as {
    hostname: string;
    sections: { id: string; data?: Record<string, unknown> }[];
  };
  const facts = (id: string) => device.sections.find((section) => section.id === id)?.data;
  expect(device.hostname).toBe(hostname());
  const kernel = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  expect(Math.abs(Number(facts('memory')?.['totalBytes']) / kernel - 1)).toBeLessThan(0.01);
  const listed = spawnSync('dpkg-query', ['-f', '.\n', '-W'], { encoding: 'utf8' }).stdout.trim().split('\n').length;
  expect(facts('software')?.['packages']).toHaveLength(listed);
});
