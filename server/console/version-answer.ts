/** What the figures about versions of the agent say in a few sentences, and in one light. Pure. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { AgentVersion, VersionOverview } from '../api/contract.ts';
import type { Format } from './format.ts';
import type { Texts } from './texts.ts';

type Standing = keyof AgentVersion['update'];

function sumOf(versions: readonly AgentVersion[], of: (version: AgentVersion) => number): number {
  return versions.reduce((sum, version) => sum + of(version), 0);
}

/** Only the last release of a platform: what an older one says no longer matters. */
function runningOut({ releases }: VersionOverview): VersionOverview['releases'] {
  return releases.filter(({ newest, standing }) => newest && standing !== 'valid');
}

/** What is not known is never green; what went wrong outweighs it. */
export function versionLight(overview: VersionOverview): OverallState {
  const { devices, versions } = overview;
  const count = (standing: Standing): number => sumOf(versions, ({ update }) => update[standing]);
  const wrong = count('failed') + count('stale') + sumOf(versions, ({ rolledBack }) => rolledBack);
  if (wrong > 0 || runningOut(overview).length > 0) return 'attention';
  return devices > 0 && count('unknown') === 0 ? 'ok' : 'unknown';
}

/** The answer first, then what else is worth knowing. */
export function versionSentences(overview: VersionOverview, t: Texts, format: Format): string[] {
  const words = t.versionAnswer;
  const { devices, versions } = overview;
  const counted = (standing: Standing, say: (count: number) => string): string[] => {
    const count = sumOf(versions, ({ update }) => update[standing]);
    return count === 0 ? [] : [say(count)];
  };
  const rolledBack = sumOf(versions, (version) => version.rolledBack);
  return [
    devices === 0 ? words.noDevices : words.versions(versions.length, devices),
    ...counted('failed', words.failed),
    ...(rolledBack === 0 ? [] : [words.rolledBack(rolledBack)]),
    ...counted('stale', words.stale),
    ...counted('waiting', words.waiting),
    ...counted('unknown', words.unknown),
    ...runningOut(overview).map(({ version, platform, standing, expiresAt }) => {
      const name = `${version} (${t.platformName[platform]})`;
      return standing === 'expired' ? words.expired(name) : words.expiresSoon(name, format.instant(expiresAt));
    }),
  ];
}
