/** A notice that is replaced for fewer people is gone for all it was for, within the same moment and not at some check-in. */
import { expect, onTestFinished, test } from 'vitest';
import { holderOf, noticesFor } from '../../../server/notices/in-force.ts';
import { watchWords } from '../../../server/push/watch-words.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import { startTestServer } from '../../fakes/test-server.ts';

test('those whom the new one does not concern are asked to check in, and then hold neither', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const { db, push, log } = server.context;
  const municipalityId = server.municipalityId;
  const agents = [0, 1].map(() => createTestAgent({ url: server.url, token: server.token }));
  const [one, other] = await Promise.all(agents);
  await one!.enrol();
  await other!.enrol();
  const idOf = (agent: typeof one) => agent!.state.deviceId;
  const told: unknown[] = [];
  const publishing = {
    ...push,
    publish: (target: object, { name }: { name: string }) => void told.push({ name, ...target }),
  };
  const words = watchWords({ db, push: publishing as typeof push, log });
  onTestFinished(() => words.stop());
  const old = noticeOf(municipalityId);
  await publish(server, old);
  await words.look();
  told.length = 0;

  const device = idOf(one);
  const narrower = noticeOf(municipalityId, {
    audience: { municipality: municipalityId, device },
    replaces: old.id,
  });
  await publish(server, narrower);
  await words.look();
  expect(told).toEqual([
    { name: 'notice', municipalityId, deviceIds: [device] },
    { name: 'policy', municipalityId },
  ]);
  const held = async (agent: typeof one) => {
    const holder = await holderOf(db, { id: idOf(agent), municipality_id: municipalityId });
    return (await noticesFor(db, holder, new Date())).map(({ id }) => id);
  };
  expect(await held(one)).toEqual([narrower.id]);
  expect(await held(other)).toEqual([]);
});
