/** Secure Boot, TPM, lockdown and mandatory access control, as the kernel shows them. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { clean, codeOf, defined, readOptional } from '../text.ts';

type Context = Pick<CollectContext, 'machine' | 'problem'>;
type Boot = NonNullable<FactsOf<'security'>['boot']>;
type Hardening = NonNullable<FactsOf<'security'>['hardening']>;

/** The vendor id of the variables of UEFI itself. */
const efiGlobal = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

export async function readBoot(context: Context): Promise<Boot> {
  const lockdown = await readOptional(context.machine, '/sys/kernel/security/lockdown');
  return defined({
    secureBoot: await readSecureBoot(context),
    tpm: await readTpm(context),
    // "none [integrity] confidentiality": the one in force stands in brackets.
    lockdown: clean(/\[(\w+)\]/.exec(lockdown ?? '')?.[1], 40),
  });
}

async function readSecureBoot({ machine, problem }: Context): Promise<Boot['secureBoot']> {
  try {
    if (!(await machine.list('/sys/firmware')).includes('efi')) return 'unsupported';
    const secure = await efiFlag(machine, 'SecureBoot');
    const setup = await efiFlag(machine, 'SetupMode');
    if (setup === 1) return 'setup-mode';
    if (secure === 1 || secure === 0) return secure === 1 ? 'on' : 'off';
    problem('unreadable', 'the firmware variable SecureBoot holds no flag');
  } catch (error) {
    problem(codeOf(error), 'Secure Boot: the firmware variables cannot be read');
  }
  return undefined;
}

/** Four bytes of attributes, then the value. */
async function efiFlag(machine: Context['machine'], name: string): Promise<number | undefined> {
  const bytes = await machine.readBytes(`/sys/firmware/efi/efivars/${name}-${efiGlobal}`, { maxBytes: 64 });
  return bytes.length === 5 ? bytes[4] : undefined;
}

async function readTpm({ machine, problem }: Context): Promise<Boot['tpm']> {
  try {
    // Without the class the kernel has no driver for any: the parent proves that the tree is there at all.
    const present =
      (await machine.list('/sys/class')).includes('tpm') && (await machine.list('/sys/class/tpm')).includes('tpm0');
    if (!present) return { present: false };
    const major = await readOptional(machine, '/sys/class/tpm/tpm0/tpm_version_major');
    const version = ({ '1': '1.2', '2': '2.0' } as Readonly<Record<string, string>>)[major ?? ''];
    return defined({ present: true, version });
  } catch (error) {
    problem(codeOf(error), 'TPM: the kernel does not show its devices');
    return undefined;
  }
}

export async function readAccessControl({ machine, problem }: Context): Promise<Hardening | undefined> {
  if ((await readOptional(machine, '/sys/fs/selinux/enforce')) === '1') return { accessControl: 'selinux' };
  const enabled = await readOptional(machine, '/sys/module/apparmor/parameters/enabled');
  if (enabled === 'Y') {
    try {
      const profiles = await machine.readText('/sys/kernel/security/apparmor/profiles');
      return { accessControl: 'apparmor', ...parseAppArmorProfiles(profiles) };
    } catch (error) {
      problem(codeOf(error), 'the profiles of AppArmor are shown to root only');
      return { accessControl: 'apparmor' };
    }
  }
  try {
    // Not compiled in, switched off at boot, or permissive: only a tree that can be read says so.
    const modules = await machine.list('/sys/module');
    if (enabled === 'N' || !modules.includes('apparmor')) return { accessControl: 'none' };
    problem('unreadable', 'whether AppArmor is enabled cannot be read');
  } catch (error) {
    problem(codeOf(error), 'mandatory access control: the kernel does not show its modules');
  }
  return undefined;
}

/** Lines of "name (mode)"; a name may hold blanks and brackets itself. */
export function parseAppArmorProfiles(text: string): { enforcedProfiles: number; complainingProfiles: number } {
  const modes = text.split('\n').map((line) => /\((enforce|kill|complain)\)\s*$/.exec(line)?.[1]);
  return {
    enforcedProfiles: Math.min(100_000, modes.filter((mode) => mode === 'enforce' || mode === 'kill').length),
    complainingProfiles: Math.min(100_000, modes.filter((mode) => mode === 'complain').length),
  };
}
