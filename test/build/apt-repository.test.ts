/** The signed repository, made by the real tools, served by the real server, and read by the real apt in a private root. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAptRepository } from '../../build/apt-repository.ts';
import { startTestServer, type TestServer } from '../fakes/test-server.ts';

const run = promisify(execFile);
const keyId = 'kits-releases@example.org';
let base: string;
let server: TestServer;

beforeAll(async () => {
  // Short: the socket of gpg-agent has to fit.
  base = mkdtempSync(join(tmpdir(), 'ka-'));
  server = await startTestServer();
  const home = join(base, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  await run('gpg', [
    '--homedir',
    home,
    '--batch',
    '--passphrase',
    '',
    '--quick-generate-key',
    keyId,
    'ed25519',
    'sign',
    '1y',
  ]);
  makeAptRepository({ debs: [await deb('1.0.0')], out: apt(), gnupgHome: home, keyId });
}, 240_000);

afterAll(async () => {
  await run('gpgconf', ['--homedir', join(base, 'gnupg'), '--kill', 'all']).catch(() => undefined);
  await server.close();
  rmSync(base, { recursive: true, force: true });
});

const apt = (): string => join(server.dataDir, 'apt');

async function deb(version: string, more = ''): Promise<string> {
  const tree = join(base, `tree-${version}`);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    `Package: kits-agent\nVersion: ${version}\nArchitecture: amd64\nMaintainer: KITS <kits@example.org>\nDescription: test\n${more}`,
  );
  const file = join(base, `kits-agent_${version}_amd64.deb`);
  await run('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
  return file;
}

/** apt-get in a root of its own, which knows this repository and the public key in it. */
async function machine(): Promise<(...args: string[]) => Promise<string>> {
  const root = mkdtempSync(join(base, 'root-'));
  for (const folder of [
    'var/lib/dpkg',
    'var/lib/apt/lists/partial',
    'var/cache/apt/archives/partial',
    'var/log/apt',
    'etc/apt/apt.conf.d',
    'etc/apt/preferences.d',
    'etc/apt/trusted.gpg.d',
    'etc/apt/sources.list.d',
  ]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  const key = join(root, 'etc/apt/kits-agent.gpg');
  writeFileSync(key, Buffer.from(await (await fetch(`${server.url}/apt/kits-agent.gpg`)).arrayBuffer()));
  writeFileSync(
    join(root, 'etc/apt/sources.list.d/kits.sources'),
    `Types: deb\nURIs: ${server.url}/apt/\nSuites: stable\nComponents: main\nArchitectures: amd64\nSigned-By: ${key}\n`,
  );
  const config = join(root, 'apt.conf');
  writeFileSync(
    config,
    `Dir "${root}";\nDir::State::status "${root}/var/lib/dpkg/status";\nDir::Bin::methods "/usr/lib/apt/methods";\nAPT::Architecture "amd64";\nAPT::Sandbox::User "root";\nAcquire::http::Proxy "DIRECT";\nAcquire::Languages "none";\nAcquire::Retries "0";\nAPT::Update::Error-Mode "any";\n`,
  );
  return async (...args) => {
    const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', APT_CONFIG: config };
    const { stdout } = await run('apt-get', args, { cwd: root, env: environment });
    return stdout;
  };
}

test('apt takes the package from the server and finds it signed', async () => {
  const aptGet = await machine();
  await aptGet('update');
  await aptGet('download', 'kits-agent');
  const root = readdirSync(base).filter((name) => name.startsWith('root-'))[0] ?? '';
  expect(readdirSync(join(base, root))).toContain('kits-agent_1.0.0_amd64.deb');
});

test('a package that was changed, and an index that was changed, are refused', async () => {
  const file = join(apt(), 'pool/main/kits-agent/kits-agent_1.0.0_amd64.deb');
  const genuine = readFileSync(file);
  const aptGet = await machine();
  await aptGet('update');
  const changed = Buffer.from(genuine);
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 0xff;
  writeFileSync(file, changed);
  await expect(aptGet('download', 'kits-agent')).rejects.toThrow(/Hash Sum mismatch/);
  writeFileSync(file, genuine);

  const index = join(apt(), 'dists/stable/InRelease');
  const signed = readFileSync(index, 'utf8');
  writeFileSync(index, signed.replace('Origin: KITS', 'Origin: KATS'));
  await expect((await machine())('update')).rejects.toThrow(/BADSIG|not signed|invalid/i);
  // Nor does it fall back to what is not signed at all.
  rmSync(index);
  const detached = join(apt(), 'dists/stable/Release.gpg');
  const signature = readFileSync(detached);
  rmSync(detached);
  await expect((await machine())('update')).rejects.toThrow(/not signed/);
  writeFileSync(index, signed);
  writeFileSync(detached, signature);
  await expect((await machine())('update')).resolves.toBeDefined();
});

test('an index that has run out is refused: a repository that is held back is noticed', async () => {
  const out = join(base, 'old');
  makeAptRepository({
    debs: [join(base, 'kits-agent_1.0.0_amd64.deb')],
    out,
    gnupgHome: join(base, 'gnupg'),
    keyId,
    validDays: -1,
  });
  const index = join(apt(), 'dists/stable/InRelease');
  const genuine = readFileSync(index);
  writeFileSync(index, readFileSync(join(out, 'dists/stable/InRelease')));
  await expect((await machine())('update')).rejects.toThrow(/expired/i);
  writeFileSync(index, genuine);
});

test.each([
  '/apt/',
  '/apt/dists/',
  '/apt/pool/main/kits-agent/',
  '/apt/.hidden',
  '/apt/notes.txt',
  '/apt/..%2fkits.db',
  '/apt/%2e%2e/kits.db',
])('%s is not served', async (path) => {
  for (const name of ['.hidden', 'notes.txt']) writeFileSync(join(apt(), name), 'not for anybody');
  expect(existsSync(join(server.dataDir, 'kits.db'))).toBe(true);
  const response = await fetch(server.url + path, { redirect: 'manual' });
  expect(response.status).toBe(404);
});

test('nothing can be put there over HTTP', async () => {
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const response = await fetch(`${server.url}/apt/kits-agent.gpg`, { method });
    expect([404, 405]).toContain(response.status);
  }
});

test('a package that holds a stand-in is refused before anything is signed', async () => {
  const file = await deb('2.0.0', 'Kits-Stand-In: not Electron\n');
  const out = join(base, 'with-stand-in');
  const made = { out, gnupgHome: join(base, 'gnupg'), keyId };
  expect(() => makeAptRepository({ debs: [join(base, 'kits-agent_1.0.0_amd64.deb'), file], ...made })).toThrow(
    'must not reach a PC',
  );
  expect(existsSync(out)).toBe(false);
});
