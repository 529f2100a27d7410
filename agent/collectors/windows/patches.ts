/** Updates of a Windows PC: what is missing by whose word, how old that word is, and whether a restart is due. */
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import { type CollectContext, CollectError, type Collector } from '../collector.ts';
import { atMost, byKey, noticing } from '../text.ts';
import { readBuild, securityUpdateAfter } from './build.ts';
import { readDefenderRestart } from './defender.ts';
import { windowsDocument } from './document.ts';
import { readInstalled } from './install-record.ts';
import { readLastBoot, readRestart } from './restart.ts';
import { readUpdateSource, type UpdateSource } from './update-source.ts';
import { type FoundUpdate, microsoftUpdateOnline, readSearch, type SearchResult } from './updates.ts';
import { dayOf } from './values.ts';

export const windowsPatchesCollector: Collector<'patches'> = {
  id: 'patches',
  platforms: ['win32'],
  // The document and the offline search may each take as long as their own limits.
  timeoutMs: 330_000,
  round: 'full',
  collect: async (context) => {
    const { now } = context;
    const document = await windowsDocument(context);
    const list = noticing(context);
    const searches = await runSearches(list.context);
    const build = readBuild(document, context);
    const source = readUpdateSource(document, now);
    const listing = searches.chosen?.updates ?? fromTable(build);
    if (listing === undefined)
      throw new CollectError('unreadable', 'neither a search nor the build says what is missing');
    const lastBootAt = readLastBoot(document);
    const record = readInstalled(document, searches.document, lastBootAt, context);
    const updates = withFirstSeen(listing, context);
    const restart = readRestart(
      document,
      {
        updateAgent: searches.rebootRequired,
        updatesWaiting: updates.some(({ state }) => state === 'waiting-for-restart'),
        antivirus: readDefenderRestart(document),
      },
      context,
    );
    const since = restart.required === true ? dayOf(record.restartSince, now) : undefined;
    return {
      source: 'windows-update',
      scan: { ...scanOf(searches, source, now), complete: searches.chosen !== undefined && !list.hasGaps() },
      updates,
      automatic: source.automatic,
      restart: { ...restart, ...(since === undefined ? {} : { since }) },
      ...(build === undefined ? {} : { build }),
      ...(record.installed === undefined ? {} : { installed: record.installed }),
    };
  },
};

interface Searches {
  /** The search whose list is reported; undefined when none gave one. */
  readonly chosen: SearchResult | undefined;
  readonly online: SearchResult | undefined;
  readonly offline: SearchResult | undefined;
  readonly document: SearchResult['document'];
  readonly rebootRequired: boolean | undefined;
}

/** The offline list is the younger one and rests on the last online look; the online list stands in where it fails. */
async function runSearches(context: CollectContext): Promise<Searches> {
  const found = await context.machine.windows?.searchUpdates();
  const offline = found?.offline === undefined ? undefined : readSearch(found.offline, 'offline-search', context);
  // Kept from a day before: its gaps are told with its failure, and matter only where its list is used.
  const quiet = { ...context, problem: () => undefined };
  const asked = found?.online;
  let online = asked === undefined ? undefined : readSearch(asked, 'online-search', quiet);
  const chosen = offline?.updates !== undefined ? offline : online?.updates !== undefined ? online : undefined;
  if (asked !== undefined && chosen !== undefined && chosen === online) {
    online = readSearch(asked, 'online-search', context);
  }
  if (offline === undefined && online === undefined) context.problem('not-found', 'no search for updates was made');
  return {
    chosen,
    online,
    offline,
    document: offline?.document ?? online?.document,
    rebootRequired: offline?.rebootRequired,
  };
}

function scanOf(
  { chosen, online, offline }: Searches,
  source: UpdateSource,
  now: Date,
): Omit<PatchesFacts['scan'], 'complete'> {
  // Only a look at the source itself makes the knowledge new; the offline search reads what such a look has left.
  const looks = [
    offline?.lastSearchAt,
    online?.lastSearchAt,
    online?.updates === undefined ? undefined : Date.parse(online.at),
  ].filter((at) => at !== undefined && dayOf(at, now) !== undefined);
  const newest = looks.length === 0 ? undefined : Math.max(...looks.map((at) => at ?? 0));
  const succeededOn = dayOf(newest, now);
  // A failure that a success followed is over.
  const overtaken = online !== undefined && newest !== undefined && newest > Date.parse(online.at);
  const failure = offline?.failure ?? (overtaken ? undefined : online?.failure);
  const managed = chosen?.managed;
  const server = source.server ?? (source.known && managed !== true ? microsoftUpdateOnline : undefined);
  return {
    kind: chosen?.kind ?? 'build-table',
    ...(succeededOn === undefined ? {} : { succeededOn }),
    ...(server === undefined ? {} : { server }),
    ...(source.insecure === undefined ? {} : { insecure: source.insecure }),
    ...(failure === undefined ? {} : { failure: failure.class }),
    ...(failure?.code === undefined ? {} : { failureCode: failure.code }),
  };
}

/** Without a search the table still proves that an update is missing; that none is missing it cannot prove. */
function fromTable(build: PatchesFacts['build']): FoundUpdate[] | undefined {
  if (build === undefined) return undefined;
  const row = securityUpdateAfter(build);
  if (row === undefined) return [];
  const [day, revision, article] = row;
  return [
    {
      id: article,
      state: 'missing',
      installedVersion: `${build.number}.${build.revision}`,
      candidateVersion: `${build.number}.${revision}`,
      security: true,
      publishedOn: day,
    },
  ];
}

function withFirstSeen(found: readonly FoundUpdate[], context: CollectContext): PatchesFacts['updates'] {
  const kept = atMost(
    byKey(found, ({ id }) => id),
    5000,
    'updates',
    context,
  );
  const days = context.firstSeen(
    'patches',
    kept.map(({ id }) => id),
  );
  const today = context.now.toISOString().slice(0, 10);
  return kept.map((update) => ({ ...update, firstSeenOn: days.get(update.id) ?? today }));
}
