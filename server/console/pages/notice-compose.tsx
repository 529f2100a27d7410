/** Writing a notice: the form, the preview in both languages, how many devices it reaches, and the step that publishes it. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Municipality, NoticeEntry, NoticeSigning } from '../../api/contract.ts';
import { change } from '../api.ts';
import {
  emptyNotice,
  longest,
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
import { Field } from '../parts/field.tsx';
import { Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { Tick } from '../parts/setting-input.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { Audience, Reach } from './notice-audience.tsx';
import { NoticeKey } from './notice-key.tsx';
import { NoticePreview, type Said } from './notice-preview.tsx';

type TextKey = 'titleDe' | 'bodyDe' | 'titleEn' | 'bodyEn' | 'sender' | 'links' | 'from' | 'until';

interface PartProps {
  readonly draft: NoticeDraft;
  readonly faults: NoticeFaults;
  readonly set: (change: Partial<NoticeDraft>) => void;
}

interface InputProps extends PartProps {
  readonly name: TextKey;
  readonly label: string;
  readonly hint?: string;
  readonly rows?: number;
  readonly type?: 'datetime-local';
  readonly lang?: 'de' | 'en';
}

function Input({ draft, faults, set, name, label, hint, rows, type, lang }: InputProps): JSX.Element {
  const { t } = useSpeech();
  const fault = faults.get(name);
  const common = {
    value: draft[name],
    lang,
    onInput: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
  };
  return (
    <Field
      label={label}
      {...(hint === undefined ? {} : { hint })}
      fault={fault === undefined ? undefined : t.noticeFault[fault]}
    >
      {(marks) =>
        type !== undefined ? (
          <input {...marks} {...common} type={type} />
        ) : rows === undefined ? (
          <input {...marks} {...common} autoComplete="off" />
        ) : (
          <textarea {...marks} {...common} rows={rows} />
        )
      }
    </Field>
  );
}

function Texts(props: PartProps): JSX.Element {
  const { t, format } = useSpeech();
  const counted = (name: 'titleDe' | 'bodyDe', most: number): string =>
    t.noticeUpTo(props.draft[name].trim().length, format.number(most));
  return (
    <fieldset class="notice-part">
      <legend>{t.noticeText}</legend>
      <Input {...props} name="titleDe" lang="de" label={t.noticeTitleDe} hint={counted('titleDe', longest.title)} />
      <Input {...props} name="titleEn" lang="en" label={t.noticeTitleEn} hint={t.noticeEnglishHint} />
      <Input
        {...props}
        name="bodyDe"
        lang="de"
        rows={6}
        label={t.noticeBodyDe}
        hint={counted('bodyDe', longest.body)}
      />
      <Input {...props} name="bodyEn" lang="en" rows={6} label={t.noticeBodyEn} />
      <Input {...props} name="links" rows={2} label={t.noticeLinks} hint={t.noticeLinksHint} />
      <Input {...props} name="sender" label={t.noticeSender} hint={t.noticeSenderHint} />
    </fieldset>
  );
}

function Manner(props: PartProps): JSX.Element {
  const { t } = useSpeech();
  const { draft, set } = props;
  return (
    <fieldset class="notice-part">
      <legend>{t.noticeWhen}</legend>
      <Input {...props} name="from" type="datetime-local" label={t.noticeFrom} hint={t.noticeFromHint} />
      <Input {...props} name="until" type="datetime-local" label={t.noticeUntil} hint={t.noticeUntilHint} />
      <Field label={t.noticeSeverity}>
        {(marks) => (
          <select
            {...marks}
            value={draft.severity}
            onChange={(event) => {
              const wanted = event.currentTarget.value;
              set({ severity: (['warning', 'urgent'] as const).find((one) => one === wanted) ?? 'info' });
            }}
          >
            {Object.entries(t.noticeSeverities).map(([severity, words]) => (
              <option key={severity} value={severity}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div class="field">
        <Tick
          label={t.noticeMustAcknowledge}
          ticked={draft.mustAcknowledge}
          tick={(mustAcknowledge) => set({ mustAcknowledge })}
        />
      </div>
      {draft.mustAcknowledge ? (
        <Field label={t.noticeAnswersAre} hint={t.noticeAnswersHint}>
          {(marks) => (
            <select
              {...marks}
              value={draft.answers}
              onChange={(event) => set({ answers: event.currentTarget.value === 'named' ? 'named' : 'counted' })}
            >
              {Object.entries(t.noticeAnswersKind).map(([kind, words]) => (
                <option key={kind} value={kind}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      ) : null}
    </fieldset>
  );
}

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
