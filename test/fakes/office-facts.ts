/** Plausible sections of an office PC, for tests that need a whole report and care about one part of it. */
import { randomBytes } from 'node:crypto';
import type { FactsOf, SectionId } from '../../agent/contract/facts/index.ts';
import type { Fingerprint, Section } from '../../agent/contract/report.ts';
import { canonicalHash, hashBytes } from '../../agent/signing/canonical.ts';

/** A section with its hash; `data` undefined makes it `missing`. */
export function sectionOf(id: string, data: unknown, change: Partial<Section> = {}): Section {
  const there = data !== undefined;
  return {
    id,
    state: there ? 'complete' : 'missing',
    collectedAt: new Date().toISOString(),
    durationMs: 12,
    hash: canonicalHash(data ?? null),
    ...(there ? { data } : {}),
    problems: there ? [] : [{ code: 'not-present', detail: 'this machine has none' }],
    ...change,
  };
}

/** The same section known by its hash only. */
export function byHash({ data: _data, ...section }: Section): Section {
  return section;
}

const gib = 1024 ** 3;

/** restic wrote to the share of the office ten hours ago, and a sample was restored a month ago. */
export function officeBackup(now: Date): FactsOf<'backup'> {
  // By the full hour: facts made twice in a test are the same facts.
  const hour = 3_600_000;
  const ago = (hours: number) => new Date((Math.floor(now.getTime() / hour) - hours) * hour).toISOString();
  const evidence = { kind: 1, source: 'status file of resticprofile', reference: 'documents' };
  const night = { startedAt: ago(10.5), endedAt: ago(10), result: 'success' as const, evidence };
  return {
    products: [
      {
        id: 'restic',
        name: 'restic',
        kind: 'backup',
        version: '0.18.0',
        installed: true,
        answers: 'here',
        jobs: [
          {
            id: 'documents',
            name: 'Dokumente',
            writableBy: 'administrator',
            enabled: true,
            targets: [{ kind: 'share', name: '//nas/sicherung' }],
            state: 'success',
            lastRun: night,
            lastSuccess: { endedAt: night.endedAt, result: 'success', bytes: 3 * gib, evidence },
            onDaysSinceSuccess: 1,
            recentRuns: [night],
            reasons: [],
          },
        ],
        reasons: [],
      },
    ],
    restoreTests: [
      {
        at: ago(720),
        product: 'restic',
        source: '//nas/sicherung',
        result: 'equal',
        files: 20,
        bytes: 40_960,
        different: 0,
        durationSeconds: 12,
      },
    ],
  };
}

/** Plausible facts of an office PC in order; change what a test is about. */
export function officeFacts(hostname: string, now = new Date()) {
  const today = now.toISOString().slice(0, 10);
  const facts = {
    system: {
      hostname,
      manufacturer: 'Beispiel GmbH',
      model: 'Büro-PC 3',
      serialNumber: `SN-${hostname}`,
      chassis: 'desktop',
      virtualization: { kind: 'none' },
    },
    os: {
      family: 'linux',
      id: 'debian',
      name: 'Debian GNU/Linux 13 (trixie)',
      version: '13',
      kernel: '6.12.41-amd64',
      architecture: 'x86_64',
    },
    cpu: { model: 'Beispiel 5000', architecture: 'x86_64', sockets: 1, cores: 4, threads: 8 },
    memory: { totalBytes: 16 * gib },
    storage: {
      disks: [{ name: 'sda', sizeBytes: 512 * gib, kind: 'ssd', removable: false }],
      volumes: [
        {
          mountPoint: '/',
          fileSystem: 'ext4',
          sizeBytes: 500 * gib,
          freeBytes: 300 * gib,
          readOnly: false,
          system: true,
          remote: false,
        },
      ],
    },
    network: {
      interfaces: [
        {
          name: 'eno1',
          kind: 'ethernet',
          macAddress: '02:00:00:00:00:01',
          state: 'up',
          speedMbps: 1000,
          addresses: [{ address: '192.0.2.10', family: 'ipv4', prefixLength: 24 }],
        },
      ],
      gateways: [{ address: '192.0.2.1', family: 'ipv4', interface: 'eno1' }],
      dnsServers: ['192.0.2.1'],
    },
    software: {
      source: 'dpkg',
      packages: [
        { name: 'bash', version: '5.2.37-2', architecture: 'amd64' },
        { name: 'openssl', version: '3.5.1-1', architecture: 'amd64' },
      ],
    },
    patches: {
      source: 'apt',
      scan: { succeededOn: today, kind: 'index', complete: true, server: 'deb.debian.org', insecure: false },
      updates: [],
      automatic: { enabled: true, mechanism: 'unattended-upgrades', lastRunOn: today },
      restart: { required: false, reasons: [] },
    },
    security: {
      antivirus: [],
      firewall: {
        product: 'nftables',
        active: true,
        profiles: [{ name: 'all', enabled: true, inboundDefault: 'block' }],
      },
      encryption: [{ mountPoint: '/', system: true, state: 'encrypted', protection: 'on', method: 'luks2' }],
      boot: { secureBoot: 'on' },
      remoteAccess: { ssh: { installed: false }, rdp: { enabled: false }, smb1: false },
      accounts: {
        administrators: [{ id: 'sudo', kind: 'group' }],
        automaticLogon: false,
        guestEnabled: false,
        screenLockSeconds: 600,
      },
      hardening: { accessControl: 'apparmor', enforcedProfiles: 40, complainingProfiles: 0 },
    },
    backup: officeBackup(now),
    energy: { uptimeDays: 3 },
    agent: {
      version: '0.1.0',
      nodeVersion: '24.21.0',
      platform: 'linux',
      privileged: true,
      policyVersion: 0,
      queue: { waiting: 0, refused: 0 },
      settingsProblems: [],
    },
  } satisfies { [Id in SectionId]?: FactsOf<Id> };
  return facts;
}

/** Random hardware marks of one machine. */
export function newMarks(): Required<Fingerprint> {
  const mark = () => hashBytes(randomBytes(16));
  return { firmware: mark(), board: mark(), disks: mark(), macs: mark() };
}
