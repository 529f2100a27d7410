/** The agent's log: one JSON object a line. Callers pass facts, never tokens, keys or proofs. */

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export type Log = Readonly<Record<LogLevel, (event: string, facts?: Readonly<Record<string, unknown>>) => void>>;

export function createLog(level: LogLevel, write: (line: string) => void, now: () => Date = () => new Date()): Log {
  const least = logLevels.indexOf(level);
  const at =
    (own: LogLevel): Log[LogLevel] =>
    (event, facts = {}) => {
      if (logLevels.indexOf(own) < least) return;
      write(`${JSON.stringify({ time: now().toISOString(), level: own, event, ...facts })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
