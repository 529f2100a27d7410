/**
 * Spectrum Protect client on Windows. Services have free names: they are known by their program, and where the log of the
 * schedule lies stands in the parameters of the service. A scheduler that the acceptor starts is stopped between two runs.
 */
import type { BackupContext, BackupProduct } from '../product.ts';
import { readScheduleLog, scheduleFinding, scheduleOptions } from '../products/spectrum-protect.ts';
import { presenceOf } from './presence.ts';
import type { WindowsRecords } from './records.ts';

const traces = {
  image: /\\(dsmcsvc|dsmcad)\.exe$/i,
  program: /^IBM (Spectrum|Storage) Protect Client|^IBM Tivoli Storage Manager Client/i,
  onDemand: true,
} as const;
const maxOptionsBytes = 256 * 1024;

export const spectrumProtectWindows: BackupProduct = {
  id: 'spectrum-protect',
  name: 'IBM Spectrum Protect',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const folders = records.places.programs.map((base) => `${base}\\Tivoli\\TSM\\baclient`);
    const log = await readScheduleLog(context, logsOf(records, folders));
    if (!installed && log.reason === 'source-missing') return undefined;
    const running = (records.services ?? []).some(
      ({ image, state }) => traces.image.test(image) && state === 'running',
    );
    const server = await readServer(context, folders);
    const finding = scheduleFinding(log, {
      remembered: context.rememberedJobs('spectrum-protect'),
      schedulerRuns: running,
      ...(server === undefined ? {} : { server }),
    });
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      ...finding,
      reasons: [
        ...(finding.reasons ?? []),
        ...(service !== undefined && !running ? (['service-stopped'] as const) : []),
      ],
    };
  },
};

function logsOf({ services }: WindowsRecords, folders: readonly string[]): string[] {
  const stated = (services ?? []).flatMap(({ image, scheduleLog }) =>
    traces.image.test(image) && scheduleLog !== undefined && /^[A-Za-z]:\\/.test(scheduleLog) ? [scheduleLog] : [],
  );
  return [...stated, ...folders.map((folder) => `${folder}\\dsmsched.log`)];
}

/** Only the name of the server is taken from the options. */
async function readServer({ machine }: BackupContext, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    try {
      const { server } = scheduleOptions(await machine.readText(`${folder}\\dsm.opt`, { maxBytes: maxOptionsBytes }));
      if (server !== undefined) return server;
    } catch {
      // Without it only the name of the target is unknown.
    }
  }
  return undefined;
}
