/** Commands about the server's keys. Those that replace one need the server stopped. */
import { closeSync, fsyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey, type SigningKey } from '../../agent/signing/keys.ts';
import { openSealedKey, SealedKeyError, sealKey } from '../../agent/signing/sealed-key.ts';
import { moveNoticeKeyOffline, rotateServerKey } from '../key-rotation.ts';
import { recordDeed } from '../staff/audit.ts';
import { lockDirectory } from '../store/sqlite.ts';
import {
  type CommandInput,
  dataDirOf,
  numberOption,
  optionOf,
  print,
  subjectOf,
  UsageError,
  withFleet,
} from './command.ts';
import { newPassphrase, readPassphrase } from './passphrase.ts';

/** A week of holiday and a PC in a cupboard: after that devices ask for everything anew anyway. */
const serverOverlapDays = 30;
/** No notice is in force for longer: none loses its key before its end. */
const noticeOverlapDays = 366;

export async function createRecoveryKeyCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const key = await makeSealedKey(input, file, 'the recovery key');
  print(input, key.thumbprint, { thumbprint: key.thumbprint, file });
  input.err(
    `${file} holds the recovery key. Keep it offline, in two places, and its passphrase apart from it.\n` +
      `Installers pin it: RECOVERYKEY=${key.thumbprint} beside SERVERKEY, or "recoveryKey" in agent.json.`,
  );
}

export async function rotateKeyCommand(input: CommandInput): Promise<void> {
  const overlapDays = numberOption(input, 'overlap-days', 0, 366) ?? serverOverlapDays;
  const recoveryKey = await optionalSealedKey(input, 'recovery-key', 'passphrase-file');
  await withStoppedServer(input, async (dataDir, record) => {
    const now = new Date();
    const rotation = await rotateServerKey(dataDir, {
      overlapDays,
      now,
      ...(recoveryKey === undefined ? {} : { recoveryKey }),
    });
    const how = recoveryKey === undefined ? 'announced by the key before' : 'announced by the recovery key';
    await record('server-key.rotate', rotation.to, { from: rotation.from ?? null, how });
    print(input, rotation.to, { thumbprint: rotation.to, replaced: rotation.from ?? null, how });
    input.err(
      'Devices follow at their next check-in. Put the new thumbprint into the installers (SERVERKEY), and back up the folder "keys".',
    );
    if (rotation.noticeKeyReplaced) {
      input.err('The notice key was replaced too: publish notices that are still to be seen anew.');
    }
  });
}

export async function createNoticeKeyCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const overlapDays = numberOption(input, 'overlap-days', 0, 366) ?? noticeOverlapDays;
  const recoveryKey = await optionalSealedKey(input, 'recovery-key', 'recovery-passphrase-file');
  await withStoppedServer(input, async (dataDir, record) => {
    const key = await makeSealedKey(input, file, 'the notice key');
    try {
      await moveNoticeKeyOffline(dataDir, {
        noticeKey: key.publicKey,
        overlapDays,
        now: new Date(),
        ...(recoveryKey === undefined ? {} : { recoveryKey }),
      });
    } catch (error) {
      // A key nobody will ever trust would only be mistaken for one.
      unlinkSync(file);
      throw error;
    }
    await record('notice-key.move-offline', key.thumbprint, {});
    print(input, key.thumbprint, { thumbprint: key.thumbprint, file });
    input.err(
      `Notices are signed with the key in ${file} from now on: kits-server sign-notice FILE --key ${file}\n` +
        'Keep it offline. Devices accept another notice key from the recovery key only.',
    );
  });
}

/** Throws `UsageError` for a file that is no sealed key, or a wrong passphrase. */
export async function readSealedKey(input: CommandInput, file: string, passphraseOption: string): Promise<SigningKey> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const passphrase = await readPassphrase(input, passphraseOption, file);
  try {
    return await openSealedKey(text, passphrase);
  } catch (cause) {
    if (!(cause instanceof SealedKeyError)) throw cause;
    throw new UsageError(`${file}: ${cause.message}.`, { cause });
  }
}

async function optionalSealedKey(
  input: CommandInput,
  option: string,
  passphraseOption: string,
): Promise<SigningKey | undefined> {
  const file = optionOf(input, option);
  return file === undefined ? undefined : readSealedKey(input, file, passphraseOption);
}

/** Never replaces a file. */
export async function makeSealedKey(input: CommandInput, file: string, what: string): Promise<SigningKey> {
  const passphrase = await newPassphrase(input, 'passphrase-file', what);
  const key = await generateKey();
  const sealed = await sealKey(key, passphrase);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'exists already and is not replaced' : `cannot be written: ${(cause as Error).message}`;
    throw new UsageError(`${file} ${why}.`, { cause });
  }
  try {
    writeSync(descriptor, `${sealed}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return key;
}

type RecordDeed = (action: string, target: string, detail: Readonly<Record<string, unknown>>) => Promise<void>;

/** Throws `AlreadyRunning` while a server works on the directory: it would go on with keys that are gone. */
async function withStoppedServer(
  input: CommandInput,
  work: (dataDir: string, record: RecordDeed) => Promise<void>,
): Promise<void> {
  const dataDir = dataDirOf(input);
  await withFleet(input, async ({ db, now }, actor) => {
    const lock = lockDirectory(join(dataDir, 'lock.db'));
    try {
      await work(dataDir, (action, target, detail) =>
        recordDeed(db, now(), { actor: actor.name, action, target, detail }),
      );
    } finally {
      lock.release();
    }
  });
}
