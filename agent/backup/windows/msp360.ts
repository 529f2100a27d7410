/** MSP360 (CloudBerry): its own command lists the plans with their last result. It gives no time, so a success cannot be dated. */
import type { RunResult } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { isDown, presenceOf } from './presence.ts';

const traces = { image: /\\(MSP360|CloudBerryLab)\\/i, program: /^(MSP360|CloudBerry)\b.*\b(Backup|Agent)/i };
const results: Readonly<Record<string, RunResult>> = {
  success: 'success',
  succeeded: 'success',
  warning: 'warning',
  failed: 'failed',
  error: 'failed',
  interrupted: 'cancelled',
  running: 'running',
};
const maxPlans = 64;

export const msp360: BackupProduct = {
  id: 'msp360',
  name: 'MSP360 (CloudBerry) Backup',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const { installed, version, service } = presenceOf(await context.windows(), traces);
    // Its data folder stays after it is gone: only the program itself answers.
    if (!installed) return undefined;
    const jobs = await readPlans(context);
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: jobs ?? [],
      reasons: [
        ...(jobs === undefined ? (['source-unreadable'] as const) : []),
        ...(isDown(service) ? (['service-stopped'] as const) : []),
      ],
    };
  },
};

async function readPlans({ machine, signal }: BackupContext): Promise<JobRecord[] | undefined> {
  const outcome = await machine.run('cbb', ['plan', '-l'], { timeoutMs: 60_000, signal });
  return outcome.kind === 'exited' && outcome.exitCode === 0 ? parsePlans(outcome.stdout) : undefined;
}

/** Blocks of "Name: '…'", "ID: '…'", "Last Result: …"; a block without an id is none. Pure. */
export function parsePlans(text: string): JobRecord[] {
  const blocks = text.split(/^(?=\s*Name:)/m).slice(0, maxPlans + 1);
  return blocks.flatMap((block): JobRecord[] => {
    const value = (label: string): string | undefined =>
      new RegExp(`^\\s*${label}:\\s*'?(.*?)'?\\s*$`, 'm').exec(block)?.[1];
    const [name, id, word] = [value('Name'), value('ID'), value('Last Result')];
    if (id === undefined || id === '') return [];
    const key = word?.toLowerCase() ?? '';
    const result = (Object.hasOwn(results, key) ? results[key] : undefined) ?? 'unknown';
    return [
      {
        id,
        name: name ?? id,
        writableBy: 'administrator',
        targets: [],
        runs:
          word === undefined || word === ''
            ? []
            : [{ result, code: word, evidence: { kind: 2, source: 'cbb plan -l' } }],
        history: 'unreadable',
        reasons: ['no-readable-record'],
      },
    ];
  });
}
