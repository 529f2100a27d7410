import { describe, expect, test } from 'vitest';
import type { FactsOf } from '../../../agent/contract/facts/index.ts';
import { judge, linux, windows } from './input.ts';

type Security = FactsOf<'security'>;
type Accounts = NonNullable<Security['accounts']>;

describe('logon-required', () => {
  const of = (accounts: object, on = windows) => judge('logon-required', on({ security: { accounts } }));

  test.each([
    [{ plainLogonPassword: true, automaticLogon: true }, 'not-met', 'critical', 'logon-password-open'],
    [{ automaticLogon: true, guestEnabled: true }, 'not-met', 'critical', 'logon-automatic'],
    [{ guestEnabled: true }, 'not-met', 'warning', 'guest-enabled'],
    [{}, 'met', 'info', 'logon-protected'],
    [{ guestEnabled: true, automaticLogon: undefined }, 'not-met', 'warning', 'guest-enabled'],
  ])('%j: %s %s %s', (accounts, verdict, severity, reason) => {
    expect(of(accounts)).toMatchObject({ verdict, severity, reason });
  });

  test.each(['automaticLogon', 'plainLogonPassword', 'guestEnabled'])('unknown while %s is not known', (name) => {
    expect(of({ [name]: undefined })).toMatchObject({ verdict: 'unknown', values: { part: `accounts.${name}` } });
  });

  test('Linux has neither a registry nor a guest account of its own', () => {
    expect(of({ automaticLogon: false }, linux)).toMatchObject({ verdict: 'met' });
    expect(of({ automaticLogon: undefined }, linux)).toMatchObject({ verdict: 'unknown' });
    expect(of({ guestEnabled: true }, linux)).toMatchObject({ reason: 'guest-enabled' });
  });
});

describe('accounts-administrators', () => {
  type Account = NonNullable<Accounts['administrators']>[number];
  const account = (change: Partial<Account> = {}): Account => ({ id: 'sudo', kind: 'group', ...change });
  const builtIn = (enabled?: boolean) =>
    account({ id: 'S-1-5-21-1-500', kind: 'user', builtIn: true, ...(enabled === undefined ? {} : { enabled }) });
  const of = (accounts: object, on = windows) => judge('accounts-administrators', on({ security: { accounts } }));

  test('full rights without a password are a finding, and each is counted', () => {
    expect(of({ administrators: [account(), account({ id: 'deploy', withoutPassword: true })] }, linux)).toMatchObject({
      verdict: 'not-met',
      severity: 'warning',
      values: { count: 1, first: 'deploy' },
      de: 'deploy hat auf diesem Gerät volle Rechte, ohne nach einem Kennwort gefragt zu werden.',
      evidence: [
        { path: 'accounts.administrators[1].id', value: 'deploy' },
        { path: 'accounts.administrators[1].withoutPassword', value: true },
      ],
    });
    const many = Array.from({ length: 200 }, (_, index) => account({ id: `u${index}`, withoutPassword: true }));
    expect(of({ administrators: many }, linux)).toMatchObject({ values: { count: 200 } });
  });

  test('nobody at all is not believed', () => {
    expect(of({ administrators: [] })).toMatchObject({ verdict: 'unknown', reason: 'no-administrator-listed' });
  });

  test.each([
    [true, 'off', 'not-met', 'shared-administrator'],
    [true, undefined, 'unknown', 'part-missing'],
    [true, 'active-directory', 'met', 'administrators-protected'],
    [true, 'entra', 'met', 'administrators-protected'],
    [true, 'legacy', 'met', 'administrators-protected'],
    [false, 'off', 'met', 'administrators-protected'],
    [false, undefined, 'met', 'administrators-protected'],
    [undefined, 'off', 'unknown', 'part-missing'],
  ])('built-in administrator enabled: %s, LAPS: %s is %s', (enabled, passwordRotation, verdict, reason) => {
    expect(of({ administrators: [builtIn(enabled)], passwordRotation })).toMatchObject({ verdict, reason });
  });

  test('a list of Windows without the built-in administrator is not complete', () => {
    expect(of({ administrators: [account()], passwordRotation: 'off' })).toMatchObject({
      verdict: 'unknown',
      values: { part: 'accounts.builtIn' },
    });
    expect(of({ administrators: [account()], passwordRotation: undefined }, linux)).toMatchObject({ verdict: 'met' });
  });
});

