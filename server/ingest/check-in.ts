/** A check-in: the smallest thing a device says, and the chance to tell it something. */
import { CompiledQuery } from 'kysely';
import { type CheckInRequest, type CheckInResponse, checkInRequest } from '../../agent/contract/wire.ts';
import { evaluateDevice, judgeEveryMs } from '../fleet/evaluate.ts';
import { takeRequests } from '../fleet/report-requests.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { highestSequence, neededSections, signAnswer } from './answer.ts';
import { watchEpochs } from './clones.ts';
import { type DeviceRequest, type IngestContext, takeProof } from './device-request.ts';
import { holesOf } from './gaps.ts';
import { parseJson } from './parse-json.ts';
import { wordsFor } from './words.ts';

/** A clock that moved by more than this is worth judging at once. */
const clockStepSeconds = 30;
/** How long a hole is asked for: bodies are kept for a week, and a device that was off comes back later. */
const askedForMs = 30 * 86_400_000;

/** Throws 400 malformed, or 401 use-nonce. */
export async function checkIn(
  context: IngestContext,
  request: DeviceRequest,
  body: Uint8Array,
): Promise<CheckInResponse> {
  const said = parseJson(body, checkInRequest, 400);
  const { device, held, older, missing, wrongUntil, need, words, reportNow } = await context.commits.run(
    async (trx) => {
      const taken = await watchEpochs(trx, await takeProof(trx, context, request), said, context.now());
      const { agentVersion, storeEpoch, policyVersion } = said;
      const isSame =
        taken.agent_version === agentVersion &&
        taken.store_epoch === storeEpoch &&
        taken.policy_version === policyVersion;
      if (!isSame) {
        await trx
          .updateTable('devices')
          .set({ agent_version: agentVersion, store_epoch: storeEpoch, policy_version: policyVersion })
          .where('id', '=', taken.id)
          .execute();
      }
      if (isNews(request.device, taken)) await evaluateDevice(trx, taken.id, context.now());
      const notedAfter = new Date(context.now().getTime() - askedForMs).toISOString();
      const standing = await standingOf(trx, taken.id, said.storeEpoch, notedAfter);
      const { held, lacks, asked, holed, words_version, wrong_until } = standing;
      const older = [];
      for (const { storeEpoch, sequence } of said.older ?? []) {
        const acknowledged = await highestSequence(trx, taken, storeEpoch);
        if (acknowledged < sequence) older.push({ storeEpoch, acknowledged });
      }
      const isAsked = asked === 1 && taken.state === 'active';
      return {
        device: taken,
        held: held ?? 0,
        older,
        missing: holed === 1 ? await holesOf(trx, taken.id, storeEpoch, notedAfter) : [],
        wrongUntil: wrong_until,
        need: lacks === 1 ? await neededSections(trx, taken.id) : [],
        words: await wordsFor(trx, context, taken, said, words_version),
        reportNow: isAsked ? await takeRequests(trx, taken.id, said, context.now()) : [],
      };
    },
  );
  // What was worked out rests on rows that are committed only now.
  words.committed();
  // Quarantined by what it said: an open stream of its key goes on for nobody.
  if (request.device.state === 'active' && device.state !== 'active') context.streams.deviceMoved(device.id, null);
  const answer = await signAnswer(context, {
    jti: request.claims.jti,
    state: device.state,
    acknowledged: held,
    need,
    ...(isRewound(said, held) ? { rewound: true } : {}),
    ...(wrongUntil === null || wrongUntil <= context.now().toISOString() ? {} : { wrongTimesUntil: wrongUntil }),
    ...(older.length === 0 ? {} : { older }),
    ...(missing.length === 0 ? {} : { missing }),
    ...words.answer,
    ...(reportNow.length === 0 ? {} : { reportNow }),
  });
  return { answer, ...words.beside };
}

interface Standing {
  readonly held: number | null;
  readonly lacks: 0 | 1;
  readonly asked: 0 | 1;
  /** Something between reports of this epoch is missing, and nobody has accounted for it. */
  readonly holed: 0 | 1;
  readonly words_version: number;
  /** The latest of `time_corrections`. */
  readonly wrong_until: string | null;
}

const standingQuery = `select
  (select sequence from device_epochs where device_id = ?1 and store_epoch = ?2) as held,
  exists (select 1 from sections where device_id = ?1 and facts_held = 0) as lacks,
  exists (select 1 from report_requests where device_id = ?1) as asked,
  exists (select 1 from device_gaps where device_id = ?1 and store_epoch = ?2 and report_id is null and first_at is null
    and noted_at > ?3) as holed,
  (select version from words_version) as words_version,
  (select max(wrong_until) from time_corrections) as wrong_until`;

/** What most check-ins need to know, in one statement that is not built anew each time. */
async function standingOf(trx: Database, deviceId: string, storeEpoch: string, notedAfter: string): Promise<Standing> {
  const { rows } = await trx.executeQuery<Standing>(
    CompiledQuery.raw(standingQuery, [deviceId, storeEpoch, notedAfter]),
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a select without a table gives one row');
  return row;
}

/** The server holds more of this epoch than the device has made: the device's store was set back. */
function isRewound(said: CheckInRequest, held: number): boolean {
  return held > said.sequence;
}

/** Judging costs more than the check-in itself; most check-ins change nothing that the hourly round would not see. */
function isNews(before: DeviceRow, after: DeviceRow): boolean {
  const silentMs = Date.parse(after.last_heard_at ?? '') - Date.parse(before.last_heard_at ?? '');
  const step = Math.abs((after.clock_offset_seconds ?? 0) - (before.clock_offset_seconds ?? 0));
  return !(silentMs < judgeEveryMs) || before.clock_offset_seconds === null || step > clockStepSeconds;
}
