/** The office's own record of a device: a form, or plain text for those who may only read. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Device, DeviceRecord } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Field } from '../parts/field.tsx';
import { Failure } from '../parts/load-state.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useSpeech } from '../speech.ts';

/** In the order of the form, with the longest text the server takes. */
const fields = [
  ['inventoryNumber', 80],
  ['location', 160],
  ['office', 160],
  ['note', 2000],
] as const satisfies readonly (readonly [keyof DeviceRecord, number])[];

type Draft = Readonly<Record<keyof DeviceRecord, string>>;

function draftOf({ inventoryNumber, location, office, note }: DeviceRecord): Draft {
  return { inventoryNumber: inventoryNumber ?? '', location: location ?? '', office: office ?? '', note: note ?? '' };
}

/** What is empty is no value. */
function recordOf(draft: Draft): DeviceRecord {
  const value = (text: string): string | null => (text.trim() === '' ? null : text.trim());
  return {
    inventoryNumber: value(draft.inventoryNumber),
    location: value(draft.location),
    office: value(draft.office),
    note: value(draft.note),
  };
}

export function DeviceRecordForm({ device }: { readonly device: Device }): JSX.Element {
  const { t } = useSpeech();
  const [draft, setDraft] = useState(() => draftOf(device.record));
  const [saved, setSaved] = useState(false);
  const action = useAction();
  const stored = JSON.stringify(draftOf(device.record));
  // Another change may have brought another record, such as taking the place of an older device.
  useEffect(() => setDraft(JSON.parse(stored) as Draft), [stored]);

  const submit = (event: Event): void => {
    event.preventDefault();
    start(
      action.run(async () => {
        await change(`devices/${device.id}`, { method: 'PATCH', body: recordOf(draft) });
        setSaved(true);
        announce(t.recordSaved);
      }),
    );
  };
  return (
    <section aria-labelledby="record">
      <h2 id="record">{t.record}</h2>
      <form class="record" onSubmit={submit}>
        {fields.map(([name, maxLength]) => (
          <Field key={name} label={t[name]}>
            {(marks) => {
              const onInput = (event: { currentTarget: { value: string } }): void => {
                setSaved(false);
                setDraft({ ...draft, [name]: event.currentTarget.value });
              };
              const shared = { ...marks, name, maxLength, value: draft[name], onInput, autoComplete: 'off' as const };
              return name === 'note' ? <textarea {...shared} rows={3} /> : <input {...shared} />;
            }}
          </Field>
        ))}
        {action.error === undefined ? null : <Failure error={action.error} />}
        <div class="buttons">
          <button type="submit" class="main" disabled={action.busy}>
            {action.busy ? t.saving : t.saveRecord}
          </button>
          {saved ? <span class="saved">{t.recordSaved}</span> : null}
        </div>
      </form>
    </section>
  );
}

export function DeviceRecordView({ record }: { readonly record: DeviceRecord }): JSX.Element {
  const { t } = useSpeech();
  return (
    <section aria-labelledby="record">
      <h2 id="record">{t.record}</h2>
      <dl class="facts">
        {fields.map(([name]) => (
          <div key={name}>
            <dt>{t[name]}</dt>
            <dd>{record[name] ?? t.none}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
