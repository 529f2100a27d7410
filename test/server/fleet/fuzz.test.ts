/** What staff, scripts and backup servers send, damaged: refused in words or read within its bounds, never by a fault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import type { Trust } from '../../../agent/contract/keys.ts';
import { jwsTypes, maxWords } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import {
  backupQuery,
  controlDeviceQuery,
  deviceQuery,
  deviceRecord,
  exceptionQuery,
  maxEvidence,
  pageQuery,
} from '../../../server/api/contract.ts';
import { patchDeviceQuery, patchQuery } from '../../../server/api/patch-contract.ts';
import { policyQuery } from '../../../server/api/policy-contract.ts';
import { UsageError } from '../../../server/commands/command.ts';
import { readDraft } from '../../../server/commands/notices.ts';
import { listAudit } from '../../../server/fleet/audit-list.ts';
import { listBackups } from '../../../server/fleet/backup-list.ts';
import { listControlDevices } from '../../../server/fleet/control-list.ts';
import { listDevices } from '../../../server/fleet/device-list.ts';
import { listHistory } from '../../../server/fleet/devices.ts';
import { type Read, readJsonWords, readTextWords } from '../../../server/fleet/evidence-words.ts';
import { listExceptions } from '../../../server/fleet/exceptions.ts';
import { listPatchDevices, listPatches } from '../../../server/fleet/patch-list.ts';
import { listPolicies } from '../../../server/fleet/policy-list.ts';
import { readRecordLines } from '../../../server/fleet/record-csv.ts';
import { importRecords } from '../../../server/fleet/record-import.ts';
import { Refusal } from '../../../server/fleet/refusal.ts';
import { type Actor, everything } from '../../../server/fleet/scope.ts';
import { listSoftwareChanges } from '../../../server/fleet/software-changes.ts';
import { publishNotice } from '../../../server/notices/publish.ts';
import { type Authority, authority } from '../../agent/signing/authority.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import {
  damagedBytes,
  damagedJson,
  damagedJws,
  damagedText,
  damagedValue,
  fuzz,
  fuzzTime,
} from '../../fixtures/mutations.ts';
import { fc } from '../../fixtures/properties.ts';

const now = new Date('2026-11-25T10:00:00Z');
const actor: Actor = { name: 'test', scope: everything };
let server: TestServer;
let agent: TestAgent;
let kits: Authority;
beforeAll(async () => {
  server = await startTestServer({ now: () => now });
  agent = await createTestAgent({ ...server, hostname: 'pc-01' });
  await agent.enrol();
  kits = await authority();
});
afterAll(() => server.close());

/** Undefined when it was refused; throws whatever else was thrown. */
async function unlessRefused<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Refusal || error instanceof UsageError) return undefined;
    throw error;
  }
}

const evidence = [
  { device: 'pc-01', newest: '2026-11-24T03:00:00Z', count: 14, bytes: 123_456, source: 'restic' },
  { device: 'pc-02', newest: 1_795_000_000 },
];
const line = 'pc-01\t2026-11-24T03:00:00+01:00\t14\t123456\trestic\n# note\npc-02\t1795000000\n';

function expectBounded(words: readonly Read[]): void {
  expect(words.length).toBeLessThanOrEqual(maxEvidence);
  for (const word of words) {
    if ('code' in word) {
      expect(word.device?.length ?? 1).toBeLessThanOrEqual(253);
      continue;
    }
    expect(Date.parse(word.newestAt)).toBeLessThanOrEqual(now.getTime() + 600_000);
    expect(Date.parse(word.newestAt)).toBeGreaterThanOrEqual(Date.UTC(1995, 0, 1));
    expect(word.device.length + word.source.length).toBeLessThanOrEqual(253 + 160);
    for (const number of [word.count ?? 0, word.bytes ?? 0])
      expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
  }
}

test('words of a backup server as JSON', fuzzTime, async () => {
  expectBounded(readJsonWords(evidence, now));
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  await fuzz(damagedJson(evidence), async (text) => {
    expectBounded((await unlessRefused(() => readJsonWords(parse(text), now))) ?? []);
  });
});

test('words of a backup server as lines', fuzzTime, async () => {
  expect(readTextWords(line, now)).toHaveLength(2);
  await fuzz(damagedText, async (change) => {
    expectBounded((await unlessRefused(() => readTextWords(change(line), now))) ?? []);
  });
});

const csv = Buffer.from(
  '\uFEFFhostname;inventoryNumber;location;office;note\r\npc-01;4711;"Rathaus; Zimmer 7";Kämmerei;"zwei\nZeilen"\r\npc-02;;;;\r\n',
);

