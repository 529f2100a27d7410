/** Whether a restart is due, from reasons of different weight; file replacements alone never make it so. */
import { z } from 'zod';
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import type { CollectContext } from '../collector.ts';
import { registryKey, type WindowsDocument } from './document.ts';
import { flag, time, whole } from './values.ts';

type Restart = PatchesFacts['restart'];
type Reason = Restart['reasons'][number];

const presence = z.object({
  state: z.enum(['ok', 'absent', 'denied', 'unreadable']),
  subkeyCount: whole,
});

const restartSchema = z.object({
  rebootPending: presence,
  rebootInProgress: presence,
  packagesPending: presence,
  servicing: registryKey,
  rebootRequired: presence,
  servicesPending: presence,
  activeName: registryKey,
  nextName: registryKey,
  domainJoin: z.object({ state: presence.shape.state, pending: flag }),
  intune: presence,
  updateExeVolatile: registryKey,
  fileReplacements: z.object({ state: presence.shape.state, count: whole, inWindows: whole }),
});

const configurationManager = z.object({ present: flag, returnValue: whole, hard: flag, pending: flag });

/** `ServicingInProgress` of the component store: 1 waits for a restart, 2 works right now. */
const servicingWaits = 1;

/** What else knows about a restart, from other parts of the round. */
export interface OtherSignals {
  readonly updateAgent: boolean | undefined;
  readonly updatesWaiting: boolean;
  readonly antivirus: boolean | undefined;
}

/** `required` is absent when a strong signal could not be read and no other says yes. */
export function readRestart(
  document: WindowsDocument,
  signals: OtherSignals,
  { problem }: Pick<CollectContext, 'problem'>,
): Restart {
  const reasons: Reason[] = [];
  // A strong signal that could not be read leaves the question open unless another one answers it with yes.
  let open = false;
  const strong = (state: boolean | undefined, code: Reason['code'], detail: string): void => {
    if (state === undefined) open = true;
    else if (state) reasons.push({ code, strength: 'strong', detail });
  };
  const read = document.read('restart', restartSchema);
  if (read.kind === 'read') {
    const { data } = read;
    strong(exists(data.rebootPending), 'servicing', 'RebootPending');
    strong(exists(data.rebootRequired), 'update-agent', 'RebootRequired');
    strong(nameChanged(data.activeName, data.nextName), 'rename', 'ComputerName');
    strong(data.domainJoin.state === 'denied' ? undefined : data.domainJoin.pending, 'domain-join', 'Netlogon');
    const medium = (code: Reason['code'], detail: string, found: boolean): void => {
      if (found) reasons.push({ code, strength: 'medium', detail });
    };
    medium('servicing', 'RebootInProgress', exists(data.rebootInProgress) === true);
    medium('servicing', 'PackagesPending', exists(data.packagesPending) === true);
    medium('servicing', 'ServicingInProgress', data.servicing.number('ServicingInProgress') === servicingWaits);
    medium('update-agent', 'Services\\Pending', (data.servicesPending.subkeyCount ?? 0) > 0);
    medium('intune', 'RebootFlag', exists(data.intune) === true);
    const weak = (detail: string): void => {
      reasons.push({ code: 'file-replacements', strength: 'weak', detail });
    };
    const { count = 0, inWindows = 0 } = data.fileReplacements;
    if (count > 0) weak(`${count} files, ${inWindows} of Windows`);
    if ((data.updateExeVolatile.number('UpdateExeVolatile') ?? 0) !== 0) weak('UpdateExeVolatile');
  } else {
    open = true;
    if (read.kind === 'absent') problem('unreadable', 'restart: the registry was not there');
  }
  const manager = document.read('configurationManager', configurationManager);
  if (manager.kind === 'read' && manager.data.present === true) {
    const { returnValue, hard, pending } = manager.data;
    const answered = returnValue === 0 && (hard !== undefined || pending !== undefined);
    strong(
      answered ? hard === true || pending === true : undefined,
      'configuration-manager',
      'DetermineIfRebootPending',
    );
  }
  if (signals.updateAgent === true || signals.updatesWaiting)
    reasons.push({ code: 'update-agent', strength: 'strong', detail: 'Windows Update' });
  if (signals.antivirus === true) reasons.push({ code: 'antivirus', strength: 'medium' });
  const required = reasons.some(({ strength }) => strength === 'strong') ? true : open ? undefined : false;
  return { ...(required === undefined ? {} : { required }), reasons };
}

function exists({ state }: z.output<typeof presence>): boolean | undefined {
  return state === 'ok' ? true : state === 'absent' ? false : undefined;
}

function nameChanged(active: z.output<typeof registryKey>, next: z.output<typeof registryKey>): boolean | undefined {
  const [now, then] = [active.text('ComputerName'), next.text('ComputerName')];
  return now === undefined || then === undefined ? undefined : now.toLowerCase() !== then.toLowerCase();
}

/** Last real start, milliseconds since 1970. A shutdown with Fast Startup does not count, and ends no wait for a restart either. */
export function readLastBoot(document: WindowsDocument): number | undefined {
  const read = document.read('system', z.object({ lastBootAt: time }), { quiet: true });
  return read.kind === 'read' ? read.data.lastBootAt : undefined;
}
