/** The controls of BSI and WiBA: how far the devices show that they are met, and what no device can show. */
import type { JSX } from 'preact';
import type { Control, ControlList, ControlState, Municipality } from '../../api/contract.ts';
import { controlAddress, controlsAddress, parseControlQuery, type VerdictKind } from '../control-query.ts';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { Shares } from '../parts/shares.tsx';
import { StateShape, type Tone, ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';

/** Only what is met is green; an exception and what cannot be measured are neither good nor bad. */
export const controlTones: Readonly<Record<ControlState, Tone>> = {
  met: 'ok',
  'not-met': 'attention',
  unknown: 'unknown',
  exempt: 'plain',
  'not-measurable': 'plain',
};

function Coverage({ list }: { readonly list: ControlList }): JSX.Element {
  const { t, format } = useSpeech();
  const { controls, measurable, met, notMet, unknown, exempt } = list.coverage;
  const tone = notMet > 0 ? 'attention' : measurable > 0 && met === measurable ? 'ok' : 'unknown';
  return (
    <section aria-label={t.coverage}>
      <p class={`answer answer-${tone}`}>
        <StateShape light={tone} />
        <span>
          <strong>{t.coverageSentence(format.number(measurable), format.number(controls), met)}</strong>
          <span class="answer-age">
            {list.devices === 0 ? t.coverageNothing : t.coverageBasis(list.devices, format.number(list.devices))}
          </span>
        </span>
      </p>
      <div class="share-groups">
        <Shares
          title={t.measuredControls}
          shares={[
            { tone: 'attention', word: t.controlState['not-met'], count: notMet },
            { tone: 'unknown', word: t.controlState.unknown, count: unknown },
            { tone: 'plain', word: t.controlState.exempt, count: exempt },
            { tone: 'ok', word: t.controlState.met, count: met },
          ]}
        />
      </div>
    </section>
  );
}

interface TableProps {
  readonly controls: readonly Control[];
  readonly caption: string;
}

function ControlName({ control }: { readonly control: Control }): JSX.Element {
  const { t } = useSpeech();
  const { title, level } = control;
  return (
    <span class="second">
      <span lang="de">{title}</span>
      {level === null ? null : ` (${t.level[level]})`}
    </span>
  );
}

function Measured({ controls, caption, municipality }: TableProps & { readonly municipality: string }): JSX.Element {
  const { t, language, format } = useSpeech();
  const devices = (
    verdict: VerdictKind,
    header: string,
    of: (devices: Control['devices']) => number,
  ): Column<Control> => ({
    id: verdict,
    header,
    numeric: true,
    cell: (control) =>
      of(control.devices) === 0 ? (
        <span class="muted">0</span>
      ) : (
        <Link to={controlAddress({ control: control.id, municipality, verdict })} class="count">
          {format.number(of(control.devices))}
          <span class="unseen">: {t.devicesOf(control.id)}</span>
        </Link>
      ),
  });
  const columns: Column<Control>[] = [
    {
      id: 'control',
      header: t.control,
      names: true,
      cell: (control) => (
        <>
          <Link to={controlAddress({ control: control.id, municipality })} class="row-link">
            {control.id}
          </Link>
          <div class="roomy">
            <ControlName control={control} />
          </div>
        </>
      ),
    },
    {
      id: 'state',
      header: t.condition,
      cell: ({ state }) => <ToneMark tone={controlTones[state]} word={t.controlState[state]} />,
    },
    {
      id: 'rules',
      header: t.rulesOfControl,
      cell: ({ rules }) => <span class="second">{rules.map(({ title }) => title[language]).join(', ')}</span>,
    },
    devices('not-met', t.devicesNotMet, ({ notMet }) => notMet),
    devices('unknown', t.devicesUnknown, ({ unknown }) => unknown),
    devices('exempt', t.devicesExempt, ({ exempt }) => exempt),
    devices('met', t.devicesMet, ({ met }) => met),
  ];
  return <Table caption={caption} columns={columns} rows={controls} keyOf={({ id }) => id} />;
}

function NotMeasurable({ controls, caption }: TableProps): JSX.Element {
  const { t, language } = useSpeech();
  const columns: Column<Control>[] = [
    {
      id: 'control',
      header: t.control,
      names: true,
      cell: (control) => (
        <>
          {control.id}
          <div class="roomy">
            <ControlName control={control} />
          </div>
        </>
      ),
    },
    { id: 'scheme', header: t.scheme, cell: ({ scheme }) => scheme },
    { id: 'why', header: t.whyNot, cell: ({ notMeasurable }) => notMeasurable?.[language] ?? t.none },
  ];
  return <Table caption={caption} columns={columns} rows={controls} keyOf={({ id }) => id} />;
}

function Controls({ list, municipality }: { readonly list: ControlList; readonly municipality: string }): JSX.Element {
  const { t } = useSpeech();
  const measurable = list.items.filter(({ state }) => state !== 'not-measurable');
  const others = list.items.filter(({ state }) => state === 'not-measurable');
  const schemes = [...new Set(measurable.map(({ scheme }) => scheme))];
  return (
    <>
      <Coverage list={list} />
      {schemes.map((scheme) => (
        <section key={scheme} aria-label={scheme}>
          <h2>{scheme}</h2>
          <Measured
            caption={scheme}
            controls={measurable.filter((control) => control.scheme === scheme)}
            municipality={municipality}
          />
        </section>
      ))}
      {others.length === 0 ? null : (
        <section aria-label={t.notMeasurable}>
          <h2>{t.notMeasurable}</h2>
          <p class="lead">{t.notMeasurableLead}</p>
          <NotMeasurable caption={t.notMeasurable} controls={others} />
        </section>
      )}
    </>
  );
}

export function ControlsPage(): JSX.Element {
  const { t } = useSpeech();
  const { municipality } = parseControlQuery(usePlace().search);
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const resource = useResource<ControlList>(`controls${municipality === '' ? '' : `?municipality=${municipality}`}`, {
    keep: true,
  });
  return (
    <Page title={t.controls} lead={t.controlsLead}>
      <search>
        <form class="filters filters-few" aria-label={t.controlFilter} onSubmit={(event) => event.preventDefault()}>
          <Choice
            label={t.municipality}
            value={municipality}
            choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
            choose={(chosen) => navigate(controlsAddress(chosen))}
          />
        </form>
      </search>
      <Loaded resource={resource}>
        {(list) =>
          list.items.length === 0 ? (
            <Empty title={t.coverageNothing} />
          ) : (
            <Controls list={list} municipality={municipality} />
          )
        }
      </Loaded>
    </Page>
  );
}
