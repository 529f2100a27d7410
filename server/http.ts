/** The HTTP shell: limits, security headers, problem documents, logs without secrets, health, OpenAPI and the console. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import fastifyHelmet from '@fastify/helmet';
import fastifySwagger from '@fastify/swagger';
import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { contractJsonSchemas } from '../agent/contract/json-schema.ts';
import { registerApi } from './api/routes.ts';
import { registerConsole } from './console-files.ts';
import type { ServerContext } from './context.ts';
import { registerHealth } from './health.ts';
import { Admission, type IngestLimits } from './ingest/limits.ts';
import { registerIngest } from './ingest/routes.ts';
import { WordsCache } from './ingest/words-cache.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { Problem, problemDocumentOf, problemMediaType, problemOf } from './problem.ts';
import { DeviceStreams, type StreamLimits } from './push/device-streams.ts';
import { localRelay } from './push/relay.ts';
import { registerApt } from './releases/apt.ts';
import { watchRoutes } from './route-methods.ts';
import { endCleanly } from './shutdown.ts';
import { GroupCommit } from './store/group-commit.ts';
import { serverVersion } from './version.ts';

/** Enough for every JSON request of people and scripts; reports and CSV files have their own limits. */
const bodyLimit = 256 * 1024;
/** A request that takes longer to arrive is cut off: a slow sender must not hold a connection for ever. */
const requestTimeoutMs = 120_000;

export interface HttpOptions {
  /** Files of releases and the packages for apt lie here. */
  readonly dataDir: string;
  readonly nonceKey: Uint8Array;
  readonly consoleDir: string;
  readonly logLevel: string;
  readonly logStream?: Writable;
  /** Tests want streams that are soon full and heartbeats that come soon. */
  readonly streamLimits?: StreamLimits;
  readonly ingestLimits?: IngestLimits;
}

export interface HttpApp {
  readonly app: FastifyInstance;
  readonly context: ServerContext;
}

/** Everything is registered; `app.listen` is left to the caller. */
export async function createHttpApp(
  parts: Omit<ServerContext, 'log' | 'push'>,
  options: HttpOptions,
): Promise<HttpApp> {
  const app = fastify({
    logger: {
      level: options.logLevel,
      ...(options.logStream === undefined ? {} : { stream: options.logStream }),
      // Never headers, query or body: they carry tokens, cookies and proofs.
      serializers: { req: ({ method, url }: FastifyRequest) => ({ method, path: pathOf(url) }) },
    },
    // `watchRequests` writes one line a request instead of two.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // TLS ends at a proxy on this machine; nobody else may say where a request came from.
    trustProxy: 'loopback',
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    // What arrives while the server ends is still served; its connection is closed afterwards.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answerProblem(problemOf(error), request, reply),
    clientErrorHandler: refuseUnreadable,
  });
  const streams = new DeviceStreams(localRelay(), options.streamLimits);
  const context: ServerContext = { ...parts, log: app.log, push: streams };
  const commits = new GroupCommit(context.db);
  const admission = new Admission(options.ingestLimits);
  const metrics = createMetrics(context.db, () => streams.open);
  const methodsOf = watchRoutes(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerProblem(problemOf(error), request, reply));
  app.setNotFoundHandler((request, reply) => answerProblem(missing(request, methodsOf), request, reply));
  watchRequests(app, metrics);
  endCleanly(app);
  await app.register(fastifyHelmet, { global: false, contentSecurityPolicy: { useDefaults: false, directives: csp } });
  app.addHook('onRequest', async (request, reply) => {
    // What a browser needs to be told, no agent does; of the answer to a check-in it would be the larger half.
    if (!request.url.startsWith('/agent/v1/')) await reply.helmet();
  });
  await app.register(fastifySwagger, {
    openapi: { info: { title: 'KITS', version: serverVersion, description: 'The KITS server.' } },
    transform: jsonSchemaTransform,
  });
  registerHealth(app, context, metrics);
  app.get('/agent/v1/schemas', { schema: { hide: true } }, () => contractJsonSchemas());
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());
  const subjects: FastifyPluginAsync[] = [
    (scope) =>
      registerIngest(
        scope,
        {
          ...context,
          nonceKey: options.nonceKey,
          metrics,
          streams,
          commits,
          admission,
          words: new WordsCache(),
        },
        options.dataDir,
      ),
    (scope) => registerApi(scope, context),
    (scope) => registerConsole(scope, options.consoleDir),
    (scope) => registerApt(scope, options.dataDir),
  ];
  for (const subject of subjects) await app.register(subject);
  await app.ready();
  return { app, context };
}

const csp = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
};

function pathOf(url: string): string {
  return url.split('?')[0] ?? url;
}

function answerProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  if (problem.status >= 500) request.log.error({ err: problem.cause ?? problem, code: problem.code }, 'request failed');
  else request.log.debug({ code: problem.code, reason: problem.message }, 'request refused');
  for (const [name, value] of Object.entries(problem.headers)) reply.header(name, value);
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .header('x-request-id', request.id)
    .type(problemMediaType)
    // Serialized here: the schema of the route describes its answers, not its errors.
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problemDocumentOf(problem));
}

function missing(request: FastifyRequest, methodsOf: (path: string) => string[]): Problem {
  const methods = methodsOf(pathOf(request.url));
  // Also when the route is there and what it looks for is not: a file of the console.
  if (methods.length === 0 || methods.includes(request.method))
    return new Problem(404, 'not-found', 'There is nothing at this address.');
  return new Problem(405, 'method-not-allowed', `This address answers to ${methods.join(', ')} only.`, {
    headers: { allow: methods.join(', ') },
  });
}

/** One line and one count for each request, and an id to find it by. */
function watchRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.countRequest(request.method, route, reply.statusCode);
    const ms = Math.round(reply.elapsedTime);
    request.log.info({ req: request, status: reply.statusCode, ms }, 'request');
  });
}

/** What is no HTTP has no request to answer to; the sender still gets a problem document, then the connection ends. */
function refuseUnreadable(_error: Error, socket: Socket): void {
  if (!socket.writable) return;
  const problem = new Problem(400, 'bad-request', 'This is not a valid HTTP request.');
  const body = JSON.stringify(problemDocumentOf(problem));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: ${problemMediaType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
