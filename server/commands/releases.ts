/** Commands about releases of the agent. Signing needs no server: the release key never comes near one. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type ReleaseManifest, releaseManifest, type UpdateRing, updateRings } from '../../agent/contract/release.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { JwsError, signJws } from '../../agent/signing/jws.ts';
import { Problem } from '../problem.ts';
import { publishRelease, rollOut } from '../releases/publish.ts';
import { searchStandIn } from '../releases/stand-in.ts';
import {
  type CommandInput,
  dataDirOf,
  municipalityIdOf,
  neededOption,
  numberOption,
  optionOf,
  print,
  subjectOf,
  UsageError,
  withFleet,
} from './command.ts';
import { makeSealedKey, readSealedKey } from './keys.ts';

const defaultValidDays = 90;

export async function createReleaseKeyCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const key = await makeSealedKey(input, file, 'the release key');
  print(input, key.thumbprint, { thumbprint: key.thumbprint, file });
  input.err(
    `${file} holds the release key. Keep it offline, never on a server, and its passphrase apart from it.\n` +
      `Devices pin it: "releaseKey": "${key.thumbprint}" in agent.json.`,
  );
}

export async function signReleaseCommand(input: CommandInput): Promise<void> {
  const file = subjectOf(input);
  const now = Date.now();
  const days = numberOption(input, 'valid-days', 1, 400) ?? defaultValidDays;
  const version = neededOption(input, 'version');
  const platform = neededOption(input, 'platform');
  const draft: Record<keyof ReleaseManifest, unknown> = {
    product: 'kits-agent',
    version,
    platform,
    ...(await measure(file, platform === 'win32')),
    fileName: basename(file),
    minimumVersion: optionOf(input, 'minimum-version') ?? '0.0.0',
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + days * 86_400_000).toISOString(),
    sequence: numberOption(input, 'sequence', 1, 999_999_999) ?? Number.NaN,
  };
  const manifest = releaseManifest.safeParse(draft);
  if (!manifest.success) {
    const lines = manifest.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    throw new UsageError(`This release cannot be signed:\n${lines.join('\n')}`);
  }
  const key = await readSealedKey(input, neededOption(input, 'key'), 'passphrase-file');
  const jws = await signJws(jwsTypes.release, manifest.data, key, { embedKey: true });
  print(input, jws, { jws, ...manifest.data });
  input.err(
    `Signed ${version}, good until ${manifest.data.expiresAt}. On the server: kits-server publish-release MANIFEST FILE`,
  );
}

/** `isProgram`: as Windows' programs begin. An MSI or a package would be fetched by every PC, and started by none. */
async function measure(file: string, isProgram: boolean): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  const standIn = searchStandIn(basename(file));
  let size = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      if (size === 0 && isProgram && chunk.toString('latin1', 0, 2) !== 'MZ') {
        throw new UsageError(
          `${file} is no program for Windows. PCs that update themselves take setup.exe; the MSI is for others.`,
        );
      }
      hash.update(chunk);
      standIn.look(chunk);
      size += chunk.byteLength;
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const objection = standIn.objection();
  if (objection !== undefined) throw new UsageError(objection);
  return { sha256: hash.digest('hex'), size };
}

export async function publishReleaseCommand(input: CommandInput): Promise<void> {
  const [manifestFile, file, ...more] = input.positionals;
  if (manifestFile === undefined || file === undefined || more.length > 0) {
    throw new UsageError('Expected the file with the manifest and the file of the release.');
  }
  let jws: string;
  try {
    jws = readFileSync(manifestFile, 'utf8').trim();
  } catch (cause) {
    throw new UsageError(`${manifestFile} cannot be read: ${(cause as Error).message}`, { cause });
  }
  await withFleet(input, async (context, actor) => {
    const { manifest, thumbprint } = await explained(() =>
      publishRelease(context, actor, { dataDir: dataDirOf(input), jws, file }),
    );
    const { sequence, version, platform } = manifest;
    print(input, String(sequence), { sequence, version, platform, signedBy: thumbprint });
    input.err(
      `${version} for ${platform} is here, signed by the key ${thumbprint}. Nobody is offered it yet: ` +
        `kits-server roll-out ${sequence} --percent N [--municipality M] [--ring ${updateRings.join('|')}]`,
    );
  });
}

export async function rollOutCommand(input: CommandInput): Promise<void> {
  const subject = subjectOf(input);
  const sequence = /^\d{1,9}$/.test(subject) ? Number(subject) : Number.NaN;
  if (!(sequence >= 1)) throw new UsageError(`${subject}: expected the number of a release.`);
  const percent = numberOption(input, 'percent', 0, 100);
  if (percent === undefined) throw new UsageError('--percent is missing.');
  const ring = ringOption(input);
  await withFleet(input, async (context, actor) => {
    const wanted = optionOf(input, 'municipality');
    const municipalityId = wanted === undefined ? undefined : await municipalityIdOf(context, wanted);
    await explained(() =>
      rollOut(context, actor, {
        sequence,
        percent,
        ...(ring === undefined ? {} : { ring }),
        ...(municipalityId === undefined ? {} : { municipalityId }),
      }),
    );
    print(input, `${percent} %`, { sequence, percent, ring: ring ?? null, municipality: municipalityId ?? null });
  });
}

function ringOption(input: CommandInput): UpdateRing | undefined {
  const value = optionOf(input, 'ring');
  if (value === undefined) return undefined;
  const ring = updateRings.find((known) => known === value);
  if (ring === undefined) throw new UsageError(`--ring ${value}: expected one of ${updateRings.join(', ')}.`);
  return ring;
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof JwsError) throw new UsageError(`The manifest does not hold: ${cause.message}.`, { cause });
    if (cause instanceof Problem) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}
