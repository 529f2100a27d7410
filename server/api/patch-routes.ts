/** Updates across the fleet. */
import type { ServerContext } from '../context.ts';
import { listPatchDevices, listPatches } from '../fleet/patch-list.ts';
import { describePatches } from '../fleet/patch-overview.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  patchDeviceList,
  patchDeviceQuery,
  patchList,
  patchOverview,
  patchOverviewQuery,
  patchQuery,
} from './contract.ts';

const tags = ['patches'];

export function patchRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/patches',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Missing updates across the fleet, security first',
        querystring: patchQuery,
        response: { 200: patchList },
      },
    },
    async (request) => listPatches(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/patches/devices',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The devices that lack an update, longest first',
        querystring: patchDeviceQuery,
        response: { 200: patchDeviceList },
      },
    },
    async (request) => listPatchDevices(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/patches/overview',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Devices without security updates, restarts due, and the age of what is known',
        querystring: patchOverviewQuery,
        response: { 200: patchOverview },
      },
    },
    async (request) => describePatches(context, actorOf(request).scope, request.query),
  );
}
