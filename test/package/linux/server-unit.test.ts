/** docs/operations/server.md, step by step as it stands there, under a real systemd. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTool } from '../../../build/run-tool.ts';
import { type BootedSystem, bootSystem } from './booted-system.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/operations/server.md'), 'utf8');
/** What `systemd-analyze security` says at most; 0 is best, 10 is worst. */
const worstExposure = 2.5;

/** The first block of this language behind a phrase, without the indent of the list it stands in. */
function block(phrase: string, language: string): string {
  const rest = page.slice(page.indexOf(phrase));
  const found = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'm').exec(rest);
  if (!page.includes(phrase) || found === null) throw new Error(`server.md has no ${language} behind "${phrase}"`);
  return (found[2] ?? '').replaceAll(new RegExp(`^${found[1]}`, 'gm'), '');
}

let system: BootedSystem;
const shell = (script: string): string => system.must('sh', '-euc', script);
const unit = (property: string): string =>
  system.must('systemctl', 'show', 'kits-server.service', '--value', '-p', property);
const ready = (): boolean =>
  system.run('curl', ['-sS', '--max-time', '5', 'http://127.0.0.1:7480/readyz']).stdout === '{"status":"ready"}';
const becomesReady = () => system.until('readiness', () => (ready() ? true : undefined), 60_000);

beforeAll(async () => {
  runTool(process.execPath, [join(root, 'build/build.ts')]);
  system = await bootSystem();
  system.must('cp', '--recursive', join(root, 'dist/server'), '/opt/kits-server');
  system.must('cp', process.execPath, '/opt/kits-server/bin/node');
  shell(block('**Konto und Befehl.**', 'sh'));
  const file = '/etc/systemd/system/kits-server.service';
  expect(system.run('tee', [file], { input: block('**Dienst**', 'ini') }).exitCode).toBe(0);
  expect(system.run('systemd-analyze', ['verify', file])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  system.must('systemctl', 'enable', '--now', 'kits-server');
  await becomesReady();
});
afterAll(() => system?.[Symbol.asyncDispose]());

test('runs without rights, and names the fingerprint of its key', () => {
  expect(system.must('journalctl', '--no-pager', '-u', 'kits-server')).toMatch(/KITS server: \S+ +key [\w-]{43}$/m);
  expect(system.must('stat', '--format', '%U', `/proc/${unit('MainPID')}`)).toBe('kits-server');
  const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(
    system.must('systemd-analyze', 'security', '--no-pager', 'kits-server.service'),
  )?.[1];
  process.stdout.write(`kits-server.service: systemd-analyze security ${exposure}\n`);
  expect(Number(exposure)).toBeLessThanOrEqual(worstExposure);
});

test('the first steps, called by root, leave nothing that the service cannot read', () => {
  const said = shell(block('**Erste Schritte.**', 'sh'));
  expect(said).toContain('https://kits.example/');
  expect(system.must('find', '/var/lib/kits-server', '-not', '-user', 'kits-server')).toBe('');
  expect(system.must('find', '/var/lib/kits-server', '-perm', '/077', '-not', '-type', 'l')).toBe('');
  expect(system.must('curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:7480/')).toBe('200');
});

test('killed, it comes back; from its backup, it comes back as well', async () => {
  const before = unit('MainPID');
  system.must('kill', '-KILL', before);
  await system.until('the restart', () => (unit('MainPID') !== before && ready() ? true : undefined), 60_000);
  const copy = '/var/backups/kits/kits.db';
  system.must('kits-server', 'backup', copy);
  system.must('systemctl', 'stop', 'kits-server');
  system.must('kits-server', 'restore', copy, '--replace');
  expect(system.must('find', '/var/lib/kits-server', '-not', '-user', 'kits-server')).toBe('');
  system.must('systemctl', 'start', 'kits-server');
  await becomesReady();
  system.must('kits-server', 'verify');
});
