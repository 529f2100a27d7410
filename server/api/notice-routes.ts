/** Notices to the people at the devices. */
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { ServerContext } from '../context.ts';
import { composeNotice, recallNotice, signingBy } from '../notices/compose.ts';
import {
  describeNotice,
  listAcknowledgements,
  listNoticeDevices,
  listNotices,
  reachOfNotice,
} from '../notices/list.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  noticeAcknowledgementList,
  noticeDeviceList,
  noticeDeviceQuery,
  noticeEntry,
  noticeList,
  noticeQuery,
  noticeReach,
  noticeReachQuery,
  noticeRequest,
  noticeSigning,
} from './contract.ts';
import { pageQuery } from './page-query.ts';

const byId = z.object({ id: uuid });
const viewer = { access: 'viewer' } as const;
const technician = { access: 'technician' } as const;
const tags = ['notices'];

export function noticeRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/notices',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Notices, published last comes first',
        querystring: noticeQuery,
        response: { 200: noticeList },
      },
    },
    async (request) => listNotices(context, actorOf(request).scope, request.query),
  );

  scope.post(
    '/notices',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Sign and publish a notice: devices hear of it within seconds',
        body: noticeRequest,
        response: { 201: noticeEntry },
      },
    },
    async (request, reply) => reply.code(201).send(await composeNotice(context, actorOf(request), request.body)),
  );

  scope.get(
    '/notices/signing',
    {
      config: viewer,
      schema: { tags, summary: 'Whether this server can sign notices itself', response: { 200: noticeSigning } },
    },
    async () => signingBy(context),
  );

  scope.get(
    '/notices/reach',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'How many devices a notice for this audience is for',
        querystring: noticeReachQuery,
        response: { 200: noticeReach },
      },
    },
    async (request) => reachOfNotice(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/notices/:id',
    {
      config: viewer,
      schema: { tags, summary: 'One notice and how far it has come', params: byId, response: { 200: noticeEntry } },
    },
    async (request) => describeNotice(context, actorOf(request).scope, request.params.id),
  );

  scope.get(
    '/notices/:id/devices',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'The devices a notice is for, and which of them hold it',
        params: byId,
        querystring: noticeDeviceQuery,
        response: { 200: noticeDeviceList },
      },
    },
    async (request) => listNoticeDevices(context, actorOf(request).scope, request.params.id, request.query),
  );

  scope.get(
    '/notices/:id/acknowledgements',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Who acknowledged a notice that asks for names: as stated at the devices, not proven',
        params: byId,
        querystring: pageQuery,
        response: { 200: noticeAcknowledgementList },
      },
    },
    async (request) => listAcknowledgements(context, actorOf(request).scope, request.params.id, request.query),
  );

  scope.post(
    '/notices/:id/recall',
    {
      config: technician,
      schema: {
        tags,
        summary: 'Recall a notice: devices stop showing it',
        params: byId,
        response: { 200: noticeEntry },
      },
    },
    async (request) => recallNotice(context, actorOf(request), request.params.id),
  );
}
