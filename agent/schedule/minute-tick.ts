/** The only timer of the service: one tick a minute. What happens then is decided in `due.ts`. */
import { randomInt } from 'node:crypto';
import { scheduleJob } from 'node-schedule';

/** Calls `tick` once a minute, at a second of its own: a fleet must not come at the full minute; a tick that is still running when the next one comes is not started twice. */
export function everyMinute(tick: () => Promise<void>): { stop(): void } {
  let running = false;
  const job = scheduleJob(`${randomInt(60)} * * * * *`, () => {
    if (running) return;
    running = true;
    void tick().finally(() => {
      running = false;
    });
  });
  return { stop: () => void job.cancel() };
}
