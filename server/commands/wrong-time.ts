/** `kits-server admit-wrong-time`: after the clock of the server was ahead, so that devices let go of the times it stated. */
import { instant } from '../../agent/contract/field.ts';
import { recordDeed } from '../staff/audit.ts';
import { type CommandInput, neededOption, print, UsageError, withFleet } from './command.ts';

export async function admitWrongTimeCommand(input: CommandInput): Promise<void> {
  const said = neededOption(input, 'until');
  const until = instant.safeParse(said);
  if (!until.success) throw new UsageError(`--until ${said}: expected a time such as 2036-11-25T09:00:00Z.`);
  await withFleet(input, async ({ db, now }, actor) => {
    const at = now();
    const wrong_until = new Date(until.data).toISOString();
    if (!(wrong_until > at.toISOString())) {
      throw new UsageError(
        `--until ${said} is not ahead of the clock of this server (${at.toISOString()}): devices pass it by themselves. ` +
          'Set the clock right first, then give the latest time it has shown.',
      );
    }
    await db.transaction().execute(async (trx) => {
      const row = { wrong_until, noted_at: at.toISOString(), noted_by: actor.name };
      await trx
        .insertInto('time_corrections')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      // A sweep noted by the clock that was ahead is no measure either.
      await trx
        .updateTable('retention')
        .set({ swept_at: at.toISOString(), swept_on: null })
        .where('swept_at', '>', at.toISOString())
        .where('swept_at', '<=', wrong_until)
        .execute();
      await recordDeed(trx, at, { actor: actor.name, action: 'time.correct', detail: { until: wrong_until } });
    });
    print(input, `Told with each check-in: times up to ${wrong_until} were wrong.`, { wrongUntil: wrong_until });
  });
}
