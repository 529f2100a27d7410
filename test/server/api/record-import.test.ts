import { afterEach, beforeEach, expect, test } from 'vitest';
import { addDevice, auditOf, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
let id: string;

beforeEach(async () => {
  kits = await startStaffedServer();
  technician = await kits.staff('Tom', 'technician', kits.wasungen);
  id = await addDevice(kits.context, kits.wasungen, { hostname: 'PC-01', office: 'Bauamt', note: 'bleibt' });
  await addDevice(kits.context, kits.wasungen, { hostname: 'pc-02' });
  await addDevice(kits.context, kits.grabfeld, { hostname: 'pc-03' });
});
afterEach(() => kits.close());

const send = (csv: string | Uint8Array, query = '') => technician.send('POST', `devices/import-records${query}`, csv);
const recordOf = async (hostname: string) => (await technician.get(`devices?search=${hostname}`)).body.items[0].record;

test.each([
  [';', ''],
  [',', ''],
  ['\t', ''],
  [';', '\uFEFF'],
])('separator %j after %j: updates what is given and leaves empty cells alone', async (separator, mark) => {
  const lines = [
    ['Hostname', 'inventoryNumber', 'location', 'office', 'note'],
    ['pc-01', 'INV-1', '"Rathaus; Raum 1, ""links"""', '', '  '],
    ['pc-02', '=1+1', '-2', '@x', '+3'],
  ];
  const csv = mark + lines.map((cells) => cells.join(separator)).join('\r\n');
  const answer = await send(csv);
  expect([answer.status, answer.body]).toEqual([200, { updated: 2, refused: [] }]);
  expect(await recordOf('pc-01')).toEqual({
    inventoryNumber: 'INV-1',
    location: 'Rathaus; Raum 1, "links"',
    office: 'Bauamt',
    note: 'bleibt',
  });
  // Stored as it stands: nobody calculates with it here.
  expect(await recordOf('pc-02')).toEqual({ inventoryNumber: '=1+1', location: '-2', office: '@x', note: '+3' });
  expect(await auditOf(kits.context, 'device.import-records')).toMatchObject([
    { actor: 'Tom', municipality_id: kits.wasungen, detail: '{"updated":2,"lines":2,"refused":0}' },
  ]);
  expect((await technician.get('devices?search=inv-1')).body.total).toBe(1);
});

test('bad lines are named with number and reason, good ones are applied', async () => {
  await addDevice(kits.context, kits.wasungen, { hostname: 'twin' });
  await addDevice(kits.context, kits.wasungen, { hostname: 'TWIN' });
  const retired = await addDevice(kits.context, kits.wasungen, { hostname: 'alt', state: 'retired' });
  const { body } = await send(
    [
      'deviceId;hostname;note',
      `${id};;by id`,
      ';nowhere;x',
      ';twin;x',
      ';pc-03;of another municipality',
      ';;x',
      '',
      ';pc-02;one;too many',
      `;pc-02;${'x'.repeat(2001)}`,
      `${id};pc-02;x`,
      ';pc-01;again',
      ';alt;by name',
      `${retired};;by id`,
      ';pc-02;good',
    ].join('\n'),
  );
  expect(body.updated).toBe(3);
  expect(body.refused.map(({ line, reason }: { line: number; reason: string }) => `${line}: ${reason}`)).toEqual([
    '3: Es gibt hier kein Gerät „nowhere“.',
    '4: „twin“ heißen 2 Geräte. Geben Sie die deviceId an.',
    '5: Es gibt hier kein Gerät „pc-03“.',
    '6: Weder hostname noch deviceId ist angegeben.',
    '8: Die Zeile hat mehr Felder als die Kopfzeile.',
    '9: Zu lang: note.',
    '10: Das Gerät mit dieser deviceId heißt „PC-01“ und nicht „pc-02“.',
    '11: Das Gerät steht schon in Zeile 2.',
    '12: Es gibt hier kein Gerät „alt“.',
  ]);
  expect((await recordOf('pc-01')).note).toBe('by id');
  expect((await recordOf('pc-02')).note).toBe('good');
});

test.each<[string, string | Uint8Array, number, string]>([
  ['Windows-1252', Buffer.from('hostname;location\npc-01;B\xfcro\n', 'latin1'), 400, 'csv-encoding'],
  ['UTF-16', Buffer.from('\uFEFFhostname\npc-01', 'utf16le'), 400, 'csv-encoding'],
  ['UTF-16 without mark', Buffer.from('hostname\npc-01', 'utf16le'), 400, 'csv-encoding'],
  ['an unknown column', 'hostname;Raum;Etage\npc-01;1;2', 400, 'csv-columns'],
  ['a column twice', 'hostname;note;NOTE\npc-01;1;2', 400, 'csv-columns'],
  ['no column that names the device', 'location;note\nx;y', 400, 'csv-columns'],
  ['nothing', '', 400, 'csv-malformed'],
  ['a quotation mark that never ends', 'hostname;note\npc-01;"x', 400, 'csv-malformed'],
  ['a line too many', `hostname\n${'pc-01\n'.repeat(20_001)}`, 413, 'csv-too-long'],
  ['a byte too many', 'x'.repeat(5 * 1024 * 1024 + 1), 413, 'too-large'],
])('%s is refused as a whole', async (_, csv, status, code) => {
  const answer = await send(csv);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(await auditOf(kits.context, 'device.import-records')).toEqual([]);
  expect(await recordOf('pc-01')).toMatchObject({ location: null, note: 'bleibt' });
});

test('an unknown column is named, and the way to UTF-8 is told', async () => {
  expect((await send('hostname;Raum\npc-01;1')).body.detail).toContain('"Raum"');
  expect((await send(Buffer.from('hostname\nB\xfcro', 'latin1'))).body.detail).toContain('CSV UTF-8');
});

test('20,000 lines are taken', async () => {
  const { status, body } = await send(`hostname,note\n${'pc-01,x\n'.repeat(20_000)}`);
  expect([status, body.updated, body.refused.length]).toEqual([200, 1, 19_999]);
});

test('one municipality can be singled out; a foreign one is not there', async () => {
  const district = (await kits.script('technician')).client;
  const path = `devices/import-records?municipality=${kits.wasungen}`;
  expect((await district.send('POST', path, 'hostname,note\npc-03,x')).body).toMatchObject({ updated: 0 });
  const foreign = await send('hostname,note\npc-03,x', `?municipality=${kits.grabfeld}`);
  expect([foreign.status, foreign.body.code]).toEqual([404, 'not-found']);
});

test('JSON is not taken for CSV', async () => {
  const answer = await technician.send('POST', 'devices/import-records', { hostname: 'pc-01' });
  expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type']);
});
