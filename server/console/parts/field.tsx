/** A labelled control with its hint and its fault, tied together for screen readers. */
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

/** What the control has to carry. */
export interface ControlMarks {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean | undefined;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly children: (marks: ControlMarks) => ComponentChildren;
}

export function Field({ label, hint, fault, children }: FieldProps): JSX.Element {
  const id = useId();
  const parts = [hint === undefined ? '' : `${id}-hint`, fault === undefined ? '' : `${id}-fault`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': parts.length === 0 ? undefined : parts.join(' '),
        'aria-invalid': fault === undefined ? undefined : true,
      })}
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, label: string])[];
  readonly choose: (value: string) => void;
  readonly required?: boolean;
}

export function Choice({ label, value, choices, choose, required = false }: ChoiceProps): JSX.Element {
  return (
    <Field label={label}>
      {(marks) => (
        <select {...marks} value={value} required={required} onChange={(event) => choose(event.currentTarget.value)}>
          {choices.map(([choice, words]) => (
            <option key={choice} value={choice}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
