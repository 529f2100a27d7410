/** What monitoring asks: is the process there, can it work, and its figures. */
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import { isStorageFull } from './store/sqlite.ts';

/** How long the answer of one probe counts. */
const probeMs = 5000;

export function registerHealth(app: FastifyInstance, context: ServerContext, metrics: Metrics): void {
  const hidden = { schema: { hide: true } };
  app.get('/healthz', hidden, () => ({ status: 'ok' }));

  let probe: { readonly at: number; readonly written: Promise<void> } | undefined;
  app.get('/readyz', hidden, async () => {
    // One probe for all who ask within some seconds: each is a real write, and anybody may ask.
    const at = context.now().getTime();
    const age = probe === undefined ? Number.NaN : at - probe.at;
    if (probe === undefined || !(age >= 0 && age < probeMs)) probe = { at, written: writeSomething(context) };
    try {
      await probe.written;
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
