/** What can be done with a device. Each step says what it brings and asks before it is done. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Device, DeviceChange, DeviceList, Municipality, ReportNowRequest } from '../../api/contract.ts';
import { change } from '../api.ts';
import { inUsualOrder, sectionName } from '../facts.ts';
import { listRequest, wholeList } from '../list-query.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { useResource } from '../resource.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

interface StepProps {
  readonly device: Device;
  readonly act: (change: DeviceChange) => Promise<void>;
  readonly close: () => void;
}

type Step = 'approve' | 'release' | 'bringBack' | 'move' | 'replace' | 'retire';

function Move({ device, act, close }: StepProps): JSX.Element {
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const [chosen, setChosen] = useState('');
  const others = municipalities.filter(({ id }) => id !== device.municipality.id);
  return (
    <Confirm
      title={t.moveTitle}
      text={t.moveText(device.hostname)}
      verb={t.move}
      blocked={chosen === ''}
      act={() => act({ municipalityId: chosen })}
      close={close}
    >
      <Choice
        label={t.newMunicipality}
        value={chosen}
        choices={[['', '–'], ...others.map(({ id, name }) => [id, name] as const)]}
        choose={setChosen}
        required
      />
    </Confirm>
  );
}

function Replace({ device, act, close }: StepProps): JSX.Element {
  const { t, format } = useSpeech();
  const [search, setSearch] = useState('');
  const [asked, setAsked] = useState('');
  const [chosen, setChosen] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), 250);
    return () => clearTimeout(timer);
  }, [search]);
  const list = useResource<DeviceList>(
    `${listRequest({ ...wholeList, search: asked, municipality: device.municipality.id })}&limit=20`,
    { keep: true },
  ).data;
  const others = list?.items.filter(({ id }) => id !== device.id) ?? [];
  const valid = others.some(({ id }) => id === chosen);
  return (
    <Confirm
      title={t.replaceTitle}
      text={t.replaceText(device.hostname)}
      verb={t.replace}
      grave
      blocked={!valid}
      act={() => act({ replacesDeviceId: chosen })}
      close={close}
    >
      <Field label={t.replaceSearch}>
        {(marks) => (
          <input {...marks} type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        )}
      </Field>
      {list !== undefined && others.length === 0 ? (
        <p>{t.replaceNone}</p>
      ) : (
        <Choice
          label={t.replaceChoose}
          value={valid ? chosen : ''}
          choices={[
            ['', '–'],
            ...others.map(
              ({ id, hostname, record, lastHeardAt }) =>
                [
                  id,
                  [hostname, record.inventoryNumber, lastHeardAt === null ? t.never : format.instant(lastHeardAt)]
                    .filter(Boolean)
                    .join(' · '),
                ] as const,
            ),
          ]}
          choose={setChosen}
          required
        />
      )}
    </Confirm>
  );
}

function StepDialog({ step, ...props }: StepProps & { readonly step: Step }): JSX.Element {
  const { t } = useSpeech();
  const { device, act, close } = props;
  const name = device.hostname;
  const activate = (): Promise<void> => act({ state: 'active' });
  switch (step) {
    case 'approve':
      return (
        <Confirm title={t.approveTitle} text={t.approveText(name)} verb={t.approve} act={activate} close={close} />
      );
    case 'release':
      return (
        <Confirm title={t.approveTitle} text={t.releaseText(name)} verb={t.approve} act={activate} close={close} />
      );
    case 'bringBack':
      return (
        <Confirm title={t.bringBack} text={t.bringBackText(name)} verb={t.bringBack} act={activate} close={close} />
      );
    case 'move':
      return <Move {...props} />;
    case 'replace':
      return <Replace {...props} />;
    case 'retire':
      return (
        <Confirm
          title={t.retireTitle}
          text={t.retireText(name)}
          verb={t.retire}
          grave
          act={() => act({ state: 'retired' })}
          close={close}
        />
      );
  }
}

/** Which steps make sense in which state, the likeliest first. */
const stepsIn: Readonly<Record<Device['state'], readonly Step[]>> = {
  pending: ['approve', 'replace', 'move', 'retire'],
  active: ['move', 'replace', 'retire'],
  quarantined: ['release', 'retire'],
  retired: ['bringBack'],
};

/** Asks the device for one section, or for all it has reported so far. */
function ReportNow({ device, asked, close }: { device: Device; asked: () => void; close: () => void }): JSX.Element {
  const { t, language } = useSpeech();
  const [chosen, setChosen] = useState('');
  const known = inUsualOrder(device.sections).map(({ id }) => id);
  const act = async (): Promise<void> => {
    const body: ReportNowRequest = { sections: known.filter((id) => chosen === '' || id === chosen) };
    await change(`devices/${device.id}/report-now`, { method: 'POST', body });
    asked();
  };
  return (
    <Confirm
      title={t.reportNowTitle}
      text={t.reportNowText(device.hostname)}
      verb={t.reportNow}
      act={act}
      close={close}
    >
      <Choice
        label={t.section}
        value={chosen}
        choices={[['', t.allSections], ...known.map((id) => [id, sectionName(id, language)] as const)]}
        choose={setChosen}
      />
    </Confirm>
  );
}

interface DeviceActionsProps {
  readonly device: Device;
  /** Called with what to tell the person. */
  readonly changed: (words: string) => void;
}

export function DeviceActions({ device, changed }: DeviceActionsProps): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const [open, setOpen] = useState<Step>();
  const [asking, setAsking] = useState(false);
  const labels: Readonly<Record<Step, string>> = {
    approve: t.approve,
    release: t.approve,
    bringBack: t.bringBack,
    move: t.move,
    replace: t.replace,
    retire: t.retire,
  };
  const results: Readonly<Record<Step, string>> = {
    approve: t.approved,
    release: t.approved,
    bringBack: t.broughtBack,
    move: t.moved,
    replace: t.replaced,
    retire: t.retired,
  };
  const act = async (body: DeviceChange): Promise<void> => {
    await change(`devices/${device.id}`, { method: 'PATCH', body });
    if (open !== undefined) changed(results[open]);
  };
  const steps = mayChange ? stepsIn[device.state] : [];
  return (
    <div class="buttons actions">
      {steps.map((step) => (
        <button key={step} type="button" class={step === 'approve' ? 'main' : undefined} onClick={() => setOpen(step)}>
          {labels[step]}
        </button>
      ))}
      {mayChange && device.state === 'active' && device.sections.length > 0 ? (
        <button type="button" onClick={() => setAsking(true)}>
          {t.reportNow}
        </button>
      ) : null}
      <button type="button" onClick={() => window.print()}>
        {t.print}
      </button>
      {asking ? (
        <ReportNow device={device} asked={() => changed(t.reportNowAsked)} close={() => setAsking(false)} />
      ) : null}
      {open === undefined ? null : (
        <StepDialog step={open} device={device} act={act} close={() => setOpen(undefined)} />
      )}
    </div>
  );
}
