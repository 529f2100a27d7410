/** What is filled in to write a notice, part by part. */
import type { JSX } from 'preact';
import { longest, type NoticeDraft, type NoticeFaults } from '../notice-draft.ts';
import { Field } from '../parts/field.tsx';
import { Tick } from '../parts/setting-input.tsx';
import { useSpeech } from '../speech.ts';

type TextKey = 'titleDe' | 'bodyDe' | 'titleEn' | 'bodyEn' | 'sender' | 'links' | 'from' | 'until';

export interface PartProps {
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

export function Texts(props: PartProps): JSX.Element {
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

export function Period(props: PartProps): JSX.Element {
  const { t } = useSpeech();
  return (
    <fieldset class="notice-part">
      <legend>{t.noticeWhen}</legend>
      <Input {...props} name="from" type="datetime-local" label={t.noticeFrom} hint={t.noticeFromHint} />
      <Input {...props} name="until" type="datetime-local" label={t.noticeUntil} hint={t.noticeUntilHint} />
    </fieldset>
  );
}

export function Manner({ draft, set }: PartProps): JSX.Element {
  const { t } = useSpeech();
  return (
    <fieldset class="notice-part">
      <legend>{t.noticeManner}</legend>
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
