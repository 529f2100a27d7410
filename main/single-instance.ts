/**
 * One tray for each session. Chromium allows one program for each folder of data. A start in the same session reaches the
 * one that runs; a start in another session of the same user, as on a terminal server, is refused and reaches nobody. Which of
 * the two it was, the one that runs says by a file, and the other session then takes a folder of its own.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { uuid } from '../agent/contract/field.ts';

/** Of one user at the same time. */
const maxSessions = 8;
/** A PC that is busy with a logon may take this long to answer; only a further session of the same user waits in vain. */
const patienceMs = 15_000;
const lookMs = 50;

const startData = z.object({ token: uuid });
export type StartData = z.infer<typeof startData>;

const answerIn = (folder: string): string => join(folder, 'answered-start');

export interface Claim {
  /** Of this user; each further session takes one inside it. */
  readonly folder: string;
  /** Makes the folder that of this program; false when another program has it, which is handed `data` if it can be reached. */
  readonly take: (folder: string, data: StartData) => boolean;
  readonly patienceMs?: number;
}

/** False when this session has its tray already, which has been told. */
export async function claimSession({ folder: base, take, patienceMs: longest = patienceMs }: Claim): Promise<boolean> {
  for (let session = 1; session <= maxSessions; session += 1) {
    const folder = session === 1 ? base : join(base, `session-${session}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const token = randomUUID();
    if (take(folder, { token })) return true;
    for (let waited = 0; waited < longest; waited += lookMs) {
      if (isAnswered(folder, token)) return false;
      await pause(lookMs);
    }
  }
  return false;
}

function isAnswered(folder: string, token: string): boolean {
  try {
    return readFileSync(answerIn(folder), 'utf8') === token;
  } catch {
    return false;
  }
}

/** Of the tray that runs, for each further start in its session. What is no start of ours is left alone. */
export function answerStart(folder: string, data: unknown): void {
  const said = startData.safeParse(data);
  if (!said.success) return;
  try {
    writeFileSync(answerIn(folder), said.data.token, { mode: 0o600 });
  } catch {
    // On a full disk whoever asked waits in vain and shows an icon of its own: two are better than none.
  }
}
