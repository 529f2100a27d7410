/** Commands about people, scripts and the municipalities they are for. They work while the server runs. */
import { createBackupServer, revokeBackupServer } from '../fleet/backup-servers.ts';
import { createMunicipality } from '../fleet/municipalities.ts';
import type { Actor, FleetContext } from '../fleet/scope.ts';
import { createEnrolmentToken } from '../fleet/tokens.ts';
import { recordedServerUrl } from '../server-url.ts';
import { createApiToken, revokeApiToken } from '../staff/api-tokens.ts';
import { createSignInLink, createUser, disableUser, enableUser } from '../staff/users.ts';
import {
  type CommandInput,
  dataDirOf,
  defaultPort,
  municipalityIdOf,
  neededOption,
  numberOption,
  optionOf,
  print,
  roleOption,
  subjectOf,
  UsageError,
  withFleet,
} from './command.ts';

export async function createMunicipalityCommand(input: CommandInput): Promise<void> {
  const name = subjectOf(input);
  const create = async (context: FleetContext, actor: Actor): Promise<void> => {
    const made = await createMunicipality(context, actor, { name, approvalRequired: false });
    print(input, made.id, { id: made.id, name: made.name });
    input.err(`Made the municipality "${made.name}". Next: kits-server create-token --municipality "${made.name}"`);
  };
  await withFleet(input, create, { mayCreate: true });
}

export async function createTokenCommand(input: CommandInput): Promise<void> {
  const wanted = neededOption(input, 'municipality');
  const uses = numberOption(input, 'uses', 1, 10_000) ?? 1;
  const expiresInDays = numberOption(input, 'expires', 1, 365) ?? 14;
  await withFleet(input, async (context, actor) => {
    const municipalityId = await municipalityIdOf(context, wanted);
    const made = await createEnrolmentToken(context, actor, { municipalityId, uses, expiresInDays });
    const { id, token, municipality, expiresAt, usesLeft } = made;
    print(input, token, { id, token, municipality, expiresAt, usesLeft });
    input.err(`Devices: ${uses}, municipality: ${municipality.name}, until ${expiresAt}. It is not shown again.`);
  });
}

export async function createUserCommand(input: CommandInput): Promise<void> {
  const name = subjectOf(input);
  const role = roleOption(input);
  const wanted = input.options['municipality'];
  await withFleet(input, async (context, actor) => {
    const municipalities: string[] = [];
    for (const municipality of Array.isArray(wanted) ? wanted : []) {
      municipalities.push(await municipalityIdOf(context, String(municipality)));
    }
    const id = await createUser(context, actor.name, { name, role, municipalityIds: municipalities });
    print(input, id, { id, name, role, municipalities });
    const reach = municipalities.length === 0 ? 'all municipalities' : `municipalities: ${municipalities.length}`;
    input.err(`Made the user "${name}" (${role}, ${reach}). Next: kits-server sign-in-link "${name}"`);
  });
}

export async function disableUserCommand(input: CommandInput): Promise<void> {
  const name = subjectOf(input);
  await withFleet(input, async (context, actor) => {
    await disableUser(context, actor.name, name);
    print(input, `Disabled "${name}".`, { name, disabled: true });
    input.err(
      'Sessions and links have ended. API tokens belong to nobody; revoke them: kits-server revoke-api-token ID',
    );
  });
}

export async function enableUserCommand(input: CommandInput): Promise<void> {
  const name = subjectOf(input);
  await withFleet(input, async (context, actor) => {
    await enableUser(context, actor.name, name);
    print(input, `Enabled "${name}".`, { name, disabled: false });
  });
}

export async function createApiTokenCommand(input: CommandInput): Promise<void> {
  const role = roleOption(input);
  const wanted = optionOf(input, 'municipality');
  await withFleet(input, async (context, actor) => {
    const municipalityId = wanted === undefined ? undefined : await municipalityIdOf(context, wanted);
    const { id, token } = await createApiToken(context, actor.name, { role, municipalityId });
    print(input, token, { id, token, role, municipalityId: municipalityId ?? null });
    input.err(`Sent as "Authorization: Bearer …". It is not shown again. Revoke: kits-server revoke-api-token ${id}`);
  });
}

export async function revokeApiTokenCommand(input: CommandInput): Promise<void> {
  const id = subjectOf(input);
  await withFleet(input, async (context, actor) => {
    await revokeApiToken(context, actor.name, id);
    print(input, `Revoked ${id}.`, { id, revoked: true });
  });
}

export async function createBackupTokenCommand(input: CommandInput): Promise<void> {
  const wanted = neededOption(input, 'municipality');
  const name = neededOption(input, 'name');
  await withFleet(input, async (context, actor) => {
    const municipalityId = await municipalityIdOf(context, wanted);
    const { id, token, municipality } = await createBackupServer(context, actor, { municipalityId, name });
    print(input, token, { id, token, name, municipality });
    input.err(
      `For ${municipality.name}, POST /api/v1/backups/evidence. It is not shown again. Revoke: kits-server revoke-backup-token ${id}`,
    );
  });
}

export async function revokeBackupTokenCommand(input: CommandInput): Promise<void> {
  const id = subjectOf(input);
  await withFleet(input, async (context, actor) => {
    await revokeBackupServer(context, actor, id);
    print(input, `Revoked ${id}.`, { id, revoked: true });
  });
}

export async function signInLinkCommand(input: CommandInput): Promise<void> {
  const name = subjectOf(input);
  const given = optionOf(input, 'url') ?? recordedServerUrl(dataDirOf(input));
  const base = baseUrl(given ?? `http://127.0.0.1:${defaultPort}`);
  await withFleet(input, async (context, actor) => {
    const { secret, expiresAt } = await createSignInLink(context, actor.name, name);
    // Behind the # it reaches no server log and no proxy.
    const link = `${base}/anmelden#${secret}`;
    print(input, link, { link, expiresAt });
    input.err(`Works once, until ${expiresAt}.`);
  });
}

function baseUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UsageError(`--url ${given}: expected the address of the console, such as https://kits.example.`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
