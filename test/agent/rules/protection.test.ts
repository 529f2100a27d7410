import { describe, expect, test } from 'vitest';
import type { FactsOf } from '../../../agent/contract/facts/index.ts';
import { dayBefore, judge, linux, windows } from './input.ts';

type Security = FactsOf<'security'>;

describe('virus-protection', () => {
  type Product = NonNullable<Security['antivirus']>[number];
  const product = (change: Partial<Product> = {}): Product => ({
    name: 'Defender',
    state: 'on',
    realTime: true,
    signaturesCurrent: true,
    ...change,
  });
  const of = (antivirus: Product[] | undefined, on = windows) =>
    judge('virus-protection', on({ security: { antivirus } }));

  test.each([
    [0, 'met', 'info', 'protection-current'],
    [3, 'met', 'info', 'protection-current'],
    [4, 'not-met', 'warning', 'signatures-old'],
    [6, 'not-met', 'warning', 'signatures-old'],
    [7, 'not-met', 'critical', 'signatures-old'],
  ])('signatures of %i days ago: %s %s', (days, verdict, severity, reason) => {
    expect(of([product({ signaturesOf: dayBefore(days) })])).toMatchObject({ verdict, severity, reason });
  });

  test('says of when the signatures are, where that is known', () => {
    expect(of([product({ signaturesOf: dayBefore(9) })])?.de).toBe(
      'Der Virenschutz Defender ist nicht aktuell; sein Stand ist vom 15.11.2026.',
    );
    expect(of([product({ signaturesCurrent: false })])).toMatchObject({
      severity: 'warning',
      de: 'Der Virenschutz Defender ist nicht aktuell.',
    });
  });

  test('signatures from the future, or none known, are not current', () => {
    const { signaturesCurrent: _, ...silent } = product();
    expect(of([silent])).toMatchObject({ verdict: 'unknown', reason: 'protection-unknown' });
    expect(of([{ ...silent, signaturesOf: dayBefore(-2) }])).toMatchObject({ verdict: 'unknown' });
    expect(of([{ ...silent, signaturesOf: dayBefore(0) }])).toMatchObject({ verdict: 'met' });
  });

  test.each(['off', 'snoozed', 'expired', 'passive'] as const)('%s alone protects nobody', (state) => {
    expect(of([product({ state })])).toMatchObject({ severity: 'critical', reason: 'protection-off' });
  });

  test('without a look at files as they are opened it does not protect', () => {
    expect(of([product({ realTime: false })])).toMatchObject({ severity: 'critical', reason: 'protection-off' });
  });

  test('one that works is enough', () => {
    expect(of([product({ name: 'Defender', state: 'passive' }), product({ name: 'Other' })])).toMatchObject({
      verdict: 'met',
      values: { name: 'Other' },
    });
    expect(of([product({ name: 'A', state: 'off' }), product({ name: 'B', state: 'unknown' })])).toMatchObject({
      verdict: 'unknown',
      values: { name: 'B' },
    });
    expect(of([product({ name: 'A', signaturesCurrent: false }), product({ name: 'B', state: 'off' })])).toMatchObject({
      reason: 'signatures-old',
      values: { name: 'A' },
    });
  });

  test('none at all is a finding on Windows, and no question on Linux', () => {
    expect(of([])).toMatchObject({
      severity: 'critical',
      reason: 'protection-none',
      evidence: [{ section: 'security', path: 'antivirus.length', value: 0 }],
    });
    expect(of([], linux)).toBeUndefined();
    expect(of(undefined, linux)).toMatchObject({ verdict: 'unknown', reason: 'part-missing' });
  });

  test('one that is installed on Linux and off is a warning', () => {
    expect(of([product({ state: 'off' })], linux)).toMatchObject({ severity: 'warning', reason: 'protection-off' });
  });

  test('sixteen products stay within the contract', () => {
    expect(of(Array.from({ length: 16 }, () => product({ state: 'off' })))?.evidence.length).toBeLessThanOrEqual(32);
  });
});

