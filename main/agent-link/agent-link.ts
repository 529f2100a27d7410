/** The tray's side of the two files it shares with the service: what there is to show, and the answers to the window. */
import { join } from 'node:path';
import { type DeferralChoice, deferralChoices, isDeferred } from '../../agent/contract/deferral.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import type { Status } from '../../agent/contract/status.ts';
import type { Handlers, View, Wording } from '../ipc/contract.ts';
import { createLanguageChoice, type LanguageChoice } from '../language.ts';
import { allowedLink } from '../notices/allowed-link.ts';
import { createNoticeMemory, type NoticeMemory } from '../notices/notice-memory.ts';
import { createOwnRequests, type OwnRequests, type Wish } from './own-requests.ts';
import { readTrust, verifiedNotices } from './read-notices.ts';
import { detailOf, listSent, readSent } from './read-sent.ts';
import { readStatus, type ServiceState } from './read-status.ts';

export interface AgentLinkOptions {
  /** The protected directory: `status.json`, `trust.json`, `sent/`, `requests`. */
  readonly publicDir: string;
  /** Folder of this user: what was asked, what was said of notices, and the language. */
  readonly userDir: string;
  readonly now: () => Date;
  /** Asks the person where to; undefined when they change their mind. */
  readonly saveFile: (name: string, content: string) => Promise<string | undefined>;
  /** Hands an address that was checked to the browser of the system. */
  readonly openLink: (url: string) => Promise<void>;
  /** What goes along with an acknowledgement that is asked for by name; undefined = it goes without. */
  readonly accountName: string | undefined;
  /** As in BCP 47, the preferred one first. */
  readonly systemLanguages: readonly string[];
  /** The person asked for something: what is shown has changed. */
  readonly asked: () => void;
  readonly warn: (line: string) => void;
  /** The PC has just woken up or started: a service that has not written yet is not one that ended. */
  readonly isWaking?: (now: Date) => boolean;
}

export interface Reading {
  /** What the tray shows. */
  readonly service: ServiceState;
  /** What the window shows. */
  readonly view: View;
  /** Verified and in force, also those put off; the most severe first. */
  readonly notices: readonly Notice[];
}

export interface AgentLink {
  /** Reads the files anew. */
  refresh(): Promise<Reading>;
  readonly handlers: Handlers;
  readonly memory: NoticeMemory;
  readonly requests: Pick<OwnRequests, 'isSaid'>;
  readonly language: LanguageChoice;
  /** By which notices are judged: that of the server, as the service knows it, or else that of this PC. */
  time(): Date;
  /** What somebody may choose who puts this notice off now; empty = not any more. */
  deferralChoices(notice: Notice): DeferralChoice[];
  /** Says what became of a notice without anybody asking in the window. Throws when too much waits. */
  say(kind: 'notice-seen' | 'notice-acknowledged' | 'notice-not-shown', notice: Notice): void;
  /** Throws when that is not offered any more. */
  defer(notice: Notice, kind: DeferralChoice['kind']): void;
}

