/** `GET /agent/v1/releases/:sha256`: the file of a release, for devices that have proven who they are. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { fileHash, releasePath, releasesPath } from '../../agent/contract/release.ts';
import { problemDocument, proofHeader } from '../../agent/contract/wire.ts';
import { type IngestContext, renewedNonce, takeProof, verifyRequest } from '../ingest/device-request.ts';
import { askWho, proofHeaders } from '../ingest/proven-request.ts';
import { Problem } from '../problem.ts';
import { spanOf } from './byte-range.ts';
import { releaseFile } from './publish.ts';

export async function registerReleases(app: FastifyInstance, context: IngestContext, dataDir: string): Promise<void> {
  const claimed = askWho(app, context);
  app.get<{ Params: { sha256: string } }>(
    `${releasesPath}:sha256`,
    {
      schema: {
        tags: ['agent'],
        summary: 'The file of a release, by its SHA-256; goes on where it was cut off (Range)',
        params: z.object({ sha256: fileHash }),
        headers: proofHeaders,
        response: {
          401: problemDocument,
          403: problemDocument,
          404: problemDocument,
          416: problemDocument,
          429: problemDocument,
        },
      },
    },
    async (request, reply) => {
      const hash = fileHash.safeParse(request.params.sha256);
      if (!hash.success) throw noSuchRelease();
      const proven = await verifyRequest(context, claimed(request), {
        proof: String(request.headers[proofHeader]),
        method: 'GET',
        path: releasePath(hash.data),
        body: new Uint8Array(),
      });
      context.admission.admit('release downloads', proven.device, context.now());
      const device = await context.commits.run((trx) => takeProof(trx, context, proven));
      if (device.state !== 'active') {
        throw new Problem(403, 'device-not-active', `This device is ${device.state}; it gets no releases.`);
      }
      const release = await context.db
        .selectFrom('releases')
        .select(['sha256', 'size'])
        .where('sha256', '=', hash.data)
        .where('platform', '=', device.platform)
        .executeTakeFirst();
      const file = releaseFile(dataDir, hash.data);
      const found = await stat(file).catch(() => undefined);
      if (release === undefined || found === undefined) throw noSuchRelease();
      const etag = `"${hash.data}"`;
      const { range, 'if-range': ifRange } = request.headers;
      const span = spanOf(
        { range, ifRange: typeof ifRange === 'string' ? ifRange : undefined },
        { size: found.size, etag },
      );
      if (span === 'unsatisfiable') throw new Problem(416, 'range', `The file has ${found.size} bytes.`);
      reply.headers({
        ...renewedNonce(context, proven),
        'content-type': 'application/octet-stream',
        'content-length': span.to - span.from,
        'accept-ranges': 'bytes',
        etag,
        ...(span.status === 206 ? { 'content-range': `bytes ${span.from}-${span.to - 1}/${found.size}` } : {}),
      });
      return reply.code(span.status).send(createReadStream(file, { start: span.from, end: span.to - 1 }));
    },
  );
}

function noSuchRelease(): Problem {
  return new Problem(404, 'not-found', 'There is no such release for this device.');
}
