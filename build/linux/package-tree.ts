/** A Debian package from files and text, without debhelper: `dpkg-deb` packs what is laid out here. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runTool } from '../run-tool.ts';

/** Fields of the control file in their order; `Installed-Size` is added. */
export type ControlFields = Readonly<Record<string, string>>;
export type MaintainerScript = 'preinst' | 'postinst' | 'prerm' | 'postrm';

/** `fast` is for tests: larger, packed in a second instead of a minute. */
export type Compression = 'small' | 'fast';
const compressionArgs: Readonly<Record<Compression, readonly string[]>> = {
  // Every dpkg since Debian 7 reads xz; zstd only since Debian 12.
  small: ['-Zxz', '-z6'],
  fast: ['-Zgzip', '-z1'],
};

export interface PackageTree {
  text(path: string, content: string, mode?: number): void;
  bytes(path: string, content: Uint8Array): void;
  /** With the compression Debian wants for changelogs and manuals; without name and time inside, so that it stays the same. */
  packed(path: string, content: string): void;
  file(path: string, source: string, mode?: number): void;
  /** Everything below `source`, with its modes but for what others could write. */
  folder(path: string, source: string): void;
  link(path: string, target: string): void;
  /** Writes the package; returns its path. Throws with what dpkg-deb said. */
  build(outFile: string, compression: Compression): string;
}

export interface PackageOptions {
  /** A folder that is not there yet; removed again by `build`. */
  readonly work: string;
  readonly control: ControlFields;
  readonly scripts?: Partial<Readonly<Record<MaintainerScript, string>>>;
  readonly conffiles?: readonly string[];
  /** Seconds; the time every file carries. */
  readonly sourceDate: number;
}

export function createPackageTree({
  work,
  control,
  scripts = {},
  conffiles = [],
  sourceDate,
}: PackageOptions): PackageTree {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'DEBIAN'), { recursive: true, mode: 0o755 });
  const place = (path: string): string => {
    const target = join(work, path);
    for (let folder = dirname(target), missing: string[] = []; ; folder = dirname(folder)) {
      if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
        missing.unshift(folder);
        continue;
      }
      for (const made of missing) {
        mkdirSync(made);
        chmodSync(made, 0o755);
      }
      return target;
    }
  };
  const tree: PackageTree = {
    text: (path, content, mode = 0o644) => {
      writeFileSync(place(path), content);
      chmodSync(join(work, path), mode);
    },
    bytes: (path, content) => {
      writeFileSync(place(path), content);
      chmodSync(join(work, path), 0o644);
    },
    packed: (path, content) => {
      writeFileSync(place(path), gzipSync(content, { level: 9 }));
      chmodSync(join(work, path), 0o644);
    },
    file: (path, source, mode = 0o644) => {
      copyFileSync(source, place(path));
      chmodSync(join(work, path), mode);
    },
    folder: (path, source) => {
      for (const entry of readdirSync(source, { withFileTypes: true })) {
        const [from, to] = [join(source, entry.name), join(path, entry.name)];
        if (entry.isDirectory()) tree.folder(to, from);
        else if (entry.isSymbolicLink()) tree.link(to, readlinkSync(from));
        else tree.file(to, from, (lstatSync(from).mode & 0o111) === 0 ? 0o644 : 0o755);
      }
    },
    link: (path, target) => symlinkSync(target, place(path)),
    build: (outFile, compression) => {
      const files = regularFiles(work);
      const kibibytes = files.reduce((sum, file) => sum + Math.ceil(lstatSync(join(work, file)).size / 1024), 0);
      const fields = { ...control, 'Installed-Size': String(kibibytes) };
      const inControl = (name: string, content: string, mode = 0o644): void =>
        tree.text(`DEBIAN/${name}`, content, mode);
      const sums = files.map((file) => `${md5(join(work, file))}  ${file}`);
      inControl(
        'control',
        `${Object.entries(fields)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')}\n`,
      );
      inControl('md5sums', `${sums.join('\n')}\n`);
      if (conffiles.length > 0) inControl('conffiles', `${conffiles.join('\n')}\n`);
      for (const [name, content] of Object.entries(scripts)) inControl(name, content, 0o755);
      const draft = `${outFile}.new`;
      mkdirSync(dirname(outFile), { recursive: true });
      runTool('dpkg-deb', ['--root-owner-group', ...compressionArgs[compression], '--build', work, draft], {
        env: { SOURCE_DATE_EPOCH: String(sourceDate) },
        timeoutMs: 600_000,
      });
      renameSync(draft, outFile);
      rmSync(work, { recursive: true, force: true });
      return outFile;
    },
  };
  return tree;
}

/** Without the control files, sorted, relative to the root of the package. */
function regularFiles(work: string): string[] {
  return readdirSync(work, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(work, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('DEBIAN/'))
    .sort();
}

/** What Debian's md5sums file holds; against damage, not against forgery. */
function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}
