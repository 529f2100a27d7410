/** Who may say where a request came from: a proxy on this machine, and nobody else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpApp, type HttpApp } from '../../../server/http.ts';
import { loadServerKeys } from '../../../server/keys.ts';
import { type Database, openDatabase } from '../../../server/store/database.ts';
import { auditOf } from '../api/staffed-server.ts';

let dir: string;
let db: Database;
let http: HttpApp;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-forwarded-'));
  const { nonceKey, ...keys } = await loadServerKeys(dir, false);
  db = await openDatabase(join(dir, 'kits.db'));
  const now = () => new Date('2026-11-24T09:00:00Z');
  http = await createHttpApp({ db, now, ...keys }, { nonceKey, dataDir: dir, consoleDir: dir, logLevel: 'silent' });
});
afterEach(async () => {
  await http.app.close();
  await db.destroy();
  rmSync(dir, { recursive: true });
});

const guess = (remoteAddress: string, forwardedFor: string) =>
  http.app.inject({
    method: 'POST',
    url: '/api/v1/session',
    remoteAddress,
    headers: { 'x-forwarded-for': forwardedFor },
    payload: { link: 'there-is-no-such-link' },
  });

test.each([
  ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['192.0.2.1', '127.0.0.1', '192.0.2.1'],
  ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['127.0.0.1', '198.51.100.7, 203.0.113.9', '203.0.113.9'],
])('from %s, forwarded for %s: the audit record names %s', async (peer, forwardedFor, address) => {
  expect((await guess(peer, forwardedFor)).statusCode).toBe(401);
  expect(await auditOf({ db }, 'session.refused')).toMatchObject([{ detail: `{"by":"link","address":"${address}"}` }]);
});

test('a stranger who claims a new address for each guess is throttled all the same', async () => {
  for (let failure = 0; failure < 20; failure += 1) {
    expect((await guess('192.0.2.1', `203.0.113.${failure}`)).statusCode).toBe(401);
  }
  expect((await guess('192.0.2.1', '203.0.113.20')).statusCode).toBe(429);
  expect((await guess('192.0.2.2', '192.0.2.1')).statusCode).toBe(401);
});
