/**
 * Makes a signed apt repository from Debian packages: `node build/apt-repository.ts --key HOME --key-id ID --out DIR DEB…`.
 *
 * HOME is the GnuPG home of the machine that signs, never that of a server; its agent asks for the passphrase, or
 * --passphrase-file names one. What stands in DIR afterwards goes into the folder "apt" of the server's data directory as it is.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { refuseStandIn } from './linux/stand-in.ts';
import { runTool } from './run-tool.ts';

export interface RepositoryOptions {
  readonly debs: readonly string[];
  readonly out: string;
  readonly gnupgHome: string;
  readonly keyId: string;
  readonly passphraseFile?: string;
  /** After that apt refuses the index: a repository that is held back is noticed. */
  readonly validDays?: number;
}

export const suite = 'stable';
const component = 'main';
const architectures = ['amd64', 'arm64'] as const;

/**
 * Replaces the repository in `out` as a whole; packages that were there before and are not among `debs` stay in the pool.
 * Throws for a package that holds a stand-in.
 */
export function makeAptRepository(options: RepositoryOptions): void {
  const { debs, gnupgHome, keyId, passphraseFile, validDays = 90 } = options;
  if (debs.length === 0) throw new Error('A repository needs at least one package.');
  for (const deb of debs) refuseStandIn(deb);
  const out = resolve(options.out);
  const work = mkdtempSync(join(tmpdir(), 'kits-apt-repository-'));
  try {
    if (existsSync(join(out, 'pool'))) cpSync(join(out, 'pool'), join(work, 'pool'), { recursive: true });
    for (const deb of debs) {
      const name = runTool('/usr/bin/dpkg-deb', ['--field', deb, 'Package']).trim();
      const place = join(work, 'pool', component, name);
      mkdirSync(place, { recursive: true });
      copyFileSync(deb, join(place, basename(deb)));
    }
    for (const architecture of architectures) {
      const folder = join(work, 'dists', suite, component, `binary-${architecture}`);
      mkdirSync(folder, { recursive: true });
      const index = runTool('/usr/bin/apt-ftparchive', ['--arch', architecture, 'packages', 'pool'], { cwd: work });
      writeFileSync(join(folder, 'Packages'), index);
      writeFileSync(join(folder, 'Packages.gz'), gzipSync(index, { level: 9 }));
    }
    const dists = join(work, 'dists', suite);
    const fields = {
      Origin: 'KITS',
      Label: 'KITS Agent',
      Suite: suite,
      Codename: suite,
      Architectures: architectures.join(' '),
      Components: component,
    };
    const settings = Object.entries(fields).flatMap(([name, value]) => [
      '-o',
      `APT::FTPArchive::Release::${name}=${value}`,
    ]);
    const validUntil = new Date(Date.now() + validDays * 86_400_000).toUTCString().replace('GMT', '+0000');
    const release = runTool('/usr/bin/apt-ftparchive', [...settings, 'release', '.'], { cwd: dists });
    writeFileSync(join(dists, 'Release'), `Valid-Until: ${validUntil}\n${release}`);
    const gpg = (...args: string[]): string =>
      runTool('/usr/bin/gpg', [
        '--homedir',
        gnupgHome,
        '--batch',
        '--yes',
        ...(passphraseFile === undefined ? [] : ['--pinentry-mode', 'loopback', '--passphrase-file', passphraseFile]),
        ...args,
      ]);
    gpg(
      '--local-user',
      keyId,
      '--digest-algo',
      'SHA512',
      '--clearsign',
      '--output',
      join(dists, 'InRelease'),
      join(dists, 'Release'),
    );
    gpg(
      '--local-user',
      keyId,
      '--digest-algo',
      'SHA512',
      '--detach-sign',
      '--armor',
      '--output',
      join(dists, 'Release.gpg'),
      join(dists, 'Release'),
    );
    gpg('--export', '--output', join(work, 'kits-agent.gpg'), keyId);
    if (readFileSync(join(work, 'kits-agent.gpg')).byteLength === 0)
      throw new Error(`There is no key ${keyId} in ${gnupgHome}.`);
    replace(work, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The pool first: an index never names a package that is not there. */
function replace(work: string, out: string): void {
  mkdirSync(out, { recursive: true });
  cpSync(join(work, 'pool'), join(out, 'pool'), { recursive: true });
  copyFileSync(join(work, 'kits-agent.gpg'), join(out, 'kits-agent.gpg'));
  const [fresh, old] = [join(out, '.dists.new'), join(out, '.dists.old')];
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
  cpSync(join(work, 'dists'), fresh, { recursive: true });
  if (existsSync(join(out, 'dists'))) renameSync(join(out, 'dists'), old);
  renameSync(fresh, join(out, 'dists'));
  rmSync(old, { recursive: true, force: true });
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      'key-id': { type: 'string' },
      out: { type: 'string' },
      'passphrase-file': { type: 'string' },
      'valid-days': { type: 'string' },
    },
  });
  const { key, 'key-id': keyId, out, 'passphrase-file': passphraseFile } = values;
  if (key === undefined || keyId === undefined || out === undefined || positionals.length === 0) {
    process.stderr.write(
      `Usage: node ${join('build', basename(import.meta.filename))} --key GNUPGHOME --key-id ID --out DIR [--passphrase-file P] [--valid-days N] DEB…\n`,
    );
    process.exit(2);
  }
  makeAptRepository({
    debs: positionals,
    out,
    gnupgHome: key,
    keyId,
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(values['valid-days'] === undefined ? {} : { validDays: Number(values['valid-days']) }),
  });
  process.stdout.write(`${out} holds the repository. Copy it into the folder "apt" of the server's data directory.\n`);
}
