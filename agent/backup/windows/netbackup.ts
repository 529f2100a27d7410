/** NetBackup client on Windows: the same question to the master server as on Linux, asked by the program in its usual place. */
import type { BackupProduct } from '../product.ts';
import { imageJob } from '../products/netbackup.ts';
import { isDown, presenceOf } from './presence.ts';

const listTimeoutMs = 30_000;
const traces = {
  service: /^NetBackup (Legacy )?Client Service$/i,
  serviceName: 'NetBackup Client Service',
  program: /^(Veritas|Symantec|Cohesity) NetBackup\b/i,
};

export const netbackupWindows: BackupProduct = {
  id: 'netbackup',
  name: 'NetBackup',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const { machine, signal } = context;
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    if (!installed) return undefined;
    const known = records.key('netbackup')?.text('VERSION') ?? version;
    const outcome = await machine.run('bpclimagelist', [], { timeoutMs: listTimeoutMs, signal });
    return {
      ...(known === undefined ? {} : { version: known }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: [imageJob(outcome.kind === 'exited' ? `${outcome.stdout}\n${outcome.stderr}` : undefined)],
      reasons: isDown(service) ? ['service-stopped'] : [],
    };
  },
};
