/** A notice that is said anew for fewer people is gone for all it was for, within the same moment and not at some check-in. */
import { expect, onTestFinished, test } from 'vitest';
import type { Notice } from '../../../agent/contract/policy.ts';
import { holderOf, noticesFor } from '../../../server/notices/in-force.ts';
import { watchWords } from '../../../server/push/watch-words.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import { startTestServer } from '../../fakes/test-server.ts';

const later = ({ issuedAt }: Notice): string => new Date(Date.parse(issuedAt) + 1).toISOString();

test.each([
  ['another notice in its place', (old: Notice, made: Notice): Notice => ({ ...made, replaces: old.id })],
  ['a correction under the same id', (old: Notice, made: Notice) => ({ ...made, id: old.id, issuedAt: later(old) })],
])('%s: those whom it does not concern are asked to check in, and then hold neither', async (_name, inPlaceOf) => {
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
  const narrower = inPlaceOf(old, noticeOf(municipalityId, { audience: { municipality: municipalityId, device } }));
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

  // For the same people again: the notice itself is all the news there is.
  told.length = 0;
  await publish(server, { ...narrower, issuedAt: later(narrower) });
  await words.look();
  expect(told.filter((one) => (one as { name: string }).name === 'policy')).toEqual(
    narrower.replaces === undefined ? [] : [{ name: 'policy', municipalityId }],
  );
});
