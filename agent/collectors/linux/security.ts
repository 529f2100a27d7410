/** The security state of a Linux machine, from the kernel and from files only root can write. One child at most: `nft`. */
import type { FactsOf } from '../../contract/facts/index.ts';
import { type CollectContext, CollectError, type Collector } from '../collector.ts';
import { codeOf, defined } from '../text.ts';
import { readAccounts } from './accounts.ts';
import { readAntivirus } from './antivirus.ts';
import { readAccessControl, readBoot } from './boot-state.ts';
import { configReader } from './config-reader.ts';
import { type InstalledPackage, installedPackages } from './dpkg-installed.ts';
import { readEncryption } from './encryption.ts';
import { readFirewall } from './firewall.ts';
import { serviceRuns } from './services.ts';
import { readSshdConfig, sshFacts } from './sshd-config.ts';

type Security = FactsOf<'security'>;
type Ssh = NonNullable<NonNullable<Security['remoteAccess']>['ssh']>;

export const linuxSecurityCollector: Collector<'security'> = {
  id: 'security',
  platforms: ['linux'],
  timeoutMs: 20_000,
  round: 'full',
  collect: async (context) => {
    const part = async <T>(name: string, read: () => Promise<T | undefined>): Promise<T | undefined> => {
      try {
        return await read();
      } catch (error) {
        context.problem(codeOf(error), `${name}: ${(error as Error).message}`);
        return undefined;
      }
    };
    const installed = await part('packages', () => installedPackages(context));
    const ssh = installed === undefined ? undefined : await part('ssh', () => readSsh(context, installed));
    const accounts = await readAccounts(context);
    const boot = await readBoot(context);
    const facts = defined({
      antivirus: installed === undefined ? undefined : await part('antivirus', () => readAntivirus(context, installed)),
      firewall: await part('firewall', () => readFirewall(context)),
      encryption: await part('encryption', () => readEncryption(context)),
      boot: Object.keys(boot).length === 0 ? undefined : boot,
      remoteAccess: ssh === undefined ? undefined : { ssh },
      accounts: Object.keys(accounts).length === 0 ? undefined : accounts,
      hardening: await part('access control', () => readAccessControl(context)),
    });
    if (Object.keys(facts).length === 0)
      throw new CollectError('not-found', 'nothing of the security state can be read');
    return facts;
  },
};

async function readSsh(context: CollectContext, installed: readonly InstalledPackage[]): Promise<Ssh> {
  const { machine, problem } = context;
  if (!installed.some(({ name }) => name === 'openssh-server')) return { installed: false };
  const path = '/etc/ssh/sshd_config';
  let settings: ReturnType<typeof sshFacts> | undefined;
  try {
    const failed = (file: string, error: unknown): void => {
      // A pattern that matches nothing is usual; a file that is refused may hold anything.
      if (codeOf(error) !== 'not-found') problem(codeOf(error), `${file} cannot be read`);
    };
    settings = sshFacts(await readSshdConfig(path, configReader(machine), failed));
  } catch (error) {
    problem(codeOf(error), `${path} cannot be read`);
  }
  return defined({ installed: true, running: await sshRuns(context, settings?.port), ...settings });
}

/** As a service, or listened for by systemd on the port that is set. */
async function sshRuns({ machine }: CollectContext, port = 22): Promise<boolean | undefined> {
  const service = await serviceRuns(machine, 'ssh.service');
  if (service === true) return true;
  try {
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => machine.readText(path)));
    return tables.some((table) => isListenedOn(table, port)) || (service === undefined ? undefined : false);
  } catch {
    // One of the tables is missing: systemd may still listen there.
    return undefined;
  }
}

/** Lines of /proc/net/tcp: the local port in hexadecimal, state 0A = listening. */
export function isListenedOn(table: string, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === '0A' && local.endsWith(`:${wanted}`);
  });
}
