/**
 * Settings of Veeam Agent as its Configurator exports them. The file can hold credentials: only what is named here is taken
 * from it, and platform/windows deletes it at once.
 */
import type { Target } from '../product.ts';
import { redactTarget } from '../redact.ts';
import { elementsNamed, parseXml, type XmlElement } from '../xml.ts';
import type { WindowsRecords } from './records.ts';
import { targetOf } from './targets.ts';

export interface VeeamSettings {
  readonly id: string;
  readonly name: string;
  /** Undefined: not said. */
  readonly enabled: boolean | undefined;
  readonly schedule: string | undefined;
  /** Runs only when somebody starts it. */
  readonly manual: boolean;
  targets(records: Pick<WindowsRecords, 'drives'>): Target[];
}

export interface VeeamExport {
  readonly jobs: readonly VeeamSettings[];
}

const nobody = /^[0{}-]*$/;

/** Undefined for what is no export of a job. */
export function parseVeeamExport(text: string): VeeamExport | undefined {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch {
    // Settings only add to what the events say.
    return undefined;
  }
  if (root.name !== 'ExecutionResult' || root.attributes['ExitCode'] !== '0') return undefined;
  const stopped = elementsNamed(root, 'ApplicationSettings').some(({ attributes }) =>
    isTrue(attributes['DisableScheduledBackups']),
  );
  const jobs = elementsNamed(root, 'JobInfo').flatMap((job): VeeamSettings[] => {
    const { ConfigId = '', JobName: name } = job.attributes;
    const id = ConfigId.replace(/[{}]/g, '').toLowerCase();
    if (name === undefined || name === '') return [];
    const [schedule] = elementsNamed(job, 'ScheduleInfo');
    const manual = isTrue(schedule?.attributes['RunManually']);
    return [
      {
        id: nobody.test(id) ? name : id,
        name,
        enabled: !stopped && !isTrue(job.attributes['IsDisabledByPolicy']),
        schedule: schedule === undefined ? undefined : scheduleOf(schedule),
        manual,
        targets: (records) => elementsNamed(job, 'TargetInfo').flatMap((target) => targetsOf(target, records)),
      },
    ];
  });
  return { jobs };
}

function scheduleOf(schedule: XmlElement): string | undefined {
  const [daily] = elementsNamed(schedule, 'DailyInfo');
  const parts = [
    daily === undefined
      ? undefined
      : [daily.attributes['Days'], daily.attributes['Time']].filter((part) => part !== undefined).join(' '),
    ...['AtStorageAttach', 'AtLock', 'AtLogOff'].filter((name) => isTrue(schedule.attributes[name])),
  ];
  const text = parts.filter((part) => part !== undefined && part !== '').join(', ');
  return text === '' ? undefined : text;
}

/** Type 1 is a local disk, 2 a share, 3 a repository of the backup server. */
function targetsOf({ attributes, children }: XmlElement, records: Pick<WindowsRecords, 'drives'>): Target[] {
  const value = (name: string): string | undefined =>
    [attributes, ...children.map((child) => child.attributes)].find((found) => found[name] !== undefined)?.[name];
  const repository = value('RemoteRepositoryName');
  if (repository !== undefined && repository !== '') {
    const name = redactTarget(`${value('ServerName') ?? ''} ${repository}`);
    return [{ kind: 'repository', ...(name === undefined ? {} : { name }) }];
  }
  return targetOf(value('Path') ?? value('LocalPath') ?? value('LocalFolder'), records);
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}
