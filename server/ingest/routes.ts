/** The endpoints under /agent/v1: how devices enrol, check in and report. */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import { z } from 'zod';
import {
  aboutTheReport,
  checkInRequest,
  checkInResponse,
  enrolmentResponse,
  keysResponse,
  problemDocument,
  publicKey,
  reportMediaType,
  reportResponse,
  retireRequest,
  retireResponse,
} from '../../agent/contract/wire.ts';
import { policyFor } from '../fleet/policies.ts';
import { problemOf } from '../problem.ts';
import { registerReleases } from '../releases/routes.ts';
import { acceptReport, findTaken } from './accept-report.ts';
import { checkInSeconds, highestSequence, neededSections, signAnswer, signRefusal } from './answer.ts';
import { checkIn } from './check-in.ts';
import { altered, type DeviceRequest, type IngestContext, renewedNonce } from './device-request.ts';
import { enrolDevice } from './enrol.ts';
import { registerEvents } from './event-stream.ts';
import { compareEncoding, maxWireBytes, openReport } from './open-report.ts';
import { askWho, bytesOf, proofHeaders, prove } from './proven-request.ts';
import { readContent } from './read-report.ts';
import { retireDevice } from './retire.ts';
import { brief } from './words.ts';

/** An enrolment request and a check-in are below 2 kB. */
const smallBody = 16 * 1024;
/** Expanded and parsed, a body takes many times its size. */
const largeBodyBytes = 1024 * 1024;

type App = FastifyInstance;

export async function registerIngest(app: App, context: IngestContext, dataDir: string): Promise<void> {
  // Bodies are bytes until their proof holds: the handlers check them, the schemas of the routes describe them.
  app.setValidatorCompiler(() => (value: unknown) => ({ value }));
  app.removeAllContentTypeParsers();
  // Each with media types and hooks of its own.
  const endpoints: FastifyPluginAsync[] = [
    (scope) => registerKeys(scope, context),
    (scope) => registerEnrol(scope, context),
    (scope) => registerCheckIn(scope, context),
    (scope) => registerReports(scope, context),
    (scope) => registerRetire(scope, context),
    (scope) => registerEvents(scope, context),
    (scope) => registerReleases(scope, context, dataDir),
  ];
  app.addHook('onRequest', async (_request, reply) => leanAnswer(reply));
  for (const endpoint of endpoints) await app.register(endpoint);
}

/** A check-in comes by the thousand: what says nothing to an agent is left out. */
function leanAnswer(reply: FastifyReply): void {
  reply.removeHeader('x-request-id');
  reply.raw.removeHeader('date');
  // A connection stays open unless told otherwise (HTTP/1.1).
  reply.raw.removeHeader('connection');
}

