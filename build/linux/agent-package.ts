/** The Debian package of the service: the executable as it is delivered, the units, and scripts that call `kits-agent activate`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Compression, createPackageTree } from './package-tree.ts';

const sources = join(import.meta.dirname, 'agent');
const units = ['kits-agent.service', 'kits-agent-guard.service', 'kits-agent-guard.timer'] as const;

export interface AgentPackage {
  readonly version: string;
  /** The single executable of the same version. */
  readonly executable: string;
  /** Text of the licences of everything inside it. */
  readonly licences: string;
  readonly outFile: string;
  readonly compression: Compression;
  /** Seconds; the time every file carries. */
  readonly sourceDate: number;
}

export function buildAgentPackage(options: AgentPackage): string {
  const { version, executable, licences, outFile, compression, sourceDate } = options;
  const source = (name: string): string => readFileSync(join(sources, name), 'utf8').replaceAll('@VERSION@', version);
  const tree = createPackageTree({
    work: `${outFile}.work`,
    sourceDate,
    control: {
      Package: 'kits-agent',
      Version: version,
      Architecture: 'amd64',
      Maintainer: 'KITS <agent@kits.invalid>',
      Section: 'admin',
      Priority: 'optional',
      // What the executable is linked with; init-system-helpers brings deb-systemd-helper.
      Depends: 'libc6 (>= 2.28), libgcc-s1 (>= 4.2), libstdc++6 (>= 8), init-system-helpers (>= 1.54~)',
      Recommends: 'systemd',
      Suggests: 'kits-agent-tray',
      Description: [
        'inventory, updates, security and backups, reported to KITS',
        ' Collects what this PC is and how it fares, verifies that its backups are',
        ' fresh and complete, and reports both signed and numbered to the KITS server.',
        ' Nothing is lost while the PC is offline.',
      ].join('\n'),
    },
    scripts: Object.fromEntries(['preinst', 'postinst', 'prerm', 'postrm'].map((name) => [name, source(name)])),
    conffiles: ['/etc/default/kits-agent'],
  });
  tree.file('usr/lib/kits-agent/payload/kits-agent', executable, 0o755);
  tree.link('usr/bin/kits-agent', '../lib/kits-agent/current/kits-agent');
  for (const unit of units) tree.text(`usr/lib/systemd/system/${unit}`, source(unit));
  tree.text('etc/default/kits-agent', source('default'));
  tree.packed('usr/share/man/man8/kits-agent.8.gz', source('kits-agent.8'));
  const documents = 'usr/share/doc/kits-agent';
  tree.text(`${documents}/copyright`, source('copyright'));
  tree.packed(`${documents}/third-party-licences.txt.gz`, licences);
  tree.packed(`${documents}/changelog.gz`, changelog('kits-agent', version, sourceDate));
  tree.text('usr/share/lintian/overrides/kits-agent', source('lintian-overrides'));
  return tree.build(outFile, compression);
}

/** Debian wants one; what changed stands in the history of the project. */
export function changelog(name: string, version: string, sourceDate: number): string {
  const at = new Date(sourceDate * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) stable; urgency=medium\n\n  * Version ${version}.\n\n -- KITS <agent@kits.invalid>  ${at}\n`;
}
