/** Controls (BSI IT-Grundschutz, WiBA) and the exceptions from the rules behind them. */
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { ServerContext } from '../context.ts';
import { listControlDevices, listControls } from '../fleet/control-list.ts';
import { createException, listExceptions, withdrawException } from '../fleet/exceptions.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  controlDeviceList,
  controlDeviceQuery,
  controlList,
  controlQuery,
  exceptionEntry,
  exceptionList,
  exceptionQuery,
  exceptionRequest,
} from './contract.ts';

export function controlRoutes(scope: ApiScope, context: ServerContext): void {
  scope.get(
    '/controls',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['controls'],
        summary: 'How far the fleet meets each control',
        querystring: controlQuery,
        response: { 200: controlList },
      },
    },
    async (request) => listControls(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/controls/:id/devices',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['controls'],
        summary: 'The devices a control concerns, with verdicts and evidence',
        params: z.object({ id: z.string().max(40) }),
        querystring: controlDeviceQuery,
        response: { 200: controlDeviceList },
      },
    },
    async (request) => listControlDevices(context, actorOf(request).scope, request.params.id, request.query),
  );

  scope.get(
    '/exceptions',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['exceptions'],
        summary: 'Exceptions from rules, youngest first',
        querystring: exceptionQuery,
        response: { 200: exceptionList },
      },
    },
    async (request) => listExceptions(context, actorOf(request).scope, request.query),
  );

  scope.post(
    '/exceptions',
    {
      config: { access: 'technician' },
      schema: {
        tags: ['exceptions'],
        summary: 'Except devices from a rule until a day',
        body: exceptionRequest.strict(),
        response: { 201: exceptionEntry },
      },
    },
    async (request, reply) => reply.code(201).send(await createException(context, actorOf(request), request.body)),
  );

  scope.delete(
    '/exceptions/:id',
    {
      config: { access: 'technician' },
      schema: {
        tags: ['exceptions'],
        summary: 'Withdraw an exception; it stays in the record',
        params: z.object({ id: uuid }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await withdrawException(context, actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
