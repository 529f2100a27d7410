/** A real server, on a free port unless one is named, with a data directory of its own, one municipality and the means to enrol. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashBytes } from '../../agent/signing/canonical.ts';
import { createServer, type KitsServer, type ServerOptions } from '../../server/server.ts';
import { prepareDataDir } from './migrated-database.ts';

export interface TestServer extends KitsServer {
  readonly dataDir: string;
  readonly municipalityId: string;
  /** An enrolment token of `municipalityId` with 1,000 uses, good for 30 days. */
  readonly token: string;
  addMunicipality(name: string, options?: { approvalRequired?: boolean }): Promise<string>;
  addToken(municipalityId: string, options?: { uses?: number; expiresAt?: Date }): Promise<string>;
}

export type TestServerOptions = Partial<Omit<ServerOptions, 'host'>>;

/** `close` also removes the directory, unless it was handed in. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'kits-server-')));
  const now = options.now ?? (() => new Date());
  await prepareDataDir(dataDir);
  const server = await createServer({ logLevel: 'silent', ...options, dataDir });
  const { db } = server.context;

  const addMunicipality: TestServer['addMunicipality'] = async (name, { approvalRequired = false } = {}) => {
    const id = randomUUID();
    await db
      .insertInto('municipalities')
      .values({ id, name, approval_required: approvalRequired ? 1 : 0, created_at: now().toISOString() })
      .execute();
    return id;
  };
  const addToken: TestServer['addToken'] = async (municipalityId, { uses = 1000, expiresAt } = {}) => {
    const token = `kits-enrol-${randomUUID()}`;
    await db
      .insertInto('enrolment_tokens')
      .values({
        id: randomUUID(),
        municipality_id: municipalityId,
        secret_hash: hashBytes(token),
        created_at: now().toISOString(),
        created_by: 'test',
        expires_at: (expiresAt ?? new Date(now().getTime() + 30 * 86_400_000)).toISOString(),
        uses_left: uses,
        revoked_at: null,
      })
      .execute();
    return token;
  };

  const municipalityId = await addMunicipality('Wasungen');
  return {
    ...server,
    dataDir,
    municipalityId,
    token: await addToken(municipalityId),
    addMunicipality,
    addToken,
    close: async () => {
      await server.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
