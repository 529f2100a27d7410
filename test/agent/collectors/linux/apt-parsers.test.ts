/** What apt's files say: releases, lists, settings, sources, preferences; and which version follows from them. */
import { expect, test } from 'vitest';
import { aptBoolean, aptInterval, parseAptConf } from '../../../../agent/collectors/linux/apt-conf.ts';
import { type Offer, scanPackages } from '../../../../agent/collectors/linux/apt-index.ts';
import {
  candidateOf,
  type OfferedVersion,
  parsePreferences,
} from '../../../../agent/collectors/linux/apt-preferences.ts';
import { isSecurity, originText, parseRelease } from '../../../../agent/collectors/linux/apt-release.ts';
import { listPrefix, parseSourcesDeb822, parseSourcesList } from '../../../../agent/collectors/linux/apt-sources.ts';
import { parseInstalled } from '../../../../agent/collectors/linux/dpkg-installed.ts';
import { glob } from '../../../../agent/collectors/linux/glob.ts';
import { aptConfs, indexes, preferences, releases, sources, statuses } from '../../../fixtures/linux-security.ts';

test.each([
  ['debian', 'Debian:trixie', false],
  ['debianSecurity', 'Debian:trixie-security', true],
  ['backports', 'Debian Backports:trixie-backports', false],
  ['ubuntuUpdates', 'Ubuntu:noble-updates', false],
  ['esm', 'UbuntuESM:jammy-infra-security', true],
  ['vendor', 'Google LLC:stable', false],
  ['nameless', 'apt.example.org', false],
] as const)('release %s comes from %s, security: %s', (name, origin, security) => {
  const release = parseRelease(releases[name]);
  expect(originText(release, 'apt.example.org')).toBe(origin);
  expect(isSecurity(release, '')).toBe(security);
});

test('a release says what it offers and until when it may be believed', () => {
  const debian = parseRelease(releases.debian);
  expect(debian).toMatchObject({
    version: '13.2',
    separateAll: false,
    publishedAt: Date.UTC(2026, 10, 15, 9, 13, 42),
    notAutomatic: false,
  });
  expect([...debian.files]).toEqual([
    ['contrib/binary-amd64/Packages', 0],
    ['main/binary-amd64/Packages', 12_345_678],
  ]);
  expect(parseRelease(releases.debianSecurity).validUntil).toBe(Date.UTC(2026, 10, 30, 20, 13, 42));
  expect(parseRelease(releases.backports)).toMatchObject({ notAutomatic: true, butAutomaticUpgrades: true });
  expect(parseRelease(releases.nameless)).toMatchObject({ separateAll: true });
  expect(parseRelease(releases.nameless)).not.toHaveProperty('publishedAt');
  expect(isSecurity(parseRelease(releases.vendor), 'focal-security')).toBe(true);
});

async function offersOf(
  text: string,
  pieceBytes: number,
  unwanted?: string,
): Promise<{ entries: number; offers: Offer[] }> {
  const offers: Offer[] = [];
  const bytes = Buffer.from(text);
  // Each piece overwrites the one before, as the platform may do it.
  const shared = new Uint8Array(pieceBytes);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const part = bytes.subarray(at, at + pieceBytes);
      shared.set(part);
      yield shared.subarray(0, part.length);
    }
  }
  const wanted = new Set([...text.matchAll(/^Package:[ \t]*(\S+)/gm)].map(([, name = '']) => name));
  if (unwanted !== undefined) wanted.delete(unwanted);
  const entries = await scanPackages(pieces(), wanted, (offer) => offers.push(offer));
  return { entries, offers };
}

test.each([1, 7, 64, 100_000])('a list read in pieces of %i bytes', async (size) => {
  const { entries, offers } = await offersOf(indexes.debian, size, 'openssl');
  expect(entries).toBe(3);
  expect(offers).toEqual([
    { name: 'libssl3', version: '3.0.17-1~deb12u3', architecture: 'amd64', source: 'openssl' },
    { name: 'tzdata', version: '2026b-0+deb12u1', architecture: 'all', source: 'tzdata' },
  ]);
});