describe('remote-access', () => {
  const of = (change: object, on = linux) => {
    const safe = {
      installed: true,
      running: true,
      rootLogin: 'no',
      passwordAuthentication: false,
      emptyPasswords: false,
    };
    const ssh = { ...safe, ...change } as NonNullable<NonNullable<Security['remoteAccess']>['ssh']>;
    return judge('remote-access', on({ security: { remoteAccess: { ssh } } }));
  };

  test.each([
    [{}, 'met', 'info', 'ssh-protected'],
    [{ installed: false, passwordAuthentication: true }, 'met', 'info', 'ssh-absent'],
    [{ running: false, passwordAuthentication: true }, 'met', 'info', 'ssh-absent'],
    [{ running: undefined, passwordAuthentication: true }, 'not-met', 'warning', 'ssh-password'],
    [{ passwordAuthentication: true }, 'not-met', 'warning', 'ssh-password'],
    [{ passwordAuthentication: true, rootLogin: 'prohibit-password' }, 'not-met', 'warning', 'ssh-password'],
    [{ passwordAuthentication: true, rootLogin: 'yes' }, 'not-met', 'critical', 'ssh-root-password'],
    [{ passwordAuthentication: true, emptyPasswords: true }, 'not-met', 'critical', 'ssh-empty-passwords'],
    [{ passwordAuthentication: undefined, emptyPasswords: true }, 'not-met', 'critical', 'ssh-empty-passwords'],
    // Nobody gets in with an empty password where passwords are not asked for.
    [{ emptyPasswords: true }, 'met', 'info', 'ssh-protected'],
    [{ rootLogin: 'yes' }, 'met', 'info', 'ssh-protected'],
    [{ rootLogin: undefined }, 'unknown', 'warning', 'part-missing'],
    [{ passwordAuthentication: undefined }, 'unknown', 'warning', 'part-missing'],
    [{ emptyPasswords: undefined }, 'unknown', 'warning', 'part-missing'],
  ])('%j: %s %s %s', (change, verdict, severity, reason) => {
    expect(of(change)).toMatchObject({ verdict, severity, reason });
  });

  test('an SSH server on Windows is judged where there is one', () => {
    expect(of({ passwordAuthentication: true }, windows)).toMatchObject({ reason: 'ssh-password' });
    expect(judge('remote-access', windows())).toBeUndefined();
    expect(judge('remote-access', linux({ security: { remoteAccess: undefined } }))).toMatchObject({
      verdict: 'unknown',
      values: { part: 'remoteAccess.ssh' },
    });
  });
});

describe('remote-desktop', () => {
  test.each([
    [{ enabled: false }, 'met', 'desktop-off'],
    [{ enabled: true, networkLevelAuthentication: true }, 'met', 'desktop-protected'],
    [{ enabled: true, networkLevelAuthentication: false }, 'not-met', 'desktop-open'],
    [{ enabled: true }, 'unknown', 'part-missing'],
  ])('%j: %s', (rdp, verdict, reason) => {
    expect(judge('remote-desktop', windows({ security: { remoteAccess: { rdp } } }))).toMatchObject({
      verdict,
      reason,
    });
  });
});

describe('outdated-components', () => {
  test.each([
    [true, true, 'not-met', 'critical', 'smb1-on'],
    [true, undefined, 'not-met', 'critical', 'smb1-on'],
    [false, true, 'not-met', 'warning', 'powershell2-installed'],
    [undefined, true, 'not-met', 'warning', 'powershell2-installed'],
    [false, false, 'met', 'info', 'outdated-components-gone'],
    [undefined, false, 'unknown', 'warning', 'part-missing'],
    [false, undefined, 'unknown', 'warning', 'part-missing'],
  ])('SMBv1 %s, PowerShell 2.0 %s: %s %s', (smb1, powershell2, verdict, severity, reason) => {
    const security = { remoteAccess: { smb1 }, hardening: { powershell2 } } as Partial<Security>;
    expect(judge('outdated-components', windows({ security }))).toMatchObject({ verdict, severity, reason });
  });
});

