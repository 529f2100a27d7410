/** What the Windows Update agent said: missing updates, restarts it waits for, and how fresh its knowledge is. */
import { z } from 'zod';
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import type { UpdateSearch } from '../../platform/machine.ts';
import type { CollectContext } from '../collector.ts';
import { clean } from '../text.ts';
import { openDocument, type WindowsDocument } from './document.ts';
import { classOfUpdateError, type UpdateFailure } from './update-errors.ts';
import { dayOf, flag, hex, listOf, time, whole, words } from './values.ts';

export type Update = PatchesFacts['updates'][number];
/** An update before it is known since when it is missing. */
export type FoundUpdate = Omit<Update, 'firstSeenOn'>;

export const microsoftUpdateOnline = 'Microsoft Update';

const classification = {
  security: '0fa1201d-4330-4fa8-8ae9-b877473b6441',
  critical: 'e6cf1350-c01b-414d-a61f-263d14d133b4',
  definitions: 'e0789628-ce08-4437-be74-2495b842f43b',
} as const;
/** The other classifications: named, so that an update without any known one leaves the question open. */
const otherClassifications: ReadonlySet<string> = new Set([
  '28bc880e-0592-4cbf-8f95-c79b17911d5f',
  'cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83',
  'b54e7d24-7add-428f-8b75-90a396fa584f',
  '68c5b0a3-d1a6-4553-ae49-01d3a7827828',
  'b4832bd8-e735-4761-8daf-37f882276dab',
  '5c9376ab-8ce6-464a-b136-22113dd69801',
  '434de588-ed14-48f5-8eed-a15e09a991f6',
  'e140075d-8433-45c3-ad87-e72345b36078',
  '9511d615-35b2-47bb-927f-f73d8e9260bb',
  '3689bdc8-b205-4af4-8d4a-a63924c5e9d5',
]);
/** Signatures and platform of Defender and the removal tool come weekly or daily and say nothing about the system. */
export const routineArticles: ReadonlySet<string> = new Set(['KB2267602', 'KB4052623', 'KB890830']);

const severities = { critical: 'critical', important: 'important', moderate: 'moderate', low: 'low' } as const;
const succeeded = 2;
const succeededWithErrors = 3;
const maxUpdates = 2000;

const updateSchema = z.object({
  id: z.string().regex(/^[0-9a-fA-F-]{36}$/),
  articles: listOf(z.string().regex(/^\d{4,8}$/), 20),
  title: words,
  severity: words,
  categories: listOf(z.string().max(60), 60),
  // An update that does not say whether it is installed is no answer.
  installed: flag.refine((value) => value !== undefined),
  rebootRequired: flag,
  publishedAt: time,
});

const searchSchema = z.object({
  resultCode: whole,
  warnings: listOf(whole, 50),
  /** Said apart from the list, so that a list cut off is not taken for a short one. */
  count: whole,
  updates: listOf(updateSchema, maxUpdates),
});

export interface SearchResult {
  readonly at: string;
  readonly kind: 'online-search' | 'offline-search';
  /** Absent when the search gave no list. */
  readonly updates?: FoundUpdate[];
  /** The agent's own last successful look at its source, milliseconds since 1970. */
  readonly lastSearchAt?: number;
  readonly rebootRequired?: boolean;
  /** A source this PC asks is an update server of the house. */
  readonly managed?: boolean;
  readonly failure?: { readonly class: UpdateFailure; readonly code?: string };
  readonly document?: WindowsDocument;
}

type Notes = Pick<CollectContext, 'problem' | 'now'>;

