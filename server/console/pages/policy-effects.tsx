/** What a change of a policy does: how many devices, which settings, and the first devices one by one. */
import type { JSX } from 'preact';
import type { PolicyPreview, SettingField } from '../../api/contract.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Link } from '../router.tsx';
import { inOrder, originName, settingValue } from '../settings.ts';
import { type Speech, useSpeech } from '../speech.ts';

type PreviewDevice = PolicyPreview['items'][number];
type Change = PreviewDevice['changes'][number];

interface EffectsProps {
  readonly preview: PolicyPreview;
  readonly fields: readonly SettingField[];
}

function valueWords(field: SettingField | undefined, value: unknown, speech: Speech): string {
  if (field === undefined) return JSON.stringify(value);
  return settingValue(field, value ?? field.preset, speech);
}

export function Effects({ preview, fields }: EffectsProps): JSX.Element {
  const speech = useSpeech();
  const { t, format, language } = speech;
  const { changed, devices, items, settings } = preview;
  const fieldOf = (key: string): SettingField | undefined => fields.find((field) => field.key === key);
  const nameOf = (key: string): string => fieldOf(key)?.label[language] ?? key;
  const source = (key: string, origin: Change['from']): JSX.Element | null =>
    // What nobody specifies comes from nowhere.
    origin === null && (fieldOf(key)?.preset ?? null) === null ? null : (
      <span class="muted"> ({originName(origin, speech)})</span>
    );
  const words = ({ key, before, after, from, to }: Change): JSX.Element => (
    <li key={key}>
      {nameOf(key)}: {valueWords(fieldOf(key), before, speech)}
      {source(key, from)}
      {' → '}
      <strong>{valueWords(fieldOf(key), after, speech)}</strong>
      {source(key, to)}
    </li>
  );
  const bySetting: Column<PolicyPreview['settings'][number]>[] = [
    { id: 'setting', header: t.setting, names: true, cell: ({ key }) => nameOf(key) },
    { id: 'devices', header: t.deviceCount, numeric: true, cell: ({ devices: count }) => format.number(count) },
  ];
  const byDevice: Column<PreviewDevice>[] = [
    {
      id: 'device',
      header: t.device,
      names: true,
      cell: ({ id, hostname, municipality }) => (
        <div class="effect-device">
          <Link to={`/geraete/${id}`} class="row-link">
            {hostname}
          </Link>
          <div class="second">{municipality.name}</div>
        </div>
      ),
    },
    { id: 'change', header: t.change, cell: ({ changes }) => <ul>{inOrder(changes, fields).map(words)}</ul> },
  ];
  return (
    <>
      <p role="status">{t.effectSentence(format.number(changed), format.number(devices), changed === 0)}</p>
      {changed === 0 ? null : (
        <>
          <h3>{t.effectBySetting}</h3>
          <Table
            caption={t.effectBySetting}
            columns={bySetting}
            rows={inOrder(settings, fields)}
            keyOf={({ key }) => key}
          />
          <h3>{t.effectByDevice}</h3>
          {items.length === changed ? null : (
            <p class="muted">{t.effectShown(format.number(items.length), format.number(changed))}</p>
          )}
          <Table caption={t.effectByDevice} columns={byDevice} rows={items} keyOf={({ id }) => id} />
        </>
      )}
    </>
  );
}
