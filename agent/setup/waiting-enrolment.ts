/**
 * What an installer leaves behind for the service: whom to enrol with. The file holds the token, so it lies in `private`, and it
 * goes as soon as the server has answered. A PC that is set up without a network joins when it has one.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import type { Agent } from '../agent.ts';
import type { Log } from '../log.ts';
import { writeAtomically } from '../platform/write-file.ts';
import { ServerRefused } from '../report/refusal.ts';
import { afterFailure } from '../report/retry.ts';
import { ServerUnreachable } from '../report/server-client.ts';

const waitingEnrolment = z.strictObject({
  server: z.url().max(500),
  token: z.string().min(16).max(200),
  serverKey: z.string().length(43).optional(),
  recoveryKey: z.string().length(43).optional(),
});
export type WaitingEnrolment = z.infer<typeof waitingEnrolment>;

export function waitingEnrolmentFile(dataDir: string): string {
  return join(dataDir, 'private', 'waiting-enrolment.json');
}

/** Replaces one that waits already. The folder `private` has to be there. */
export function writeWaitingEnrolment(dataDir: string, waiting: WaitingEnrolment): void {
  writeAtomically(waitingEnrolmentFile(dataDir), `${JSON.stringify(waiting)}\n`, 0o600);
}

/** Undefined when none waits. Throws for a file that is damaged; its message quotes nothing of it. */
export function readWaitingEnrolment(dataDir: string): WaitingEnrolment | undefined {
  const file = waitingEnrolmentFile(dataDir);
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return waitingEnrolment.parse(JSON.parse(content));
  } catch {
    throw new Error(`${file} is damaged. Install again with the token, or run "kits-agent enrol".`);
  }
}

export type WaitingOutcome =
  | 'none'
  | 'enrolled'
  /** Enrolled before; the same server is no reason to spend a second token. */
  | 'known'
  /** The server does not take this token, or belongs to another one than the pin says: only a person can help. */
  | 'refused'
  | 'aborted';

export interface WaitingOptions {
  readonly agent: Agent;
  readonly dataDir: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** Rejects when aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> => setTimeout(ms, undefined, { signal });

/**
 * Enrols with what an installer left, as often as it takes, with the pauses of every other exchange. The token is removed when
 * it has been used, refused or is not needed. Never throws.
 */
export async function enrolWaiting(options: WaitingOptions): Promise<WaitingOutcome> {
  const { agent, dataDir, log, signal, random = Math.random, pause = pauseFor } = options;
  const discard = (): void => rmSync(waitingEnrolmentFile(dataDir), { force: true });
  let retry = { failures: 0, failedAt: [] as readonly number[], notBefore: 0 };
  while (!signal.aborted) {
    let retryAfterSeconds: number | undefined;
    try {
      // Read anew each time: a second installation may have brought a better one.
      const waiting = readWaitingEnrolment(dataDir);
      if (waiting === undefined) return 'none';
      const before = agent.enrolment();
      if (before !== undefined) {
        discard();
        const isSame = before.serverUrl === waiting.server.replace(/\/+$/, '');
        if (!isSame) log.warn('enrolment-elsewhere', { belongsTo: before.serverUrl, wanted: waiting.server });
        return isSame ? 'known' : 'refused';
      }
      const { server, token, serverKey, recoveryKey } = waiting;
      const { deviceId } = await agent.enrol({
        server,
        token,
        ...(serverKey === undefined ? {} : { serverKey }),
        ...(recoveryKey === undefined ? {} : { recoveryKey }),
      });
      discard();
      log.info('enrolled', { deviceId });
      return 'enrolled';
    } catch (error) {
      if (error instanceof ServerRefused && error.status !== 0 && error.status < 500 && error.status !== 429) {
        log.error('enrolment-refused', { code: error.code, error: error.message });
        discard();
        return 'refused';
      }
      if (error instanceof ServerRefused) retryAfterSeconds = error.retryAfterSeconds;
      const isExpected = error instanceof ServerUnreachable || error instanceof ServerRefused;
      log[isExpected ? 'warn' : 'error']('enrolment-waits', { error: (error as Error).message });
    }
    const now = new Date();
    retry = afterFailure(retry, { now, random: random(), retryAfterSeconds });
    await pause(Math.max(0, retry.notBefore - now.getTime()), signal).catch(() => undefined);
  }
  return 'aborted';
}
