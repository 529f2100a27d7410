/** `kits-server retention`: how long the server keeps what devices report. */
import {
  changeRetention,
  type RetentionSettings,
  readRetention,
  retentionSettings,
  vouchForClock,
} from '../fleet/retention.ts';
import { holdOf, inWords } from '../fleet/retention-clock.ts';
import { type CommandInput, optionOf, print, UsageError, withFleet } from './command.ts';

const options = {
  'report-days': 'reportDays',
  'incident-days': 'incidentDays',
  'event-days': 'eventDays',
  'delivery-days': 'deliveryDays',
  'name-days': 'nameDays',
} as const satisfies Record<string, keyof RetentionSettings>;

export async function retentionCommand(input: CommandInput): Promise<void> {
  const change: Partial<RetentionSettings> = {};
  for (const [option, name] of Object.entries(options)) {
    const said = optionOf(input, option);
    if (said === undefined) continue;
    const days = /^\d{1,5}$/.test(said) ? Number(said) : Number.NaN;
    if (name === 'nameDays') {
      if (!(days >= 1 && days <= 366))
        throw new UsageError(`--${option} ${said}: expected a whole number of days from 1 to 366.`);
      change[name] = days;
      continue;
    }
    if (said !== 'forever' && !(days >= 30 && days <= 36_500))
      throw new UsageError(`--${option} ${said}: expected a whole number of days from 30 to 36500, or "forever".`);
    change[name] = said === 'forever' ? null : days;
  }
  const today = optionOf(input, 'today');
  await withFleet(input, async (context, actor) => {
    if (today !== undefined) {
      const clock = context.now().toISOString().slice(0, 10);
      if (today !== clock)
        throw new UsageError(`--today ${today}: the clock of this machine says ${clock} (UTC). Set it right first.`);
      await vouchForClock(context, actor);
    }
    const before = await readRetention(context.db);
    const wanted = retentionSettings.safeParse({ ...before.settings, ...change });
    if (!wanted.success) throw new UsageError(`These do not go together: ${wanted.error.issues[0]?.message ?? ''}.`);
    const { settings, sweptOn, sweptAt } =
      Object.keys(change).length === 0 ? before : await changeRetention(context, actor, change);
    const days = (value: number | null): string => (value === null ? 'for ever' : `${value} days`);
    const words = [
      `reports and changes of software  ${days(settings.reportDays)}`,
      `incidents, acknowledgements      ${days(settings.incidentDays)}`,
      `events of devices                ${days(settings.eventDays)}`,
      `deliveries of notices            ${days(settings.deliveryDays)}`,
      `names, after the notice's end    ${days(settings.nameDays)}`,
      `last gone through                ${sweptOn ?? 'never'}`,
    ];
    const at = context.now();
    const hold = holdOf(sweptAt, at);
    if (hold !== undefined) words.push('', inWords(hold, at));
    print(input, words.join('\n'), { ...settings, sweptOn, held: hold ?? null });
  });
}
