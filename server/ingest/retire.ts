/**
 * An installation says that it is being removed: the device leaves the fleet, its history stays. Whoever holds the key can say
 * so and no more: a retired key is not heard again, and only staff bring a device back.
 */
import { type RetireResponse, retireRequest } from '../../agent/contract/wire.ts';
import { countUpdates, discountUpdates } from '../fleet/device-updates.ts';
import { recordDeed } from '../staff/audit.ts';
import { checkInSeconds, signAnswer } from './answer.ts';
import { type DeviceRequest, type IngestContext, takeProof } from './device-request.ts';
import { noteEvent } from './events.ts';
import { parseJson } from './parse-json.ts';

/** Throws 400 malformed, or 401 use-nonce. */
export async function retireDevice(
  context: IngestContext,
  request: DeviceRequest,
  body: Uint8Array,
): Promise<RetireResponse> {
  const { agentVersion, waiting } = parseJson(body, retireRequest, 400);
  const at = context.now();
  const state = await context.db.transaction().execute(async (trx) => {
    const device = await takeProof(trx, context, request);
    // A suspected copy has no say over the device it was copied from; staff see that it is gone.
    const isTrusted = device.state === 'active' || device.state === 'pending';
    const unsent = waiting === 0 ? '' : ` ${waiting} reports had not reached the server.`;
    const detail = `KITS Agent ${agentVersion} was removed on ${at.toISOString()}.${unsent}`;
    await noteEvent(trx, device.id, at, 'removed-by-installation', detail);
    if (!isTrusted) return device.state;
    await discountUpdates(trx, device.id);
    await trx.updateTable('devices').set({ state: 'retired' }).where('id', '=', device.id).execute();
    await countUpdates(trx, device.id);
    await recordDeed(trx, at, {
      actor: `device:${device.id}`,
      action: 'device.removed-by-installation',
      municipalityId: device.municipality_id,
      target: device.id,
      detail: { hostname: device.hostname, state: [device.state, 'retired'] },
    });
    return 'retired' as const;
  });
  if (state === 'retired') context.push.deviceMoved(request.device.id, null);
  const answer = await signAnswer(context, {
    jti: request.claims.jti,
    state,
    acknowledged: 0,
    need: [],
    policyVersion: 0,
    checkInSeconds,
  });
  return { answer };
}
