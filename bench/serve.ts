/** One server process as `kits-server start` runs it, with a fleet in its tables; told over IPC what to publish. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { loadServerKeys } from '../server/keys.ts';
import { createServer } from '../server/server.ts';
import { openDatabase } from '../server/store/database.ts';
import { makeFleet } from './fleet.ts';

const count = Number(process.argv[2]);
const dataDir = mkdtempSync(join(tmpdir(), 'kits-bench-'));
const { nonceKey } = await loadServerKeys(dataDir, false);
const db = await openDatabase(join(dataDir, 'kits.db'));
const fleet = await makeFleet(db, nonceKey, count);
await db.destroy();
const fleetFile = join(dataDir, 'fleet.json');
writeFileSync(fleetFile, JSON.stringify(fleet));
// The log is written as in daily use, to nowhere.
const server = await createServer({ dataDir, logStream: new PassThrough().resume() });

process.on('message', (message: { publish: number } | 'cpu' | 'end') => {
  if (message === 'cpu') {
    process.send?.(process.cpuUsage());
    return;
  }
  if (message === 'end') {
    void server.close().then(() => {
      rmSync(dataDir, { recursive: true });
      process.disconnect();
    });
    return;
  }
  // One notice for every municipality, as a district-wide warning is.
  const notice = `${'h'.repeat(60)}.${'p'.repeat(message.publish)}.${'s'.repeat(86)}`;
  const at = Date.now();
  for (const municipalityId of fleet.municipalityIds) {
    server.context.push.publish({ municipalityId }, { name: 'notice', data: { notice } });
  }
  process.send?.({ publishedAt: at });
});
process.send?.({ url: server.url, fleetFile });