export function createAgentLink(options: AgentLinkOptions): AgentLink {
  const { publicDir, userDir, now, saveFile, openLink, accountName, systemLanguages, asked, warn } = options;
  const sentDir = join(publicDir, 'sent');
  const own = createOwnRequests({
    mailbox: join(publicDir, 'requests'),
    memory: join(userDir, 'requests.json'),
    now,
    warn,
  });
  const memory = createNoticeMemory(join(userDir, 'notices.json'), warn);
  const language = createLanguageChoice(join(userDir, 'language.json'), systemLanguages);

  /** Server time minus the clock of this PC, by the last status that counted; ms. */
  let serverAheadMs = 0;
  const time = (): Date => new Date(now().getTime() + serverAheadMs);

  const ask = (wish: Wish): void => {
    own.ask(wish);
    asked();
  };
  const askLater = async (wish: Wish): Promise<void> => ask(wish);

  async function refresh(): Promise<Reading> {
    const at = now();
    const service = await readStatus(join(publicDir, 'status.json'), at, options.isWaking?.(at));
    const isRunning = service.kind === 'running';
    if (isRunning) serverAheadMs = aheadOf(service.status);
    const noticesAt = time();
    const signed = isRunning ? [...service.status.notices, ...(service.status.recalls ?? [])] : [];
    const trust = signed.length === 0 ? undefined : await readTrust(join(publicDir, 'trust.json'));
    const { notices, genuine, refused } = await verifiedNotices(signed, trust, noticesAt, memory);
    // A service that is silent has said nothing new, and what waits is sent again all the same.
    const taken = isRunning ? service.status.handledRequests : [];
    const isKnown = isRunning && refused === 0;
    own.settle(taken, isKnown ? genuine.filter(({ recalled }) => recalled !== true) : undefined);
    const hosts = isRunning ? (service.status.linkHosts ?? []) : [];
    const view: View = {
      at: at.toISOString(),
      noticesAt: noticesAt.toISOString(),
      language: language.current(),
      ...(accountName === undefined ? {} : { accountName }),
      service: service.kind,
      ...writtenAt(service),
      ...(isRunning ? { status: service.status } : {}),
      ...lastingOf(service),
      notices: notices.map((notice) => ({
        ...notice,
        isOpen: isOpen(notice, noticesAt),
        ...deferredUntil(notice, noticesAt),
        deferralChoices: choicesFor(notice).map(({ kind, until }) => ({ kind, until: until.toISOString() })),
        openable: notice.links.filter((link) => allowedLink(link, hosts) !== undefined),
      })),
      refusedNotices: refused,
      requests: own.list(),
      mailboxReachable: own.mailboxReachable(),
    };
    return { service, view, notices };
  }

  function deferredUntil(notice: Notice, at: Date): { deferredUntil?: string } {
    const deferral = memory.of(notice)?.deferral;
    return deferral !== undefined && isDeferred(notice, deferral, at) ? { deferredUntil: deferral.until } : {};
  }

  function isOpen(notice: Notice, at: Date): boolean {
    if (deferredUntil(notice, at).deferredUntil !== undefined) return false;
    return !own.isSaid(notice.mustAcknowledge ? 'notice-acknowledged' : 'notice-seen', notice);
  }

  function choicesFor(notice: Notice): DeferralChoice[] {
    if (own.isSaid('notice-acknowledged', notice)) return [];
    return deferralChoices(notice, { now: time(), count: memory.of(notice)?.deferrals ?? 0 });
  }

  function defer(notice: Notice, kind: DeferralChoice['kind']): void {
    const choice = choicesFor(notice).find((one) => one.kind === kind);
    if (choice === undefined) throw new Error('this notice cannot be put off like that');
    const until = choice.until.toISOString();
    memory.defer(notice, { deferredAt: time().toISOString(), until });
    ask({ kind: 'notice-deferred', noticeId: notice.id, issuedAt: notice.issuedAt, until });
  }

  /** What the window names must be in force at this moment, whatever it shows: nobody answers a wording not read yet. */
  async function inForce({ noticeId, issuedAt }: Wording): Promise<Notice> {
    const found = (await refresh()).notices.find((one) => one.id === noticeId && one.issuedAt === issuedAt);
    if (found === undefined) throw new Error('there is no such notice');
    return found;
  }

  const say: AgentLink['say'] = (kind, { id, issuedAt, answers }) => {
    const about = { noticeId: id, issuedAt };
    if (kind !== 'notice-acknowledged') ask({ kind, ...about });
    else
      ask({ kind, ...about, ...(answers === 'named' && accountName !== undefined ? { statedName: accountName } : {}) });
  };

  return {
    refresh,
    memory,
    requests: own,
    language,
    time,
    deferralChoices: choicesFor,
    say,
    defer,
    handlers: {
      'view:get': async () => (await refresh()).view,
      'check:start': () => askLater({ kind: 'check-now' }),
      'notice:seen': async (wording) => say('notice-seen', await inForce(wording)),
      'notice:acknowledge': async (wording) => say('notice-acknowledged', await inForce(wording)),
      'notice:defer': async ({ kind, ...wording }) => defer(await inForce(wording), kind),
      'link:open': async ({ noticeId, url }) => {
        const { view } = await refresh();
        const isOffered = view.notices.some(({ id, openable }) => id === noticeId && openable.includes(url));
        const address = isOffered ? allowedLink(url, view.status?.linkHosts ?? []) : undefined;
        if (address === undefined) throw new Error('this address may not be opened from here');
        await openLink(address);
      },
      'language:choose': async (chosen) => {
        language.choose(chosen.language);
        asked();
      },
      'suspicion:report': ({ text }) => askLater({ kind: 'report-suspicion', text }),
      'sent:list': () => listSent(sentDir),
      'sent:get': async ({ sequence }) => {
        const found = await readSent(sentDir, sequence);
        return found === undefined ? undefined : detailOf(found.report);
      },
      'sent:export': async ({ sequence }) => {
        const found = await readSent(sentDir, sequence);
        if (found === undefined) return undefined;
        const savedAs = await saveFile(`kits-bericht-${sequence}.json`, found.content);
        return savedAs === undefined ? undefined : { savedAs };
      },
    },
  };
}

function lastingOf(service: ServiceState): Pick<View, 'contacts' | 'device'> {
  const lasting = service.kind === 'running' ? service.status : 'lasting' in service ? service.lasting : undefined;
  if (lasting === undefined) return {};
  return { device: lasting.device, ...(lasting.contacts === undefined ? {} : { contacts: lasting.contacts }) };
}

function aheadOf({ serverTime, writtenAt: at }: Pick<Status, 'serverTime' | 'writtenAt'>): number {
  return serverTime === undefined ? 0 : Date.parse(serverTime) - Date.parse(at);
}

function writtenAt(service: ServiceState): { writtenAt?: string } {
  if (service.kind === 'running') return { writtenAt: service.status.writtenAt };
  return 'writtenAt' in service && service.writtenAt !== undefined ? { writtenAt: service.writtenAt } : {};
}
