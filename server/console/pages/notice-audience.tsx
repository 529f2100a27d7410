/** Whom a notice is for: a municipality, a group or a device of it, and how many devices that is. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceGroup, DeviceList, Municipality, NoticeReach } from '../../api/contract.ts';
import { listRequest, wholeList } from '../list-query.ts';
import type { NoticeDraft, NoticeFaults } from '../notice-draft.ts';
import { Field } from '../parts/field.tsx';
import { Failure } from '../parts/load-state.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';

interface AudienceProps {
  readonly draft: NoticeDraft;
  readonly faults: NoticeFaults;
  readonly municipalities: readonly Municipality[];
  readonly set: (change: Partial<NoticeDraft>) => void;
  /** It stands in the place of another one, which is of this municipality. */
  readonly fixed: boolean;
}

interface PickProps {
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly choices: readonly (readonly [id: string, name: string])[];
  readonly disabled?: boolean;
  readonly pick: (id: string) => void;
}

function Pick({ label, value, fault, choices, disabled = false, pick }: PickProps): JSX.Element {
  return (
    <Field label={label} fault={fault}>
      {(marks) => (
        <select {...marks} value={value} disabled={disabled} onChange={(event) => pick(event.currentTarget.value)}>
          <option value="">–</option>
          {choices.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface NarrowerProps {
  readonly draft: NoticeDraft;
  readonly fault: string | undefined;
  readonly set: AudienceProps['set'];
}

function DevicePick({ draft, fault, set }: NarrowerProps): JSX.Element {
  const { t } = useSpeech();
  const [search, setSearch] = useState('');
  const request = listRequest({ ...wholeList, search, municipality: draft.municipality });
  const items = useResource<DeviceList>(`${request}&limit=50`, { keep: true }).data?.items ?? [];
  const names = new Map(items.map(({ id, hostname }) => [id, hostname] as const));
  // What was chosen stays a choice when the search leads elsewhere.
  if (draft.device !== '' && !names.has(draft.device)) names.set(draft.device, draft.device);
  return (
    <>
      <SearchField hint={t.searchHint} value={search} search={setSearch} />
      <Pick
        label={t.device}
        value={draft.device}
        fault={fault}
        choices={[...names]}
        pick={(device) => set({ device })}
      />
    </>
  );
}

function GroupPick({ draft, fault, set }: NarrowerProps): JSX.Element {
  const { t } = useSpeech();
  const groups = useResource<{ items: DeviceGroup[] }>(`groups?municipality=${draft.municipality}`).data?.items ?? [];
  return (
    <Pick
      label={t.group}
      value={draft.group}
      fault={fault}
      choices={groups.map(({ id, name }) => [id, name] as const)}
      pick={(group) => set({ group })}
    />
  );
}

export function Audience({ draft, faults, municipalities, set, fixed }: AudienceProps): JSX.Element {
  const { t } = useSpeech();
  const fault = (key: keyof NoticeDraft): string | undefined => {
    const found = faults.get(key);
    return found === undefined ? undefined : t.noticeFault[found];
  };
  return (
    <fieldset class="notice-part">
      <legend>{t.noticeAudience}</legend>
      <Pick
        label={t.municipality}
        value={draft.municipality}
        fault={fault('municipality')}
        choices={municipalities.map(({ id, name }) => [id, name] as const)}
        disabled={fixed}
        pick={(municipality) => set({ municipality, group: '', device: '' })}
      />
      <Field label={t.noticeLevel}>
        {(marks) => (
          <select
            {...marks}
            value={draft.level}
            onChange={(event) => {
              const level = (['municipality', 'group', 'device'] as const).find(
                (one) => one === event.currentTarget.value,
              );
              set({ level: level ?? 'municipality' });
            }}
          >
            {Object.entries(t.noticeLevels).map(([level, words]) => (
              <option key={level} value={level}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.municipality === '' || draft.level !== 'group' ? null : (
        <GroupPick draft={draft} fault={fault('group')} set={set} />
      )}
      {draft.municipality === '' || draft.level !== 'device' ? null : (
        <DevicePick draft={draft} fault={fault('device')} set={set} />
      )}
    </fieldset>
  );
}

interface ReachProps {
  readonly request: string;
  /** Undefined while it is not known. */
  readonly children: (reach: NoticeReach | undefined) => JSX.Element | null;
}

/** How many devices that is, in words, and whatever depends on it. */
export function Reach({ request, children }: ReachProps): JSX.Element {
  const { t, format } = useSpeech();
  const { data, error, reload } = useResource<NoticeReach>(request);
  if (error !== undefined) return <Failure error={error} retry={reload} />;
  const quiet = data === undefined ? 0 : data.devices - data.heardToday;
  return (
    <>
      <p class="reach" aria-live="polite">
        {data === undefined ? (
          t.loading
        ) : data.devices === 0 ? (
          <strong>{t.noticeReachNone}</strong>
        ) : (
          <>
            <strong>{t.noticeReach(data.devices, format.number(data.devices))}</strong>
            {quiet > 0 ? ` ${t.noticeReachQuiet(quiet, format.number(quiet))}` : null}
          </>
        )}
      </p>
      {children(data)}
    </>
  );
}