describe('firewall-active', () => {
  type Firewall = NonNullable<Security['firewall']>;
  const profile = (name: Firewall['profiles'][number]['name'], change: object = {}) => ({
    name,
    enabled: true,
    inboundDefault: 'block' as const,
    ...change,
  });
  const three = (change: object = {}) => [profile('domain'), profile('private'), profile('public', change)];
  const of = (firewall: Partial<Firewall>, on = windows) => judge('firewall-active', on({ security: { firewall } }));

  test.each([
    ['all three', { profiles: three() }, 'met', 'firewall-on'],
    ['one for all', { profiles: [profile('all')] }, 'met', 'firewall-on'],
    ['two of three', { profiles: [profile('domain'), profile('private')] }, 'unknown', 'firewall-unclear'],
    ['none', { profiles: [] }, 'unknown', 'firewall-unclear'],
    ['one off', { profiles: three({ enabled: false }) }, 'not-met', 'firewall-profile-off'],
    ['one open', { profiles: three({ inboundDefault: 'allow' }) }, 'not-met', 'firewall-open'],
    ['one unknown', { profiles: three({ enabled: undefined }) }, 'unknown', 'firewall-unclear'],
    ['a default unknown', { profiles: three({ inboundDefault: undefined }) }, 'unknown', 'firewall-unclear'],
    ['all three, in force unknown', { active: undefined, profiles: three() }, 'unknown', 'firewall-unclear'],
    ['all three, not in force', { active: false, profiles: three() }, 'not-met', 'firewall-off'],
  ] as const)('profiles: %s', (_, firewall, verdict, reason) => {
    expect(of(firewall as unknown as Partial<Firewall>)).toMatchObject({ verdict, reason });
  });

  test('weighs more on Windows, where it is on from the start', () => {
    expect(of({ active: false })).toMatchObject({ severity: 'critical' });
    expect(of({ active: false }, linux)).toMatchObject({ severity: 'warning' });
    expect(of({ profiles: three({ enabled: false }) })).toMatchObject({
      severity: 'critical',
      de: 'Die Firewall dieses Geräts ist für öffentliche Netze ausgeschaltet.',
    });
    expect(of({ profiles: three({ inboundDefault: 'allow' }) })).toMatchObject({
      severity: 'warning',
      values: { network: 'public' },
      en: 'For public networks the firewall of this device lets in everything that is not forbidden.',
    });
  });

  test('a product of another maker that is on answers for itself', () => {
    const off = three({ enabled: false });
    expect(of({ product: 'Example Endpoint Firewall', profiles: off })).toMatchObject({ verdict: 'met' });
    expect(of({ product: 'Example Endpoint Firewall', active: false, profiles: three() })).toMatchObject({
      reason: 'firewall-off',
    });
    for (const product of ['Windows Defender Firewall', 'windows firewall', 'ufw', 'firewalld', 'nftables']) {
      expect(of({ product, profiles: off }), product).toMatchObject({ reason: 'firewall-profile-off' });
    }
  });
});

