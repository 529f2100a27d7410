/** What is in force for a device, and which policy says so. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DevicePolicyView, SettingField } from '../../api/contract.ts';
import { Loaded } from '../parts/load-state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { originName, policyAddress, settingValue } from '../settings.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

type Value = DevicePolicyView['values'][number];

interface ViewProps {
  readonly view: DevicePolicyView;
  readonly fields: readonly SettingField[];
}

function View({ view, fields }: ViewProps): JSX.Element {
  const speech = useSpeech();
  const { t, language } = speech;
  const [all, setAll] = useState(false);
  const shown = all ? view.values : view.values.filter(({ origin }) => origin !== null);
  const fieldOf = (key: string): SettingField | undefined => fields.find((field) => field.key === key);
  const columns: Column<Value>[] = [
    { id: 'setting', header: t.setting, names: true, cell: ({ key }) => fieldOf(key)?.label[language] ?? key },
    {
      id: 'value',
      header: t.value,
      cell: ({ key, value }) => {
        const field = fieldOf(key);
        return field === undefined ? JSON.stringify(value) : settingValue(field, value, speech);
      },
    },
    {
      id: 'origin',
      header: t.inForceThrough,
      cell: ({ origin, value }) =>
        origin === null ? (
          <span class="muted">{value === null ? '–' : t.preset}</span>
        ) : (
          <Link to={policyAddress(origin)} class="row-link">
            {originName(origin, speech)}
          </Link>
        ),
    },
  ];
  return (
    <>
      <p>{t.devicePolicyVersion(view.version)}</p>
      <p>
        {t.inGroups}:{' '}
        {view.groups.length === 0
          ? t.inNoGroup
          : view.groups.map(({ id, name }, index) => (
              <span key={id}>
                {index === 0 ? '' : ', '}
                <Link to={`/gruppen/${id}`} class="row-link">
                  {name}
                </Link>
              </span>
            ))}
      </p>
      {shown.length === 0 ? null : (
        <Table caption={t.devicePolicy} columns={columns} rows={shown} keyOf={({ key }) => key} />
      )}
      <div class="buttons">
        <button type="button" onClick={() => setAll(!all)}>
          {all ? t.hidePresets : t.showPresets}
        </button>
      </div>
    </>
  );
}

export function DevicePolicy({ id }: { readonly id: string }): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const view = useResource<DevicePolicyView>(`devices/${id}/policy`);
  const fields = useResource<{ items: SettingField[] }>('policies/fields');
  return (
    <section aria-labelledby="policy">
      <h2 id="policy">{t.devicePolicy}</h2>
      <Loaded resource={view}>
        {(found) => <Loaded resource={fields}>{({ items }) => <View view={found} fields={items} />}</Loaded>}
      </Loaded>
      {mayChange ? (
        <p>
          <Link to={policyAddress({ level: 'device', id })} class="row-link">
            {t.editDevicePolicy}
          </Link>
        </p>
      ) : null}
    </section>
  );
}
