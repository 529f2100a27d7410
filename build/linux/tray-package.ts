/** The Debian package of the tray: Electron with our bundles, started at every logon. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build as buildElectron, type Configuration, Platform } from 'electron-builder';
import { productName } from '../../main/app-identity.ts';
import { standInMark } from '../../server/releases/stand-in.ts';
import { appPng } from '../icons.ts';
import { licenceText, trayPackages } from '../licences.ts';
import { stageTrayApp } from '../tray-app.ts';
import { changelog } from './agent-package.ts';
import { type Compression, createPackageTree } from './package-tree.ts';
import { makeStandInElectron, markAsStandIn, standInField } from './stand-in.ts';

const root = join(import.meta.dirname, '../..');
const sources = join(import.meta.dirname, 'tray');
const name = 'kits-agent-tray';
const iconSizes = [16, 24, 32, 48, 64, 128, 256, 512] as const;

/** What the window rests on, as a Debian package says it; names of the 64-bit time transition (Ubuntu 24.04, Debian 13) stand beside the older ones. */
export const trayDepends = [
  'libasound2 | libasound2t64',
  'libatspi2.0-0 | libatspi2.0-0t64',
  'libgbm1',
  'libgtk-3-0 | libgtk-3-0t64',
  'libnotify4',
  'libnss3',
  'libsecret-1-0',
  'libuuid1',
  'libxss1',
  'libxtst6',
  'xdg-utils',
].join(', ');

export interface TrayPackage {
  readonly version: string;
  readonly outDir: string;
  readonly compression: Compression;
  /** Seconds; the time every file carries. */
  readonly sourceDate: number;
  /** Makes a package that cannot be taken for a real one. */
  readonly standIn: boolean;
}

/** Electron's program is no interpreter for anybody, and runs our archive alone. */
export const electronFuses = {
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableCookieEncryption: true,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  grantFileProtocolExtraPrivileges: false,
} as const;

/** As electron-builder reads it; its own schema is held against it in a test. */
export function electronConfiguration(work: string, electronDist?: string): Configuration {
  return {
    appId: 'de.kits.agent',
    productName,
    electronVersion: electronVersion(),
    ...(electronDist === undefined ? {} : { electronDist }),
    npmRebuild: false,
    directories: { app: join(work, 'staged/app'), output: join(work, 'packed') },
    files: ['**/*', '!node_modules'],
    asar: true,
    electronLanguages: ['de', 'en-US'],
    electronFuses,
    publish: null,
    linux: {
      target: 'dir',
      executableName: name,
      category: 'Utility',
      extraResources: [{ from: join(work, 'staged/resources'), to: '.' }],
    },
  };
}

function electronVersion(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { electron: string };
  };
  return manifest.devDependencies.electron;
}

/** Returns the path of the package. Throws with what electron-builder said, as where Electron cannot be downloaded. */
export async function buildTrayPackage(options: TrayPackage): Promise<string> {
  const { version, outDir, compression, sourceDate, standIn } = options;
  const file = `${name}_${version}_amd64${standIn ? `.${standInMark}` : ''}.deb`;
  // Within the project: electron-builder takes nothing from /var and the like, wherever the package is to go.
  mkdirSync(join(root, 'dist'), { recursive: true });
  const work = mkdtempSync(join(root, 'dist/tray-package-'));
  try {
    await stageTrayApp(join(work, 'staged'), version);
    const electronDist = standIn ? makeStandInElectron(join(work, 'electron'), electronVersion()) : undefined;
    await buildElectron({
      targets: Platform.LINUX.createTarget('dir'),
      projectDir: root,
      config: electronConfiguration(work, electronDist),
      publish: 'never',
    });
    const unpacked = join(work, 'packed/linux-unpacked');
    // Of no use without its own rights; the namespaces of the kernel do its work.
    rmSync(join(unpacked, 'chrome-sandbox'), { force: true });
    const source = (part: string): string => readFileSync(join(sources, part), 'utf8').replaceAll('@VERSION@', version);
    const tree = createPackageTree({
      work: join(work, 'tree'),
      sourceDate,
      control: {
        Package: name,
        // Sorts below the real one, which therefore takes its place.
        Version: standIn ? `${version}~standin` : version,
        Architecture: 'amd64',
        Maintainer: 'KITS <agent@kits.invalid>',
        Section: 'admin',
        Priority: 'optional',
        ...(standIn ? {} : { Depends: trayDepends }),
        Recommends: 'kits-agent, libayatana-appindicator3-1',
        ...(standIn ? { [standInField]: 'not Electron; not for PCs' } : {}),
        Description: [
          'status and notices of KITS for the person at this PC',
          ' A tray icon and a window that show what the service kits-agent says: whether',
          ' this PC is all right, what KITS asks for, and what was sent.',
        ].join('\n'),
      },
      scripts: { postinst: source('postinst'), postrm: source('postrm') },
      conffiles: [`/etc/xdg/autostart/${name}.desktop`],
    });
    tree.folder(`usr/lib/${name}`, unpacked);
    tree.link(`usr/bin/${name}`, `../lib/${name}/${name}`);
    tree.text(`usr/share/applications/${name}.desktop`, source(`${name}.desktop`));
    tree.text(`etc/xdg/autostart/${name}.desktop`, source('autostart.desktop'));
    tree.text(`usr/share/${name}/apparmor-profile`, source('apparmor-profile'));
    for (const size of iconSizes) {
      tree.bytes(`usr/share/icons/hicolor/${size}x${size}/apps/${name}.png`, appPng(size));
    }
    tree.packed(`usr/share/man/man1/${name}.1.gz`, source(`${name}.1`));
    const documents = `usr/share/doc/${name}`;
    tree.text(`${documents}/copyright`, source('copyright'));
    tree.packed(`${documents}/third-party-licences.txt.gz`, licenceText(trayPackages().bundled));
    tree.packed(`${documents}/changelog.gz`, changelog(name, version, sourceDate));
    tree.text(`usr/share/lintian/overrides/${name}`, source('lintian-overrides'));
    const made = tree.build(join(outDir, file), compression);
    if (standIn) markAsStandIn(made);
    return made;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether Electron's binary for this machine is there already, as npm's package unpacks it. */
export function hasElectron(): boolean {
  return existsSync(join(root, 'node_modules/electron/dist/electron'));
}
