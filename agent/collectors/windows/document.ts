/** The door through which everything read by PowerShell comes in: sections with their outcome, checked one by one. */
import { z } from 'zod';
import type { ProblemCode } from '../../contract/report.ts';
import type { Machine } from '../../platform/machine.ts';
import { type CollectContext, CollectError } from '../collector.ts';
import { codeOf } from '../text.ts';
import { hex, listOf, whole, words } from './values.ts';

const outcome = z.object({
  ok: z.boolean(),
  error: z.object({ hresult: whole, category: words, id: words }).nullish(),
  data: z.unknown(),
});

const document = z.object({
  version: z.literal(1),
  language: words,
  sections: z.record(z.string().max(60), z.unknown()),
});

/** `absent`: the machine says that it has no such thing. `failed`: not known, and a problem has been noted. */
export type Read<T> =
  | { readonly kind: 'read'; readonly data: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly code: ProblemCode; readonly hresult?: string };

export interface WindowsDocument {
  /** PowerShell is restricted: only cmdlets and CIM work, COM does not. Undefined when it is not said. */
  readonly constrained: boolean | undefined;
  /** Names of the sections in the document, as written, at most 100. */
  readonly names: readonly string[];
  /** Reads one section through its schema; a failure is noted as a problem unless `quiet`. */
  read<T extends z.ZodType>(name: string, schema: T, options?: { quiet?: boolean }): Read<z.output<T>>;
}

/** Checks the frame of a document. Throws `CollectError` with code "invalid" when it is none. */
export function openDocument(value: unknown, { problem }: Pick<CollectContext, 'problem'>): WindowsDocument {
  const parsed = document.safeParse(value);
  if (!parsed.success) throw new CollectError('invalid', 'PowerShell wrote no document of version 1');
  const { sections, language } = parsed.data;
  const constrained = language === undefined ? undefined : language !== 'FullLanguage';
  return {
    constrained,
    names: Object.keys(sections).slice(0, 100),
    read: (name, schema, { quiet = false } = {}) => {
      const fail = (code: ProblemCode, detail: string, hresult?: string): Read<never> => {
        if (!quiet) problem(code, `${name}: ${detail}`);
        return { kind: 'failed', code, ...(hresult === undefined ? {} : { hresult }) };
      };
      if (!Object.hasOwn(sections, name)) return fail('not-found', 'not in the document');
      const section = outcome.safeParse(sections[name]);
      if (!section.success) return fail('invalid', 'has no outcome');
      if (!section.data.ok) {
        const { code, detail, hresult } = classify(section.data.error ?? {}, constrained === true);
        if (code === 'not-present') return { kind: 'absent' };
        return fail(code, detail, hresult);
      }
      const data = schema.safeParse(section.data.data);
      if (!data.success) return fail('invalid', `${data.error.issues[0]?.path.join('.') ?? ''} does not fit`);
      if (!quiet)
        for (const [key, state] of unreadKeys(section.data.data)) problem(state, `${name}.${key} cannot be read`);
      return { kind: 'read', data: data.data };
    },
  };
}

/** Registry keys in a section that are there but were refused. */
function unreadKeys(data: unknown): [key: string, code: ProblemCode][] {
  return Object.entries(data as object).flatMap(([key, value]): [string, ProblemCode][] => {
    const { state } = (value ?? {}) as { state?: unknown };
    return state === 'denied' || state === 'unreadable' ? [[key, state]] : [];
  });
}

/** Reads the document of a machine. Throws `CollectError` when there is none. */
export async function windowsDocument(context: Pick<CollectContext, 'machine' | 'problem'>): Promise<WindowsDocument> {
  return openDocument(await rawDocument(context.machine), context);
}

async function rawDocument({ windows }: Machine): Promise<unknown> {
  if (windows === undefined) throw new CollectError('unsupported', 'this machine has no PowerShell');
  try {
    return await windows.readDocument();
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    throw new CollectError(code === 'ETIMEDOUT' ? 'timeout' : codeOf(cause), (cause as Error).message, { cause });
  }
}

/** Namespace or class of CIM that does not exist, and a log that does not: the machine has no such thing. */
const absentCodes: ReadonlySet<string> = new Set(['0x8004100E', '0x80041010', '0x80041002']);
const deniedCodes: ReadonlySet<string> = new Set(['0x80070005', '0x80041003']);

/** What a failure means, from numbers and identifiers only: the message is translated. */
function classify(
  error: { hresult?: number | undefined; category?: string | undefined; id?: string | undefined },
  constrained: boolean,
): { code: ProblemCode; detail: string; hresult?: string } {
  const { category = '', id = '' } = error;
  // CIM states its code in the identifier only; the exception around it always has the same one.
  const stated = /^HRESULT (0x[0-9a-f]{8})/i.exec(id)?.[1];
  const number = stated === undefined ? error.hresult : Number(stated);
  const code = number === undefined ? undefined : hex(number);
  const detail = `${code ?? 'no code'} ${category}`.trim();
  const answer = (problem: ProblemCode) => ({
    code: problem,
    detail,
    ...(code === undefined ? {} : { hresult: code }),
  });
  if (code !== undefined && absentCodes.has(code)) return answer('not-present');
  if (
    constrained &&
    /^(CannotCreate|MethodInvocationNotSupported|CannotConvert|InvalidCast|PropertySetter|TypeNotF)/.test(id)
  ) {
    return { ...answer('unsupported'), detail: `needs more than Constrained Language Mode allows (${detail})` };
  }
  if (category === 'PermissionDenied' || (code !== undefined && deniedCodes.has(code))) return answer('denied');
  if (category === 'OperationTimeout' || code === '0x80338029') return answer('timeout');
  return answer('unreadable');
}

/** A registry key as the script gives it: its state, and of its values those that were asked for. */
export const registryKey = z
  .object({
    state: z.enum(['ok', 'absent', 'denied', 'unreadable']),
    entries: z.record(z.string(), z.unknown()),
    unreadable: listOf(z.string(), 100),
  })
  .transform(({ state, entries, unreadable }) => {
    const get = (name: string): unknown => (Object.hasOwn(entries, name) ? entries[name] : undefined);
    return {
      state,
      /** The value is certainly not there, so that Windows' default holds. A value that cannot be understood is not unset. */
      unset: (name: string): boolean =>
        (state === 'ok' || state === 'absent') &&
        !Object.hasOwn(entries, name) &&
        unreadable.broken === 0 &&
        !unreadable.items.includes(name),
      number: (name: string): number | undefined => whole.parse(get(name)),
      text: (name: string): string | undefined => words.parse(get(name)),
    };
  });
export type RegistryKey = z.output<typeof registryKey>;
