/** The agent as one file: the same bytes each time, and a program that runs its own bundle and nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import * as pe from 'pe-library';
import * as resedit from 'resedit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nodeBinary } from '../../../build/node-binary.ts';
import { runTool } from '../../../build/run-tool.ts';
import { signForWindows } from '../../../build/sign-windows.ts';
import { buildSingleExecutable } from '../../../build/single-executable.ts';
import { makeCertificates } from '../../fixtures/certificates.ts';

const version = '3.2.1';
let folder: string;
let linux: string;
let windows: string;

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

beforeAll(async () => {
  folder = mkdtempSync('/var/tmp/kits-executable-');
  linux = join(folder, 'one/kits-agent');
  windows = join(folder, 'one/kits-agent.exe');
  await buildSingleExecutable({ platform: 'linux', version, outFile: linux });
  await buildSingleExecutable({ platform: 'win32', version, outFile: windows });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(linux, args, { env, encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, stderr };
}

test('two builds give the same bytes, on either platform', async () => {
  for (const [platform, first] of [
    ['linux', linux],
    ['win32', windows],
  ] as const) {
    const second = join(folder, 'elsewhere', platform, 'kits-agent');
    await buildSingleExecutable({ platform, version, outFile: second });
    expect(hashOf(second), platform).toBe(hashOf(first));
  }
});

describe('it is no interpreter', () => {
  const proof = 'ran-what-is-not-ours';
  const script = (): string => {
    const file = join(folder, 'script.js');
    writeFileSync(file, `require('node:fs').writeFileSync(${JSON.stringify(join(folder, proof))}, '');`);
    return file;
  };
  const ran = (): boolean => spawnSync('test', ['-e', join(folder, proof)]).status === 0;

  test.each([
    ['a script', () => [script()]],
    ['--eval', () => ['--eval', 'console.log(1)']],
    ['--inspect', () => ['--inspect=127.0.0.1:0', 'version']],
    ['--require', () => ['--require', script(), 'version']],
    ['--import', () => [`--import=${script()}`, 'version']],
    ['--experimental-sea-config', () => ['--experimental-sea-config', script()]],
    ['--node-options', () => [`--node-options=--require ${script()}`, 'version']],
  ])('%s on the command line is an unknown command', (_name, args) => {
    const { status, stderr } = run(args());
    expect(status).toBe(2);
    expect(stderr).toContain('There is no command');
    expect(stderr).not.toContain('Debugger');
    expect(ran()).toBe(false);
  });

  test.each([
    ['NODE_OPTIONS with a script', () => ({ NODE_OPTIONS: `--require ${script()}` })],
    ['NODE_OPTIONS with a debugger', () => ({ NODE_OPTIONS: '--inspect=127.0.0.1:0' })],
    ['NODE_OPTIONS that no Node knows', () => ({ NODE_OPTIONS: '--nonsense' })],
    ['NODE_PATH', () => ({ NODE_PATH: folder })],
    ['NODE_RUN_AS_NODE', () => ({ ELECTRON_RUN_AS_NODE: '1', NODE_RUN_AS_NODE: '1' })],
  ])('%s changes nothing', (_name, env) => {
    expect(run(['version'], env())).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(ran()).toBe(false);
  });

  test('a module for the prompt, which this program has not, is refused', () => {
    const { status, stdout } = run(['version'], { NODE_REPL_EXTERNAL_MODULE: script() });
    expect([status, stdout, ran()]).toEqual([9, '', false]);
  });

  test('a plain Node does run the script, so that the tests above can fail', () => {
    expect(spawnSync(process.execPath, [script()]).status).toBe(0);
    expect(ran()).toBe(true);
    rmSync(join(folder, proof));
  });

  test('a bundle or settings beside it are not taken for its own', () => {
    for (const name of ['kits-agent.cjs', 'package.json', 'sea.json', 'node.config.json']) {
      writeFileSync(join(folder, 'one', name), 'nonsense');
    }
    const { status, stdout } = spawnSync('./kits-agent', ['version'], { cwd: join(folder, 'one'), encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, `${version}\n`]);
  });
});

test('it starts itself as the reader of other programs’ files', () => {
  const temp = join(folder, 'reader');
  mkdirSync(temp);
  const ask = (request: object): string => `${JSON.stringify(request)}\n`;
  const file = join(folder, 'note.txt');
  writeFileSync(file, 'Grüße');
  const { stdout, status } = spawnSync(linux, ['internal-reader', 'serve', temp], {
    input: ask({ do: 'text', path: file, maxBytes: 100 }) + ask({ do: 'text', path: '/dev/zero', maxBytes: 100 }),
    encoding: 'utf8',
    env: {},
    timeout: 60_000,
  });
  expect(status).toBe(0);
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(Buffer.from(first.value, 'base64').toString()).toBe('Grüße');
  expect(second).toEqual({ error: 'EINVAL' });
});

describe('what the environment of Node can change', () => {
  test('is not whom it trusts', async () => {
    const certificates = makeCertificates();
    onTestFinished(() => certificates.remove());
    let asked = 0;
    const server = createServer(certificates.issue('good', 30), (_request, response) => {
      asked += 1;
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const enrol = async (name: string, settings: object, env: NodeJS.ProcessEnv) => {
      const dataDir = join(folder, name);
      const config = join(folder, `${name}.json`);
      writeFileSync(config, JSON.stringify(settings));
      const url = `https://localhost:${(server.address() as AddressInfo).port}`;
      const args = ['enrol', '--server', url, '--token', 'token', '--server-key', 'A'.repeat(43)];
      const child = spawn(linux, [...args, '--data-dir', dataDir, '--config', config], { env });
      const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      return { code, said, asked };
    };
    const hashed = join(folder, 'certificates');
    mkdirSync(hashed);
    const hash = runTool('openssl', ['x509', '-noout', '-subject_hash', '-in', certificates.caFile]).trim();
    copyFileSync(certificates.caFile, join(hashed, `${hash}.0`));
    for (const [name, env] of Object.entries({
      node: { NODE_EXTRA_CA_CERTS: certificates.caFile, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_USE_SYSTEM_CA: '1' },
      file: { SSL_CERT_FILE: certificates.caFile, NODE_USE_SYSTEM_CA: '1' },
      folder: { SSL_CERT_DIR: hashed, NODE_USE_OPENSSL_CA: '1' },
    })) {
      expect(await enrol(`by-environment-${name}`, {}, env), name).toMatchObject({ code: 5, asked: 0 });
    }
    // What an administrator says in the settings counts, so that the line above can fail.
    expect(await enrol('by-settings', { caFile: certificates.caFile }, {})).toMatchObject({ asked: 1 });
  });

  test('is not which libraries OpenSSL loads into it', () => {
    const file = join(folder, 'openssl.cnf');
    writeFileSync(
      file,
      [
        'nodejs_conf = all\nopenssl_conf = all\nconfig_diagnostics = 1\n[all]\nproviders = providers',
        `[providers]\nours = ours\n[ours]\nmodule = ${join(folder, 'no-such-library.so')}\nactivate = 1\n`,
      ].join('\n'),
    );
    expect(run(['version'], { OPENSSL_CONF: file })).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    // Node itself looks for the library, and ends without it.
    const plain = spawnSync(nodeBinary('linux'), ['--eval', ''], { env: { OPENSSL_CONF: file } });
    expect(plain.signal).toBe('SIGABRT');
  });

  test('SIGUSR1 opens no debugger', async () => {
    const temp = join(folder, 'signalled');
    mkdirSync(temp);
    const child = spawn(linux, ['internal-reader', 'serve', temp], { env: {} });
    const said = text(child.stderr);
    const file = join(folder, 'signalled.txt');
    writeFileSync(file, 'x');
    const answer = once(child.stdout, 'data');
    child.stdin.write(`${JSON.stringify({ do: 'text', path: file, maxBytes: 10 })}\n`);
    await answer;
    const ended = once(child, 'exit');
    child.kill('SIGUSR1');
    child.stdin.end();
    await ended;
    expect(await said).toBe('');
    // Node itself would have opened one.
    const plain = spawn(nodeBinary('linux'), ['--eval', 'process.stdin.resume(); console.log(1)'], { env: {} });
    const words = text(plain.stderr);
    await once(plain.stdout, 'data');
    plain.kill('SIGUSR1');
    await once(plain.stderr, 'data');
    plain.kill('SIGKILL');
    expect(await words).toContain('Debugger listening');
  });
});

describe('the one for Windows', () => {
  test('says what it is, carries our icon, and no signature that does not hold', () => {
    const file = pe.NtExecutable.from(readFileSync(windows));
    const resources = pe.NtExecutableResource.from(file);
    const [info] = resedit.Resource.VersionInfo.fromEntries(resources.entries);
    const language = info?.getAllLanguagesForStringValues()[0];
    expect(info?.getStringValues(language as { lang: number; codepage: number })).toMatchObject({
      ProductName: 'KITS Agent',
      OriginalFilename: 'kits-agent.exe',
      FileVersion: version,
    });
    expect(resedit.Resource.IconGroupEntry.fromEntries(resources.entries)).toHaveLength(1);
    const { stderr } = spawnSync('osslsigncode', ['verify', windows], { encoding: 'utf8' });
    expect(stderr).toContain('No signature found');
  });

  test('is signed where the settings say how, and one changed byte shows', () => {
    const key = join(folder, 'key.pem');
    const certificate = join(folder, 'certificate.pem');
    const both = join(folder, 'both.p12');
    const password = join(folder, 'password');
    writeFileSync(password, 'test');
    const subject = ['-subj', '/CN=KITS Test', '-addext', 'extendedKeyUsage=codeSigning', '-days', '2'];
    runTool('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      ...subject,
    ]);
    runTool('openssl', [
      'pkcs12',
      '-export',
      '-inkey',
      key,
      '-in',
      certificate,
      '-out',
      both,
      '-passout',
      `file:${password}`,
    ]);
    const signed = join(folder, 'signed.exe');
    writeFileSync(signed, readFileSync(windows));
    const env = { KITS_SIGN_TOOL: 'osslsigncode', KITS_SIGN_CERTIFICATE: both, KITS_SIGN_PASSWORD_FILE: password };
    expect(signForWindows(signed, 'KITS Agent', env)).toBe(true);
    const verify = (): number | null =>
      spawnSync('osslsigncode', ['verify', '-CAfile', certificate, '-in', signed]).status;
    expect(verify()).toBe(0);
    const content = readFileSync(signed);
    content[4096] = (content[4096] ?? 0) ^ 1;
    writeFileSync(signed, content);
    expect(verify()).not.toBe(0);
  });

  test('settings that cannot be used stop the build', () => {
    expect(signForWindows(windows, 'KITS Agent', {})).toBe(false);
    const certificate = { KITS_SIGN_CERTIFICATE: '/none.p12' };
    expect(() => signForWindows(windows, 'x', { KITS_SIGN_TOOL: 'signer', ...certificate })).toThrow(
      'expected osslsigncode',
    );
    expect(() => signForWindows(windows, 'x', { KITS_SIGN_TOOL: 'osslsigncode' })).toThrow('not set');
    expect(() => signForWindows(windows, 'x', { KITS_SIGN_TOOL: 'osslsigncode', ...certificate })).toThrow('failed');
    expect(() => signForWindows(windows, 'x', { KITS_SIGN_TOOL: '/bin/false' })).toThrow('failed');
  });
});
