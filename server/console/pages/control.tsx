/** One control: each device it concerns with the checks that support it and the evidence of each. */
import type { JSX } from 'preact';
import type { Control, ControlDevice, ControlList } from '../../api/contract.ts';
import {
  type ControlQuery,
  controlAddress,
  controlsAddress,
  parseControlQuery,
  verdictKinds,
} from '../control-query.ts';
import { urgentFirst } from '../fleet.ts';
import { withoutDefaults } from '../list-query.ts';
import { Choice } from '../parts/field.tsx';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { controlTones } from './controls.tsx';
import { VerdictEntry } from './device-verdicts.tsx';
import { NotFoundPage } from './not-found.tsx';

function DeviceEntry({ device }: { readonly device: ControlDevice }): JSX.Element {
  const { t } = useSpeech();
  return (
    <li class="device-entry">
      <div class="verdict-head">
        <h2>
          <Link to={`/geraete/${device.id}`} class="row-link">
            {device.hostname}
          </Link>{' '}
          <span class="second">{device.municipality.name}</span>
        </h2>
        <ToneMark tone={controlTones[device.verdict]} word={t.controlState[device.verdict]} />
      </div>
      <ul class="verdicts">
        {urgentFirst(device.verdicts).map((verdict) => (
          <VerdictEntry key={verdict.ruleId} verdict={verdict} device={device} />
        ))}
      </ul>
    </li>
  );
}

function Devices({ control, municipality, verdict }: ControlQuery): JSX.Element {
  const { t } = useSpeech();
  const pages = usePages<ControlDevice>(
    `controls/${encodeURIComponent(control)}/devices${withoutDefaults([
      ['municipality', municipality, ''],
      ['verdict', verdict, ''],
    ])}`,
  );
  return (
    <MorePages pages={pages}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t.noControlDevice} />
        ) : (
          <ul>
            {items.map((device) => (
              <DeviceEntry key={device.id} device={device} />
            ))}
          </ul>
        )
      }
    </MorePages>
  );
}

/** Titles are those of the scheme, which is German. */
function About({ control }: { readonly control: Control }): JSX.Element {
  const { t } = useSpeech();
  const level = control.level === null ? '' : `, ${t.level[control.level]}`;
  return (
    <>
      <span lang="de">{control.title}</span> ({control.scheme}
      {level})
    </>
  );
}

export function ControlPage(): JSX.Element {
  const { t } = useSpeech();
  const query = parseControlQuery(usePlace().search);
  const { municipality } = query;
  const list = useResource<ControlList>(`controls${withoutDefaults([['municipality', municipality, '']])}`).data;
  if (query.control === '') return <NotFoundPage />;
  const control = list?.items.find(({ id }) => id === query.control);
  return (
    <>
      <p class="crumb">
        <Link to={controlsAddress(municipality)}>{t.backToControls}</Link>
      </p>
      <Page title={query.control} lead={control === undefined ? undefined : <About control={control} />}>
        <search>
          <form class="filters filters-few" aria-label={t.filter} onSubmit={(event) => event.preventDefault()}>
            <Choice
              label={t.verdictFilter}
              value={query.verdict}
              choices={[['', t.all], ...verdictKinds.map((kind) => [kind, t.controlState[kind]] as const)]}
              choose={(chosen) =>
                navigate(controlAddress({ ...query, verdict: verdictKinds.find((kind) => kind === chosen) ?? '' }))
              }
            />
          </form>
        </search>
        <Devices {...query} />
      </Page>
    </>
  );
}
