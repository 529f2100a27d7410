/** Firewall, start of the system, ways in from outside, and protections of Windows, each from its effective value. */
import { z } from 'zod';
import type { SecurityFacts } from '../../contract/facts/security.ts';
import { byKey, clean } from '../text.ts';
import type { CenterProduct } from './defender.ts';
import { type RegistryKey, registryKey, type WindowsDocument } from './document.ts';
import { flag, listOf, whole, words } from './values.ts';

type Firewall = NonNullable<SecurityFacts['firewall']>;
type Boot = NonNullable<SecurityFacts['boot']>;
type RemoteAccess = NonNullable<SecurityFacts['remoteAccess']>;
type Hardening = NonNullable<SecurityFacts['hardening']>;

const profileNames = { domain: 'domain', private: 'private', public: 'public' } as const;
const inboundAction = { allow: 2, block: 4 } as const;

const firewallSchema = z.object({
  service: words,
  profiles: listOf(z.object({ name: words, enabled: whole, inbound: whole }), 8),
});

/** Profiles as they are in force (active store). Another product that is on filters in Windows' place. */
export function readFirewall(document: WindowsDocument, others: readonly CenterProduct[]): Firewall | undefined {
  const read = document.read('firewall', firewallSchema);
  const other = others.find(({ state, microsoft }) => state === 'on' && !microsoft);
  const profiles = read.kind === 'read' ? read.data.profiles.items.flatMap(profileOf) : [];
  if (other !== undefined) return { product: other.name, active: true, profiles: sorted(profiles) };
  if (read.kind !== 'read') return undefined;
  const enabled = profiles.map((profile) => profile.enabled);
  const stopped = read.data.service !== undefined && read.data.service !== 'Running';
  const every = enabled.length === 3 && enabled.every((on) => on === true);
  const none = enabled.length === 3 && enabled.every((on) => on === false);
  const some = enabled.includes(true) && enabled.length === 3 && !enabled.includes(undefined);
  const active = stopped || none ? false : read.data.service === 'Running' && (every || some) ? true : undefined;
  return {
    product: 'Windows Defender Firewall',
    ...(active === undefined ? {} : { active }),
    profiles: sorted(profiles),
  };
}

function sorted(profiles: Firewall['profiles']): Firewall['profiles'] {
  return byKey([...new Map(profiles.map((profile) => [profile.name, profile])).values()], ({ name }) => name);
}

function profileOf(profile: z.output<typeof firewallSchema>['profiles']['items'][number]): Firewall['profiles'] {
  const key = profile.name?.toLowerCase() ?? '';
  if (!Object.hasOwn(profileNames, key)) return [];
  const enabled = profile.enabled === 1 ? true : profile.enabled === 0 ? false : undefined;
  const { inbound } = profile;
  return [
    {
      name: profileNames[key as keyof typeof profileNames],
      ...(enabled === undefined ? {} : { enabled }),
      ...(inbound === inboundAction.block ? { inboundDefault: 'block' as const } : {}),
      ...(inbound === inboundAction.allow ? { inboundDefault: 'allow' as const } : {}),
    },
  ];
}

const bootSchema = z.object({ state: registryKey, servicing: registryKey });
const tpmSchema = z.object({
  chips: listOf(z.object({ version: words, enabled: flag, activated: flag, owned: flag }), 4),
});
const certificates = { notstarted: 'not-started', inprogress: 'in-progress', updated: 'updated' } as const;

export function readBoot(document: WindowsDocument): Boot | undefined {
  const read = document.read('secureBoot', bootSchema);
  const chips = document.read('tpm', tpmSchema);
  const boot: Boot = {};
  if (read.kind === 'read') {
    const { state, servicing } = read.data;
    const on = state.number('UEFISecureBootEnabled');
    // Firmware of the old kind has no such key at all.
    if (state.state === 'absent') boot.secureBoot = 'unsupported';
    else if (on === 0 || on === 1) boot.secureBoot = on === 1 ? 'on' : 'off';
    const status = servicing.text('UEFICA2023Status')?.toLowerCase() ?? '';
    if (Object.hasOwn(certificates, status)) boot.certificates2023 = certificates[status as keyof typeof certificates];
    else if (boot.secureBoot === 'on') boot.certificates2023 = 'unknown';
  }
  const tpm = chips.kind === 'read' && chips.data.chips.broken === 0 ? chips.data.chips.items : undefined;
  if (tpm !== undefined) boot.tpm = tpmOf(tpm);
  return Object.keys(boot).length === 0 ? undefined : boot;
}

/** No chip in the list: none there, or switched off in the firmware; for the PC that is the same. */
function tpmOf([chip]: z.output<typeof tpmSchema>['chips']['items']): NonNullable<Boot['tpm']> {
  if (chip === undefined) return { present: false };
  // "2.0, 0, 1.59": the version of the specification stands first.
  const version = clean(chip.version?.split(',')[0], 20);
  const { enabled, activated } = chip;
  const ready = enabled === undefined || activated === undefined ? undefined : enabled && activated;
  return { present: true, ...(version === undefined ? {} : { version }), ...(ready === undefined ? {} : { ready }) };
}

const hardeningSchema = z.object({
  uac: registryKey,
  lsa: registryKey,
  rdp: registryKey,
  rdpPolicy: registryKey,
  rdpListener: registryKey,
  smbServer: registryKey,
  smbClientDriver: registryKey,
  screenPolicy: registryKey,
  screenSetting: registryKey,
});
type Keys = z.output<typeof hardeningSchema>;

