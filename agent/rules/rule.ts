/**
 * The rules of the house and what follows from them together. Pure: the same files judge on the device and on the
 * server; time and thresholds come in.
 *
 * Add a rule: write one file beside this one, give each of its reasons a sentence, and name it in `rules`.
 */
import type { Verdict } from '../contract/report.ts';
import type { OverallState } from '../contract/status.ts';
import { accessControlActive } from './access-control-active.ts';
import { accountsAdministrators } from './accounts-administrators.ts';
import { agentHealthy } from './agent-healthy.ts';
import { backupRecent } from './backup-recent.ts';
import { backupRestoreTested } from './backup-restore-tested.ts';
import { backupTarget } from './backup-target.ts';
import { backupTwoSided } from './backup-two-sided.ts';
import { clockCorrect } from './clock-correct.ts';
import { credentialsProtected } from './credentials-protected.ts';
import { deviceHeard } from './device-heard.ts';
import { deviceTrusted } from './device-trusted.ts';
import { diskEncrypted } from './disk-encrypted.ts';
import { firewallActive } from './firewall-active.ts';
import { type Rule, type RuleInput, unknown } from './judgement.ts';
import { logonRequired } from './logon-required.ts';
import { osSupported } from './os-supported.ts';
import { outdatedComponents } from './outdated-components.ts';
import { remoteAccess } from './remote-access.ts';
import { remoteDesktop } from './remote-desktop.ts';
import { restartDue } from './restart-due.ts';
import { screenLock } from './screen-lock.ts';
import { secureBoot } from './secure-boot.ts';
import { secureBootCertificates } from './secure-boot-certificates.ts';
import { exceptionExpired, sharedReasons } from './shared-reasons.ts';
import { smartscreenOff } from './smartscreen-off.ts';
import { storageFree } from './storage-free.ts';
import { uacActive } from './uac-active.ts';
import { updateScanFresh } from './update-scan-fresh.ts';
import { updateSourceSecure } from './update-source-secure.ts';
import { updatesAutomatic } from './updates-automatic.ts';
import { updatesInstalled } from './updates-installed.ts';
import { virusProtection } from './virus-protection.ts';
import { plainText, say, type Words } from './wording.ts';

export { type EvidenceSection, type Rule, type RuleInput, serverContact } from './judgement.ts';
export type { Words } from './wording.ts';

/** Sorted by id. */
export const rules: readonly Rule[] = [
  accessControlActive,
  accountsAdministrators,
  agentHealthy,
  backupRecent,
  backupRestoreTested,
  backupTarget,
  backupTwoSided,
  clockCorrect,
  credentialsProtected,
  deviceHeard,
  deviceTrusted,
  diskEncrypted,
  firewallActive,
  logonRequired,
  osSupported,
  outdatedComponents,
  remoteAccess,
  remoteDesktop,
  restartDue,
  screenLock,
  secureBoot,
  secureBootCertificates,
  smartscreenOff,
  storageFree,
  uacActive,
  updateScanFresh,
  updateSourceSecure,
  updatesAutomatic,
  updatesInstalled,
  virusProtection,
];

export function ruleById(id: string): Rule | undefined {
  return rules.find((rule) => rule.id === id);
}

/** Judges by all rules, sorted by `ruleId`. Never throws: a rule that fails says `unknown` with the reason `rule-failed`. */
export function evaluateRules(input: RuleInput): Verdict[] {
  return rules.flatMap((rule) => {
    try {
      if (Number.isNaN(input.now.getTime())) throw new RangeError('the time to judge at is not a time');
      const finding = rule.evaluate(input);
      return finding === undefined ? [] : [{ ruleId: rule.id, ...finding }];
    } catch {
      // What went wrong may quote a stranger's data; that it went wrong is all that a verdict can say.
      return [{ ruleId: rule.id, ...unknown('rule-failed') }];
    }
  });
}

/** From worst to best; a rule that is kept or does not count has no place here. */
const badness: readonly ((verdict: Verdict) => boolean)[] = [
  ({ verdict, severity }) => verdict === 'not-met' && severity === 'critical',
  ({ verdict, severity }) => verdict === 'not-met' && severity === 'warning',
  ({ verdict }) => verdict === 'unknown',
  ({ verdict, severity }) => verdict === 'not-met' && severity === 'info',
];

/**
 * The light of a device: critical before attention before unknown before ok. A known fault is worth more to a person
 * than a gap, and a gap is never green: without any rule that was judged the answer is unknown.
 */
export function overallState(verdicts: readonly Verdict[]): OverallState {
  const notMet = verdicts.filter(({ verdict }) => verdict === 'not-met');
  if (notMet.some(({ severity }) => severity === 'critical')) return 'critical';
  if (notMet.some(({ severity }) => severity === 'warning')) return 'attention';
  const counted = verdicts.filter(({ verdict }) => verdict !== 'exempt');
  const good = counted.every(
    ({ verdict, severity }) => verdict === 'met' || (verdict === 'not-met' && severity === 'info'),
  );
  return counted.length > 0 && good ? 'ok' : 'unknown';
}

/** The verdict to show where there is room for one; `undefined` when all rules are kept. Among equals the first one. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  for (const isThisBad of badness) {
    const found = verdicts.find(isThisBad);
    if (found !== undefined) return found;
  }
  return undefined;
}

const verdictWords: Readonly<Record<Verdict['verdict'], Words>> = {
  met: { de: 'erfüllt', en: 'met' },
  'not-met': { de: 'nicht erfüllt', en: 'not met' },
  unknown: { de: 'unbekannt', en: 'unknown' },
  exempt: { de: 'ausgenommen', en: 'exempt' },
};

/** An exception that has run out is said after what the facts say. */
function withExpiry({ de, en }: Words, { values }: Verdict): Words {
  if (values['exceptionExpiredOn'] === undefined) return { de, en };
  const expiry = say(exceptionExpired, values);
  return { de: `${de} ${expiry.de}`, en: `${en} ${expiry.en}` };
}

/**
 * Title and one sentence in both languages, plain text. A rule or reason of a newer version, unknown here, is named by
 * its code.
 */
export function explain(verdict: Verdict): { readonly title: Words; readonly explanation: Words } {
  const rule = ruleById(verdict.ruleId);
  const id = plainText(verdict.ruleId);
  const title = rule?.title ?? { de: `Regel „${id}“`, en: `Rule “${id}”` };
  const own = rule !== undefined && Object.hasOwn(rule.words, verdict.reason) ? rule.words[verdict.reason] : undefined;
  const shared = Object.hasOwn(sharedReasons, verdict.reason) ? sharedReasons[verdict.reason] : undefined;
  const sentence = own ?? shared;
  if (sentence !== undefined) return { title, explanation: withExpiry(say(sentence, verdict.values), verdict) };
  const words = verdictWords[verdict.verdict];
  const reason = plainText(verdict.reason);
  return {
    title,
    explanation: {
      de: `Ergebnis: ${words.de} (Grund: ${reason}). Diese Fassung kennt dafür noch keinen erklärenden Text.`,
      en: `Result: ${words.en} (reason: ${reason}). This version has no explanation for it yet.`,
    },
  };
}