test('a CSV file of records', fuzzTime, async () => {
  const count = () => server.context.db.selectFrom('devices').select(['id']).execute();
  const before = await count();
  const read = (bytes: Uint8Array) =>
    unlessRefused(() => importRecords(server.context, actor, bytes, { language: 'de' }));
  expect(await read(csv)).toMatchObject({ updated: 1, refused: [{ line: 4 }] });
  await fuzz(damagedBytes, async (change) => {
    await unlessRefused(() => readRecordLines(change(csv)));
  });
  // Stored as well; what was stored fits the record again.
  await fuzz(
    damagedBytes,
    async (change) => {
      await read(change(csv));
      const row = await server.context.db.selectFrom('devices').selectAll().executeTakeFirstOrThrow();
      deviceRecord.parse({
        inventoryNumber: row.inventory_number,
        location: row.location,
        office: row.office,
        note: row.note,
      });
    },
    0.1,
  );
  expect(await count()).toEqual(before);
});

const id = '0f4ad3d0-7a2b-4f6e-9a10-6e1f0c7a51b2';
const instantPlace = ['2026-11-25T10:00:00.000Z', id];
/** Each list with its query and a place in it that could be a page's end. */
const lists: readonly (readonly [string, z.ZodType, unknown[], (query: never) => Promise<unknown>])[] = [
  ['devices', deviceQuery, ['hostname', 'asc', 'pc-01', id], (query) => listDevices(server.context, everything, query)],
  ['audit', pageQuery, [7], (query) => listAudit(server.context, everything, query)],
  ['backups', backupQuery, [3, 'pc-01', id], (query) => listBackups(server.context, everything, query)],
  ['exceptions', exceptionQuery, instantPlace, (query) => listExceptions(server.context, everything, query)],
  ['updates', patchQuery, [0, 3, '2026-11-01', 'openssl'], (query) => listPatches(server.context, everything, query)],
  [
    'devices of an update',
    patchDeviceQuery,
    ['2026-11-01', id],
    (query) => listPatchDevices(server.context, everything, query),
  ],
  [
    'policies',
    policyQuery,
    ['2026-11-25T10:00:00.000Z', 'device', id],
    (query) => listPolicies(server.context, everything, query),
  ],
  [
    'devices of a control',
    controlDeviceQuery,
    ['pc-01', id],
    (query) => listControlDevices(server.context, everything, 'OPS.1.1.3.A15', query),
  ],
  ['reports', pageQuery, instantPlace, (query) => listHistory(server.context, everything, agent.state.deviceId, query)],
  ['software', pageQuery, [7], (query) => listSoftwareChanges(server.context, everything, agent.state.deviceId, query)],
];

test.each(lists)('the query and the cursor of the list of %s', fuzzTime, async (_name, schema, place, list) => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64url');
  const query = {
    cursor: encoded(JSON.stringify(place)),
    limit: '50',
    municipality: id,
    search: 'pc 1',
    update: 'openssl',
  };
  const read = async (asked: unknown) => {
    const parsed = schema.safeParse(asked);
    return parsed.success ? unlessRefused(() => list(parsed.data as never)) : undefined;
  };
  const cursors = fc.oneof(
    damagedJson(place).map(encoded),
    damagedText.map((change) => change(query.cursor)),
  );
  await fuzz(cursors, async (cursor) => void (await read({ ...query, cursor })), 0.7);
  // From an address everything comes as text, or as a list of texts.
  await fuzz(damagedValue<object>(query), async (changed) => void (await read(changed)), 0.3);
});

test('the file of a notice: a draft', fuzzTime, async () => {
  const { id: _id, issuedAt: _at, ...draft } = kits.noticeOf();
  expect(readDraft('FILE', JSON.stringify(draft), undefined).title).toEqual(draft.title);
  await fuzz(damagedJson(draft), async (text) => {
    const read = await unlessRefused(() => readDraft('FILE', text, undefined));
    // What is signed can be read by those it is for.
    if (read !== undefined) await signJws(jwsTypes.notice, read, kits.notice);
  });
});

test('the file of a notice: signed elsewhere', fuzzTime, async () => {
  const { db } = server.context;
  const words = kits.noticeOf({ audience: { municipality: server.municipalityId } });
  const trust: Pick<Trust, 'keys'> = kits.trust;
  const publish = (jws: string) => unlessRefused(() => publishNotice({ db, now: () => now }, actor, jws, trust));
  const stored = () => db.selectFrom('notices').select('jws').execute();
  const jws = await signJws(jwsTypes.notice, words, kits.notice);
  expect(jws.length).toBeLessThan(maxWords.notice);
  await fuzz(damagedJws(jws), async (changed) => expect(await publish(changed)).toBeUndefined(), 0.7);
  expect(await stored()).toEqual([]);
  await fuzz(
    damagedValue(words),
    async (changed) => {
      const published = await publish(await signJws(jwsTypes.notice, changed, kits.notice));
      if (published !== undefined) expect(published.audience).toEqual(words.audience);
    },
    0.3,
  );
});
