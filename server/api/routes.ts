/** Everything under /api/v1: who may, what goes in, what comes out. Add a route in the file of its subject. */
import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ServerContext } from '../context.ts';
import { Refusal } from '../fleet/refusal.ts';
import { guard } from './access.ts';
import { backupRoutes } from './backup-routes.ts';
import { controlRoutes } from './control-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { noticeRoutes } from './notice-routes.ts';
import { patchRoutes } from './patch-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { languageOf, problemOfRefusal } from './refusals.ts';
import { sessionRoutes } from './session-routes.ts';
import { versionRoutes } from './version-routes.ts';

/** The instance needs the validator and serializer compilers of fastify-type-provider-zod. */
export async function registerApi(app: FastifyInstance, context: ServerContext): Promise<void> {
  await app.register(api, { prefix: '/api/v1', context });
}

const api: FastifyPluginAsyncZod<{ context: ServerContext }> = async (scope, { context }) => {
  scope.decorateRequest('caller', null);
  scope.decorateRequest('backupServer', null);
  scope.addHook('onRequest', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });
  await scope.register(fastifyCookie);
  scope.addHook('onRequest', guard(context));
  scope.setErrorHandler((error, request) => {
    // The shell makes a problem document of whatever comes out here.
    throw error instanceof Refusal ? problemOfRefusal(error, languageOf(request)) : error;
  });
  sessionRoutes(scope, context);
  fleetRoutes(scope, context);
  patchRoutes(scope, context);
  versionRoutes(scope, context);
  controlRoutes(scope, context);
  await backupRoutes(scope, context);
  policyRoutes(scope, context);
  noticeRoutes(scope, context);
  await deviceRoutes(scope, context);
};
