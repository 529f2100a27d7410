/** Devices: list, one of them, its history, changes, and the import of records. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import { historyMediaType } from '../../agent/contract/history.ts';
import type { ServerContext } from '../context.ts';
import { changeDevice } from '../fleet/device-change.ts';
import { listDevices } from '../fleet/device-list.ts';
import { describeDevice, listHistory } from '../fleet/devices.ts';
import { exportHistory } from '../fleet/history-export.ts';
import { maxCsvBytes } from '../fleet/record-csv.ts';
import { importRecords } from '../fleet/record-import.ts';
import { requestReport } from '../fleet/report-requests.ts';
import { listSoftwareChanges } from '../fleet/software-changes.ts';
import { actorOf } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import {
  device,
  deviceChange,
  deviceList,
  deviceQuery,
  historyList,
  pageQuery,
  recordImportResult,
  reportNowRequest,
  softwareChangeList,
} from './contract.ts';
import { languageOf } from './refusals.ts';

const tags = ['devices'];
const byId = z.object({ id: uuid });

export async function deviceRoutes(scope: ApiScope, context: ServerContext): Promise<void> {
  scope.get(
    '/devices',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Search, filter and sort devices',
        querystring: deviceQuery,
        response: { 200: deviceList },
      },
    },
    async (request) => listDevices(context, actorOf(request).scope, request.query),
  );

  scope.get(
    '/devices/:id',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'All that is known of a device', params: byId, response: { 200: device } },
    },
    async (request) => describeDevice(context, actorOf(request).scope, request.params.id),
  );

  scope.patch(
    '/devices/:id',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Change the record; approve, retire, move or replace the device',
        params: byId,
        body: deviceChange.strict(),
        response: { 200: device },
      },
    },
    async (request) => changeDevice(context, actorOf(request), request.params.id, request.body),
  );

  scope.post(
    '/devices/:id/report-now',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'Ask the device to collect and report these sections at once',
        params: byId,
        body: reportNowRequest.strict(),
        response: { 202: device },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      await requestReport(context, actor, request.params.id, request.body.sections);
      return reply.code(202).send(await describeDevice(context, actor.scope, request.params.id));
    },
  );

  scope.get(
    '/devices/:id/history',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Reports of a device, youngest first',
        params: byId,
        querystring: pageQuery,
        response: { 200: historyList },
      },
    },
    async (request) => listHistory(context, actorOf(request).scope, request.params.id, request.query),
  );

  scope.get(
    '/devices/:id/history/export',
    {
      config: { access: 'technician' },
      schema: {
        tags,
        summary: 'All that the device has signed, for anybody to check without this server',
        params: byId,
        produces: [historyMediaType],
      },
    },
    async (request, reply) => {
      const { name, chunks } = await exportHistory(context, actorOf(request), request.params.id, (words) =>
        request.log.error({ device: request.params.id }, words),
      );
      return reply
        .type(historyMediaType)
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(chunks, { objectMode: false }));
    },
  );

  scope.get(
    '/devices/:id/software-changes',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'What was installed, removed and updated on a device, youngest first',
        params: byId,
        querystring: pageQuery,
        response: { 200: softwareChangeList },
      },
    },
    async (request) => listSoftwareChanges(context, actorOf(request).scope, request.params.id, request.query),
  );

  await scope.register((csv: ApiScope, _, done) => {
    csv.removeAllContentTypeParsers();
    csv.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    csv.post(
      '/devices/import-records',
      {
        config: { access: 'technician' },
        bodyLimit: maxCsvBytes,
        schema: {
          tags,
          summary: 'Import device records from CSV',
          consumes: ['text/csv'],
          querystring: z.object({ municipality: uuid.optional() }),
          response: { 200: recordImportResult },
        },
      },
      async (request) =>
        importRecords(context, actorOf(request), request.body instanceof Uint8Array ? request.body : new Uint8Array(), {
          municipalityId: request.query.municipality,
          language: languageOf(request),
        }),
    );
    done();
  });
}