const featureNames = ['SMB1Protocol', 'MicrosoftWindowsPowerShellV2'] as const;
const featureSchema = z.object({ features: listOf(z.object({ name: z.enum(featureNames), state: whole }), 8) });
const guardSchema = z.object({ status: whole, running: listOf(whole, 16) });
const service = { credentialGuard: 1, memoryIntegrity: 2 } as const;
/** Services and drivers with a higher start value are disabled. */
const highestActiveStart = 3;
/** From this build on Windows may protect the LSA without a value in the registry. */
const lsaByDefaultFrom = 22_621;

export function readRemoteAccess(document: WindowsDocument): RemoteAccess | undefined {
  const read = document.read('hardening', hardeningSchema);
  const rdp = read.kind === 'read' ? rdpOf(read.data) : undefined;
  const smb1 = smb1Of(document, read.kind === 'read' ? read.data : undefined);
  if (rdp === undefined && smb1 === undefined) return undefined;
  return { ...(rdp === undefined ? {} : { rdp }), ...(smb1 === undefined ? {} : { smb1 }) };
}

function rdpOf({ rdp, rdpPolicy, rdpListener }: Keys): RemoteAccess['rdp'] {
  const denied = policyFirst(rdpPolicy, rdp, 'fDenyTSConnections');
  if (denied !== 0 && denied !== 1) return undefined;
  const level = policyFirst(rdpPolicy, rdpListener, 'UserAuthentication');
  return {
    enabled: denied === 0,
    ...(level === 0 || level === 1 ? { networkLevelAuthentication: level === 1 } : {}),
  };
}

/** A value of the policy wins; where the policy cannot be read, nothing is known. */
function policyFirst(policy: RegistryKey, setting: RegistryKey, name: string): number | undefined {
  return policy.unset(name) ? setting.number(name) : policy.number(name);
}

/** On when the feature is on, the server is told to speak it, or the client's driver may start; off only by the feature's word. */
function smb1Of(document: WindowsDocument, keys: Keys | undefined): boolean | undefined {
  const feature = featureState(document, 'SMB1Protocol', {});
  const start = keys?.smbClientDriver.number('Start');
  const clientOn = start !== undefined && start >= 0 && start <= highestActiveStart;
  const server = keys?.smbServer.number('SMB1');
  if (feature === true) {
    const serverOff = server === 0;
    const clientOff = start !== undefined && start > highestActiveStart;
    return !(serverOff && clientOff);
  }
  if (feature === false) return clientOn;
  return clientOn || server === 1 ? true : undefined;
}

/** `InstallState`: 1 on, 2 off, 3 not there. A feature this Windows does not know is off. */
function featureState(
  document: WindowsDocument,
  name: (typeof featureNames)[number],
  notes: { quiet?: boolean },
): boolean | undefined {
  const read = document.read('features', featureSchema, notes);
  if (read.kind !== 'read' || read.data.features.broken > 0) return undefined;
  const found = read.data.features.items.find((feature) => feature.name === name);
  if (found === undefined) return read.data.features.items.length > 0 ? false : undefined;
  return found.state === 1 ? true : found.state === 2 || found.state === 3 ? false : undefined;
}

export function readHardening(document: WindowsDocument, build: number | undefined): Hardening | undefined {
  const hardening: Hardening = {};
  const read = document.read('hardening', hardeningSchema, { quiet: true });
  if (read.kind === 'read') {
    const uac = uacOf(read.data.uac);
    const lsa = lsaOf(read.data.lsa, build);
    if (uac !== undefined) hardening.uac = uac;
    if (lsa !== undefined) hardening.lsaProtection = lsa;
    hardening.smartScreen = smartScreenOf(read.data);
  }
  const guard = document.read('deviceGuard', guardSchema);
  if (guard.kind === 'read' && guard.data.running.broken === 0 && guard.data.status !== undefined) {
    // Status 2: virtualization-based security runs; without it none of its services protects anything.
    const running = guard.data.status === 2 ? guard.data.running.items : [];
    hardening.credentialGuard = running.includes(service.credentialGuard);
    hardening.memoryIntegrity = running.includes(service.memoryIntegrity);
  }
  const old = featureState(document, 'MicrosoftWindowsPowerShellV2', { quiet: true });
  if (old !== undefined) hardening.powershell2 = old;
  if (document.constrained !== undefined) hardening.constrainedLanguage = document.constrained;
  return Object.keys(hardening).length === 0 ? undefined : hardening;
}

function uacOf(key: RegistryKey): Hardening['uac'] {
  const on = key.number('EnableLUA');
  if (on === 0) return 'off';
  if (on !== 1) return undefined;
  const prompt = key.number('ConsentPromptBehaviorAdmin');
  if (prompt === 0) return 'silent';
  return (prompt !== undefined && prompt > 0 && prompt <= 5) || key.unset('ConsentPromptBehaviorAdmin')
    ? 'on'
    : undefined;
}

function lsaOf(key: RegistryKey, build: number | undefined): boolean | undefined {
  const value = key.number('RunAsPPL');
  if (value !== undefined) return value === 0 ? false : value === 1 || value === 2 ? true : undefined;
  return key.unset('RunAsPPL') && build !== undefined && build < lsaByDefaultFrom ? false : undefined;
}

function smartScreenOf({ screenPolicy, screenSetting }: Keys): NonNullable<Hardening['smartScreen']> {
  const policy = screenPolicy.number('EnableSmartScreen');
  if (policy === 0 || policy === 1) return policy === 1 ? 'on' : 'off';
  if (!screenPolicy.unset('EnableSmartScreen')) return 'unknown';
  switch (screenSetting.text('SmartScreenEnabled')) {
    case 'Off':
      return 'off';
    case 'On':
    case 'Warn':
    case 'Prompt':
    case 'RequireAdmin':
      return 'on';
    default:
      // Newer versions keep the setting elsewhere or nowhere.
      return 'unknown';
  }
}
