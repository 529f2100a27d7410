/** `kits-server export-history` and `verify`: the evidence a database holds, without a running server. */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { oneLine } from '../../agent/contract/printable.ts';
import { type HistoryFindings, maxFaults, verdictOn, verifyHistory } from '../../agent/signing/verify-history.ts';
import { exportHistory, historyOf } from '../fleet/history-export.ts';
import { devicesIn } from '../fleet/scope.ts';
import { loadServerKeys } from '../keys.ts';
import type { Database } from '../store/database.ts';
import { type CommandInput, dataDirOf, optionOf, print, UsageError, withFleet } from './command.ts';

/** What is held does not prove what it should; the findings have been printed. */
export class EvidenceIncomplete extends Error {
  override readonly name = 'EvidenceIncomplete';
}

export async function exportHistoryCommand(input: CommandInput): Promise<void> {
  const [deviceId, file, ...more] = input.positionals;
  if (deviceId === undefined || file === undefined || more.length > 0) {
    throw new UsageError('Expected the id of a device and the name of a file.');
  }
  if (existsSync(file)) throw new UsageError(`${file} is there already and is not overwritten. Choose another name.`);
  await withFleet(input, async (context, actor) => {
    const { signingKey } = await loadServerKeys(dataDirOf(input), true);
    const { chunks } = await exportHistory({ ...context, signingKey }, actor, deviceId, (words) => input.err(words));
    const draft = `${file}.part`;
    try {
      await pipeline(Readable.from(chunks), createWriteStream(draft, { mode: 0o600 }));
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
    print(input, file, { file, deviceId });
    input.err(`Anybody can check it, without this server: kits-agent verify-chain ${file}`);
  });
}

/** Throws `EvidenceIncomplete` when something was altered or is missing without an account of it. */
export async function verifyCommand(input: CommandInput): Promise<void> {
  const only = optionOf(input, 'device');
  let incomplete = 0;
  await withFleet(input, async ({ db, now }, actor) => {
    const { signingKey } = await loadServerKeys(dataDirOf(input), true);
    let devices = devicesIn(db, actor.scope).select(['id', 'hostname', 'key_x']).orderBy('hostname').orderBy('id');
    if (only !== undefined) devices = devices.where('id', '=', only);
    const found = await devices.execute();
    if (only !== undefined && found.length === 0) throw new UsageError(`There is no device ${only}.`);
    const all = [];
    for (const device of found) {
      const damage: string[] = [];
      const chunks = historyOf(db, device, now(), signingKey, (words) => void damage.push(words));
      const proven = await verifyHistory(chunks);
      const findings = { ...proven, faults: [...damage, ...proven.faults].slice(0, maxFaults) };
      if (verdictOn(findings) !== 'complete') incomplete += 1;
      if (input.options['json'] === true)
        all.push({ hostname: device.hostname, verdict: verdictOn(findings), ...findings });
      else for (const line of inWords(device.hostname, findings)) input.out(line);
    }
    // With all devices asked for, those that are gone while their reports are not.
    const orphans = only === undefined ? await orphansIn(db) : [];
    incomplete += orphans.length;
    if (input.options['json'] === true) input.out(JSON.stringify({ devices: all, orphans }));
    else for (const id of orphans) input.out(`${id}: reports of this device are held, and the device is not.`);
    input.err(
      `${found.length} devices in ${join(dataDirOf(input), 'kits.db')}, ${incomplete} of them not proven complete.`,
    );
  });
  if (incomplete > 0) throw new EvidenceIncomplete('Not everything is proven; see above.');
}

/** Somebody has taken the device out of the database past its constraints. */
async function orphansIn(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('reports')
    .leftJoin('devices', 'devices.id', 'reports.device_id')
    .select('reports.device_id')
    .distinct()
    .where('devices.id', 'is', null)
    .execute();
  return rows.map(({ device_id }) => device_id);
}

function inWords(hostname: string, findings: HistoryFindings): string[] {
  const { deviceId, reports, epochs, gaps, faults } = findings;
  const words = { complete: 'complete', gaps: 'GAPS nobody has accounted for', broken: 'NOT GENUINE' };
  return [
    `${oneLine(hostname)} ${deviceId}: ${reports} reports in ${epochs.length} epochs, ${words[verdictOn(findings)]}`,
    ...gaps.map(
      ({ storeEpoch, from, to, missing, declared, removedUntil }) =>
        `  ${missing === 'bodies' ? 'only envelopes' : 'missing'}: ${from} to ${to} of ${storeEpoch} (${
          declared ?? (removedUntil === undefined ? 'not declared' : `removed by retention until ${removedUntil}`)
        })`,
    ),
    ...faults.map((words) => `  ${oneLine(words)}`),
  ];
}
