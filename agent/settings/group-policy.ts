/**
 * Settings a group policy gives the machine: values below `HKLM\SOFTWARE\Policies\KITS\Agent`, where administrators alone write.
 * Each stands for the key of `agent.json` of the same name and wins over it; ADMX files for them come from the same schema.
 */
import { win32 } from 'node:path';
import process from 'node:process';
import type { z } from 'zod';
import { runCommandNow } from '../platform/run-command.ts';

export const policyKey = 'SOFTWARE\\Policies\\KITS\\Agent';
const timeoutMs = 15_000;

/** `serverUrl` is `ServerUrl` in the registry. */
export function policyValueName(key: string): string {
  return key.slice(0, 1).toUpperCase() + key.slice(1);
}

export interface GroupPolicy<T> {
  readonly values: Partial<T>;
  /** What was not taken and why; the rest counts all the same: a slip in a policy must not silence every PC it reaches. */
  readonly problems: readonly string[];
}

/** What `reg query` prints for the key; undefined when there is no such key. Windows only. */
export function queryPolicyKey(): string | undefined {
  const reg = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
  const outcome = runCommandNow([reg], ['query', `HKLM\\${policyKey}`, '/reg:64'], { timeoutMs });
  return outcome.kind === 'exited' && outcome.exitCode === 0 ? outcome.stdout : undefined;
}

/** Takes from the answer of `reg query` what fits `schema`. */
export function parsePolicyKey<S extends z.ZodObject>(answer: string, schema: S): GroupPolicy<z.infer<S>> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  const keys = new Map(Object.keys(schema.shape).map((key) => [policyValueName(key).toLowerCase(), key]));
  // Behind the values come the names of keys below, which begin at the margin.
  for (const [, name = '', type = '', text = ''] of answer.matchAll(
    /^ {4}(\S.*?) {4}(REG_[A-Z_]+)(?: {4}(.*?))?\r?$/gm,
  )) {
    const key = keys.get(name.toLowerCase());
    if (key === undefined) {
      problems.push(`group policy: there is no setting "${name}"`);
      continue;
    }
    const field = schema.shape[key] as z.ZodType;
    const readings = readingsOf(type, text);
    const fitting = readings.map((reading) => field.safeParse(reading)).find(({ success }) => success);
    if (fitting === undefined) problems.push(`group policy: ${name} (${type}) cannot be used and is ignored`);
    else values[key] = fitting.data;
  }
  return { values: values as Partial<z.infer<S>>, problems };
}

/** What a value may mean: the number, the text, the lines, or the JSON the lines make up. */
function readingsOf(type: string, text: string): unknown[] {
  // The answer comes in a code page nobody names; what does not survive that is not guessed.
  if (text.includes('\uFFFD')) return [];
  switch (type) {
    case 'REG_DWORD':
      return /^0x[0-9a-f]{1,8}$/i.test(text) ? [Number(text)] : [];
    case 'REG_SZ':
      return text === 'true' || text === 'false' ? [text, text === 'true'] : [text];
    case 'REG_MULTI_SZ': {
      const lines = text.split('\\0').filter((line) => line !== '');
      try {
        return [lines, JSON.parse(lines.join('\n'))];
      } catch {
        return [lines];
      }
    }
    default:
      return [];
  }
}
