/** Versions of the agent across the fleet. */
import type { ServerContext } from '../context.ts';
import { describeVersions } from '../fleet/agent-versions.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import { versionOverview, versionQuery } from './contract.ts';

export function versionRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/versions',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['versions'],
        summary: 'Which versions of the agent run where, how updates stand, and the releases on offer',
        querystring: versionQuery,
        response: { 200: versionOverview },
      },
    },
    async (request) => describeVersions(context, actorOf(request).scope, request.query),
  );
}
