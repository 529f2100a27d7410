/** The log of Synology's Active Backup agent: lines in which the server's answer stands as JSON. */
import { z } from 'zod';

export interface TaskResult {
  readonly task: string;
  /** The product's word; "complete" is the only one known for good. */
  readonly status: string;
  /** Unix seconds, 0 = none. */
  readonly lastSuccess: number;
  readonly bytes?: number;
  /** Position in the log, from 1. */
  readonly line: number;
}

const answer = z.object({
  backup_result: z.object({
    last_backup_status: z.string().max(60),
    last_success_time: z.int().min(0).max(253_402_300_799).catch(0),
  }),
  running_task_result: z
    .object({
      task_name: z.string().max(200).optional().catch(undefined),
      transfered_bytes: z.int().min(0).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

const maxResults = 400;
const maxLineChars = 64 * 1024;

/** The newest results, oldest first. `undefined` when not one line has the form of this log. */
export function parseSynologyLog(log: string): TaskResult[] | undefined {
  const results: TaskResult[] = [];
  let known = false;
  for (const [index, line] of log
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (!/^[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \[\w+\] /.test(line)) continue;
    known = true;
    if (!line.includes('"backup_result"') || line.length > maxLineChars) continue;
    const parsed = answer.safeParse(jsonIn(line)).data;
    if (parsed === undefined) continue;
    const { backup_result: result, running_task_result: task } = parsed;
    results.push({
      task: task?.task_name || 'backup',
      status: result.last_backup_status,
      lastSuccess: result.last_success_time,
      ...(task?.transfered_bytes === undefined ? {} : { bytes: task.transfered_bytes }),
      line: index + 1,
    });
  }
  return known || log.trim() === '' ? results.slice(-maxResults) : undefined;
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1));
  } catch {
    // A line cut short, or words around a brace.
    return undefined;
  }
}
