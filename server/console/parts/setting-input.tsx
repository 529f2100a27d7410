/** The control for one setting of a policy, made from its description. Empty = not set. */
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { MemberField, SettingField } from '../../api/contract.ts';
import { type DraftValue, type Entry, emptyEntry, type Faults } from '../policy-draft.ts';
import { optionName, unitName } from '../settings.ts';
import { useSpeech } from '../speech.ts';
import { Field } from './field.tsx';

interface InputProps {
  readonly field: SettingField;
  readonly value: DraftValue;
  readonly set: (value: DraftValue) => void;
  /** What is in force without it, and what may be entered. */
  readonly hint: string;
  readonly faults: Faults;
}

export function SettingInput(props: InputProps): JSX.Element {
  const { field, value, set, hint, faults } = props;
  switch (field.kind) {
    case 'list':
    case 'entry':
      return <Entries {...props} />;
    case 'choices':
      return <Choices {...props} />;
    case 'texts':
      return <Lines {...props} />;
    default:
      return (
        <Scalar
          field={{ ...field, kind: field.kind }}
          path={field.key}
          value={typeof value === 'string' ? value : ''}
          set={set}
          hint={hint}
          faults={faults}
        />
      );
  }
}

interface ScalarProps {
  readonly field: MemberField;
  readonly path: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly hint?: string;
  readonly faults: Faults;
}

function Scalar({ field, path, value, set, hint, faults }: ScalarProps): JSX.Element {
  const { t, language } = useSpeech();
  const { key, kind, unit, options, required } = field;
  const fault = faults.get(path);
  const onInput = (event: { readonly currentTarget: { readonly value: string } }): void =>
    set(event.currentTarget.value);
  const choices: readonly (readonly [string, string])[] =
    kind === 'boolean'
      ? [
          ['true', t.yes],
          ['false', t.no],
        ]
      : options.map((option) => [option, optionName(key, option, language)] as const);
  return (
    <Field
      label={field.label[language]}
      fault={fault === undefined ? undefined : t.fault[fault]}
      {...(hint === undefined ? {} : { hint })}
    >
      {(marks) => {
        if (kind === 'boolean' || kind === 'choice') {
          return (
            <select {...marks} value={value} onChange={onInput}>
              <option value="">{required ? '–' : t.notSet}</option>
              {choices.map(([option, words]) => (
                <option key={option} value={option}>
                  {words}
                </option>
              ))}
            </select>
          );
        }
        const shared = {
          ...marks,
          value,
          onInput,
          autoComplete: 'off' as const,
          'aria-required': required || undefined,
        };
        if (kind === 'day') return <input {...shared} type="date" />;
        if (kind !== 'number') return <input {...shared} spellcheck={false} />;
        return (
          <span class="with-unit">
            <input {...shared} inputMode={field.whole ? 'numeric' : 'decimal'} />
            <span>{unitName(unit, language)}</span>
          </span>
        );
      }}
    </Field>
  );
}

interface GroupProps {
  readonly label: string;
  readonly hint: string;
  readonly fault: string | undefined;
  readonly children: ComponentChildren;
}

/** Several controls that make one setting. */
function SettingGroup({ label, hint, fault, children }: GroupProps): JSX.Element {
  const id = useId();
  return (
    <fieldset class="field" aria-describedby={fault === undefined ? `${id}-hint` : `${id}-hint ${id}-fault`}>
      <legend>{label}</legend>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
      {children}
    </fieldset>
  );
}

interface TickProps {
  readonly label: string;
  readonly ticked: boolean;
  readonly tick: (ticked: boolean) => void;
}

export function Tick({ label, ticked, tick }: TickProps): JSX.Element {
  return (
    <label class="tick">
      <input type="checkbox" checked={ticked} onChange={(event) => tick(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

function useFault(faults: Faults, key: string): string | undefined {
  const { t } = useSpeech();
  const fault = faults.get(key);
  return fault === undefined ? undefined : t.fault[fault];
}

function Choices({ field, value, set, hint, faults }: InputProps): JSX.Element {
  const { t, language } = useSpeech();
  const chosen = value as readonly string[] | undefined;
  const tick = (option: string, ticked: boolean): void =>
    set(field.options.filter((one) => (one === option ? ticked : chosen?.includes(one) === true)));
  return (
    <SettingGroup label={field.label[language]} hint={hint} fault={useFault(faults, field.key)}>
      <Tick label={t.setHere} ticked={chosen !== undefined} tick={(ticked) => set(ticked ? [] : undefined)} />
      {chosen === undefined ? null : (
        <div class="ticks">
          {field.options.map((option) => (
            <Tick
              key={option}
              label={optionName(field.key, option, language)}
              ticked={chosen.includes(option)}
              tick={(ticked) => tick(option, ticked)}
            />
          ))}
        </div>
      )}
    </SettingGroup>
  );
}

function Lines({ field, value, set, hint, faults }: InputProps): JSX.Element {
  const { t, language } = useSpeech();
  const text = value as string | undefined;
  return (
    <SettingGroup label={field.label[language]} hint={hint} fault={useFault(faults, field.key)}>
      <Tick label={t.setHere} ticked={text !== undefined} tick={(ticked) => set(ticked ? '' : undefined)} />
      {text === undefined ? null : (
        <Field label={t.onePerLine}>
          {(marks) => (
            <textarea
              {...marks}
              rows={3}
              spellcheck={false}
              value={text}
              onInput={(event) => set(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
    </SettingGroup>
  );
}

function Entries({ field, value, set, hint, faults }: InputProps): JSX.Element {
  const { t, language } = useSpeech();
  const entries = value as readonly Entry[] | undefined;
  const { key, members, kind, maxItems } = field;
  const one = kind === 'entry';
  const change = (index: number, entry: Entry): void => set((entries ?? []).with(index, entry));
  const fields = (entry: Entry, index: number): JSX.Element[] =>
    members.map((member) => (
      <Scalar
        key={member.key}
        field={member}
        path={`${key}[${index}].${member.key}`}
        value={entry[member.key] ?? ''}
        set={(text) => change(index, { ...entry, [member.key]: text })}
        faults={faults}
      />
    ));
  return (
    <SettingGroup label={field.label[language]} hint={hint} fault={useFault(faults, key)}>
      <Tick
        label={t.setHere}
        ticked={entries !== undefined}
        tick={(ticked) => set(ticked ? [emptyEntry(members)] : undefined)}
      />
      {entries?.map((entry, index) =>
        one ? (
          <div class="entry" key="only">
            {fields(entry, index)}
          </div>
        ) : (
          // Entries have no name of their own: their place is all there is.
          <fieldset class="entry" key={index}>
            <legend>{t.entry(index + 1)}</legend>
            {fields(entry, index)}
            <button type="button" onClick={() => set(entries.toSpliced(index, 1))}>
              {t.removeEntry}
              <span class="unseen">: {t.entry(index + 1)}</span>
            </button>
          </fieldset>
        ),
      )}
      {entries === undefined || one || entries.length >= (maxItems ?? Number.POSITIVE_INFINITY) ? null : (
        <button type="button" onClick={() => set([...entries, emptyEntry(members)])}>
          {t.addEntry}
        </button>
      )}
    </SettingGroup>
  );
}
