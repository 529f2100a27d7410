/** Arcserve UDP agent: one XML file for each job it ran, with the status in it; the time is that of the file. */
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { elementsNamed, parseXml } from '../xml.ts';
import { isDown, presenceOf } from './presence.ts';
import type { WindowsRecords } from './records.ts';

const traces = {
  service: /^CASAD2DWebSvc$/i,
  serviceName: 'CASAD2DWebSvc',
  program: /^(CA )?Arcserve (Unified Data Protection|UDP)\b/i,
};
const maxFiles = 60;
const maxBytes = 1024 * 1024;
const results: Readonly<Record<string, RunResult>> = { finished: 'success', failed: 'failed' };

export const arcserveUdp: BackupProduct = {
  id: 'arcserve-udp',
  name: 'Arcserve UDP Agent',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const history = await readHistory(context, records);
    if (!installed && history.runs.length === 0) return undefined;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: [
        {
          id: 'arcserve-udp',
          name: 'Arcserve UDP',
          writableBy: 'administrator',
          targets: [],
          runs: history.runs,
          history: history.found ? 'window' : 'unreadable',
          reasons: history.reasons,
        },
      ],
      reasons: isDown(service) ? ['service-stopped'] : [],
    };
  },
};

interface History {
  readonly found: boolean;
  readonly runs: readonly RunRecord[];
  readonly reasons: readonly BackupReason[];
}

async function readHistory({ machine, signal }: BackupContext, records: WindowsRecords): Promise<History> {
  const runs: RunRecord[] = [];
  const reasons = new Set<BackupReason>();
  let found = false;
  for (const folder of foldersOf(records)) {
    let names: string[];
    try {
      names = await machine.list(folder);
    } catch (error) {
      if (codeOf(error) !== 'not-found') reasons.add(reasonOf(error));
      continue;
    }
    found = true;
    const files = await Promise.all(
      names
        .filter((name) => /^BackupInfo.*\.xml$/i.test(name))
        .slice(-10 * maxFiles)
        .map(async (name) => ({ name, ...(await machine.stat(`${folder}\\${name}`)) })),
    );
    files.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
    for (const { name, modifiedAt } of files.slice(0, maxFiles)) {
      if (signal.aborted) break;
      try {
        const run = parseBackupInfo(await machine.readText(`${folder}\\${name}`, { maxBytes }), modifiedAt, name);
        if (run !== undefined) runs.push(run);
      } catch (error) {
        reasons.add(reasonOf(error));
      }
    }
  }
  if (!found) reasons.add('source-missing');
  return { found, runs, reasons: [...reasons] };
}

/** Undefined for a job that is no backup. Words nobody knows are `unknown`. */
export function parseBackupInfo(text: string, modifiedAt: Date, name: string): RunRecord | undefined {
  let result: RunResult = 'unknown';
  let reasons: BackupReason[] = [];
  let word: string | undefined;
  try {
    const root = parseXml(text);
    const [status] = elementsNamed(root, 'BackupStatus');
    // Resynchronisation and verification of earlier backups put nothing new into safety.
    if (/resync|verif/i.test(JSON.stringify([root.attributes, status?.attributes]))) return undefined;
    word = status?.attributes['Status'];
    result = results[word?.toLowerCase() ?? ''] ?? 'unknown';
    if (status === undefined) reasons = ['schema-unknown'];
  } catch {
    reasons = ['schema-unknown'];
  }
  return {
    endedAt: modifiedAt,
    result,
    ...(word === undefined ? {} : { code: word }),
    evidence: { kind: 1, source: 'backup history of Arcserve UDP', reference: name.slice(0, 120) },
    reasons,
  };
}

/** Where the registry says the engine lies, and where it lies by default. */
function foldersOf({ key, places }: WindowsRecords): string[] {
  const stated = ['arcserve', 'arcserveOld'].flatMap((name) => [
    key(name)?.text('InstallPath'),
    key(name)?.text('Path'),
  ]);
  const usual = places.programs.flatMap((base) => [
    `${base}\\Arcserve\\Unified Data Protection\\Engine`,
    `${base}\\CA\\Arcserve Unified Data Protection\\Engine`,
  ]);
  const roots = [...stated, ...usual].flatMap((path) =>
    path !== undefined && /^[A-Za-z]:\\/.test(path) ? [path.replace(/\\+$/, '')] : [],
  );
  const folders = new Map(roots.map((path) => [path.toLowerCase(), `${path}\\BackupHistory`]));
  return [...folders.values()];
}
