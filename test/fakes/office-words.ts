/** What KITS staff do on a running server so that its devices have something to hear: policies, groups, notices. */
import type { Notice, Policy } from '../../agent/contract/policy.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { SigningKey } from '../../agent/signing/keys.ts';
import type { NoticeDraft } from '../../server/api/contract.ts';
import { changeMembers, createGroup } from '../../server/fleet/groups.ts';
import { changePolicy } from '../../server/fleet/policy-changes.ts';
import { describePolicy } from '../../server/fleet/policy-list.ts';
import { type Actor, everything, type FleetContext } from '../../server/fleet/scope.ts';
import { loadServerKeys } from '../../server/keys.ts';
import { noticeFrom } from '../../server/notices/draft.ts';
import { publishNotice } from '../../server/notices/publish.ts';

export const staff: Actor = { name: 'test', scope: everything };

/** `key`: "municipality-ID" or "device-ID". */
export async function setPolicy(context: FleetContext, key: string, settings: Policy['settings']): Promise<void> {
  const { version } = await describePolicy(context, everything, key);
  await changePolicy(context, staff, key, { settings, expectedVersion: version });
}

export async function groupOf(
  context: FleetContext,
  municipalityId: string,
  devices: readonly string[],
): Promise<string> {
  const { id } = await createGroup(context, staff, { municipalityId, name: `Gruppe ${Math.random()}` });
  await changeMembers(context, staff, id, { add: [...devices], remove: [] });
  return id;
}

export function noticeOf(
  municipality: string,
  change: Partial<NoticeDraft> & { readonly issuedAt?: never } = {},
  now = new Date(),
): Notice {
  const validUntil = new Date(now.getTime() + 7 * 86_400_000).toISOString();
  return noticeFrom(
    {
      audience: { municipality },
      severity: 'info',
      title: { de: 'Wartung am Freitag' },
      body: { de: 'Am Freitag ab 14 Uhr wird das Netz gewartet.' },
      sender: 'KITS',
      validUntil,
      links: [],
      mustAcknowledge: false,
      ...change,
    },
    now,
  );
}

/** Signed with the server's own notice key unless another one is given. Returns the JWS. */
export async function publish(
  server: { readonly dataDir: string; readonly context: FleetContext },
  notice: Notice,
  key?: SigningKey,
): Promise<string> {
  const keys = await loadServerKeys(server.dataDir, true);
  const signer = key ?? keys.noticeKey;
  if (signer === undefined) throw new Error('this server has no notice key');
  const jws = await signJws(jwsTypes.notice, notice, signer);
  await publishNotice(server.context, staff, jws, keys.trust);
  return jws;
}
