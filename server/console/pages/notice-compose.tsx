/** Writing a notice: the form, the preview in both languages, how many devices it reaches, and the step that publishes it. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Municipality, NoticeEntry, NoticeSigning } from '../../api/contract.ts';
import { change } from '../api.ts';
import {
  emptyNotice,
  type NoticeDraft,
  type NoticeFaults,
  noticeAfter,
  noticeFaults,
  noticeRequestOf,
  reachRequest,
} from '../notice-draft.ts';
import { noticeAddress, noticesAddress, replacedIn } from '../notice-query.ts';
import { announce } from '../parts/announcer.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { Audience, Reach } from './notice-audience.tsx';
import { Manner, Period, Texts } from './notice-fields.tsx';
import { NoticeKey } from './notice-key.tsx';
import { NoticePreview, type Said } from './notice-preview.tsx';

interface CheckedProps {
  readonly draft: NoticeDraft;
  readonly replaces: string | undefined;
}

/** What was entered, as it will appear; anything changed above takes it away again. */
function Checked({ draft, replaces }: CheckedProps): JSX.Element {
  const { t, format } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState(false);
  const request = noticeRequestOf(draft, replaces);
  const said = { ...request, links: request.links ?? [] } as Said;
  useEffect(() => heading.current?.focus(), []);
  const publish = async (): Promise<void> => {
    const made = await change<NoticeEntry>('notices', { method: 'POST', body: request });
    announce(t.noticePublished);
    navigate(noticeAddress(made.id));
  };
  return (
    <section class="plan" aria-labelledby="preview">
      <h2 id="preview" ref={heading} tabIndex={-1}>
        {t.noticePreview}
      </h2>
      <NoticePreview said={said} />
      <Reach request={reachRequest(draft) ?? ''}>
        {(reach) => (
          <>
            <div class="buttons">
              <button
                type="button"
                class="main"
                disabled={reach === undefined || reach.devices === 0}
                onClick={() => setAsking(true)}
              >
                {t.noticePublish}
              </button>
            </div>
            {asking && reach !== undefined ? (
              <Confirm
                title={t.noticePublishTitle}
                text={[
                  t.noticePublishText(said.title.de, reach.devices, format.number(reach.devices)),
                  ...(said.answers === 'named' ? [t.noticePublishNamed] : []),
                ].join(' ')}
                verb={t.noticePublishNow}
                act={publish}
                close={() => setAsking(false)}
              />
            ) : null}
          </>
        )}
      </Reach>
    </section>
  );
}

interface FormProps {
  readonly municipalities: readonly Municipality[];
  readonly before: NoticeEntry | undefined;
}

function Form({ municipalities, before }: FormProps): JSX.Element {
  const { t } = useSpeech();
  const only = municipalities.length === 1 ? (municipalities[0]?.id ?? '') : '';
  const [draft, setDraft] = useState<NoticeDraft>(() =>
    before === undefined ? emptyNotice(only, new Date()) : noticeAfter(before, new Date()),
  );
  const [faults, setFaults] = useState<NoticeFaults>(new Map());
  const [checked, setChecked] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const set = (changed: Partial<NoticeDraft>): void => {
    setDraft((current) => ({ ...current, ...changed }));
    setChecked(0);
  };
  const check = (event: Event): void => {
    event.preventDefault();
    const found = noticeFaults(draft, new Date());
    setFaults(found);
    setChecked(found.size === 0 ? checked + 1 : 0);
    if (found.size === 0) return;
    announce(t.noticeFaults(found.size));
    setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
  };
  const parts = { draft, faults, set };
  return (
    <>
      <form ref={form} class="notice-form" noValidate aria-label={t.newNotice} onSubmit={check}>
        <Audience {...parts} municipalities={municipalities} fixed={before !== undefined} />
        <Texts {...parts} />
        <Period {...parts} />
        <Manner {...parts} />
        {faults.size === 0 ? null : <p class="fault">{t.noticeFaults(faults.size)}</p>}
        <div class="buttons">
          <button type="submit" class="main">
            {t.noticeToPreview}
          </button>
        </div>
      </form>
      {checked === 0 ? null : <Checked key={checked} draft={draft} replaces={before?.id} />}
    </>
  );
}

function FormAfter({
  municipalities,
  id,
}: {
  readonly municipalities: FormProps['municipalities'];
  readonly id: string;
}) {
  const { t } = useSpeech();
  const before = useResource<NoticeEntry>(`notices/${id}`);
  return (
    <Loaded resource={before}>
      {(entry) => (
        <>
          <p>{t.noticeReplacesLead(entry.title.de)}</p>
          <Form municipalities={municipalities} before={entry} />
        </>
      )}
    </Loaded>
  );
}

export function NoticeComposePage(): JSX.Element {
  const { t } = useSpeech();
  const replaces = replacedIn(usePlace().search);
  const signing = useResource<NoticeSigning>('notices/signing');
  const municipalities = useResource<{ items: Municipality[] }>('municipalities');
  return (
    <Page title={t.newNotice} lead={t.noticeComposeLead}>
      <p class="apart">
        <Link to={noticesAddress({})}>{t.toNotices}</Link>
      </p>
      <Loaded resource={signing}>
        {({ key }) =>
          key !== 'online' ? (
            <NoticeKey signing={key} />
          ) : (
            <Loaded resource={municipalities}>
              {({ items }) =>
                replaces === '' ? (
                  <Form municipalities={items} before={undefined} />
                ) : (
                  <FormAfter municipalities={items} id={replaces} />
                )
              }
            </Loaded>
          )
        }
      </Loaded>
    </Page>
  );
}