test('lists: phased updates, fields in another order, entries without a version, no list at all', async () => {
  expect((await offersOf(indexes.phased, 50)).offers).toMatchObject([{ phasedPercent: 30 }]);
  expect((await offersOf(indexes.nameNotFirst, 50)).offers).toMatchObject([{ name: 'odd', version: '2' }]);
  expect(await offersOf(indexes.withoutVersion, 50)).toEqual({ entries: 1, offers: [] });
  await expect(offersOf('x'.repeat(3 * 1024 * 1024), 65_536)).rejects.toThrow(RangeError);
});

test('installed packages: held ones marked, left-over configuration and mere names passed by', () => {
  expect(parseInstalled(statuses.usual).map(({ name, source, held }) => [name, source, held])).toEqual([
    ['openssl', 'openssl', false],
    ['libssl3', 'openssl', true],
    ['half', 'half', false],
  ]);
});

test.each([
  ['debian', { 'apt::periodic::update-package-lists': '1', 'apt::periodic::unattended-upgrade': '1' }],
  [
    'nested',
    {
      'apt::periodic::update-package-lists': '7d',
      'apt::periodic::unattended-upgrade': 'always',
      'apt::default-release': 'bookworm',
      'acquire::http::proxy': 'http://proxy.example.org:3128/',
    },
  ],
  ['off', { 'apt::periodic::enable': '0', 'apt::periodic::unattended-upgrade': '0' }],
  ['lists', {}],
  ['unclosed', { 'apt::periodic::unattended-upgrade': '1' }],
] as const)('apt.conf %s', (name, expected) =>
  expect(Object.fromEntries(parseAptConf(aptConfs[name]))).toEqual(expected),
);