function acceptBytes(app: App, mediaType: string): void {
  app.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

const tags = ['agent'];
const problem = problemDocument;

async function registerKeys(app: App, context: IngestContext): Promise<void> {
  const { publicKey: key, thumbprint } = context.signingKey;
  app.get(
    '/agent/v1/keys',
    {
      schema: {
        tags,
        summary: 'The key the server signs with, and the way to it from keys before',
        response: { 200: keysResponse.extend({ keys: z.array(publicKey.extend({ kid: z.string() })) }) },
      },
    },
    () => ({ keys: [{ ...key, kid: thumbprint }], announcements: [...context.announcements] }),
  );
}

async function registerEnrol(app: App, context: IngestContext): Promise<void> {
  acceptBytes(app, 'application/jose');
  app.post<{ Body: Buffer | undefined }>(
    '/agent/v1/enrol',
    {
      bodyLimit: smallBody,
      schema: {
        tags,
        summary: 'Make this key a device: a kits-enrolment JWS with the key in its header',
        consumes: ['application/jose'],
        response: { 200: enrolmentResponse, 201: enrolmentResponse, 400: problem, 401: problem, 429: problem },
      },
    },
    async (request, reply) => {
      const { created, answer, headers } = await enrolDevice(context, bytesOf(request).toString('latin1'), request.ip);
      return reply
        .code(created ? 201 : 200)
        .headers(headers)
        .send({ answer });
    },
  );
}

async function registerCheckIn(app: App, context: IngestContext): Promise<void> {
  acceptBytes(app, 'application/json');
  const claimed = askWho(app, context);
  app.post<{ Body: Buffer | undefined }>(
    '/agent/v1/check-in',
    {
      bodyLimit: smallBody,
      schema: {
        tags,
        summary: 'Say that this device is there, and hear what it should know',
        body: checkInRequest,
        headers: proofHeaders,
        response: {
          200: checkInResponse,
          400: problem,
          401: problem,
          403: problem,
          404: problem,
          429: problem,
          503: problem,
        },
      },
    },
    async (request, reply) => {
      const proven = await prove(context, request, claimed(request));
      context.admission.admit('check-ins', proven.device, context.now());
      const response = await context.admission.checkInLine.take(() => checkIn(context, proven, bytesOf(request)));
      const headers = { ...renewedNonce(context, proven), 'content-type': 'application/json' };
      // As bytes: the framework would name a charset beside each.
      return reply.headers(headers).send(Buffer.from(JSON.stringify(response)));
    },
  );
}

async function registerRetire(app: App, context: IngestContext): Promise<void> {
  acceptBytes(app, 'application/json');
  const claimed = askWho(app, context);
  app.post<{ Body: Buffer | undefined }>(
    '/agent/v1/retire',
    {
      bodyLimit: smallBody,
      schema: {
        tags,
        summary: 'Say that this installation is being removed; the device is retired and its history kept',
        body: retireRequest,
        headers: proofHeaders,
        response: { 200: retireResponse, 400: problem, 401: problem, 403: problem, 404: problem, 429: problem },
      },
    },
    async (request) => {
      const proven = await prove(context, request, claimed(request));
      context.admission.admit('check-ins', proven.device, context.now());
      return retireDevice(context, proven, bytesOf(request));
    },
  );
}

async function registerReports(app: App, context: IngestContext): Promise<void> {
  acceptBytes(app, reportMediaType);
  const claimed = askWho(app, context);
  app.addHook('onError', async (_request, _reply, error) => {
    context.metrics.countReport(problemOf(error).code);
  });
  app.post<{ Body: Buffer | undefined }>(
    '/agent/v1/reports',
    {
      bodyLimit: maxWireBytes,
      schema: {
        tags,
        summary: 'Hand in one report: its envelope, a line feed, its body; zstd or gzip',
        consumes: [reportMediaType],
        headers: proofHeaders,
        response: {
          200: reportResponse,
          201: reportResponse,
          401: problem,
          403: problem,
          404: problem,
          409: problem,
          413: problem,
          422: problem,
          429: problem,
          503: problem,
        },
      },
    },
    async (request, reply) => {
      const proven = await prove(context, request, claimed(request));
      context.admission.admit('reports', proven.device, context.now());
      const encoding = request.headers['content-encoding'];
      const wire = bytesOf(request);
      const taken = await context.admission.reportLine
        .take(() => take(context, proven, wire, encoding))
        .catch(async (error: unknown) => {
          const { jti } = proven.claims;
          const header = compareEncoding(wire, encoding);
          if (header === 'same') throw await signRefusal(context, jti, error);
          const isAltered = header === 'other' && aboutTheReport.has(problemOf(error).status);
          throw isAltered ? await altered(context, proven.device, jti) : error;
        });
      context.metrics.countReport(taken.created ? 'accepted' : 'repeated');
      const { storeEpoch } = taken;
      const answer = await signAnswer(context, {
        jti: proven.claims.jti,
        state: taken.device.state,
        acknowledged: await highestSequence(context.db, taken.device, storeEpoch),
        need: await neededSections(context.db, taken.device.id),
        ...(taken.device.state === 'pending'
          ? { policyVersion: 0, checkInSeconds }
          : brief(await policyFor(context.db, taken.device))),
      });
      return reply
        .code(taken.created ? 201 : 200)
        .headers(renewedNonce(context, proven))
        .send({ receipt: taken.receipt, answer });
    },
  );
}

/** From the bytes of a request to the decision; in the order that costs a stranger most and the server least. */
async function take(context: IngestContext, proven: DeviceRequest, wire: Buffer, encoding: string | undefined) {
  const opened = await openReport(wire, encoding, proven.device);
  const read = async () => {
    const signed = await opened.readBody();
    const taken = await findTaken(context, proven, signed);
    if (taken !== undefined) return taken;
    const wireBytes = wire.byteLength;
    const report = 'body' in signed ? await readContent(signed, wireBytes) : { ...signed, wireBytes };
    return acceptReport(context, proven, report);
  };
  try {
    const { bodyBytes, storeEpoch } = opened.envelope;
    const taken = await (bodyBytes > largeBodyBytes ? context.admission.largeBodyLine.take(read) : read());
    return { ...taken, storeEpoch };
  } finally {
    await opened.discard();
  }
}
