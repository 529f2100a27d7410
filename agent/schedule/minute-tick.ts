/** The only timer of the service: one tick a minute. What happens then is decided in `due.ts`. */
import { scheduleJob } from 'node-schedule';

/** Calls `tick` once a minute in `second` (0 to 59); a tick that is still running when the next one comes is not started twice. */
export function everyMinute(second: number, tick: () => Promise<void>): { stop(): void } {
  let running = false;
  const job = scheduleJob(`${second} * * * * *`, () => {
    if (running) return;
    running = true;
    void tick().finally(() => {
      running = false;
    });
  });
  return { stop: () => void job.cancel() };
}
