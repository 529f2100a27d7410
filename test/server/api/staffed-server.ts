/** A real server on loopback with two municipalities and staff of each role; devices are put straight into its tables. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insertable } from 'kysely';
import type { Role } from '../../../server/api/contract.ts';
import type { ServerContext } from '../../../server/context.ts';
import { createMunicipality } from '../../../server/fleet/municipalities.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { searchTextOf } from '../../../server/fleet/search-text.ts';
import { createServer } from '../../../server/server.ts';
import { createApiToken } from '../../../server/staff/api-tokens.ts';
import { createSignInLink, createUser } from '../../../server/staff/users.ts';
import type { DeviceTable } from '../../../server/store/schema.ts';
import { prepareDataDir } from '../../fakes/migrated-database.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the body is what the test is about to look into
  readonly body: any;
}

export interface Client {
  readonly get: (path: string) => Promise<Answer>;
  /** An object goes as JSON, a string or bytes as CSV. */
  readonly send: (method: string, path: string, body?: object | string) => Promise<Answer>;
  readonly cookie: string;
  readonly csrfToken: string;
}

export const startOfTime = Date.parse('2026-11-24T09:00:00Z');

export async function startStaffedServer() {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-api-'));
  let time = startOfTime;
  const now = () => new Date(time);
  await prepareDataDir(dataDir);
  const server = await createServer({ dataDir, now, logLevel: 'silent' });
  const { context } = server;
  const cli = { name: 'cli:test', scope: everything };
  const wasungen = (await createMunicipality(context, cli, { name: 'Wasungen', approvalRequired: false })).id;
  const grabfeld = (await createMunicipality(context, cli, { name: 'Grabfeld', approvalRequired: false })).id;

  async function call(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${server.url}/api/v1/${path}`, init);
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  }

  function clientWith(headers: Record<string, string>, cookie: string, csrfToken: string): Client {
    const send: Client['send'] = (method, path, body) => {
      const csv = typeof body === 'string' || body instanceof Uint8Array;
      const type: Record<string, string> =
        body === undefined ? {} : { 'content-type': csv ? 'text/csv' : 'application/json' };
      const payload =
        body === undefined ? null : csv ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body);
      return call(path, { method, headers: { ...headers, ...type }, body: payload });
    };
    return { get: (path) => call(path, { headers }), send, cookie, csrfToken };
  }

  return {
    server,
    context,
    wasungen,
    grabfeld,
    advance: (seconds: number) => {
      time += seconds * 1000;
    },
    call,
    anonymous: clientWith({}, '', ''),
    /** With the cookie of a browser and, unless told otherwise, the token of the console. */
    withCookie: (cookie: string, csrfToken: string) =>
      clientWith({ cookie, ...(csrfToken === '' ? {} : { 'x-csrf-token': csrfToken }) }, cookie, csrfToken),
    async link(name: string, minutes?: number): Promise<string> {
      return (await createSignInLink(context, cli.name, name, minutes)).secret;
    },
    async user(name: string, role: Role, ...municipalityIds: string[]): Promise<string> {
      return createUser(context, cli.name, { name, role, municipalityIds });
    },
    /** Makes the member of staff and signs in by link. */
    async staff(name: string, role: Role, ...municipalityIds: string[]): Promise<Client> {
      await createUser(context, cli.name, { name, role, municipalityIds });
      return this.signIn(name);
    },
    async signIn(name: string): Promise<Client> {
      const answer = await call('session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ link: await this.link(name) }),
      });
      const cookie = cookieIn(answer);
      return this.withCookie(cookie, answer.body.csrfToken);
    },
    async script(role: Role, municipalityId?: string): Promise<{ readonly id: string; readonly client: Client }> {
      const { id, token } = await createApiToken(context, cli.name, { role, municipalityId });
      return { id, client: clientWith({ authorization: `Bearer ${token}` }, '', '') };
    },
    async close(): Promise<void> {
      await server.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

export type StaffedServer = Awaited<ReturnType<typeof startStaffedServer>>;

/** `name=value` of the cookie that an answer sets. */
export function cookieIn(answer: Answer): string {
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

type NewDevice = Insertable<DeviceTable>;

/** A plausible active device; what matters to a test is handed in. */
export function deviceRow(municipalityId: string, values: Partial<NewDevice> = {}): NewDevice {
  const id = values.id ?? randomUUID();
  const row: NewDevice = {
    id,
    municipality_id: municipalityId,
    key_thumbprint: id,
    key_x: id,
    hostname: 'pc-01',
    platform: 'linux',
    agent_version: '0.1.0',
    state: 'active',
    enrolled_at: new Date(startOfTime - 86_400_000).toISOString(),
    last_heard_at: new Date(startOfTime - 60_000).toISOString(),
    clock_offset_seconds: 0,
    store_epoch: randomUUID(),
    acknowledged_sequence: 1,
    fingerprint: '{}',
    proof_issued_at: 0,
    proof_counter: 0,
    light: 'ok',
    light_rank: 3,
    worst_rule: null,
    worst_verdict: null,
    worst_reason: null,
    inventory_number: null,
    location: null,
    office: null,
    note: null,
    os_name: 'Debian GNU/Linux 13 (trixie)',
    model: 'Dell OptiPlex 7010',
    serial_number: null,
    search_text: '',
    replaced_by: null,
    ...values,
  };
  return { ...row, search_text: searchTextOf({ serial_number: null, ...row } as Parameters<typeof searchTextOf>[0]) };
}

/** Returns the id. */
export async function addDevice(
  { db }: Pick<ServerContext, 'db'>,
  municipalityId: string,
  values: Partial<NewDevice> = {},
): Promise<string> {
  const row = deviceRow(municipalityId, values);
  await db.insertInto('devices').values(row).execute();
  return row.id;
}

export async function auditOf({ db }: Pick<ServerContext, 'db'>, action: string) {
  return db.selectFrom('audit').selectAll().where('action', '=', action).orderBy('id').execute();
}
