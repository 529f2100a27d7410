/** Documents damaged at random: nothing may throw, and no good news may come out of a bad PC because of garbage. */
import { expect, test } from 'vitest';
import type { PatchesFacts } from '../../../../agent/contract/facts/patches.ts';
import type { SecurityFacts } from '../../../../agent/contract/facts/security.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import { fuzzTime } from '../../../fixtures/mutations.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import {
  absent,
  changed,
  type Document,
  englishNotebook,
  germanDesktop,
  having,
  key,
  present,
  section,
  volume,
} from '../../../fixtures/windows/documents.ts';
import {
  answered,
  searchConstrained,
  searchDocument,
  searchFailed,
  update,
} from '../../../fixtures/windows/searches.ts';
import { sectionOf } from '../context.ts';
import { damaged } from './damaged-document.ts';

/** Everything about this PC is wrong; whatever is damaged in its document, none of it may turn right. */
function neglectedPc(): Document {
  const base = germanDesktop();
  const bad = having(base, {
    restart: section({
      ...(base.sections['restart']?.data as object),
      rebootPending: present,
      rebootRequired: present,
      nextName: key({ ComputerName: 'RATHAUS-08' }),
      domainJoin: { state: 'ok', pending: true },
    }),
    defender: section({
      present: true,
      mode: 'Not running',
      service: false,
      enabled: false,
      realTime: false,
      tamper: false,
      outOfDate: true,
      signatureAge: 4_294_967_295,
    }),
    securityCenter: section({
      antivirus: [{ name: 'Windows Defender', productState: 393488 }],
      firewall: [{ name: 'ESET Firewall', productState: 262144 }],
    }),
    firewall: section({
      service: 'Stopped',
      profiles: ['Domain', 'Private', 'Public'].map((name) => ({ name, enabled: 0, inbound: 2 })),
    }),
    bitlocker: section({
      volumes: [
        volume({ conversion: 0, protection: 0 }),
        volume({ letter: 'D:', system: false, type: 1, protection: 0 }),
      ],
    }),
    tpm: section({ chips: [{ version: '1.2', enabled: false, activated: false }] }),
    secureBoot: section({
      state: key({ UEFISecureBootEnabled: 0 }),
      servicing: key({ UEFICA2023Status: 'NotStarted' }),
    }),
    features: section({
      features: [
        { name: 'SMB1Protocol', state: 1 },
        { name: 'MicrosoftWindowsPowerShellV2', state: 1 },
      ],
    }),
    deviceGuard: section({ status: 0, running: [0] }),
    screenLock: section({
      profiles: [
        {
          policy: key({ ScreenSaveActive: '0' }),
          setting: key({ ScreenSaveActive: '0', ScreenSaverIsSecure: '0', ScreenSaveTimeOut: '0' }),
        },
      ],
    }),
  });
  return changed(bad, 'hardening', {
    uac: key({ EnableLUA: 0, ConsentPromptBehaviorAdmin: 0 }),
    lsa: key({ RunAsPPL: 0 }),
    logon: key({ AutoAdminLogon: '1' }),
    passwordThere: true,
    rdp: key({ fDenyTSConnections: 0 }),
    rdpPolicy: key({ fDenyTSConnections: 0, UserAuthentication: 0 }),
    lapsPolicy: absent,
  });
}

/** Names of facts that would calm a reader. */
function goodNews(data: SecurityFacts | undefined): string[] {
  if (data === undefined) return [];
  const { antivirus, firewall, encryption, boot, remoteAccess, accounts, hardening } = data;
  const checks: Record<string, boolean | undefined> = {
    antivirus: antivirus?.some(({ state }) => state === 'on' || state === 'passive'),
    realTime: antivirus?.some(({ realTime, tamperProtection }) => realTime === true || tamperProtection === true),
    signatures: antivirus?.some(({ signaturesCurrent }) => signaturesCurrent === true),
    firewall:
      firewall?.active === true ||
      firewall?.profiles.some(({ enabled, inboundDefault }) => enabled === true || inboundDefault === 'block'),
    encryption: encryption?.some(
      ({ state, protection }) =>
        protection === 'on' || (state === 'encrypted' && protection !== 'suspended' && protection !== 'unknown'),
    ),
    secureBoot: boot?.secureBoot === 'on' || boot?.certificates2023 === 'updated' || boot?.tpm?.ready === true,
    remote:
      remoteAccess?.rdp?.enabled === false ||
      remoteAccess?.rdp?.networkLevelAuthentication === true ||
      remoteAccess?.smb1 === false,
    logon: accounts?.automaticLogon === false || accounts?.plainLogonPassword === false,
    rotation: accounts?.passwordRotation !== undefined && accounts.passwordRotation !== 'off',
    lock: (accounts?.screenLockSeconds ?? 0) > 0,
    hardening:
      hardening?.uac === 'on' ||
      hardening?.lsaProtection === true ||
      hardening?.credentialGuard === true ||
      hardening?.memoryIntegrity === true,
  };
  return Object.keys(checks).filter((name) => checks[name] === true);
}

const documents = [germanDesktop(), englishNotebook(), neglectedPc()];
const searches = [searchDocument([update({}), update({ id: 'x' })]), searchFailed(-2145107934), searchConstrained];
const settled = (found: { problems: readonly { code: string; detail: string }[] }) =>
  found.problems.filter(({ code, detail }) => code === 'bug' || /Invalid input|expected/.test(detail));

test('no damage makes a collector fall over or break its schema', fuzzTime, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(...documents.map(damaged)),
      fc.oneof(...searches.map(damaged)),
      async (document, search) => {
        const machine = recordedWindows({ document, offline: answered(search) });
        for (const id of ['patches', 'security', 'software'] as const) {
          expect(settled(await sectionOf(id, machine))).toEqual([]);
        }
      },
    ),
    { numRuns: tries(800) },
  );
});

test('a neglected PC is bad to begin with', async () => {
  const machine = recordedWindows({ document: neglectedPc(), offline: answered(searchDocument([update({})])) });
  const security = await sectionOf('security', machine);
  expect(security).toMatchObject({ state: 'complete' });
  expect(goodNews(security.data)).toEqual([]);
  expect((await sectionOf('patches', machine)).data?.restart.required).toBe(true);
});

test('no damage makes a neglected PC look cared for', fuzzTime, async () => {
  await fc.assert(
    fc.asyncProperty(damaged(neglectedPc()), async (document) => {
      const { data } = await sectionOf('security', recordedWindows({ document }));
      expect(goodNews(data)).toEqual([]);
    }),
    { numRuns: tries(1500) },
  );
});

test('no damage makes missing updates or a restart that is due disappear in silence', fuzzTime, async () => {
  const waiting = searchDocument([update({})], {
    agent: section({ lastSearchAt: '2026-11-23T05:10:00Z', rebootRequired: true }),
  });
  await fc.assert(
    fc.asyncProperty(damaged(neglectedPc()), damaged(waiting), async (document, search) => {
      const found = await sectionOf('patches', recordedWindows({ document, offline: answered(search) }));
      const data = found.data as PatchesFacts | undefined;
      if (data === undefined) return;
      expect(data.restart.required).not.toBe(false);
      if (data.updates.length === 0) {
        expect(found.state).toBe('partial');
      }
    }),
    { numRuns: tries(800) },
  );
});
