/** What the database holds of a scripted device. */
import type { TestAgent } from '../../fakes/test-agent.ts';
import type { TestServer } from '../../fakes/test-server.ts';

export function storedBy({ context: { db } }: TestServer) {
  return {
    deviceOf: (agent: TestAgent) =>
      db.selectFrom('devices').selectAll().where('id', '=', agent.state.deviceId).executeTakeFirstOrThrow(),

    reportsOf: (agent: TestAgent) =>
      db.selectFrom('reports').selectAll().where('device_id', '=', agent.state.deviceId).orderBy('sequence').execute(),

    sectionsOf: async (agent: TestAgent) => {
      const rows = await db.selectFrom('sections').selectAll().where('device_id', '=', agent.state.deviceId).execute();
      return new Map(rows.map((row) => [row.section_id, row]));
    },

    /** Codes in the order in which they were noted. */
    eventsOf: async (agent: TestAgent) => {
      const rows = await db
        .selectFrom('device_events')
        .select('code')
        .where('device_id', '=', agent.state.deviceId)
        .orderBy('id')
        .execute();
      return rows.map(({ code }) => code);
    },
  };
}
