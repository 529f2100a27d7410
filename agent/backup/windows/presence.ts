/** Whether a product is on this PC: its service, or its entry in the list of programs. Data left behind is no presence. */
import { CollectError } from '../../collectors/collector.ts';
import type { Service } from '../product.ts';
import type { WindowsRecords } from './records.ts';

export interface Traces {
  /** Name of the service that makes the backups; another one of the product proves only that it is there. */
  readonly service?: RegExp;
  /** Path of the program of a service, for products whose services have free names. */
  readonly image?: RegExp;
  /** Name in the list of programs. */
  readonly program?: RegExp;
  /** The service starts only for a run. */
  readonly onDemand?: true;
  /** How the service is called where it is missing. */
  readonly serviceName?: string;
}

export interface Presence {
  readonly installed: boolean;
  readonly version: string | undefined;
  readonly service: Service | undefined;
}

/** Throws `CollectError` where neither services nor programs could be read: absence would be a guess. */
export function presenceOf(
  { services, programs }: Pick<WindowsRecords, 'services' | 'programs'>,
  traces: Traces,
): Presence {
  if (services === undefined && programs === undefined) {
    throw new CollectError('unreadable', 'neither services nor programs can be read');
  }
  const own = services?.filter(
    ({ name, image }) => traces.service?.test(name) === true || (image !== '' && traces.image?.test(image) === true),
  );
  const [first] = own ?? [];
  const program = programs?.find(({ name }) => traces.program?.test(name) === true);
  const installed = first !== undefined || program !== undefined;
  return {
    installed,
    version: program?.version,
    service: installed ? serviceOf(first, services === undefined, traces) : undefined,
  };
}

function serviceOf(
  found: NonNullable<WindowsRecords['services']>[number] | undefined,
  unreadable: boolean,
  { serviceName, onDemand }: Traces,
): Service | undefined {
  if (found !== undefined) return { name: found.name, state: found.state, onDemand: onDemand === true };
  if (serviceName === undefined) return undefined;
  return { name: serviceName, state: unreadable ? 'unknown' : 'missing', onDemand: onDemand === true };
}

/** The service that makes the backups does not run and will not start by itself. */
export function isDown(service: Service | undefined): boolean {
  return service !== undefined && !service.onDemand && (service.state === 'stopped' || service.state === 'disabled');
}
