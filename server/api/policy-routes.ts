/** Groups of devices, and the policies for them. */
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { ServerContext } from '../context.ts';
import { changeGroup, changeMembers, createGroup, deleteGroup, describeGroup, listGroups } from '../fleet/groups.ts';
import { changePolicy, restorePolicy } from '../fleet/policy-changes.ts';
import { describeDevicePolicy, describePolicy, listPolicies, listPolicyHistory } from '../fleet/policy-list.ts';
import { previewPolicy } from '../fleet/policy-preview.ts';
import { settingFields } from '../fleet/setting-fields.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  deviceGroup,
  devicePolicy,
  groupChange,
  groupDeletion,
  groupList,
  groupQuery,
  groupRequest,
  memberChange,
  memberChangeResult,
  pageQuery,
  policyAudience,
  policyChange,
  policyDocument,
  policyHistory,
  policyList,
  policyPreview,
  policyPreviewRequest,
  policyQuery,
  policyRestore,
  settingFieldList,
} from './contract.ts';

const byId = z.object({ id: uuid });
const byAudience = z.object({ audience: policyAudience });
const viewer = { access: 'viewer' } as const;
const technician = { access: 'technician' } as const;

function groupRoutes(scope: ApiScope, context: ServerContext): void {
  const tags = ['groups'];
  scope.get(
    '/groups',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Groups of devices in their order',
        querystring: groupQuery,
        response: { 200: groupList },
      },
    },
    async (request) => ({ items: await listGroups(context, actorOf(request).scope, request.query) }),
  );

  scope.post(
    '/groups',
    {
      config: technician,
      schema: { tags, summary: 'Add a group', body: groupRequest.strict(), response: { 201: deviceGroup } },
    },
    async (request, reply) => reply.code(201).send(await createGroup(context, actorOf(request), request.body)),
  );

  scope.get(
    '/groups/:id',
    { config: viewer, schema: { tags, summary: 'One group', params: byId, response: { 200: deviceGroup } } },
    async (request) => describeGroup(context, actorOf(request).scope, request.params.id),
  );

  scope.patch(
    '/groups/:id',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Rename a group, or move it in the order',
        params: byId,
        body: groupChange.strict(),
        response: { 200: deviceGroup },
      },
    },
    async (request) => changeGroup(context, actorOf(request), request.params.id, request.body),
  );

  scope.delete(
    '/groups/:id',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Delete a group: its memberships and its policy end',
        params: byId,
        response: { 200: groupDeletion },
      },
    },
    async (request) => deleteGroup(context, actorOf(request), request.params.id),
  );

  scope.post(
    '/groups/:id/members',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Add devices to a group, and take devices out',
        params: byId,
        body: memberChange,
        response: { 200: memberChangeResult },
      },
    },
    async (request) => changeMembers(context, actorOf(request), request.params.id, request.body),
  );
}

export function policyRoutes(scope: ApiScope, context: ServerContext): void {
  groupRoutes(scope, context);
  const tags = ['policies'];
  scope.get(
    '/policies',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Policies, youngest change first',
        querystring: policyQuery,
        response: { 200: policyList },
      },
    },
    async (request) => listPolicies(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/policies/fields',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'What a policy may set: purpose, bounds and presets',
        response: { 200: settingFieldList },
      },
    },
    async () => ({ items: [...settingFields] }),
  );

  scope.get(
    '/policies/:audience',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'The policy of the district, a municipality, a group or a device',
        params: byAudience,
        response: { 200: policyDocument },
      },
    },
    async (request) => describePolicy(context, actorOf(request).scope, request.params.audience),
  );

  scope.put(
    '/policies/:audience',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Store a new version of a policy',
        params: byAudience,
        body: policyChange.strict(),
        response: { 200: policyDocument },
      },
    },
    async (request) => changePolicy(context, actorOf(request), request.params.audience, request.body),
  );

  scope.post(
    '/policies/:audience/preview',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'What a policy would change on which devices; stores nothing',
        params: byAudience,
        body: policyPreviewRequest.strict(),
        response: { 200: policyPreview },
      },
    },
    async (request) => previewPolicy(context, actorOf(request).scope, request.params.audience, request.body.settings),
  );

  scope.get(
    '/policies/:audience/history',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Every version of a policy, youngest first',
        params: byAudience,
        querystring: pageQuery,
        response: { 200: policyHistory },
      },
    },
    async (request) => listPolicyHistory(context, actorOf(request).scope, request.params.audience, request.query),
  );

  scope.post(
    '/policies/:audience/restore',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Go back to an older version, which makes a new one',
        params: byAudience,
        body: policyRestore.strict(),
        response: { 200: policyDocument },
      },
    },
    async (request) => restorePolicy(context, actorOf(request), request.params.audience, request.body),
  );

  scope.get(
    '/devices/:id/policy',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'What is in force for a device, and which policy says so',
        params: byId,
        response: { 200: devicePolicy },
      },
    },
    async (request) => describeDevicePolicy(context, actorOf(request).scope, request.params.id),
  );
}
