/** Installed programs of a Windows PC from the registry, as its own list of programs shows them. */
import { z } from 'zod';
import type { FactsOf } from '../../contract/facts/index.ts';
import { type CollectContext, CollectError, type Collector } from '../collector.ts';
import { atMost, clean, defined } from '../text.ts';
import { type WindowsDocument, windowsDocument } from './document.ts';
import { listOf, whole, words } from './values.ts';

type Package = FactsOf<'software'>['packages'][number];

const packageSchema = z.object({
  bits: z.enum(['32', '64']),
  valueCount: whole,
  DisplayName: words,
  DisplayVersion: words,
  Publisher: words,
  InstallDate: words,
  EstimatedSize: whole,
  SystemComponent: whole,
  ParentKeyName: words,
  ReleaseType: words,
});
const schema = z.object({ packages: listOf(packageSchema, 20_000), broken: whole });

export const windowsSoftwareCollector: Collector<'software'> = {
  id: 'software',
  platforms: ['win32'],
  timeoutMs: 200_000,
  round: 'full',
  collect: async (context) => ({
    source: 'windows-uninstall',
    packages: packagesOf(await windowsDocument(context), context),
  }),
};

/** Sorted by name and architecture, each program once. Throws `CollectError` when there is no list. */
export function packagesOf(document: WindowsDocument, context: Pick<CollectContext, 'problem' | 'now'>): Package[] {
  const read = document.read('software', schema, { quiet: true });
  if (read.kind !== 'read')
    throw new CollectError(read.kind === 'absent' ? 'unreadable' : read.code, 'the list of programs cannot be read');
  const broken = read.data.packages.broken + Math.max(0, read.data.broken ?? 0);
  if (broken > 0) context.problem('unreadable', `${broken} entries of programs cannot be read`);
  const found = new Map<string, Package>();
  for (const entry of read.data.packages.items) {
    const name = clean(entry.DisplayName, 200);
    if (name === undefined || isPart(entry, name)) continue;
    const version = clean(beforeControl(entry.DisplayVersion), 160);
    const architecture = entry.bits === '64' ? 'x86_64' : 'i686';
    found.set(
      `${name}\n${architecture}\n${version ?? ''}`,
      defined({
        name,
        version,
        architecture,
        publisher: clean(entry.Publisher, 160),
        installedKiB: entry.EstimatedSize !== undefined && entry.EstimatedSize >= 0 ? entry.EstimatedSize : undefined,
        changedOn: installDay(entry.InstallDate, context.now),
      }),
    );
  }
  if (found.size === 0) throw new CollectError('unreadable', 'the list of programs is empty');
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return atMost(sorted, 20_000, 'programs', context);
}

/** Parts of programs, and updates of them, are no programs of their own. */
function isPart(entry: z.output<typeof packageSchema>, name: string): boolean {
  return (
    entry.SystemComponent === 1 ||
    entry.ParentKeyName !== undefined ||
    /^(Security Update|Update Rollup|Update|Hotfix)$/i.test(entry.ReleaseType ?? '') ||
    (entry.valueCount !== undefined && entry.valueCount <= 1) ||
    /^KB\d{6,8}\b|\(KB\d{6,8}\)$/.test(name)
  );
}

function beforeControl(version: string | undefined): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: some installers leave rubbish behind one
  return version?.split(/[\u0000-\u001f]/)[0];
}

/** Only the form of Windows' own installer can be told apart from a day in another order. */
function installDay(value: string | undefined, now: Date): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(value?.trim() ?? '') ?? [];
  const text = `${year}-${month}-${day}`;
  const parsed = new Date(`${text}T00:00:00Z`);
  const valid = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
  return valid && parsed.getTime() > Date.UTC(1995, 0, 1) && parsed.getTime() <= now.getTime() + 86_400_000
    ? text
    : undefined;
}
