import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jwsTypes, nonceHeader, proofHeader } from '../../../agent/contract/wire.ts';
import { hashBytes } from '../../../agent/signing/canonical.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { createTestAgent, sectionOf } from '../../fakes/test-agent.ts';
import { type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let admin: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  admin = await kits.staff('Ada', 'admin');
});
afterEach(() => kits.close());

async function agent(hostname: string) {
  const { body } = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
  const made = await createTestAgent({ url: kits.server.url, token: body.token, hostname, now: kits.context.now });
  return { made, tokenId: body.id as string };
}

test('a device that enrols with a token of the console reports, and is seen, recorded and searched', async () => {
  const { made } = await agent('pc-rathaus');
  const { deviceId } = await made.enrol();
  expect((await made.report()).status).toBe(201);
  const { body } = await admin.get(`devices/${deviceId}`);
  expect(body.hostname).toBe('pc-rathaus');
  expect(body.lastHeardAt).toBe(kits.context.now().toISOString());
  expect(body.sections.length).toBeGreaterThan(3);
  expect(body.verdicts.length).toBeGreaterThan(0);
  const history = (await admin.get(`devices/${deviceId}/history`)).body.items;
  expect(history).toMatchObject([
    { sequence: 1, sections: expect.arrayContaining([expect.objectContaining({ changed: true })]) },
  ]);

  await admin.send('PATCH', `devices/${deviceId}`, { location: 'Zimmer 7' });
  kits.advance(60);
  expect((await made.report()).status).toBe(201);
  expect((await admin.get('devices?search=zimmer')).body.items).toMatchObject([{ id: deviceId }]);
  expect((await admin.get('municipalities')).body.items).toMatchObject([
    { name: 'Grabfeld', devices: 0, lastHeardAt: null },
    { name: 'Wasungen', devices: 1, lastHeardAt: kits.context.now().toISOString() },
  ]);
});

test('a retired device is not heard until it is brought back', async () => {
  const { made } = await agent('pc-1');
  const { deviceId } = await made.enrol();
  await admin.send('PATCH', `devices/${deviceId}`, { state: 'retired' });
  expect(await made.report()).toMatchObject({ status: 403, code: 'device-not-active' });
  await admin.send('PATCH', `devices/${deviceId}`, { state: 'active' });
  expect((await made.report()).status).toBe(201);
});

test('a municipality that approves each device keeps it waiting until somebody does', async () => {
  await admin.send('PATCH', `municipalities/${kits.wasungen}`, { approvalRequired: true });
  const { made } = await agent('pc-1');
  const { deviceId, state } = await made.enrol();
  expect(state).toBe('pending');
  expect((await made.report()).status).toBe(403);
  expect((await admin.get('devices?state=pending')).body.items).toMatchObject([{ id: deviceId }]);
  await admin.send('PATCH', `devices/${deviceId}`, { state: 'active' });
  expect((await made.report()).status).toBe(201);
});

test('nobody enrols with a token that was revoked', async () => {
  const { made, tokenId } = await agent('pc-1');
  await admin.send('DELETE', `tokens/${tokenId}`);
  expect((await made.tryEnrol()).answered).toMatchObject({ status: 401, code: 'token-invalid' });
  expect((await admin.get('devices')).body.total).toBe(0);
});

test('a device that says the most a report may say breaks neither its page nor the list', async () => {
  const { made } = await agent('pc-1');
  const { deviceId } = await made.enrol();
  const most = { manufacturer: 'M'.repeat(120), model: 'm'.repeat(160), serialNumber: 's'.repeat(120) };
  const sections = made.sections().map((section) => {
    if (section.id === 'system')
      return sectionOf('system', { ...(section.data as object), ...most, hostname: 'h'.repeat(253) });
    if (section.id === 'os') return sectionOf('os', { ...(section.data as object), name: 'o'.repeat(120) });
    return section;
  });
  expect((await made.report(sections)).status).toBe(201);
  const { status, body } = await admin.get('devices');
  expect([status, body.items[0].model]).toEqual([200, `${most.manufacturer} ${most.model}`]);
  expect((await admin.get(`devices/${deviceId}`)).status).toBe(200);
});

test.each([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])(
  'a device whose clock says %d is heard, and breaks neither its page nor the list',
  async (iat) => {
    const { body } = await admin.send('POST', 'tokens', { municipalityId: kits.wasungen });
    const key = await generateKey();
    const made = await createTestAgent({ url: kits.server.url, token: body.token, key, now: kits.context.now });
    const { deviceId } = await made.enrol();
    const path = '/agent/v1/check-in';
    const question = {
      contractVersion: 1,
      agentVersion: '1',
      storeEpoch: randomUUID(),
      sequence: 0,
      waiting: 0,
      policyVersion: 0,
    };
    const payload = JSON.stringify(question);
    const send = async (nonce: string) => {
      const claims = {
        sub: Buffer.from(deviceId.replaceAll('-', ''), 'hex').toString('base64url'),
        digest: hashBytes(`POST ${path}\n${payload}`).slice(0, 22),
        iat,
        jti: randomBytes(12).toString('base64url'),
        nonce,
        ctr: 1,
      };
      const proof = await signJws(jwsTypes.proof, claims, key);
      const headers = { 'content-type': 'application/json', [proofHeader]: proof };
      return fetch(kits.server.url + path, { method: 'POST', headers, body: payload });
    };
    const nonce = (await send('stale')).headers.get(nonceHeader) ?? '';
    expect((await send(nonce)).status).toBe(200);
    expect((await admin.get('devices')).status).toBe(200);
    const offset = (await admin.get(`devices/${deviceId}`)).body.clockOffsetSeconds;
    expect(Math.sign(offset)).toBe(Math.sign(iat));
  },
);
