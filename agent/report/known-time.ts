/** What time it really is, as far as the device knows: from signed answers of the server, never from its own clock alone. */

export interface TimeKnowledge {
  /** Highest server time in a verified answer, ms since 1970; 0 before the first. */
  readonly serverTimeFloor: number;
  /** Device clock minus server time at the last verified answer, moved along with every jump noticed since. */
  readonly clockOffsetSeconds?: number | undefined;
}

/** Undefined before the first verified answer. Never before a time the server has already stated. */
export function knownServerTime({ serverTimeFloor, clockOffsetSeconds }: TimeKnowledge, now: Date): Date | undefined {
  if (serverTimeFloor === 0) return undefined;
  return new Date(Math.max(serverTimeFloor, now.getTime() - (clockOffsetSeconds ?? 0) * 1000));
}

/** How far the clock is off at least; a clock that fell behind the floor since is not right because it once was. */
export function knownOffsetSeconds(knowledge: TimeKnowledge, now: Date): number | undefined {
  const time = knownServerTime(knowledge, now);
  if (time === undefined || knowledge.clockOffsetSeconds === undefined) return undefined;
  return Math.round((now.getTime() - time.getTime()) / 1000);
}
