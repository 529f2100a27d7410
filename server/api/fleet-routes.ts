/** Municipalities, enrolment tokens and the audit record. */
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { ServerContext } from '../context.ts';
import { listAudit } from '../fleet/audit-list.ts';
import { createMunicipality, listMunicipalities, setApprovalRequired } from '../fleet/municipalities.ts';
import { readRetention } from '../fleet/retention.ts';
import { holdOf } from '../fleet/retention-clock.ts';
import { createEnrolmentToken, listEnrolmentTokens, revokeEnrolmentToken } from '../fleet/tokens.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  auditList,
  createdToken,
  municipality,
  municipalityChange,
  municipalityList,
  municipalityRequest,
  pageQuery,
  retention,
  tokenList,
  tokenRequest,
} from './contract.ts';

const byId = z.object({ id: uuid });

export function fleetRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/municipalities',
    {
      config: { access: 'viewer' },
      schema: { tags: ['municipalities'], summary: 'How each fleet fares', response: { 200: municipalityList } },
    },
    async (request) => ({ items: await listMunicipalities(context, actorOf(request).scope) }),
  );

  scope.post(
    '/municipalities',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['municipalities'],
        summary: 'Add a municipality',
        body: municipalityRequest,
        response: { 201: municipality },
      },
    },
    async (request, reply) => reply.code(201).send(await createMunicipality(context, actorOf(request), request.body)),
  );

  scope.patch(
    '/municipalities/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['municipalities'],
        summary: 'Decide whether new devices wait for approval',
        params: byId,
        body: municipalityChange.strict(),
        response: { 200: municipality },
      },
    },
    async (request) => setApprovalRequired(context, actorOf(request), request.params.id, request.body.approvalRequired),
  );

  scope.get(
    '/tokens',
    {
      config: { access: 'viewer' },
      schema: { tags: ['tokens'], summary: 'Enrolment tokens, without their secrets', response: { 200: tokenList } },
    },
    async (request) => ({ items: await listEnrolmentTokens(context, actorOf(request).scope) }),
  );

  scope.post(
    '/tokens',
    {
      config: { access: 'technician' },
      schema: {
        tags: ['tokens'],
        summary: 'Make an enrolment token; its secret is shown this once',
        body: tokenRequest,
        response: { 201: createdToken },
      },
    },
    async (request, reply) => {
      const made = await createEnrolmentToken(context, actorOf(request), request.body);
      return reply.code(201).send({ ...made, serverKey: context.signingKey.thumbprint });
    },
  );

  scope.delete(
    '/tokens/:id',
    {
      config: { access: 'technician' },
      schema: {
        tags: ['tokens'],
        summary: 'Revoke an enrolment token',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeEnrolmentToken(context, actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );

  scope.get(
    '/retention',
    {
      config: { access: 'viewer' },
      schema: { tags: ['audit'], summary: 'How long what is kept', response: { 200: retention } },
    },
    async () => {
      const { settings, sweptOn, sweptAt } = await readRetention(context.db);
      return { ...settings, sweptOn, held: holdOf(sweptAt, context.now()) ?? null };
    },
  );

  scope.get(
    '/audit',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['audit'],
        summary: 'What staff did, youngest first',
        querystring: pageQuery,
        response: { 200: auditList },
      },
    },
    async (request) => listAudit(context, actorOf(request).scope, request.query),
  );
}
