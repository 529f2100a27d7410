/** `GET /agent/v1/events`: one long answer through which a device hears within seconds that there is something for it. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { eventsPath, lastEventHeader, problemDocument } from '../../agent/contract/wire.ts';
import { Problem } from '../problem.ts';
import type { Listener } from '../push/device-streams.ts';
import { type IngestContext, renewedNonce, takeProof } from './device-request.ts';
import { askWho, proofHeaders, prove } from './proven-request.ts';

/** No room for streams now; check-ins go on. */
const noRoomRetrySeconds = 600;
/** A stream ends by itself then, so that whoever holds one has proved its key within the day. */
const longestMs = 12 * 3_600_000;

export async function registerEvents(app: FastifyInstance, context: IngestContext): Promise<void> {
  const { streams } = context;
  const claimed = askWho(app, context);
  app.addHook('preClose', async () => streams.close());
  app.get(
    eventsPath,
    {
      schema: {
        tags: ['agent'],
        summary: 'Events for this device as they happen (server-sent events); a heartbeat comes every two minutes',
        produces: ['text/event-stream'],
        headers: proofHeaders,
        response: {
          401: problemDocument,
          403: problemDocument,
          404: problemDocument,
          429: problemDocument,
          503: problemDocument,
        },
      },
    },
    async (request, reply) => {
      const proven = await prove(context, request, claimed(request));
      context.admission.admit('event streams', proven.device, context.now());
      if (!streams.hasRoom()) throw noRoom();
      const device = await context.commits.run((trx) => takeProof(trx, context, proven));
      // Whoever has an enrolment token would otherwise hear the notices of a municipality that has not approved the device.
      if (device.state !== 'active') throw notHeard(device.state);
      const after = request.headers[lastEventHeader];
      const response = begin(reply, renewedNonce(context, proven));
      const forget = streams.add(
        { id: device.id, municipalityId: device.municipality_id },
        listenerOf(response),
        typeof after === 'string' ? after : undefined,
      );
      const oldest = setTimeout(() => response.end(), longestMs);
      response.once('close', () => {
        clearTimeout(oldest);
        forget();
      });
    },
  );
}

function notHeard(state: string): Problem {
  return new Problem(403, 'device-not-active', `This device is ${state}; it is told nothing but by its check-in.`);
}

function noRoom(): Problem {
  return new Problem(503, 'no-room', 'As many devices listen as this server can serve. Check in instead.', {
    headers: { 'retry-after': String(noRoomRetrySeconds) },
  });
}

/** Takes the connection out of the hands of the framework: the answer has no end it could wait for. */
function begin(reply: FastifyReply, headers: Readonly<Record<string, string>>): ServerResponse {
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store, no-transform',
    // Asks the usual proxy in front of a server to pass on what comes when it comes.
    'x-accel-buffering': 'no',
  });
  // A device that vanished without a word is noticed by the system, not only by what is not taken.
  reply.raw.socket?.setKeepAlive(true, 60_000);
  return reply.raw;
}

function listenerOf(response: ServerResponse): Listener {
  return {
    write: (text) => {
      if (!response.writableEnded && !response.destroyed) response.write(text);
    },
    unsent: () => response.writableLength,
    end: () => response.end(),
    cut: () => response.destroy(),
  };
}
