/**
 * The MSI: files of the unpacked Windows application, packed by wixl, finished by msibuild. The same files, version and date give the
 * same bytes. Needs Debian's wixl, msitools and gcc-mingw-w64-i686.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { appUserModelId, productName } from '../../main/app-identity.ts';
import { standInMark } from '../../server/releases/stand-in.ts';
import { runTool } from '../run-tool.ts';
import { signForWindows } from '../sign-windows.ts';
import { steadySummary } from './msi-summary.ts';

export interface MsiOptions {
  /** What electron-builder calls win-unpacked; its files are given the time of `sourceDate`. */
  readonly folder: string;
  /** Three numbers. */
  readonly version: string;
  readonly outFile: string;
  readonly work: string;
  /** Seconds; the time every file carries. */
  readonly sourceDate: number;
  /** The folder holds a stand-in: the MSI says so where no compression hides it. */
  readonly standIn: boolean;
}

/** Properties an administrator may set; also when Windows Installer runs the rest as another account. */
export const publicProperties = ['SERVER', 'TOKEN', 'SERVERKEY', 'RECOVERYKEY', 'SETTINGS', 'KEEPDATA'] as const;
const agentFile = 'resources/agent/kits-agent.exe';
/** Of this product, for ids that must stay the same from version to version. */
const namespace = 'b5c6b6e0-5e5d-4c43-8d39-0c3c8e6b8d11';
/** A type of action that sets a property, and msidbCustomActionTypeHideTarget: what it sets stays out of the log. */
const [setsProperty, hideTarget] = [51, 0x2000];

export function buildMsi({ folder, version, outFile, work, sourceDate, standIn }: MsiOptions): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  // wixl takes files from paths relative to the source only.
  symlinkSync(folder, join(work, 'app'));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), sourceDate, sourceDate);
  }
  copyFileSync(join(import.meta.dirname, 'kits-agent.wxs'), join(work, 'kits-agent.wxs'));
  writeFileSync(join(work, 'files.wxs'), filesFragment(folder));
  buildSetUpAction(join(work, 'set-up-action.dll'));
  const built = join(work, basename(outFile));
  const variables = {
    Version: version,
    ProductName: productName,
    ProductCode: `{${uuidOf(`product ${version}`)}}`,
    AgentFile: idOf('f', agentFile),
  };
  const defines = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const sources = ['kits-agent.wxs', 'files.wxs'];
  // The archive inside holds local times.
  runTool('wixl', ['-a', 'x64', ...defines, '-o', built, ...sources], { cwd: work, env: { TZ: 'UTC' } });
  runTool('msibuild', [built, ...finishing(standIn).flatMap((query) => ['-q', query])]);
  writeFileSync(outFile, steadySummary(readFileSync(built), sourceDate));
}

/** For 32 bits, which Windows Installer runs in packages of either kind. Signed as every program is: WDAC asks for libraries as well. */
function buildSetUpAction(outFile: string): void {
  runTool('i686-w64-mingw32-gcc', [
    ...['-Wall', '-Wextra', '-Werror', '-Os', '-s', '-shared', '-static-libgcc'],
    ...['-Wl,--no-insert-timestamp,--kill-at,--nxcompat,--dynamicbase,--disable-auto-image-base'],
    ...['-o', outFile, join(import.meta.dirname, 'set-up-action.c'), '-lmsi'],
  ]);
  signForWindows(outFile, productName);
}

function finishing(standIn: boolean): string[] {
  const secure = [...publicProperties, 'WIX_UPGRADE_DETECTED', 'WIX_DOWNGRADE_DETECTED'].join(';');
  return [
    `UPDATE \`Property\` SET \`Value\`='${secure}' WHERE \`Property\`='SecureCustomProperties'`,
    ...(standIn ? [`INSERT INTO \`Property\` (\`Property\`, \`Value\`) VALUES ('StandIn', '${standInMark}')`] : []),
    // Windows 10 and 11 call themselves 6.3 here.
    "INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('Installed OR VersionNT64 >= 603', " +
      "'KITS Agent braucht Windows 10 oder 11 in 64 Bit. / KITS Agent needs 64-bit Windows 10 or 11.')",
    "INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('Installed OR NOT SETUPEXE', " +
      "'KITS Agent ist hier mit setup.exe installiert. Bleiben Sie dabei, oder entfernen Sie es zuerst. / " +
      "KITS Agent was installed here by setup.exe. Go on with that, or remove it first.')",
    // What lies there is started with all rights; a folder users can change would be theirs to decide.
    'INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES (' +
      '\'Installed OR NOT INSTALLDIR OR (INSTALLDIR ~<< ProgramFiles64Folder AND NOT INSTALLDIR >< "..")\', ' +
      "'KITS Agent wird nur unterhalb von Programme installiert. / KITS Agent is installed below Program Files only.')",
    // Where the settings file beside the MSI is.
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('ResolveSource', 'NOT Installed', 850)",
    `UPDATE \`CustomAction\` SET \`Type\`=${setsProperty + hideTarget} WHERE \`Action\`='TellSetUp'`,
    'CREATE TABLE `MsiShortcutProperty` (`MsiShortcutProperty` CHAR(72) NOT NULL, `Shortcut_` CHAR(72) NOT NULL, ' +
      '`PropertyKey` CHAR(255) NOT NULL LOCALIZABLE, `PropVariantValue` CHAR(255) NOT NULL LOCALIZABLE PRIMARY KEY `MsiShortcutProperty`)',
    'INSERT INTO `MsiShortcutProperty` (`MsiShortcutProperty`, `Shortcut_`, `PropertyKey`, `PropVariantValue`) VALUES ' +
      `('TrayShortcutId', 'TrayShortcut', 'System.AppUserModel.ID', '${appUserModelId}')`,
  ];
}

/** A component for each file, as Windows Installer wants it; ids follow from the path alone. */
function filesFragment(folder: string): string {
  const components: string[] = [];
  const walk = (path: string, indent: string): string =>
    readdirSync(join(folder, path), { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        if (entry.isDirectory()) {
          const inside = walk(below, `${indent}  `);
          return `${indent}<Directory Id="${idOf('d', below)}" Name="${xml(entry.name)}">\n${inside}${indent}</Directory>\n`;
        }
        // A helper of electron-builder's updater that runs anything with an administrator's rights.
        if (entry.name === 'elevate.exe') return '';
        const id = idOf('c', below);
        components.push(id);
        return (
          `${indent}<Component Id="${id}" Guid="{${uuidOf(below)}}" Win64="yes">` +
          `<File Id="${idOf('f', below)}" Name="${xml(entry.name)}" Source="app/${xml(below)}" KeyPath="yes" /></Component>\n`
        );
      })
      .join('');
  const tree = walk('', '      ');
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">',
    '  <Fragment>',
    '    <DirectoryRef Id="INSTALLDIR">',
    `${tree}    </DirectoryRef>`,
    '    <ComponentGroup Id="Files">',
    ...components.map((id) => `      <ComponentRef Id="${id}" />`),
    '    </ComponentGroup>',
    '  </Fragment>',
    '</Wix>',
    '',
  ].join('\n');
}

function idOf(kind: 'c' | 'd' | 'f', path: string): string {
  return kind + createHash('sha1').update(path).digest('hex').slice(0, 24);
}

/** Version 5 of RFC 9562, in capitals as Windows Installer writes them. */
function uuidOf(name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex').slice(0, 32).toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