describe('protections of the system', () => {
  const hardened = (id: string, hardening: object, on = windows) => judge(id, on({ security: { hardening } }));

  test.each([
    ['on', 'met', 'info', 'uac-on'],
    ['silent', 'not-met', 'warning', 'uac-silent'],
    ['off', 'not-met', 'critical', 'uac-off'],
    [undefined, 'unknown', 'warning', 'part-missing'],
  ])('UAC %s: %s %s', (uac, verdict, severity, reason) => {
    expect(hardened('uac-active', { uac })).toMatchObject({ verdict, severity, reason });
  });

  test.each([
    ['apparmor', 1, 'met', 'access-control-on'],
    ['apparmor', 0, 'not-met', 'access-control-empty'],
    ['apparmor', undefined, 'unknown', 'part-missing'],
    ['selinux', undefined, 'met', 'access-control-on'],
    ['none', undefined, 'not-met', 'access-control-off'],
    ['smack', 10, 'unknown', 'part-missing'],
    [undefined, 10, 'unknown', 'part-missing'],
  ])('access control %s with %s profiles: %s', (accessControl, enforcedProfiles, verdict, reason) => {
    const hardening = { accessControl, enforcedProfiles };
    expect(hardened('access-control-active', hardening, linux)).toMatchObject({ verdict, reason });
  });

  test.each([
    [true, false, 'met'],
    [false, true, 'met'],
    [undefined, true, 'met'],
    [false, false, 'not-met'],
    [undefined, false, 'unknown'],
    [false, undefined, 'unknown'],
  ])('LSA protection %s, Credential Guard %s: %s', (lsaProtection, credentialGuard, verdict) => {
    expect(hardened('credentials-protected', { lsaProtection, credentialGuard })).toMatchObject({ verdict });
  });

  test('what the BSI asks for only where much is at stake does not colour the light', () => {
    const found = hardened('credentials-protected', { lsaProtection: false, credentialGuard: false });
    expect(found?.severity).toBe('info');
  });

  test('SmartScreen that is on is what the BSI advises against, and off is kept', () => {
    expect(hardened('smartscreen-off', { smartScreen: 'on' })).toMatchObject({ verdict: 'not-met', severity: 'info' });
    expect(hardened('smartscreen-off', { smartScreen: 'off' })).toMatchObject({ verdict: 'met' });
    expect(hardened('smartscreen-off', { smartScreen: 'unknown' })).toMatchObject({ verdict: 'unknown' });
    expect(hardened('smartscreen-off', { smartScreen: undefined })).toMatchObject({ verdict: 'unknown' });
  });
});

describe('screen-lock', () => {
  const of = (screenLockSeconds: number | undefined, system: object = {}) => {
    const accounts = { screenLockSeconds } as Accounts;
    return judge('screen-lock', linux({ security: { accounts }, system }));
  };

  test.each([
    [1, 'met', 'lock-in-time'],
    [900, 'met', 'lock-in-time'],
    [901, 'not-met', 'lock-late'],
    [0, 'not-met', 'lock-never'],
    [undefined, 'unknown', 'part-missing'],
  ])('%s seconds: %s', (seconds, verdict, reason) => {
    expect(of(seconds)).toMatchObject({ verdict, reason });
  });

  test('says how long it takes', () => {
    expect(of(1800)?.de).toBe('Der Bildschirm sperrt sich erst nach 30 Minuten; höchstens 15 Minuten sind vorgesehen.');
  });

  test('nobody works at a server or in a container', () => {
    expect(of(0, { chassis: 'server' })).toBeUndefined();
    expect(of(0, { virtualization: { kind: 'container' } })).toBeUndefined();
    expect(of(0, { virtualization: { kind: 'vm' } })).toMatchObject({ verdict: 'not-met' });
  });
});