describe('disk-encrypted', () => {
  type Volume = NonNullable<Security['encryption']>[number];
  const volume = (change: Partial<Volume> = {}): Volume => ({
    mountPoint: 'C:',
    system: true,
    state: 'encrypted',
    protection: 'on',
    ...change,
  });
  const data = (change: Partial<Volume>) => volume({ mountPoint: 'D:', system: false, ...change });
  const of = (encryption: Volume[], system: object = {}) =>
    judge('disk-encrypted', windows({ security: { encryption }, system }));

  test.each([
    [{ state: 'not-encrypted', protection: 'off' }, 'not-met', 'drive-open'],
    // A status that is often wrong does not make an open drive a closed one.
    [{ state: 'not-encrypted', protection: 'on' }, 'not-met', 'drive-open'],
    [{ state: 'encrypted', protection: 'suspended' }, 'not-met', 'drive-suspended'],
    [{ state: 'encrypted', protection: 'off' }, 'not-met', 'drive-suspended'],
    [{ state: 'partly', protection: 'on' }, 'not-met', 'drive-partly'],
    [{ state: 'encrypted', protection: 'unknown' }, 'unknown', 'drive-unclear'],
    [{ state: 'unknown', protection: 'on' }, 'unknown', 'drive-unclear'],
    [{ state: 'encrypted', protection: 'on' }, 'met', 'drives-encrypted'],
  ] as const)('%j is %s', (change, verdict, reason) => {
    expect(of([volume(change)])).toMatchObject({ verdict, reason });
    expect(of([volume(), data(change)])).toMatchObject({ verdict, reason });
  });

  test.each([
    ['notebook', 'critical'],
    ['tablet', 'critical'],
    [undefined, 'critical'],
    ['desktop', 'warning'],
    ['all-in-one', 'warning'],
    ['mini-pc', 'warning'],
    ['other', 'warning'],
  ])('an open %s is %s', (chassis, severity) => {
    expect(of([volume({ state: 'not-encrypted' })], { chassis })).toMatchObject({ verdict: 'not-met', severity });
    expect(of([volume({ protection: 'suspended' })], { chassis })).toMatchObject({ verdict: 'not-met', severity });
  });

  test.each([
    [{ chassis: 'server' }],
    [{ virtualization: { kind: 'vm' } }],
    [{ virtualization: { kind: 'container' } }],
  ])('%j is outside of the rule', (system) => {
    expect(of([volume({ state: 'not-encrypted' })], system)).toBeUndefined();
  });

  test('removable media and the partition the system starts from do not count', () => {
    const open = { state: 'not-encrypted', protection: 'off' } as const;
    expect(of([volume(), data({ ...open, removable: true })])).toMatchObject({ verdict: 'met' });
    for (const mountPoint of ['/boot', '/boot/efi', '/efi']) {
      expect(of([volume({ mountPoint: '/' }), data({ ...open, mountPoint })]), mountPoint).toMatchObject({
        verdict: 'met',
      });
    }
    expect(of([volume({ mountPoint: '/' }), data({ ...open, mountPoint: '/boot/data' })])).toMatchObject({
      reason: 'drive-open',
    });
  });

  test('without the system drive nothing is known', () => {
    expect(of([])).toMatchObject({ verdict: 'unknown', reason: 'no-system-drive' });
    expect(of([data({})])).toMatchObject({ verdict: 'unknown', reason: 'no-system-drive' });
  });

  test('names the open drive with its evidence', () => {
    expect(of([volume(), data({ state: 'not-encrypted', protection: 'off' })])).toMatchObject({
      de: 'Das Laufwerk D: ist nicht verschlüsselt.',
      evidence: [
        { path: 'encryption[1].mountPoint', value: 'D:' },
        { path: 'encryption[1].state', value: 'not-encrypted' },
        { path: 'encryption[1].protection', value: 'off' },
        { section: 'system', path: 'chassis', value: 'desktop' },
      ],
    });
  });

  test('sixty-four open drives stay within the contract', () => {
    const found = of(Array.from({ length: 64 }, () => volume({ state: 'not-encrypted' })));
    expect(found?.evidence).toHaveLength(31);
  });
});

describe('secure-boot', () => {
  test.each([
    ['on', 'met', 'info', 'secure-boot-on'],
    ['off', 'not-met', 'warning', 'secure-boot-off'],
    ['setup-mode', 'not-met', 'warning', 'secure-boot-setup'],
    ['unsupported', 'not-met', 'warning', 'secure-boot-unsupported'],
    [undefined, 'unknown', 'warning', 'part-missing'],
  ] as const)('%s: %s', (secureBoot, verdict, severity, reason) => {
    const boot = { secureBoot } as NonNullable<Security['boot']>;
    expect(judge('secure-boot', linux({ security: { boot } }))).toMatchObject({ verdict, severity, reason });
  });

  test('of a virtual machine is the business of its host', () => {
    const boot = { secureBoot: 'unsupported' } as const;
    const system = { virtualization: { kind: 'vm' } };
    expect(judge('secure-boot', linux({ security: { boot }, system }))).toBeUndefined();
  });
});

describe('secure-boot-certificates', () => {
  const of = (boot: object) => judge('secure-boot-certificates', windows({ security: { boot } }));

  test.each([
    ['updated', 'met', 'info', 'certificates-current'],
    ['in-progress', 'not-met', 'info', 'certificates-changing'],
    ['not-started', 'not-met', 'warning', 'certificates-old'],
    ['unknown', 'unknown', 'warning', 'part-missing'],
    [undefined, 'unknown', 'warning', 'part-missing'],
  ])('%s: %s %s', (certificates2023, verdict, severity, reason) => {
    expect(of({ certificates2023 })).toMatchObject({ verdict, severity, reason });
  });

  test('count only while Secure Boot checks them', () => {
    expect(of({ secureBoot: 'off', certificates2023: 'not-started' })).toBeUndefined();
    expect(of({ secureBoot: undefined })).toMatchObject({ verdict: 'unknown', values: { part: 'boot.secureBoot' } });
  });
});