test('truth and intervals as apt reads them; nonsense is neither on nor off', () => {
  expect(['yes', 'TRUE', '1', 'no', '0', 'off', 'perhaps', undefined].map(aptBoolean)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    undefined,
    undefined,
  ]);
  expect(['1', '7d', 'always', '012h', '0', '00', '', '-1', 'x', undefined].map(aptInterval)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('sources of one line each', () => {
  expect(parseSourcesList(sources.oneLine)).toEqual([
    {
      uri: 'http://deb.debian.org/debian',
      scheme: 'http',
      host: 'deb.debian.org',
      suite: 'bookworm',
      components: ['main', 'non-free-firmware'],
      trusted: false,
    },
    {
      uri: 'https://apt.example.org:8443/repo',
      scheme: 'https',
      host: 'apt.example.org',
      suite: 'stable',
      components: ['main'],
      architectures: ['amd64', 'i386'],
      trusted: false,
    },
    { uri: 'file:/srv/packages', scheme: 'file', host: '', suite: './', components: [], trusted: true },
  ]);
  expect(parseSourcesList(sources.oneLine).map(listPrefix)).toEqual([
    'deb.debian.org_debian_dists_bookworm_',
    'apt.example.org:8443_repo_dists_stable_',
    '_srv_packages_._',
  ]);
});

test('sources in paragraphs: each suite its own, disabled ones left out, comments passed by', () => {
  expect(
    parseSourcesDeb822(sources.deb822).map(({ suite, components, trusted }) => [suite, components, trusted]),
  ).toEqual(['noble', 'noble-updates', 'noble-security'].map((suite) => [suite, ['main', 'universe'], false]));
  expect([...parseSourcesList(sources.nonsense), ...parseSourcesDeb822(sources.nonsense)]).toEqual([]);
});

test('preferences: what is not understood is counted, not dropped in silence', () => {
  expect(
    Object.fromEntries(Object.entries(preferences).map(([name, text]) => [name, parsePreferences(text)])),
  ).toMatchObject({
    nodejs: {
      pins: [{ packages: ['nodejs'], pin: { by: 'origin', host: 'deb.nodesource.com' }, priority: 600 }],
      notUnderstood: 0,
    },
    general: {
      pins: [
        { packages: ['*'], priority: 50 },
        {
          packages: ['firefox*', 'thunderbird'],
          pin: {
            conditions: [
              ['o', 'Mozilla'],
              ['n', 'stable'],
            ],
          },
          priority: 1000,
        },
      ],
    },
    version: { pins: [{ pin: { by: 'version', pattern: '4:7.4*' } }] },
    local: { pins: [{ pin: { by: 'origin', host: '' } }] },
    source: { pins: [{ packages: ['src:openssl'] }] },
    expression: { pins: [], notUnderstood: 1 },
    withoutPriority: { pins: [], notUnderstood: 1 },
  });
});

const at = (version: string, release: keyof typeof releases, host = 'deb.debian.org'): OfferedVersion => ({
  version,
  installed: false,
  archives: [{ host, component: 'main', release: parseRelease(releases[release]) }],
});
const now = (version: string): OfferedVersion => ({ version, installed: true, archives: [] });
const pinsOf = (...names: (keyof typeof preferences)[]) =>
  names.flatMap((name) => parsePreferences(preferences[name]).pins);

test.each([
  [
    'the newest of the usual archives',
    'openssl',
    [now('1'), at('2', 'debian'), at('3', 'debianSecurity')],
    [],
    undefined,
    '3',
  ],
  [
    'no backport of what is not one',
    'openssl',
    [now('1'), at('1', 'debian'), at('9', 'backports')],
    [],
    undefined,
    '1',
  ],
  [
    'a backport of a backport',
    'openssl',
    [now('5~bpo'), at('1', 'debian'), at('6~bpo', 'backports')],
    [],
    undefined,
    '6~bpo',
  ],
  ['never an older one', 'openssl', [now('3'), at('2', 'debian')], [], undefined, '3'],
  [
    'an older one when pinned above 1000',
    'libreoffice',
    [now('4:7.6'), at('4:7.4.7', 'debian')],
    pinsOf('version'),
    undefined,
    '4:7.4.7',
  ],
  [
    'the pinned host against a newer version',
    'nodejs',
    [now('1'), at('20', 'vendor', 'deb.nodesource.com'), at('22', 'debian')],
    pinsOf('nodejs'),
    undefined,
    '20',
  ],
  [
    'a source pinned by its name',
    'libssl3',
    [now('1'), at('3', 'debianSecurity'), at('4', 'debian')],
    pinsOf('source'),
    undefined,
    '3',
  ],
  ['the release set as default', 'openssl', [now('1'), at('2', 'debian'), at('3', 'vendor')], [], 'trixie', '2'],
  [
    'nothing from an archive of negative priority',
    'openssl',
    [now('1'), at('2', 'debian')],
    [{ packages: ['*'], pin: { by: 'release', conditions: [['o', 'Debian']] }, priority: -1 }],
    undefined,
    '1',
  ],
] as const)('apt takes %s', (_name, name, versions, pins, defaultRelease, expected) => {
  const source = name === 'libssl3' ? 'openssl' : name;
  const rules = { pins, ...(defaultRelease === undefined ? {} : { defaultRelease }) };
  expect(candidateOf({ name, source }, versions, rules)?.version).toBe(expected);
});

test.each([
  ['*', 'anything', true],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbb', false],
  ['?b', 'ab', true],
  ['?b', 'b', false],
  ['', '', true],
  ['a.c', 'abc', false],
])('pattern "%s" on "%s": %s', (pattern, value, matches) => expect(glob(pattern, value)).toBe(matches));

test('a pattern of stars ends soon', () => {
  expect(glob(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
});

test('without an installed version, an archive of priority 0 or less offers nothing', () => {
  const pins = [{ packages: ['*'], pin: { by: 'release', conditions: [['o', 'Debian']] }, priority: -1 }] as const;
  expect(candidateOf({ name: 'x', source: 'x' }, [at('2', 'debian')], { pins })).toBeUndefined();
});
