/** Notices that staff write on this server: signed with its own notice key, published, recalled. */

import type { z } from 'zod';
import type { SigningKey } from '../../agent/signing/keys.ts';
import type { NoticeEntry, NoticeSigning, noticeRequest } from '../api/contract.ts';
import type { ServerContext } from '../context.ts';
import { Refusal } from '../fleet/refusal.ts';
import type { Actor } from '../fleet/scope.ts';
import { noticeFrom, signNotice } from './draft.ts';
import { describeNotice, findSigned } from './list.ts';
import { publishNotice } from './publish.ts';

type NoticeContext = Pick<ServerContext, 'db' | 'now' | 'noticeKey' | 'trust'>;

const longestMs = 366 * 86_400_000;

export function signingBy({ noticeKey, trust }: Pick<NoticeContext, 'noticeKey' | 'trust'>): NoticeSigning {
  if (noticeKey !== undefined) return { key: 'online' };
  return { key: trust.noticeKeyKept === 'offline' ? 'offline' : 'missing' };
}

/** Throws `Refusal` notice-key-offline or notice-key-missing. */
function keyOf(context: NoticeContext): SigningKey {
  if (context.noticeKey !== undefined) return context.noticeKey;
  if (signingBy(context).key === 'offline') {
    throw new Refusal('notice-key-offline', {
      de: 'Der Schlüssel für Mitteilungen wird nicht auf diesem Server aufbewahrt. Unterschreiben Sie dort, wo er liegt (kits-server sign-notice DATEI --key SCHLÜSSEL), und veröffentlichen Sie das Ergebnis hier mit kits-server publish-notice DATEI.',
      en: 'The notice key is not kept on this server. Sign where it is kept (kits-server sign-notice FILE --key KEY), and publish the result here with kits-server publish-notice FILE.',
    });
  }
  throw new Refusal('notice-key-missing', {
    de: 'Der Schlüssel für Mitteilungen fehlt auf diesem Server. Spielen Sie den Ordner „keys“ aus der Sicherung zurück oder legen Sie mit kits-server rotate-key einen neuen an.',
    en: 'The notice key is missing on this server. Restore the folder "keys" from the backup, or make a new one with kits-server rotate-key.',
  });
}

/**
 * Signs and publishes it. Throws `Refusal`: "invalid" (a text is empty, or it holds for no time or for too long), "not-found"
 * (audience or `replaces` out of reach), "conflict" (what it replaces is over, or there are too many), "notice-key-…".
 */
export async function composeNotice(
  context: NoticeContext,
  actor: Actor,
  request: z.output<typeof noticeRequest>,
): Promise<NoticeEntry> {
  const key = keyOf(context);
  const now = context.now();
  const draft = tidied(request);
  requireTime(draft, now);
  if (draft.replaces !== undefined)
    await requireReplaceable(context, actor, draft.replaces, draft.audience.municipality);
  const jws = await signNotice(noticeFrom(draft, now), key);
  const { id } = await publishNotice(context, actor, jws, context.trust);
  return describeNotice(context, actor.scope, id);
}

/** Said anew as taken back, to everybody it was for. Throws `Refusal` not-found, conflict (it is over), or "notice-key-…". */
export async function recallNotice(context: NoticeContext, actor: Actor, id: string): Promise<NoticeEntry> {
  const { said, state } = await findSigned(context, actor.scope, id);
  if (state === 'recalled') return describeNotice(context, actor.scope, id);
  if (state === 'ended') {
    throw new Refusal('conflict', {
      de: 'Diese Mitteilung ist abgelaufen und wird nicht mehr gezeigt. Es gibt nichts zurückzunehmen.',
      en: 'This notice has ended and is no longer shown. There is nothing to recall.',
    });
  }
  const key = keyOf(context);
  // Later than what it takes back, also where the clock of the server stands still or went back a little.
  const issuedAt = new Date(Math.max(context.now().getTime(), Date.parse(said.issuedAt) + 1)).toISOString();
  const jws = await signNotice({ ...said, issuedAt, recalled: true }, key);
  await publishNotice(context, actor, jws, context.trust);
  return describeNotice(context, actor.scope, id);
}

type Draft = z.output<typeof noticeRequest>;

function tidied(draft: Draft): Draft {
  const clean = (words: string): string => words.normalize('NFC').trim();
  const both = ({ de, en }: Draft['title']): Draft['title'] => {
    const english = clean(en ?? '');
    return { de: clean(de), ...(english === '' ? {} : { en: english }) };
  };
  const tidy = {
    ...draft,
    title: both(draft.title),
    body: both(draft.body),
    sender: clean(draft.sender),
    validUntil: new Date(draft.validUntil).toISOString(),
    ...(draft.validFrom === undefined ? {} : { validFrom: new Date(draft.validFrom).toISOString() }),
  };
  if (tidy.title.de !== '' && tidy.body.de !== '' && tidy.sender !== '') return tidy;
  throw new Refusal('invalid', {
    de: 'Eine Mitteilung braucht eine Überschrift, einen Text und einen Absender.',
    en: 'A notice needs a title, a text and a sender.',
  });
}

function requireTime({ validFrom, validUntil }: Draft, now: Date): void {
  const end = Date.parse(validUntil);
  const begin = validFrom === undefined ? now.getTime() : Math.max(Date.parse(validFrom), now.getTime());
  if (end > begin && end - now.getTime() <= longestMs) return;
  throw new Refusal('invalid', {
    de: 'Das Ende der Mitteilung muss nach ihrem Beginn und in der Zukunft liegen, höchstens 366 Tage von heute an.',
    en: 'The end of the notice must lie after its beginning and in the future, at most 366 days from today.',
  });
}

async function requireReplaceable(
  context: NoticeContext,
  actor: Actor,
  id: string,
  municipality: string,
): Promise<void> {
  const { said, state } = await findSigned(context, actor.scope, id);
  if (said.audience.municipality === municipality && (state === 'active' || state === 'scheduled')) return;
  throw new Refusal('conflict', {
    de: 'Ersetzt werden kann nur eine Mitteilung derselben Gemeinde, die gilt oder noch kommt.',
    en: 'Only a notice of the same municipality can be replaced that is in force or still to come.',
  });
}
