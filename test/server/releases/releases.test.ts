/** Releases on the server: taken in only whole and signed, offered to those who are meant, handed to devices that prove themselves. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReleaseManifest, releasePath, type UpdateRing } from '../../../agent/contract/release.ts';
import { jwsTypes, proofHeader } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { spanOf } from '../../../server/releases/byte-range.ts';
import { offered, offerFor, shareOf } from '../../../server/releases/offer.ts';
import { publishRelease, rollOut } from '../../../server/releases/publish.ts';
import { searchStandIn, standInMark } from '../../../server/releases/stand-in.ts';
import type { ReleaseRow } from '../../../server/store/schema.ts';
import { hashOf } from '../../agent/update/town.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

const content = Buffer.from('0123456789'.repeat(100));
const standIn = Buffer.from(`MZ${'.'.repeat(1000)}${standInMark}: not for publishing.`);
const actor = { name: 'test', scope: everything };
let server: TestServer;
let other: string;

beforeAll(async () => {
  server = await startTestServer();
  other = await server.addMunicipality('Fambach');
});
afterAll(() => server.close());

async function sign(change: Partial<ReleaseManifest> = {}): Promise<string> {
  const manifest: ReleaseManifest = {
    product: 'kits-agent',
    version: '7.0.0',
    platform: 'linux',
    sha256: hashOf(content),
    size: content.byteLength,
    fileName: 'kits-agent-setup',
    minimumVersion: '0.0.0',
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    sequence: 1,
    ...change,
  };
  return signJws(jwsTypes.release, manifest, await generateKey(), { embedKey: true });
}

async function publish(change: Partial<ReleaseManifest> = {}, bytes = content): Promise<ReleaseManifest> {
  const file = join(server.dataDir, 'upload');
  writeFileSync(file, bytes);
  const jws = await sign(change);
  return (await publishRelease(server.context, actor, { dataDir: server.dataDir, jws, file })).manifest;
}

async function enrolled(): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token: server.token });
  await agent.enrol();
  await agent.checkIn();
  return agent;
}

async function fetchRelease(
  agent: TestAgent,
  headers: Record<string, string> = {},
  path = releasePath(hashOf(content)),
): Promise<Response> {
  const { proof } = await agent.proofFor(path, new Uint8Array(), { method: 'GET' });
  return fetch(server.url + path, { headers: { ...headers, [proofHeader]: proof }, redirect: 'manual' });
}

describe('taking in', () => {
  test.each([
    ['a file of another size', {}, content.subarray(1), 'is not the file of the manifest'],
    ['a file with other bytes', {}, Buffer.alloc(content.byteLength), 'is not the file of the manifest'],
    ['a manifest that has run out', { expiresAt: '2020-01-01T00:00:00.000Z' }, content, 'was good until'],
    [
      'an installer that holds a stand-in',
      { sha256: hashOf(standIn), size: standIn.byteLength },
      standIn,
      'must not reach a PC',
    ],
  ])('%s is refused and leaves nothing', async (_name, change, bytes, words) => {
    await expect(publish({ sequence: 500, ...change }, bytes)).rejects.toThrow(words);
    const folder = join(server.dataDir, 'releases');
    expect(existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.draft')) : []).toEqual([]);
    expect(await server.context.db.selectFrom('releases').selectAll().where('sequence', '=', 500).execute()).toEqual(
      [],
    );
  });

  test('a stand-in is known by its name, and by a mark wherever the file is cut', () => {
    expect(searchStandIn('kits-agent-0.1.0-stand-in-setup.exe').objection()).toContain('must not reach a PC');
    for (let cut = 0; cut <= standIn.byteLength; cut += 1) {
      const search = searchStandIn('setup.exe');
      search.look(standIn.subarray(0, cut));
      search.look(standIn.subarray(cut));
      expect(search.objection(), String(cut)).toContain('must not reach a PC');
    }
    const search = searchStandIn('setup.exe');
    for (const byte of content) search.look(Buffer.of(byte));
    expect(search.objection()).toBeUndefined();
  });

  test('a number that is taken stays whose it is', async () => {
    await publish({ sequence: 501 });
    await expect(publish({ sequence: 501, version: '8.0.0' })).rejects.toThrow('Sign it with a higher one');
  });
});

describe('the offer', () => {
  const device = (id = randomUUID(), municipality_id = server.municipalityId) => ({
    id,
    platform: 'linux' as const,
    municipality_id,
  });
  const asked = { version: '1.0.0', ring: 'regular' as const, now: new Date() };

  test('is made to nobody before it is rolled out, and by share, municipality and ring afterwards', async () => {
    const { db } = server.context;
    await publish({ sequence: 10 });
    const near = device();
    const far = device(randomUUID(), other);
    const offeredTo = async (to: typeof near, change = {}) =>
      (await offerFor(db, to, { ...asked, ...change }))?.sequence;
    expect(await offeredTo(near)).toBeUndefined();
    await rollOut(server.context, actor, {
      sequence: 10,
      percent: 100,
      municipalityId: server.municipalityId,
      ring: 'early',
    });
    expect([
      await offeredTo(near),
      await offeredTo(near, { ring: 'early' }),
      await offeredTo(far, { ring: 'early' }),
    ]).toEqual([undefined, 10, undefined]);
    await rollOut(server.context, actor, { sequence: 10, percent: 100 });
    expect([await offeredTo(near), await offeredTo(far)]).toEqual([10, 10]);
    // What was said of one municipality counts before what was said of all.
    await rollOut(server.context, actor, { sequence: 10, percent: 0, municipalityId: other });
    expect([await offeredTo(near), await offeredTo(far)]).toEqual([10, undefined]);
    expect(await offeredTo(near, { version: '7.0.0' })).toBeUndefined();
    expect(await offeredTo(near, { version: 'nonsense' })).toBeUndefined();
    expect(await offeredTo({ ...near, platform: 'win32' as never })).toBeUndefined();
  });

  test.each<[string, [municipality: string, ring: '' | UpdateRing, percent: number][], number | undefined]>([
    ['nothing', [], undefined],
    ['all', [['', '', 100]], 10],
    ['another municipality', [['other', '', 100]], undefined],
    [
      'its municipality',
      [
        ['here', '', 100],
        ['', '', 0],
      ],
      10,
    ],
    [
      'its municipality, against all of its ring',
      [
        ['', 'early', 0],
        ['here', '', 100],
      ],
      10,
    ],
    [
      'its ring',
      [
        ['', 'early', 100],
        ['', '', 0],
      ],
      10,
    ],
    [
      'all, against its ring',
      [
        ['', '', 100],
        ['', 'early', 0],
      ],
      undefined,
    ],
    ['another ring', [['', 'late', 100]], undefined],
    [
      'another ring of its municipality',
      [
        ['here', 'late', 100],
        ['', '', 0],
      ],
      undefined,
    ],
    [
      'its ring in its municipality',
      [
        ['here', '', 0],
        ['', 'early', 0],
        ['here', 'early', 100],
      ],
      10,
    ],
  ])('the most exact word on it counts, in whatever order: %s', (_name, said, expected) => {
    const release = { sequence: 10, version: '1.1.0', minimum_version: '1.0.0' } as ReleaseRow;
    const rollouts = said.map(([municipality_id, ring, percent]) => ({ sequence: 10, municipality_id, ring, percent }));
    const elsewhere = { sequence: 9, municipality_id: 'here', ring: 'early' as const, percent: expected ? 0 : 100 };
    for (const order of [rollouts, rollouts.toReversed()]) {
      const on = { releases: [release], rollouts: [elsewhere, ...order] };
      const to = device('0b9f8f1e-8a75-4c1c-9d3e-1f2a3b4c5d6e', 'here');
      expect(offered(on, to, { version: '1.0.0', ring: 'early' })?.sequence).toBe(expected);
    }
  });

  test.each([
    ['0.9.9', undefined],
    ['1.0.0', 10],
    ['1.0.9', 10],
    ['1.1.0', undefined],
  ])('from the oldest version that takes the step to the one before it: %s', (version, expected) => {
    const release = { sequence: 10, version: '1.1.0', minimum_version: '1.0.0' } as ReleaseRow;
    const rollouts = [{ sequence: 10, municipality_id: '', ring: '' as const, percent: 100 }];
    expect(offered({ releases: [release], rollouts }, device(), { version, ring: 'late' })?.sequence).toBe(expected);
  });

  test('a tenth of the devices is about a tenth, and the same ones at a half', () => {
    const shares = Array.from({ length: 2000 }, (_, index) => shareOf(`device-${index}`, 3));
    const tenth = shares.filter((share) => share < 10).length;
    expect(tenth).toBeGreaterThan(140);
    expect(tenth).toBeLessThan(260);
    expect(shares.every((share) => share >= 0 && share < 100)).toBe(true);
  });

  test('comes with the check-in of a device that updates itself, and with no other', async () => {
    await rollOut(server.context, actor, { sequence: 10, percent: 100 });
    const agent = await enrolled();
    expect((await agent.checkIn()).answer?.release).toBeUndefined();
  });
});

describe('the file', () => {
  beforeAll(() => publish({ sequence: 20 }));

  test('in full, and from a place on', async () => {
    const agent = await enrolled();
    const whole = await fetchRelease(agent);
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
    const etag = whole.headers.get('etag') ?? '';
    const rest = await fetchRelease(agent, { range: 'bytes=990-', 'if-range': etag });
    expect([rest.status, rest.headers.get('content-range'), await rest.text()]).toEqual([
      206,
      'bytes 990-999/1000',
      '0123456789',
    ]);
    const another = await fetchRelease(agent, { range: 'bytes=990-', 'if-range': '"another"' });
    expect([another.status, (await another.text()).length]).toEqual([200, 1000]);
    expect((await fetchRelease(agent, { range: 'bytes=1000-' })).status).toBe(416);
  });

  test('not without a proof, not with one for another path, not for a device that is not active', async () => {
    expect((await fetch(server.url + releasePath(hashOf(content)))).status).toBe(401);
    const agent = await enrolled();
    const { proof } = await agent.proofFor(releasePath('0'.repeat(64)), new Uint8Array(), { method: 'GET' });
    const moved = await fetch(server.url + releasePath(hashOf(content)), { headers: { [proofHeader]: proof } });
    expect(moved.status).toBe(401);
    await server.context.db
      .updateTable('devices')
      .set({ state: 'quarantined' })
      .where('id', '=', agent.state.deviceId)
      .execute();
    expect((await fetchRelease(agent)).status).toBe(403);
  });

  test('nothing else of the data directory', async () => {
    const agent = await enrolled();
    for (const path of [
      `/agent/v1/releases/${'f'.repeat(64)}`,
      '/agent/v1/releases/..%2fkits.db',
      '/agent/v1/releases/',
    ]) {
      expect([401, 404]).toContain((await fetchRelease(agent, {}, path)).status);
    }
  });

  test('not without end: a device that asks again and again waits', async () => {
    const agent = await enrolled();
    const answers: number[] = [];
    for (let turn = 0; turn < 25; turn += 1) {
      const response = await fetchRelease(agent);
      await response.arrayBuffer();
      answers.push(response.status);
    }
    expect(answers.filter((status) => status === 200).length).toBeLessThanOrEqual(21);
    expect(answers.at(-1)).toBe(429);
  });
});

test.each([
  [undefined, undefined, { from: 0, to: 100, status: 200 }],
  ['bytes=0-', undefined, { from: 0, to: 100, status: 206 }],
  ['bytes=40-49', undefined, { from: 40, to: 50, status: 206 }],
  ['bytes=40-500', undefined, { from: 40, to: 100, status: 206 }],
  ['bytes=100-', undefined, 'unsatisfiable'],
  ['bytes=40-', '"old"', { from: 0, to: 100, status: 200 }],
  ['bytes=40-', '"e"', { from: 40, to: 100, status: 206 }],
  ['bytes=-5', undefined, { from: 0, to: 100, status: 200 }],
  ['bytes=40-39', undefined, { from: 0, to: 100, status: 200 }],
  ['bytes=5-2', undefined, { from: 0, to: 100, status: 200 }],
  ['bytes=1-2,5-6', undefined, { from: 0, to: 100, status: 200 }],
  ['bytes=99999999999999999999-', undefined, { from: 0, to: 100, status: 200 }],
])('range %j under %j', (range, ifRange, expected) => {
  expect(spanOf({ range, ifRange }, { size: 100, etag: '"e"' })).toEqual(expected);
});
