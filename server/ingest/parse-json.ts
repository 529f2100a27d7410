/** Bytes of a stranger to a value that fits its schema. */
import type { z } from 'zod';
import { Problem } from '../problem.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Throws `Problem` malformed with the given status, naming the first place that does not fit and not its value. */
export function parseJson<T extends z.ZodType>(bytes: Uint8Array, schema: T, status: 400 | 422): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new Problem(status, 'malformed', 'The body is not JSON in UTF-8.', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem(status, 'malformed', misfit(parsed.error), { cause: parsed.error });
}

/** "sections.3.state: Invalid option …" */
export function misfit(error: z.ZodError, prefix = ''): string {
  const issue = error.issues[0];
  const path = [...(prefix === '' ? [] : [prefix]), ...(issue?.path ?? []).map(String)].join('.');
  return `${path === '' ? 'body' : path}: ${issue?.message ?? 'does not fit the schema'}`.slice(0, 500);
}
