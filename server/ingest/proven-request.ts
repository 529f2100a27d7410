/** How the endpoints of devices get from an HTTP request to a proven one. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { proofHeader } from '../../agent/contract/wire.ts';
import type { DeviceRow } from '../store/schema.ts';
import { type DeviceRequest, findClaimedDevice, type IngestContext, verifyRequest } from './device-request.ts';

export const proofHeaders = z.object({ [proofHeader]: z.string() });

/** Finds the device before the body is read; the result hands it to the handler. */
export function askWho(app: FastifyInstance, context: IngestContext): (request: FastifyRequest) => DeviceRow {
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

export function prove(context: IngestContext, request: FastifyRequest, device: DeviceRow): Promise<DeviceRequest> {
  return verifyRequest(context, device, {
    proof: String(request.headers[proofHeader]),
    method: request.method,
    path: String(request.routeOptions.url),
    body: bytesOf(request),
  });
}

/** A request without a body has none to parse, whatever its media type. */
export function bytesOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
