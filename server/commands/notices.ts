/** Commands that sign and publish notices. Signing needs no server: it can be done on a machine that is never online. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactJws } from '../../agent/contract/field.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { maxWords } from '../../agent/contract/wire.ts';
import { noticeDraft } from '../api/contract.ts';
import { loadServerKeys } from '../keys.ts';
import { noticeFrom, signNotice } from '../notices/draft.ts';
import { publishNotice } from '../notices/publish.ts';
import {
  type CommandInput,
  dataDirOf,
  municipalityIdOf,
  neededOption,
  optionOf,
  print,
  subjectOf,
  UsageError,
  withFleet,
} from './command.ts';
import { readSealedKey } from './keys.ts';

export async function signNoticeCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const draft = readDraft(file, readText(file), undefined);
  const key = await readSealedKey(input, neededOption(input, 'key'), 'passphrase-file');
  const jws = await signNotice(draft, key);
  print(input, jws, { jws, id: draft.id });
  input.err(`Signed ${draft.id}, in force until ${draft.validUntil}. Publish it with: kits-server publish-notice FILE`);
}

export async function publishNoticeCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const text = readText(file);
  const dataDir = dataDirOf(input);
  await withFleet(input, async (context, actor) => {
    const { noticeKey, trust } = await loadServerKeys(dataDir, existsSync(join(dataDir, 'kits.db')));
    const signed = compactJws(maxWords.notice).safeParse(text.trim());
    let jws = signed.data;
    if (jws === undefined) {
      if (noticeKey === undefined) {
        throw new UsageError(
          `${file} is not signed, and this server holds no notice key. Sign it where the key is kept: ` +
            'kits-server sign-notice FILE --key K',
        );
      }
      const wanted = optionOf(input, 'municipality');
      const municipality = wanted === undefined ? undefined : await municipalityIdOf(context, wanted);
      jws = await signNotice(readDraft(file, text, municipality), noticeKey);
    }
    const { id, title, recalled } = await publishNotice(context, actor, jws, trust);
    print(input, id, { id });
    input.err(`${recalled === true ? 'Recalled' : 'Published'} "${title.de}".`);
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** `municipality`: stands in for an audience the draft does not name. Throws `UsageError` with each key that is wrong. */
export function readDraft(file: string, text: string, municipality: string | undefined): Notice {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new UsageError(`${file} is neither a signed notice nor JSON: ${(cause as Error).message}`, { cause });
  }
  if (municipality !== undefined && typeof value === 'object' && value !== null) {
    value = { ...value, audience: { ...(value as { audience?: object }).audience, municipality } };
  }
  const parsed = noticeDraft.safeParse(value);
  if (parsed.success) return noticeFrom(parsed.data, new Date());
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || '(the whole file)'}: ${message}`);
  throw new UsageError(`${file} is no notice:\n${lines.join('\n')}`);
}
