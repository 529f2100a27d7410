import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runHook } from '../../../agent/platform/run-hook.ts';

const options = { timeoutMs: 50_000, signal: new AbortController().signal };

/** Not below the folder for temporary files: everybody may write there, which is what is refused. */
function folder(): string {
  const dir = mkdtempSync('/var/lib/kits-hook-test-');
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

function hook(script: string, mode = 0o755): string {
  const file = join(folder(), 'hook');
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode });
  chmodSync(file, mode);
  return file;
}

describe.runIf(process.geteuid?.() === 0)('hooks of the administrator', () => {
  test('a program of root alone is run, without arguments and in a fixed environment', async () => {
    process.env['KITS_SECRET'] = 'geheim';
    onTestFinished(() => void delete process.env['KITS_SECRET']);
    const outcome = await runHook(hook('echo "$#"; pwd; env | sort; exit 3'), options);
    expect(outcome).toEqual({
      kind: 'exited',
      exitCode: 3,
      stdout: '0\n/\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n',
      stderr: '',
    });
  });

  test('time and output are bounded', async () => {
    expect(await runHook(hook('sleep 60'), { ...options, timeoutMs: 200 })).toEqual({ kind: 'timeout' });
    expect(await runHook(hook('exec cat /dev/zero'), options)).toEqual({ kind: 'too-much-output' });
  });

  const itself = (file: string): string => file;
  const parent = (file: string): string => dirname(file);
  const nothing = (): void => undefined;
  test.each<[string, spoil: (file: string) => void, named: (file: string) => string, why: RegExp]>([
    ['belongs to somebody else', (file) => chownSync(file, 65_534, 0), itself, /hook belongs to user 65534/],
    ['its group can write', (file) => chmodSync(file, 0o775), itself, /hook can be changed/],
    ['everybody can write', (file) => chmodSync(file, 0o757), itself, /hook can be changed/],
    ['is not executable', (file) => chmodSync(file, 0o644), itself, /is not executable/],
    ['lies in a stranger’s folder', (file) => chownSync(parent(file), 65_534, 0), itself, /-\w+ belongs to user 65534/],
    ['lies in an open folder', (file) => chmodSync(parent(file), 0o777), itself, /-\w+ can be changed/],
    ['lies in a sticky folder', (file) => chmodSync(parent(file), 0o1777), itself, /-\w+ can be changed/],
    ['is a link', (file) => symlinkSync(file, `${file}-link`), (file) => `${file}-link`, /symbolic link/],
    [
      'lies behind a link',
      (file) => symlinkSync(parent(file), `${file}-link`),
      (file) => `${file}-link/hook`,
      /symbolic link/,
    ],
    ['is a folder', (file) => mkdirSync(`${file}-folder`), (file) => `${file}-folder`, /is not a file/],
    ['lies below a file', nothing, (file) => `${file}/more`, /hook is not a folder/],
    ['is named with a way around', nothing, (file) => `${parent(file)}/../${basename(parent(file))}/hook`, /plain/],
    ['is named with a relative path', nothing, (file) => file.slice(1), /plain/],
  ])('one that %s is not run', async (_name, spoil, named, why) => {
    const marker = join(folder(), 'ran');
    const file = hook(`touch ${marker}`);
    spoil(file);
    expect(await runHook(named(file), options)).toEqual({ kind: 'unsafe', why: expect.stringMatching(why) });
    expect(existsSync(marker)).toBe(false);
  });

  test('one that is not there is said not to be there', async () => {
    expect(await runHook('/var/lib/kits-no-such-hook', options)).toEqual({ kind: 'not-found' });
  });
});
