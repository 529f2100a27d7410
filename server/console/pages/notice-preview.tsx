/** A notice as the person at the PC reads it, in one language. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { NoticeEntry } from '../../api/contract.ts';
import type { Language } from '../format.ts';
import { StateMark } from '../parts/state-mark.tsx';
import { speechFor, useSpeech } from '../speech.ts';

export const severityLights = { info: 'ok', warning: 'attention', urgent: 'critical' } as const;

export type Said = Pick<
  NoticeEntry,
  'severity' | 'title' | 'body' | 'sender' | 'links' | 'validUntil' | 'mustAcknowledge' | 'answers'
>;

function Shown({ said, language }: { readonly said: Said; readonly language: Language }): JSX.Element {
  const speech = useSpeech();
  const { t, format } = speechFor(language);
  const id = useId();
  const words = (both: Said['title']): { lang: Language; text: string } =>
    language === 'en' && both.en !== undefined ? { lang: 'en', text: both.en } : { lang: 'de', text: both.de };
  const [title, body] = [words(said.title), words(said.body)];
  return (
    <section class="preview" aria-labelledby={id}>
      <h3 id={id}>{speech.t.noticePreviewIn[language]}</h3>
      <div class={`preview-card preview-${said.severity}`} lang={language}>
        <p class="preview-title" lang={title.lang}>
          {title.text}
        </p>
        <p class="preview-kind">
          {said.severity === 'info' ? (
            <strong>{t.noticeSeverities.info}</strong>
          ) : (
            <StateMark light={severityLights[said.severity]} word={t.noticeSeverities[said.severity]} />
          )}
          <span>{t.noticeFromSender(said.sender)}</span>
        </p>
        <p class="preview-body" lang={body.lang}>
          {body.text}
        </p>
        {said.links.length === 0 ? null : (
          // Shown in full, not to be followed from here.
          <ul class="preview-links">
            {said.links.map((link) => (
              <li key={link}>{link}</li>
            ))}
          </ul>
        )}
        <p class="second">{t.noticeUntilTime(format.instant(said.validUntil))}</p>
        {said.answers === 'named' ? (
          <div class="preview-named">
            <p>
              <strong>{t.noticeAnsweredByName(t.noticeAccount)}</strong>
            </p>
            <p>{t.noticeWhoReadsName}</p>
          </div>
        ) : null}
        {said.mustAcknowledge ? (
          <p class="preview-button">
            {said.answers === 'named' ? t.noticeAcknowledgeByName(title.text) : t.noticeAcknowledge(title.text)}
          </p>
        ) : null}
      </div>
    </section>
  );
}

export function NoticePreview({ said }: { readonly said: Said }): JSX.Element {
  return (
    <div class="previews">
      <Shown said={said} language="de" />
      <Shown said={said} language="en" />
    </div>
  );
}
