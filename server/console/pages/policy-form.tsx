/** Edits a policy: its settings under headings, then what they would change for whom, then the new version. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PolicyDocument, PolicyPreview, SettingField } from '../../api/contract.ts';
import { change } from '../api.ts';
import { Field } from '../parts/field.tsx';
import { Failure } from '../parts/load-state.tsx';
import { SettingInput } from '../parts/setting-input.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { type Draft, type DraftValue, draftOf, type Faults, isSet, settingsOf } from '../policy-draft.ts';
import { audienceKey, byTopic, originName, settingValue } from '../settings.ts';
import { type Speech, useSpeech } from '../speech.ts';
import { Effects } from './policy-effects.tsx';

interface FormProps {
  readonly policy: PolicyDocument;
  readonly fields: readonly SettingField[];
  readonly saved: (policy: PolicyDocument) => void;
}

/** What is in force where the field stays empty, and what may be entered. */
function hintFor(field: SettingField, inherited: PolicyDocument['inherited'], speech: Speech): string {
  const { t, format } = speech;
  const wider = inherited.find(({ key }) => key === field.key);
  const value = wider === undefined ? field.preset : wider.value;
  const otherwise =
    value === null
      ? t.otherwiseNothing
      : t.otherwise(settingValue(field, value, speech), originName(wider?.origin ?? null, speech));
  const { minimum, maximum } = field;
  if (field.kind !== 'number' || minimum === null || maximum === null) return otherwise;
  const bounds = t.allowed(format.number(minimum, 2), format.number(maximum, 2));
  return `${otherwise} ${bounds}`;
}

interface TopicProps {
  readonly title: string;
  readonly fields: readonly SettingField[];
  readonly draft: Draft;
  readonly set: (key: string, value: DraftValue) => void;
  readonly faults: Faults;
  readonly inherited: PolicyDocument['inherited'];
}

function Topic({ title, fields, draft, set, faults, inherited }: TopicProps): JSX.Element {
  const speech = useSpeech();
  const count = fields.filter(({ key }) => isSet(draft[key])).length;
  const faulty = [...faults.keys()].some((path) =>
    fields.some(({ key }) => path === key || path.startsWith(`${key}[`)),
  );
  const [open, setOpen] = useState(count > 0);
  // A fault in a folded part would not be seen.
  useEffect(() => {
    if (faulty) setOpen(true);
  }, [faulty]);
  return (
    <details class="section" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>{title}</h2>
        <span class="gist">{speech.t.settingsHere(count)}</span>
      </summary>
      <div class="section-body settings">
        {fields.map((field) => (
          <SettingInput
            key={field.key}
            field={field}
            value={draft[field.key]}
            set={(value) => set(field.key, value)}
            hint={hintFor(field, inherited, speech)}
            faults={faults}
          />
        ))}
      </div>
    </details>
  );
}

interface Checked {
  readonly settings: object;
  readonly preview: PolicyPreview;
}

export function PolicyForm({ policy, fields, saved }: FormProps): JSX.Element {
  const { t, language } = useSpeech();
  const [draft, setDraft] = useState(() => draftOf(policy.settings, fields));
  const [faults, setFaults] = useState<Faults>(new Map());
  const [checked, setChecked] = useState<Checked>();
  const [idle, setIdle] = useState(false);
  const action = useAction();
  const path = `policies/${audienceKey(policy)}`;
  const set = (key: string, value: DraftValue): void => {
    setDraft({ ...draft, [key]: value });
    setFaults(new Map([...faults].filter(([path]) => path !== key && !path.startsWith(`${key}[`))));
    // What was checked is no longer what is entered.
    setChecked(undefined);
    setIdle(false);
  };
  const check = (event: Event): void => {
    event.preventDefault();
    const { settings, faults: found } = settingsOf(draft, fields);
    const before = settingsOf(draftOf(policy.settings, fields), fields).settings;
    setFaults(found);
    setChecked(undefined);
    setIdle(found.size === 0 && JSON.stringify(settings) === JSON.stringify(before));
    if (found.size > 0 || JSON.stringify(settings) === JSON.stringify(before)) return;
    start(
      action.run(async () => {
        const preview = await change<PolicyPreview>(`${path}/preview`, { method: 'POST', body: { settings } });
        setChecked({ settings, preview });
      }),
    );
  };
  return (
    <>
      <form aria-label={t.policyForm} onSubmit={check} noValidate>
        {faults.size === 0 ? null : (
          <p class="notice notice-critical" role="alert">
            {t.faultsFound(faults.size)}
          </p>
        )}
        {byTopic(fields).map(({ title, fields: own }) => (
          <Topic
            key={title.de}
            title={title[language]}
            fields={own}
            draft={draft}
            set={set}
            faults={faults}
            inherited={policy.inherited}
          />
        ))}
        <div class="buttons">
          <button type="submit" class={checked === undefined ? 'main' : undefined} disabled={action.busy}>
            {t.checkChanges}
          </button>
          <span role="status" class="muted">
            {idle ? t.unchanged : ''}
          </span>
        </div>
      </form>
      {action.error === undefined ? null : <Failure error={action.error} />}
      {checked === undefined ? null : (
        <Save path={path} policy={policy} checked={checked} fields={fields} saved={saved} />
      )}
    </>
  );
}

interface SaveProps extends FormProps {
  readonly path: string;
  readonly checked: Checked;
}

/** Takes the focus: it is the answer to what was just asked. */
function Save({ path, policy, checked, fields, saved }: SaveProps): JSX.Element {
  const { t } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const [reason, setReason] = useState('');
  const action = useAction();
  useEffect(() => heading.current?.focus(), []);
  const save = (event: Event): void => {
    event.preventDefault();
    const { settings } = checked;
    const why = reason.trim() === '' ? {} : { reason: reason.trim() };
    const body = { settings, expectedVersion: policy.version, ...why };
    start(action.run(async () => saved(await change<PolicyDocument>(path, { method: 'PUT', body }))));
  };
  return (
    <section class="plan" aria-labelledby="effects">
      <h2 id="effects" ref={heading} tabIndex={-1}>
        {t.effects}
      </h2>
      <Effects preview={checked.preview} fields={fields} />
      <form onSubmit={save}>
        <Field label={t.policyReason} hint={t.policyReasonHint}>
          {(marks) => (
            <input
              {...marks}
              maxLength={500}
              autoComplete="off"
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        {action.error === undefined ? null : <Failure error={action.error} />}
        <div class="buttons">
          <button type="submit" class="main" disabled={action.busy}>
            {action.busy ? t.saving : t.savePolicy}
          </button>
        </div>
      </form>
    </section>
  );
}