/** Reads one answer of the update agent; what it lacks is noted as a problem, also when there is no list. */
export function readSearch(search: UpdateSearch, kind: SearchResult['kind'], context: Notes): SearchResult {
  const base = { at: search.at, kind };
  if ('failure' in search) {
    const failure = search.failure === 'timeout' ? ('timeout' as const) : ('search-failed' as const);
    context.problem(search.failure === 'timeout' ? 'timeout' : 'unreadable', `${kind}: ${search.failure}`);
    return { ...base, failure: { class: failure } };
  }
  let document: WindowsDocument;
  try {
    document = openDocument(search.document, context);
  } catch {
    context.problem('invalid', `${kind}: no document of version 1`);
    return { ...base, failure: { class: 'search-failed' } };
  }
  const agent = document.read('agent', z.object({ lastSearchAt: time, rebootRequired: flag }), { quiet: true });
  const services = document.read(
    'services',
    z.object({ services: listOf(z.object({ managed: flag, default: flag }), 30) }),
    { quiet: true },
  );
  const known = {
    ...base,
    document,
    ...(agent.kind === 'read' && agent.data.lastSearchAt !== undefined
      ? { lastSearchAt: agent.data.lastSearchAt }
      : {}),
    ...(agent.kind === 'read' && agent.data.rebootRequired !== undefined
      ? { rebootRequired: agent.data.rebootRequired }
      : {}),
    ...(services.kind === 'read'
      ? { managed: services.data.services.items.some((service) => service.managed && service.default) }
      : {}),
  };
  const found = document.read('search', searchSchema);
  if (found.kind !== 'read') return { ...known, failure: failureOf(found, document) };
  const { resultCode, warnings, count, updates } = found.data;
  if (resultCode !== succeeded && resultCode !== succeededWithErrors) {
    context.problem('unreadable', `${kind}: ended with result ${resultCode ?? 'none'}`);
    return { ...known, failure: { class: 'search-failed' } };
  }
  const failure = warningOf(warnings.items, resultCode);
  if (failure !== undefined || warnings.broken > 0)
    context.problem('unreadable', `${kind}: a source did not answer (${failure?.code ?? 'no code'})`);
  if (updates.broken > 0) context.problem('invalid', `${kind}: ${updates.broken} updates cannot be read`);
  if (count !== updates.items.length + updates.broken)
    context.problem('truncated', `${kind}: ${count ?? 'an unknown number of'} updates were announced`);
  return {
    ...known,
    updates: named(updates.items, context.now),
    ...(failure === undefined ? {} : { failure }),
  };
}

function failureOf(
  found: { kind: 'absent' } | { kind: 'failed'; code: string; hresult?: string },
  document: WindowsDocument,
): NonNullable<SearchResult['failure']> {
  if (document.constrained === true) return { class: 'constrained-language' };
  if (found.kind === 'absent' || found.hresult === undefined) return { class: 'search-failed' };
  return { class: classOfUpdateError(Number(found.hresult)), code: found.hresult };
}

/** One of several sources failed: the list of the others stands, and is not whole. */
function warningOf(warnings: readonly (number | undefined)[], resultCode: number): SearchResult['failure'] {
  const code = warnings.find((warning) => warning !== undefined);
  if (code !== undefined) return { class: classOfUpdateError(code), code: hex(code) };
  return resultCode === succeededWithErrors ? { class: 'search-failed' } : undefined;
}

function named(items: readonly z.output<typeof updateSchema>[], now: Date): FoundUpdate[] {
  const articleOf = (item: z.output<typeof updateSchema>): string | undefined => {
    const [article] = item.articles.items;
    const categories = item.categories.items.map((id) => id.toLowerCase());
    // Every set of signatures carries the same number: by it, today's would look as if it had been missing for years.
    return article === undefined || categories.includes(classification.definitions) ? undefined : `KB${article}`;
  };
  const counts = Map.groupBy(items, articleOf);
  return items.flatMap((item) => {
    const article = articleOf(item);
    const guid = item.id.toLowerCase();
    const alone = article !== undefined && counts.get(article)?.length === 1;
    // Installed and without a restart to wait for: in force, and nothing to list.
    if (item.installed === true && item.rebootRequired !== true) return [];
    const title = clean(item.title, 300);
    const severity = severityOf(item.severity);
    const security = securityOf(item, severity);
    const publishedOn = dayOf(item.publishedAt, now);
    return [
      {
        id: alone ? article : article === undefined ? guid : `${article}:${guid}`,
        ...(title === undefined ? {} : { title }),
        state: item.installed === true ? ('waiting-for-restart' as const) : ('missing' as const),
        ...(security === undefined ? {} : { security }),
        ...(severity === undefined ? {} : { severity }),
        ...(publishedOn === undefined ? {} : { publishedOn }),
      },
    ];
  });
}

function severityOf(value: string | undefined): Update['severity'] {
  const key = value?.toLowerCase() ?? '';
  return Object.hasOwn(severities, key) ? severities[key as keyof typeof severities] : undefined;
}

/** By classification: most cumulative updates carry no severity. Undefined when no known classification is named. */
function securityOf(item: z.output<typeof updateSchema>, severity: Update['severity']): boolean | undefined {
  const categories = item.categories.items.map((id) => id.toLowerCase());
  if (severity !== undefined) return true;
  if (categories.some((id) => id === classification.security || id === classification.critical)) return true;
  if (categories.includes(classification.definitions)) return true;
  return categories.some((id) => otherClassifications.has(id)) ? false : undefined;
}
