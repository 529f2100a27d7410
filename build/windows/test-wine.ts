/**
 * `npm run test:wine`: builds the installers of two versions with stand-ins and runs them in wine. Where the set-up cannot be made
 * (no root, no Debian) it says so and ends with 0; with --required, as in .ci/run, with 1.
 *
 * `--keep` takes the installers of the last run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '../..');
const versions = ['0.1.0', '0.2.0'];
const packages = [
  { package: 'debootstrap', file: '/usr/sbin/debootstrap' },
  { package: 'nsis', file: '/usr/bin/makensis' },
  { package: 'nsis-pluginapi', file: '/usr/share/doc/nsis-pluginapi' },
  { package: 'gcc-mingw-w64-i686', file: '/usr/bin/i686-w64-mingw32-gcc' },
  { package: 'wixl', file: '/usr/bin/wixl' },
  { package: 'msitools', file: '/usr/bin/msiinfo' },
  { package: 'p7zip-full', file: '/usr/bin/7za' },
];
const { values } = parseArgs({
  options: { required: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function run(file: string, args: readonly string[]): number {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

function provide(): void {
  const missing = packages.filter(({ file }) => !existsSync(file)).map((tool) => tool.package);
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

provide();
const setup = run(join(root, 'test/package/wine-setup.sh'), []);
if (setup !== 0) {
  say(`${values.required ? 'failed' : 'skipped'}: no wine set-up (its script ended with ${setup})`);
  process.exit(values.required ? 1 : 0);
}
for (const version of versions) {
  const out = join(root, 'dist/wine', version);
  if (values.keep && existsSync(join(out, 'artefacts.json'))) continue;
  const guard = join(root, 'build/require-node-24.mjs');
  const dist = join(root, 'build/windows/dist-win.ts');
  const status = run(process.execPath, ['--import', guard, dist, '--stand-in', '--version', version, '--out', out]);
  if (status !== 0) process.exit(status);
}
const config = join(root, 'test/package/windows/vitest.config.ts');
process.exit(run(join(root, 'node_modules/.bin/vitest'), ['run', '--config', config, '--reporter=verbose']));
