/** The intake of a real server without HTTP before it, for tests that hand it thousands of requests. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { ProofClaims } from '../../../agent/contract/wire.ts';
import { type DeviceRequest, freshNonce, type IngestContext } from '../../../server/ingest/device-request.ts';
import { Admission, ingestLimits } from '../../../server/ingest/limits.ts';
import { WordsCache } from '../../../server/ingest/words-cache.ts';
import { createMetrics } from '../../../server/metrics.ts';
import { Problem } from '../../../server/problem.ts';
import { DeviceStreams } from '../../../server/push/device-streams.ts';
import { localRelay } from '../../../server/push/relay.ts';
import { GroupCommit } from '../../../server/store/group-commit.ts';
import type { DeviceRow } from '../../../server/store/schema.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import { startTestServer } from '../../fakes/test-server.ts';

const endless = { burst: 1_000_000_000, perMinute: 1_000_000_000 };

export type DirectIngest = Awaited<ReturnType<typeof startDirectIngest>>;

/** A server with one enrolled device. */
export async function startDirectIngest() {
  const server = await startTestServer();
  const { db } = server.context;
  const agent = await createTestAgent(server);
  await agent.enrol();
  const streams = new DeviceStreams(localRelay());
  const context: IngestContext = {
    ...server.context,
    nonceKey: randomBytes(32),
    metrics: createMetrics(db, () => 0),
    streams,
    commits: new GroupCommit(db),
    words: new WordsCache(),
    // A hundred thousand damaged requests come from one place here.
    admission: new Admission({ ...ingestLimits, enrolments: { address: endless, token: endless } }),
  };
  const device = (): Promise<DeviceRow> =>
    db.selectFrom('devices').selectAll().where('id', '=', agent.state.deviceId).executeTakeFirstOrThrow();
  const { proof_issued_at } = await device();
  const nonce = freshNonce(context, agent.state.deviceId, proof_issued_at);
  // Newer than any this device is given meanwhile.
  const nonceIssuedAtMs = Date.now() + 86_400_000;
  let counter = 0;

  /** A request whose proof was found good. */
  const proven = async (): Promise<DeviceRequest> => {
    counter += 1;
    const claims: ProofClaims = {
      sub: 'A'.repeat(22),
      digest: 'A'.repeat(22),
      iat: Math.floor(Date.now() / 1000),
      jti: 'A'.repeat(16),
      nonce,
      ctr: counter,
    };
    return { device: await device(), claims, nonceIssuedAtMs };
  };

  /** How many rows each table has. */
  const rows = async (): Promise<Record<string, number>> => {
    const tables = await sql<{ name: string }>`select name from sqlite_schema where type = 'table'`.execute(db);
    const counted: Record<string, number> = {};
    for (const { name } of tables.rows) {
      const { rows: counts } = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db);
      counted[name] = Number(counts[0]?.n);
    }
    return counted;
  };

  return { server, agent, context, streams, device, nonce, proven, rows };
}

/** "taken", or status and code of the refusal. Throws whatever else was thrown, and refusals that blame the server. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'taken';
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return `${error.status} ${error.code}`;
  }
}
