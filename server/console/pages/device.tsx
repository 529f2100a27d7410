/** One device: the answer first, then what stands behind it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Device } from '../../api/contract.ts';
import { deviceEvent } from '../code-texts.ts';
import { sectionName } from '../facts.ts';
import { deviceSentence } from '../fleet.ts';
import { announce } from '../parts/announcer.tsx';
import { Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { StateShape } from '../parts/state-mark.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { DeviceActions } from './device-actions.tsx';
import { DeviceBackupPart } from './device-backup.tsx';
import { DeviceFacts } from './device-facts.tsx';
import { DeviceGaps } from './device-gaps.tsx';
import { DeviceHistory } from './device-history.tsx';
import { DevicePolicy } from './device-policy.tsx';
import { DeviceRecordForm, DeviceRecordView } from './device-record.tsx';
import { DeviceSoftware } from './device-software.tsx';
import { DeviceSuspicions } from './device-suspicions.tsx';
import { DeviceVerdicts } from './device-verdicts.tsx';

function Answer({ device }: { readonly device: Device }): JSX.Element {
  const { t } = useSpeech();
  const notice = t.stateNotice[device.state];
  return (
    <>
      {notice === '' ? null : <p class="notice">{notice}</p>}
      <p class={`answer answer-${device.light}`}>
        <StateShape light={device.light} />
        <span>
          <strong>{deviceSentence(device.light, device.verdicts, t)}</strong>{' '}
          <span class="answer-age">
            {t.lastHeard}: <When at={device.lastHeardAt} as="both" />
          </span>
        </span>
      </p>
    </>
  );
}

function AtAGlance({ device }: { readonly device: Device }): JSX.Element {
  const { t, language, format } = useSpeech();
  const { clockOffsetSeconds: offset } = device;
  const clock = offset === null ? t.none : offset === 0 ? t.clockExact : format.offset(offset);
  const entries: readonly (readonly [name: string, value: JSX.Element | string])[] = [
    [t.municipality, device.municipality.name],
    [t.membership, t.state[device.state]],
    [t.operatingSystem, device.osName ?? t.none],
    [t.model, device.model ?? t.none],
    [t.enrolled, <When key="enrolled" at={device.enrolledAt} as="date" />],
    [t.agentVersion, device.agentVersion],
    [t.clockOffset, clock],
    ...(device.requested.length === 0
      ? []
      : [[t.requested, device.requested.map(({ section }) => sectionName(section, language)).join(', ')] as const]),
    [
      t.deviceId,
      <code key="id" class="breakable">
        {device.id}
      </code>,
    ],
  ];
  return (
    <section aria-labelledby="at-a-glance">
      <h2 id="at-a-glance">{t.summary}</h2>
      <dl class="facts">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Events({ events }: { readonly events: Device['events'] }): JSX.Element {
  const { t, language } = useSpeech();
  return (
    <section aria-labelledby="events">
      <h2 id="events">{t.events}</h2>
      <ul class="events">
        {events.map((event) => (
          <li key={`${event.at} ${event.code}`}>
            <strong>{deviceEvent(event.code, language)}</strong> · <When at={event.at} as="date" />
            <div class="second">{event.detail}</div>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function DevicePage({ id }: { readonly id: string }): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const resource = useResource<Device>(`devices/${id}`);
  const [done, setDone] = useState('');
  const changed = (words: string): void => {
    setDone(words);
    announce(words);
    resource.reload();
  };
  const title = resource.data?.hostname ?? (resource.error === undefined ? t.deviceLoading : t.device);
  return (
    <>
      <p class="crumb">
        <Link to="/geraete">{t.backToList}</Link>
      </p>
      <Page title={title}>
        {done === '' ? null : <p class="notice notice-ok">{done}</p>}
        <Loaded resource={resource}>
          {(device) => (
            <>
              <Answer device={device} />
              <DeviceActions device={device} changed={changed} />
              <div class="columns">
                <DeviceVerdicts verdicts={device.verdicts} device={device} />
                <div>
                  <AtAGlance device={device} />
                  {mayChange ? <DeviceRecordForm device={device} /> : <DeviceRecordView record={device.record} />}
                </div>
              </div>
              {device.suspicions.length === 0 ? null : <DeviceSuspicions suspicions={device.suspicions} />}
              {device.events.length === 0 ? null : <Events events={device.events} />}
              {device.gaps.length === 0 ? null : <DeviceGaps gaps={device.gaps} />}
              <DevicePolicy id={id} />
              <DeviceBackupPart id={id} sections={device.sections} changed={changed} />
              <DeviceFacts sections={device.sections} />
              <DeviceSoftware id={id} />
              <DeviceHistory id={id} />
            </>
          )}
        </Loaded>
      </Page>
    </>
  );
}
