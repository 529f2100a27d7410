/** The Debian package of the tray, built with a stand-in for Electron's program: what is around it is real. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refuseStandIn } from '../../../build/linux/stand-in.ts';
import { buildTrayPackage, electronConfiguration, trayDepends } from '../../../build/linux/tray-package.ts';
import { runTool } from '../../../build/run-tool.ts';
import { searchStandIn } from '../../../server/releases/stand-in.ts';
import { type BootedSystem, bootSystem } from './booted-system.ts';

const version = '3.2.1';
const on = '1'.charCodeAt(0);
const off = '0'.charCodeAt(0);
let folder: string;
let file: string;
let tree: string;

beforeAll(async () => {
  // electron-builder itself takes nothing from there.
  folder = mkdtempSync('/var/tmp/kits-tray-');
  const made = { version, outDir: folder, compression: 'fast', sourceDate: 1_760_000_000 } as const;
  file = await buildTrayPackage({ ...made, standIn: true });
  tree = join(folder, 'tree');
  runTool('dpkg-deb', ['--extract', file, tree]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the program is no interpreter, and runs our archive alone', async () => {
  const wire = await getCurrentFuseWire(join(tree, 'usr/lib/kits-agent-tray/kits-agent-tray'));
  expect({
    runAsNode: wire[FuseV1Options.RunAsNode],
    options: wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable],
    inspect: wire[FuseV1Options.EnableNodeCliInspectArguments],
    integrity: wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation],
    onlyAsar: wire[FuseV1Options.OnlyLoadAppFromAsar],
    fileProtocol: wire[FuseV1Options.GrantFileProtocolExtraPrivileges],
  }).toEqual({ runAsNode: off, options: off, inspect: off, integrity: on, onlyAsar: on, fileProtocol: off });
});

test('the archive holds bundles and nothing else', () => {
  const archive = join(tree, 'usr/lib/kits-agent-tray/resources/app.asar');
  const files = listPackage(archive, { isPack: false }).filter((name) => /\.\w+$/.test(name));
  expect(files.sort()).toEqual([
    '/dist/main/index.mjs',
    '/dist/tray/index.css',
    '/dist/tray/index.html',
    '/dist/tray/index.js',
    '/dist/tray/preload.cjs',
    '/package.json',
  ]);
  const manifest = JSON.parse(extractFile(archive, 'package.json').toString());
  expect(manifest).toMatchObject({ main: 'dist/main/index.mjs', version });
  expect(extractFile(archive, 'dist/main/index.mjs').toString()).not.toContain('sourceMappingURL');
});

test('is what electron-builder understands', () => {
  const require = createRequire(import.meta.url);
  const { default: Ajv } = require('ajv') as {
    default: new (options: object) => { compile(schema: object): Validate };
  };
  type Validate = ((value: unknown) => boolean) & { errors?: unknown };
  const schema = JSON.parse(readFileSync(require.resolve('app-builder-lib/scheme.json'), 'utf8'));
  const validate = new Ajv({ allErrors: true, strict: false, allowUnionTypes: true, logger: false }).compile(schema);
  const configuration = JSON.parse(JSON.stringify(electronConfiguration(folder, '/electron')));
  validate(configuration);
  expect(validate.errors).toBeNull();
  expect(validate({ ...configuration, linux: { targets: 'dir' } })).toBe(false);
});

test('starts at logon, with the system’s own icon and sandbox', () => {
  const read = (name: string): string => readFileSync(join(tree, name), 'utf8');
  expect(read('etc/xdg/autostart/kits-agent-tray.desktop')).toContain('Exec=/usr/bin/kits-agent-tray --hidden\n');
  expect(read('usr/share/applications/kits-agent-tray.desktop')).toContain('Icon=kits-agent-tray\n');
  expect(read('usr/share/kits-agent-tray/apparmor-profile')).toContain('/usr/lib/kits-agent-tray/kits-agent-tray');
  expect(read('usr/share/icons/hicolor/48x48/apps/kits-agent-tray.png').slice(1, 4)).toBe('PNG');
  expect(runTool('find', [tree, '-perm', '/6000'])).toBe('');
});

test('lintian has nothing to say but about the mark of the stand-in', () => {
  const mark = 'unknown-field,misplaced-extra-member-in-deb';
  const said = runTool('lintian', ['--allow-root', '--suppress-tags', mark, '--fail-on', 'none', file]);
  expect(said).toBe('');
});

test('what it rests on can be had from Debian', () => {
  // Only a simulation: nothing is downloaded or installed.
  const simulate = (): string => runTool('apt-get', ['--simulate', 'satisfy', '--no-install-recommends', trayDepends]);
  try {
    simulate();
  } catch {
    // This machine has no lists of packages yet.
    runTool('apt-get', ['update', '-qq']);
    simulate();
  }
  expect(() => runTool('apt-get', ['--simulate', 'satisfy', `${trayDepends}, kits-none`])).toThrow('kits-none');
});

describe('installed in a system of its own', () => {
  let system: BootedSystem;
  beforeAll(async () => {
    system = await bootSystem();
  });
  afterAll(() => system?.[Symbol.asyncDispose]());

  test('starts for everybody, keeps its profile only where AppArmor understands it, and purged leaves nothing', () => {
    const before = system.leftOf('kits-agent');
    system.must('dpkg', '--install', file);
    // What stands in the menu and in the autostart finds the program, which says that it is none.
    const { exitCode, stderr } = system.run('setpriv', [
      ...['--reuid=nobody', '--regid=nogroup', '--clear-groups', '/usr/bin/kits-agent-tray', '--hidden'],
    ]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('KITS-STAND-IN')]);
    expect(system.must('stat', '--format', '%U %a', '/etc/xdg/autostart/kits-agent-tray.desktop')).toBe('root 644');
    const profile = '/usr/share/kits-agent-tray/apparmor-profile';
    const [, major] = /version (\d+)\./.exec(system.must('apparmor_parser', '--version')) ?? [];
    const parsed = system.run('apparmor_parser', ['--skip-kernel-load', '--skip-cache', profile]);
    // The rule "userns" and its abi came with AppArmor 4; what is older needs no profile.
    expect(parsed.exitCode === 0, parsed.stderr).toBe(Number(major) >= 4);
    const kept = system.run('test', ['-e', '/etc/apparmor.d/kits-agent-tray']).exitCode === 0;
    expect(kept).toBe(parsed.exitCode === 0);
    // Without what only AppArmor 4 knows, the rest is read by every version.
    const input = readFileSync(join(tree, profile), 'utf8')
      .replace(/^abi .*$/m, '')
      .replace(/^ *userns,$/m, '');
    const rest = system.run('apparmor_parser', ['--skip-kernel-load', '--skip-cache'], { input });
    expect(rest).toMatchObject({ exitCode: 0 });

    system.must('dpkg', '--remove', 'kits-agent-tray');
    expect(system.run('test', ['-e', '/etc/apparmor.d/kits-agent-tray']).exitCode).toBe(1);
    system.must('dpkg', '--purge', 'kits-agent-tray');
    expect(system.leftOf('kits-agent')).toBe(before);
  });
});

test('cannot be taken for a real one', () => {
  expect(file).toContain('KITS-STAND-IN');
  expect(() => refuseStandIn(file)).toThrow('must not reach a PC');
  // Nor under another name.
  const renamed = join(folder, 'kits-agent-tray_3.2.1_amd64.deb');
  runTool('cp', [file, renamed]);
  expect(() => refuseStandIn(renamed)).toThrow('must not reach a PC');
  // Nor by what looks at bytes alone, as signing and publishing do.
  const search = searchStandIn('kits-agent-tray_3.2.1_amd64.deb');
  search.look(readFileSync(renamed));
  expect(search.objection()).toContain('must not reach a PC');
  // The real one takes its place, whatever the order.
  runTool('dpkg', ['--compare-versions', runTool('dpkg-deb', ['--field', file, 'Version']).trim(), 'lt', version]);
});
