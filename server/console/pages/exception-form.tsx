/** Records an exception. Where it was opened from a check of a device, both are filled in. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type {
  ControlList,
  Device,
  DeviceList,
  ExceptionEntry,
  ExceptionRequest,
  Municipality,
} from '../../api/contract.ts';
import { change } from '../api.ts';
import { dayOf, daysLater, endOfDay } from '../calendar.ts';
import type { ExceptionQuery } from '../control-query.ts';
import { listRequest, wholeList } from '../list-query.ts';
import { Choice, Field } from '../parts/field.tsx';
import { Failure, Loaded } from '../parts/load-state.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';

/** Its end lies within a year of now. */
const longestDays = 364;
const usualDays = 90;

interface FormProps {
  readonly about: ExceptionQuery;
  readonly municipalities: readonly Municipality[];
  readonly made: (entry: ExceptionEntry) => void;
}

/** All rules that support a control, by title; the one asked for is among them even when it supports none. */
function useRules(asked: string, device: Device | undefined): readonly (readonly [id: string, title: string])[] {
  const { language } = useSpeech();
  const controls = useResource<ControlList>('controls').data?.items ?? [];
  const titles = new Map<string, string>();
  if (asked !== '') titles.set(asked, asked);
  for (const { ruleId, title } of device?.verdicts ?? []) titles.set(ruleId, title[language]);
  for (const { rules } of controls) for (const { id, title } of rules) titles.set(id, title[language]);
  return [...titles].toSorted(([, a], [, b]) => a.localeCompare(b, language));
}

interface DeviceChoiceProps {
  readonly municipality: string;
  readonly preset: Device | undefined;
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

function DeviceChoice({ municipality, preset, chosen, choose }: DeviceChoiceProps): JSX.Element {
  const { t } = useSpeech();
  const [search, setSearch] = useState('');
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), 250);
    return () => clearTimeout(timer);
  }, [search]);
  const list = useResource<DeviceList>(`${listRequest({ ...wholeList, search: asked, municipality })}&limit=50`, {
    keep: true,
  }).data;
  const names = new Map<string, string>();
  if (preset !== undefined && preset.municipality.id === municipality) names.set(preset.id, preset.hostname);
  for (const { id, hostname, municipality: place } of list?.items ?? []) {
    if (place.id === municipality) names.set(id, hostname);
  }
  return (
    <>
      <Field label={t.searchDevice} hint={t.searchDeviceHint}>
        {(marks) => (
          <input {...marks} type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        )}
      </Field>
      <Choice
        label={t.exceptionFor}
        value={names.has(chosen) ? chosen : ''}
        choices={[['', t.allOfMunicipality], ...names]}
        choose={choose}
      />
    </>
  );
}

function Form({
  about,
  municipalities,
  made,
  preset,
}: FormProps & { readonly preset: Device | undefined }): JSX.Element {
  const { t, format } = useSpeech();
  const only = municipalities.length === 1 ? (municipalities[0]?.id ?? '') : '';
  const [rule, setRule] = useState(about.rule);
  const [municipality, setMunicipality] = useState(preset?.municipality.id ?? (about.municipality || only));
  const [device, setDevice] = useState(preset?.id ?? '');
  const [reason, setReason] = useState('');
  const [approver, setApprover] = useState('');
  const today = dayOf(new Date());
  const latest = daysLater(today, longestDays);
  const [end, setEnd] = useState(daysLater(today, usualDays));
  const rules = useRules(about.rule, preset);
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const expiresAt = endOfDay(end);
    if (expiresAt === undefined) return;
    const body: ExceptionRequest = {
      ruleId: rule,
      municipalityId: municipality,
      ...(device === '' ? {} : { deviceId: device }),
      reason: reason.trim(),
      approvedBy: approver.trim(),
      expiresAt,
    };
    start(action.run(async () => made(await change<ExceptionEntry>('exceptions', { method: 'POST', body }))));
  };
  return (
    <form class="exception-form" onSubmit={submit} aria-label={t.newException}>
      <Choice label={t.rule} value={rule} choices={[['', '–'], ...rules]} choose={setRule} required />
      <Choice
        label={t.municipality}
        value={municipality}
        choices={[['', '–'], ...municipalities.map(({ id, name }) => [id, name] as const)]}
        choose={(id) => {
          setMunicipality(id);
          setDevice('');
        }}
        required
      />
      {municipality === '' ? null : (
        <DeviceChoice municipality={municipality} preset={preset} chosen={device} choose={setDevice} />
      )}
      <div class="wide">
        <Field label={t.exceptionReason} hint={t.exceptionReasonHint}>
          {(marks) => (
            <textarea
              {...marks}
              rows={3}
              required
              maxLength={1000}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <Field label={t.approver} hint={t.approverHint}>
        {(marks) => (
          <input
            {...marks}
            required
            maxLength={120}
            autocomplete="off"
            value={approver}
            onInput={(event) => setApprover(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t.endsOn} hint={t.endsOnHint(format.day(latest))}>
        {(marks) => (
          <input
            {...marks}
            type="date"
            required
            min={today}
            max={latest}
            value={end}
            onInput={(event) => setEnd(event.currentTarget.value)}
          />
        )}
      </Field>
      <div class="wide">
        {action.error === undefined ? null : <Failure error={action.error} />}
        <button type="submit" class="main" disabled={action.busy}>
          {t.createException}
        </button>
      </div>
    </form>
  );
}

/** Waits for the device it was opened from, so that its name and municipality stand in the form. */
function FormForDevice(props: FormProps): JSX.Element {
  const device = useResource<Device>(`devices/${props.about.device}`);
  return <Loaded resource={device}>{(preset) => <Form {...props} preset={preset} />}</Loaded>;
}

export function ExceptionForm(props: FormProps): JSX.Element {
  const { t } = useSpeech();
  const asked = props.about.rule !== '' || props.about.device !== '';
  return (
    <details class="section" open={asked}>
      <summary>
        <h2>{t.newException}</h2>
      </summary>
      {props.about.device === '' ? <Form {...props} preset={undefined} /> : <FormForDevice {...props} />}
    </details>
  );
}
