/** Facts about updates and security for the browser tests: a Debian PC with gaps, a Windows PC with gaps, one in order. */
import type { FactsOf } from '../../agent/contract/facts/index.ts';

const dayMs = 86_400_000;

/** One for all: midnight may come while the tests run. */
const now = Date.now();

/** YYYY-MM-DD, so many days ago. */
export function dayAgo(days: number): string {
  return new Date(now - days * dayMs).toISOString().slice(0, 10);
}

type Patches = FactsOf<'patches'>;
type Security = FactsOf<'security'>;

/** Nothing missing, searched today. */
export function patchedDebian(): Patches {
  return {
    source: 'apt',
    scan: { succeededOn: dayAgo(0), kind: 'index', complete: true, server: 'deb.debian.org', insecure: false },
    updates: [],
    held: [],
    automatic: { enabled: true, mechanism: 'unattended-upgrades', lastRunOn: dayAgo(0) },
    restart: { required: false, reasons: [], runningKernel: '6.12.41-amd64', newestKernel: '6.12.41-amd64' },
  };
}

/** Two updates missing, one of them for security; one waits for the restart that is due. */
export function lackingDebian(): Patches {
  return {
    ...patchedDebian(),
    scan: { succeededOn: dayAgo(6), kind: 'index', complete: true, server: 'deb.debian.org', insecure: false },
    updates: [
      {
        id: 'linux-image-amd64:amd64',
        state: 'waiting-for-restart',
        installedVersion: '6.12.48-1',
        origin: 'Debian:trixie-security',
        security: true,
        firstSeenOn: dayAgo(12),
      },
      {
        id: 'openssl:amd64',
        state: 'missing',
        installedVersion: '3.5.1-1',
        candidateVersion: '3.5.1-1+deb13u1',
        origin: 'Debian:trixie-security',
        security: true,
        firstSeenOn: dayAgo(20),
      },
      {
        id: 'vim-tiny:amd64',
        state: 'missing',
        installedVersion: '2:9.1.1230-1',
        candidateVersion: '2:9.1.1230-2',
        origin: 'Debian:trixie',
        security: false,
        held: true,
        firstSeenOn: dayAgo(3),
      },
    ],
    held: ['vim-tiny:amd64'],
    restart: {
      required: true,
      reasons: [
        { code: 'kernel', strength: 'strong', detail: '6.12.48-amd64' },
        { code: 'deleted-libraries', strength: 'medium' },
      ],
      since: dayAgo(12),
      runningKernel: '6.12.41-amd64',
      newestKernel: '6.12.48-amd64',
      services: ['cups.service', 'ssh.service'],
    },
  };
}

/** A grave update missing, and one whose kind the source does not say; the last search is old. */
export function lackingWindows(): Patches {
  return {
    source: 'windows-update',
    scan: { succeededOn: dayAgo(30), kind: 'offline-search', complete: true, server: 'wsus.example', insecure: true },
    updates: [
      {
        id: 'KB5066791',
        title: '2026-10 Kumulatives Update für Windows 10 Version 22H2 für x64-basierte Systeme (KB5066791)',
        state: 'missing',
        origin: 'Windows Update',
        security: true,
        severity: 'critical',
        firstSeenOn: dayAgo(30),
        publishedOn: dayAgo(41),
      },
      {
        id: 'KB890830',
        title: 'Windows-Tool zum Entfernen bösartiger Software (KB890830)',
        state: 'missing',
        origin: 'Windows Update',
        firstSeenOn: dayAgo(30),
      },
    ],
    automatic: { enabled: true, pausedUntil: dayAgo(-7), deferQualityDays: 14 },
    restart: { required: false, reasons: [{ code: 'file-replacements', strength: 'weak' }] },
    build: { number: 19_045, revision: 6396, updateOfDay: dayAgo(76), esu: 'not-licensed' },
    installed: [{ id: 'KB5065429', at: `${dayAgo(76)}T03:12:00Z`, result: 'succeeded' }],
  };
}

/** A Debian PC that is guarded but for its disk. */
export function guardedDebian(): Security {
  return {
    firewall: {
      product: 'nftables',
      active: true,
      profiles: [{ name: 'all', enabled: true, inboundDefault: 'block' }],
    },
    encryption: [{ mountPoint: '/', system: true, state: 'not-encrypted', protection: 'off' }],
    boot: { secureBoot: 'on', tpm: { present: true, version: '2.0', ready: true }, lockdown: 'integrity' },
    remoteAccess: {
      ssh: {
        installed: true,
        running: true,
        rootLogin: 'no',
        passwordAuthentication: false,
        emptyPasswords: false,
        port: 22,
      },
    },
    accounts: {
      administrators: [
        { id: 'root', kind: 'user', local: true, builtIn: true },
        { id: 'sudo', kind: 'group', local: true, withoutPassword: false },
      ],
      automaticLogon: false,
      guestEnabled: false,
      screenLockSeconds: 600,
    },
    hardening: { accessControl: 'apparmor', enforcedProfiles: 48, complainingProfiles: 3 },
  };
}
