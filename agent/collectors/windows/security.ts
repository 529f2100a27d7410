/** Security state of a Windows PC. Each part stands for itself: what could not be read is absent and a problem says why. */
import type { SecurityFacts } from '../../contract/facts/security.ts';
import { type CollectContext, CollectError, type Collector } from '../collector.ts';
import { defined } from '../text.ts';
import { readAccounts } from './accounts.ts';
import { readBuild } from './build.ts';
import { readAntivirus, readSecurityCenter } from './defender.ts';
import { type WindowsDocument, windowsDocument } from './document.ts';
import { readEncryption } from './encryption.ts';
import { readBoot, readFirewall, readHardening, readRemoteAccess } from './protection.ts';

export const windowsSecurityCollector: Collector<'security'> = {
  id: 'security',
  platforms: ['win32'],
  timeoutMs: 200_000,
  round: 'full',
  collect: async (context) => securityFactsOf(await windowsDocument(context), context),
};

/** Throws `CollectError` when not a single part could be read. */
export function securityFactsOf(
  document: WindowsDocument,
  context: Pick<CollectContext, 'problem' | 'now'>,
): SecurityFacts {
  const center = readSecurityCenter(document, context);
  const build = readBuild(document, { ...context, problem: () => undefined });
  const facts = defined({
    antivirus: readAntivirus(document, center, context),
    firewall: readFirewall(document, center?.firewall ?? []),
    encryption: readEncryption(document, context),
    boot: readBoot(document),
    remoteAccess: readRemoteAccess(document),
    accounts: readAccounts(document, context),
  });
  const hardening = readHardening(document, build?.number);
  // That PowerShell is restricted or not is known from the frame alone and says nothing about the PC's state.
  const known = Object.keys(hardening ?? {}).some((key) => key !== 'constrainedLanguage' && key !== 'smartScreen');
  if (Object.keys(facts).length === 0 && !known)
    throw new CollectError('unreadable', 'no part of the state could be read');
  return { ...facts, ...(hardening === undefined ? {} : { hardening }) };
}
