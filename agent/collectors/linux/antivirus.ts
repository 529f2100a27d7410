/** Virus protection on Linux: ClamAV by its service and signatures; other makers' products by their package only. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { byKey, defined, listOrNone } from '../text.ts';
import { newestDayOf } from './apt-automatic.ts';
import type { InstalledPackage } from './dpkg-installed.ts';
import { serviceRuns } from './services.ts';

type Antivirus = NonNullable<FactsOf<'security'>['antivirus']>;

const signatures = '/var/lib/clamav';
const maxSignatureBytes = 2 * 1024 ** 3;

/** Products whose state only they themselves know. */
const others: Readonly<Record<string, string>> = {
  mdatp: 'Microsoft Defender for Endpoint',
  eea: 'ESET Endpoint Antivirus',
  'falcon-sensor': 'CrowdStrike Falcon',
};

/** Empty only when dpkg names none of the products known here. */
export async function readAntivirus(
  context: CollectContext,
  installed: readonly InstalledPackage[],
): Promise<Antivirus> {
  const { machine, now } = context;
  const names = new Set(installed.map(({ name }) => name));
  const found: Antivirus = Object.entries(others)
    .filter(([name]) => names.has(name))
    .map(([, name]) => ({ name, state: 'unknown' }));
  if (names.has('clamav') || names.has('clamav-daemon')) {
    const running = await serviceRuns(machine, 'clamav-daemon.service');
    found.push(
      defined({
        name: 'ClamAV',
        state: running === undefined ? ('unknown' as const) : running ? ('on' as const) : ('off' as const),
        realTime: await serviceRuns(machine, 'clamav-clamonacc.service'),
        signaturesOf: newestDayOf(now, await signatureTimes(context)),
      }),
    );
  }
  return byKey(found, ({ name }) => name);
}

/** Instants (ms since 1970) at which the daily signatures were built, from the head of their files. */
async function signatureTimes({ machine, problem }: CollectContext): Promise<number[]> {
  const names = (await listOrNone(machine, signatures)).filter((name) => /^daily\.(cvd|cld)$/.test(name));
  if (names.length === 0) problem('not-found', `${signatures}: there are no daily signatures`);
  const times: number[] = [];
  for (const name of names) {
    try {
      for await (const piece of machine.readUnpacked(`${signatures}/${name}`, { maxBytes: maxSignatureBytes })) {
        const time = parseSignatureTime(Buffer.from(piece.subarray(0, 512)).toString('latin1'));
        if (time !== undefined) times.push(time);
        break;
      }
    } catch {
      // Noted below together with files whose head says nothing.
    }
  }
  if (times.length < names.length) problem('unreadable', `${signatures}: the age of the signatures cannot be read`);
  return times;
}

/** "ClamAV-VDB:23 Nov 2026 10-14 +0100:27480:…": ms since 1970, or undefined. */
export function parseSignatureTime(head: string): number | undefined {
  const [, day, hour, minute, zone] =
    /^ClamAV-VDB:(\d{1,2} [A-Z][a-z]{2} \d{4}) (\d{2})-(\d{2}) ([+-]\d{4}):/.exec(head) ?? [];
  const time = Date.parse(`${day} ${hour}:${minute} ${zone}`);
  return Number.isNaN(time) ? undefined : time;
}
