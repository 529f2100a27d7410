/** What monitoring asks: is the process there, can it work, and its figures. */
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import { isStorageFull } from './store/sqlite.ts';

export function registerHealth(app: FastifyInstance, context: ServerContext, metrics: Metrics): void {
  const hidden = { schema: { hide: true } };
  app.get('/healthz', hidden, () => ({ status: 'ok' }));

  let probe: Promise<void> | undefined;
  app.get('/readyz', hidden, async () => {
    // One probe at a time: each is a real write, and anybody may ask.
    probe ??= writeSomething(context).finally(() => {
      probe = undefined;
    });
    try {
      await probe;
    } catch (cause) {
      const reason = isStorageFull(cause) ? 'The disk is full.' : 'The database does not take a change.';
      throw new Problem(503, 'not-ready', reason, { cause, headers: { 'retry-after': '30' } });
    }
    return { status: 'ready' };
  });

  app.get('/metrics', hidden, async (_request, reply) => reply.type(metrics.mediaType).send(await metrics.text()));
}

async function writeSomething({ db, now }: ServerContext): Promise<void> {
  const at = now().toISOString();
  await db
    .insertInto('readiness')
    .values({ id: 1, at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
    .execute();
}
