/** The endpoints under /agent/v1: how devices enrol, check in and report. */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  checkInRequest,
  checkInResponse,
  enrolmentResponse,
  problemDocument,
  proofHeader,
  publicKey,
  reportMediaType,
  reportResponse,
} from '../../agent/contract/wire.ts';
import { problemOf } from '../problem.ts';
import type { DeviceRow } from '../store/schema.ts';
import { acceptReport, findTaken } from './accept-report.ts';
import { highestSequence, neededSections, signAnswer } from './answer.ts';
import { checkIn } from './check-in.ts';
import {
  type DeviceRequest,
  findClaimedDevice,
  type IngestContext,
  renewedNonce,
  verifyRequest,
} from './device-request.ts';
import { enrolDevice } from './enrol.ts';
import { expand, maxWireBytes, readContent, verifyFrame } from './read-report.ts';

/** An enrolment request and a check-in are below 2 kB. */
const smallBody = 16 * 1024;

type App = FastifyInstance;

export async function registerIngest(app: App, context: IngestContext): Promise<void> {
  // Bodies are bytes until their proof holds: the handlers check them, the schemas of the routes describe them.
  app.setValidatorCompiler(() => (value: unknown) => ({ value }));
  app.removeAllContentTypeParsers();
  // Each with media types and hooks of its own.
  const endpoints: FastifyPluginAsync[] = [
    (scope) => registerKeys(scope, context),
    (scope) => registerEnrol(scope, context),
    (scope) => registerCheckIn(scope, context),
    (scope) => registerReports(scope, context),
  ];
  for (const endpoint of endpoints) await app.register(endpoint);
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
        summary: 'The keys the server signs with',
        response: { 200: z.object({ keys: z.array(publicKey.extend({ kid: z.string() })) }) },
      },
    },
    () => ({ keys: [{ ...key, kid: thumbprint }] }),
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
        response: { 200: enrolmentResponse, 201: enrolmentResponse, 400: problem, 401: problem },
      },
    },
    async (request, reply) => {
      const { created, answer, headers } = await enrolDevice(context, bytesOf(request).toString('latin1'));
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
        response: { 200: checkInResponse, 400: problem, 401: problem, 403: problem, 404: problem },
      },
    },
    async (request, reply) => {
      const proven = await prove(context, request, claimed(request));
      const answer = await checkIn(context, proven, bytesOf(request));
      return reply.headers(renewedNonce(context, proven)).send({ answer });
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
          422: problem,
        },
      },
    },
    async (request, reply) => {
      const proven = await prove(context, request, claimed(request));
      const taken = await take(context, proven, bytesOf(request), request.headers['content-encoding']);
      context.metrics.countReport(taken.created ? 'accepted' : 'repeated');
      const { storeEpoch } = taken;
      const answer = await signAnswer(context, {
        jti: proven.claims.jti,
        state: taken.device.state,
        acknowledged: await highestSequence(context.db, taken.device, storeEpoch),
        need: await neededSections(context.db, taken.device.id),
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
  const signed = await verifyFrame(await expand(wire, encoding), proven.device);
  const taken =
    (await findTaken(context, proven, signed)) ??
    (await acceptReport(context, proven, await readContent(signed, wire.byteLength)));
  return { ...taken, storeEpoch: signed.envelope.storeEpoch };
}

const proofHeaders = z.object({ [proofHeader]: z.string() });

/** Finds the device before the body is read; the result hands it to the handler. */
function askWho(app: App, context: IngestContext): (request: FastifyRequest) => DeviceRow {
  const devices = new WeakMap<FastifyRequest, DeviceRow>();
  app.addHook('onRequest', async (request) => {
    devices.set(request, await findClaimedDevice(context, request.headers[proofHeader]));
  });
  return (request) => {
    const device = devices.get(request);
    if (device === undefined) throw new Error('the device was not asked for');
    return device;
  };
}

function prove(context: IngestContext, request: FastifyRequest, device: DeviceRow): Promise<DeviceRequest> {
  return verifyRequest(context, device, {
    proof: String(request.headers[proofHeader]),
    method: request.method,
    path: String(request.routeOptions.url),
    body: bytesOf(request),
  });
}

/** A request without a body has none to parse, whatever its media type. */
function bytesOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
