/** The MSI: files of the unpacked Windows application, packed by wixl, finished by msibuild. Needs Debian's wixl and msitools. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { appUserModelId, productName } from '../../main/app-identity.ts';
import { runTool } from '../run-tool.ts';

export interface MsiOptions {
  /** What electron-builder calls win-unpacked. */
  readonly folder: string;
  /** Three numbers. */
  readonly version: string;
  readonly outFile: string;
  readonly work: string;
}

/** Properties an administrator may set; also when Windows Installer runs the rest as another account. */
export const publicProperties = ['SERVER', 'TOKEN', 'SERVERKEY', 'RECOVERYKEY', 'SETTINGS', 'KEEPDATA'] as const;
const agentFile = 'resources/agent/kits-agent.exe';
/** Of this product, for ids that must stay the same from version to version. */
const namespace = 'b5c6b6e0-5e5d-4c43-8d39-0c3c8e6b8d11';
/** msidbCustomActionTypeHideTarget: what the action is called with stays out of the log. */
const hideTarget = 0x2000;

/** wixl puts these before the beginning and behind the end; deferred actions belong between InstallInitialize and InstallFinalize. */
export const sequence = {
  DeleteGuard: 3410,
  DeleteTrayTask: 3415,
  EndService: 3420,
  DeleteService: 3430,
  Retire: 3440,
  RemoveVersions: 3450,
  RemoveSettings: 3460,
  SetUp: 5100,
  Activate: 5110,
  StartTray: 5120,
} as const;

export function buildMsi({ folder, version, outFile, work }: MsiOptions): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  // wixl takes files from paths relative to the source only.
  symlinkSync(folder, join(work, 'app'));
  copyFileSync(join(import.meta.dirname, 'kits-agent.wxs'), join(work, 'kits-agent.wxs'));
  writeFileSync(join(work, 'files.wxs'), filesFragment(folder));
  const built = join(work, basename(outFile));
  const variables = {
    Version: version,
    ProductName: productName,
    ProductCode: `{${uuidOf(`product ${version}`)}}`,
    AgentFile: idOf('f', agentFile),
  };
  const defines = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  runTool('wixl', ['-a', 'x64', ...defines, '-o', built, 'kits-agent.wxs', 'files.wxs'], { cwd: work });
  runTool('msibuild', [built, ...finishing().flatMap((query) => ['-q', query])]);
  copyFileSync(built, outFile);
}

function finishing(): string[] {
  const secure = [...publicProperties, 'WIX_UPGRADE_DETECTED', 'WIX_DOWNGRADE_DETECTED'].join(';');
  return [
    `UPDATE \`Property\` SET \`Value\`='${secure}' WHERE \`Property\`='SecureCustomProperties'`,
    // Windows 10 and 11 call themselves 6.3 here.
    "INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('Installed OR VersionNT64 >= 603', " +
      "'KITS Agent braucht Windows 10 oder 11 in 64 Bit. / KITS Agent needs 64-bit Windows 10 or 11.')",
    // Where the settings file beside the MSI is.
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('ResolveSource', 'NOT Installed', 850)",
    ...Object.entries(sequence).map(
      ([action, at]) => `UPDATE \`InstallExecuteSequence\` SET \`Sequence\`=${at} WHERE \`Action\`='${action}'`,
    ),
    `UPDATE \`CustomAction\` SET \`Type\`=${18 + 1024 + 2048 + hideTarget} WHERE \`Action\`='SetUp'`,
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
