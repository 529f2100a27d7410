/** Backups across the fleet, backup servers and what they say, and the restore tests of a device. */
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { ServerContext } from '../context.ts';
import { takeEvidence } from '../fleet/backup-evidence.ts';
import { listBackups } from '../fleet/backup-list.ts';
import { createBackupServer, listBackupServers, revokeBackupServer } from '../fleet/backup-servers.ts';
import { describeDeviceBackup } from '../fleet/device-backup.ts';
import { readJsonWords, readTextWords } from '../fleet/evidence-words.ts';
import { Refusal } from '../fleet/refusal.ts';
import { enterRestoreTest, listRestoreTests, withdrawRestoreTest } from '../fleet/restore-tests.ts';
import { Rate } from '../ingest/rate.ts';
import { actorOf, backupServerOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  backupList,
  backupQuery,
  backupServerList,
  backupServerRequest,
  createdBackupServer,
  deviceBackup,
  evidenceResult,
  restoreTestEntry,
  restoreTestList,
  restoreTestRequest,
} from './contract.ts';
import { languageOf } from './refusals.ts';

const tags = ['backups'];
const byId = z.object({ id: uuid });

/** 2,000 words with long names; what is larger is not a list of restore points. */
const maxEvidenceBytes = 1024 * 1024;
/** A host that reports after each backup of each PC at night; then two a minute for ever. */
const evidenceRate = { burst: 300, perMinute: 30 };

export async function backupRoutes(scope: ApiScope, context: ServerContext): Promise<void> {
  scope.get(
    '/backups',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'How the devices are backed up: counts per municipality, and the devices worst first',
        querystring: backupQuery,
        response: { 200: backupList },
      },
    },
    async (request) => listBackups(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/backups/servers',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Backup servers, without their tokens', response: { 200: backupServerList } },
    },
    async (request) => ({ items: await listBackupServers(context, actorOf(request).scope) }),
  );

  scope.post(
    '/backups/servers',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Make a token for a backup server; it is shown this once',
        body: backupServerRequest,
        response: { 201: createdBackupServer },
      },
    },
    async (request, reply) => reply.code(201).send(await createBackupServer(context, actorOf(request), request.body)),
  );

  scope.delete(
    '/backups/servers/:id',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Revoke the token of a backup server; what it said counts no more',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeBackupServer(context, actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );

  await scope.register((words: ApiScope, _, done) => {
    evidenceRoute(words, context);
    done();
  });
  deviceRoutes(scope, context);
}

function evidenceRoute(scope: ApiScope, context: ServerContext): void {
  const rate = new Rate(evidenceRate);
  // Read as text in both forms: each word is checked by itself, and a line number is worth more than a schema path.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(['application/json', 'text/plain'], { parseAs: 'string' }, (_, body, done) =>
    done(null, body),
  );
  scope.post(
    '/backups/evidence',
    {
      config: { access: 'backup-server' },
      bodyLimit: maxEvidenceBytes,
      schema: {
        tags,
        summary: 'For backup servers: the newest restore point of each device. 207 when some words were refused',
        description:
          'JSON `[{"device":"pc-01","newest":"2026-11-24T03:00:00Z","count":14,"bytes":123,"source":"restic"}]` or ' +
          'text/plain, one line each: DEVICE<TAB>TIME[<TAB>COUNT[<TAB>BYTES[<TAB>SOURCE]]]. A device is named by host ' +
          'name, device id or inventory number; at most 2,000 at once. The token is one of a backup server.',
        consumes: ['application/json', 'text/plain'],
        response: { 200: evidenceResult, 207: evidenceResult },
      },
    },
    async (request, reply) => {
      const server = backupServerOf(request);
      const now = context.now();
      const wait = rate.attempt(server.id, now);
      if (wait > 0) throw tooOften(wait);
      const body = typeof request.body === 'string' ? request.body : '';
      const words = /^text\/plain\b/i.test(request.headers['content-type'] ?? '')
        ? readTextWords(body, now)
        : readJsonWords(parsed(body), now);
      const result = await takeEvidence(context, server, words, languageOf(request));
      return reply.code(result.refused.length === 0 ? 200 : 207).send(result);
    },
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // `undefined` fits no schema: the refusal says what is expected.
    return undefined;
  }
}

function tooOften(retryAfterSeconds: number): Refusal {
  return new Refusal(
    'too-many-attempts',
    {
      de: 'Dieser Sicherungsserver meldet sich zu oft. Fassen Sie die Geräte zu einer Anfrage zusammen.',
      en: 'This backup server reports too often. Put the devices into one request.',
    },
    { retryAfterSeconds },
  );
}

function deviceRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/devices/:id/backup',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Runs of the backup jobs of a device, youngest first, and what backup servers say of it',
        params: byId,
        response: { 200: deviceBackup },
      },
    },
    async (request) => describeDeviceBackup(context, actorOf(request).scope, request.params.id),
  );

  scope.get(
    '/devices/:id/restore-tests',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Restore tests of a device and when the next one is due',
        params: byId,
        response: { 200: restoreTestList },
      },
    },
    async (request) => listRestoreTests(context, actorOf(request).scope, request.params.id),
  );

  scope.post(
    '/devices/:id/restore-tests',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Enter a restore test that was done by hand',
        params: byId,
        body: restoreTestRequest,
        response: { 201: restoreTestEntry },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await enterRestoreTest(context, actorOf(request), request.params.id, request.body)),
  );

  scope.delete(
    '/devices/:id/restore-tests/:test',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Withdraw a restore test that was entered by mistake; it stays to be seen',
        params: z.object({ id: uuid, test: uuid }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await withdrawRestoreTest(context, actorOf(request), request.params.id, request.params.test);
      return reply.code(204).send(null);
    },
  );
}
