/** The end of the HTTP server: what was begun is finished, within a bound; what was not begun does not hold it up. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Service managers kill after 90 s; a request that is still arriving by then is cut off and its sender tries again. */
const graceMs = 30_000;

export function endCleanly(app: FastifyInstance, withinMs = graceMs): void {
  // A connection that has brought no request (browsers and HTTP clients open some ahead of need) does not count as idle
  // for Node, and would be waited for until it runs out of time.
  const unused = new Set<Socket>();
  app.server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  let late: NodeJS.Timeout | undefined;
  let ending = false;
  app.addHook('onSend', async (_request, reply) => {
    // A connection kept open for a next request would be waited for as well.
    if (ending) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    ending = true;
    for (const socket of unused) socket.destroy();
    late = setTimeout(() => app.server.closeAllConnections(), withinMs);
  });
  app.addHook('onClose', async () => clearTimeout(late));
}
