/** What an administrator of Windows finds in the event log: few events, each once for a change, and nothing that breaks a line. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createEventLog, eventSource, toldEvents } from '../../agent/event-log.ts';
import { createLog } from '../../agent/log.ts';
import { eventViewer } from '../fakes/event-viewer.ts';

const root = join(import.meta.dirname, '../..');

function machine() {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-events-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  mkdirSync(join(dataDir, 'private'));
  const viewer = eventViewer();
  /** Another process with the same memory on disk. */
  const started = () => createEventLog({ dataDir, writer: 'service', run: viewer.run });
  return { ...viewer, dataDir, started };
}

test('each event that matters follows the rules of eventcreate.exe, under an id of its own', async () => {
  const { shown, refused, started } = machine();
  const events = started();
  for (const [name, { where }] of Object.entries(toldEvents)) {
    const facts = new Proxy(
      {},
      { get: (_, fact) => (fact === where?.fact ? where.told : `"${name}"\n%1 ${'x'.repeat(9000)}`) },
    );
    events.tell(name, facts);
    await events.written();
  }
  expect(refused).toEqual([]);
  expect(shown.map(({ id }) => id)).toEqual(Object.values(toldEvents).map(({ id }) => id));
  expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
  for (const { text } of shown) expect(text.length).toBeLessThanOrEqual(1000);
});

test('a service that fails each minute tells it once; that it runs is told once after that', async () => {
  const { shown, started } = machine();
  for (let minute = 0; minute < 3; minute += 1) {
    const events = started();
    events.tell('service-failed', { error: 'agent.json, line 3: no JSON' });
    await events.written();
  }
  for (let minute = 0; minute < 3; minute += 1) {
    const events = started();
    events.tell('service-started', {});
    await events.written();
  }
  const events = started();
  events.tell('service-failed', { error: 'the device key cannot be read' });
  await events.written();
  expect(shown).toEqual([
    { id: 100, type: 'ERROR', text: 'The service cannot run: agent.json, line 3: no JSON' },
    { id: 101, type: 'INFORMATION', text: 'The service runs.' },
    { id: 100, type: 'ERROR', text: 'The service cannot run: the device key cannot be read' },
  ]);
});

test('a service that always ran tells nothing of it', async () => {
  const { shown, started } = machine();
  for (let boot = 0; boot < 3; boot += 1) {
    const events = started();
    events.tell('service-started', {});
    await events.written();
  }
  expect(shown).toEqual([]);
});

test('the log goes on as it is; of it only what matters is told, and a second way back is news after a new trial', async () => {
  const { shown, started } = machine();
  const lines: { event: string }[] = [];
  const events = started();
  const log = events.beside(createLog('warn', (line) => lines.push(JSON.parse(line))));
  const back = { step: 'switch', to: '1.0.0', reason: '1.1.0 did not prove itself in time' };
  for (const facts of [{ step: 'begin' }, back, back, { step: 'close' }, { step: 'begin' }, back]) {
    log.info('upgrade-step', facts);
  }
  log.warn('task-failed', { task: 'check-in' });
  log.error('store-damaged', { keptAs: 'agent.db.damaged-1' });
  log.error('constructor');
  await events.written();
  expect(shown.map(({ id }) => id)).toEqual([120, 120, 300]);
  expect(shown[0]?.text).toContain('version 1.0.0 again: 1.1.0 did not prove itself in time');
  expect(lines.map(({ event }) => event)).toEqual(['task-failed', 'store-damaged', 'constructor']);
});

test('a Windows that does not answer holds up nothing and is not asked without an end', async () => {
  const { dataDir } = machine();
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = createEventLog({
    dataDir,
    writer: 'guard',
    run: async () => {
      asked += 1;
      await promise;
      throw new Error('not there');
    },
  });
  for (let time = 0; time < 12; time += 1) events.tell('service-hung', { lastSign: `${time}` });
  resolve();
  await events.written();
  expect(asked).toBe(8);
  // What was not told is not taken for told.
  events.tell('service-hung', { lastSign: '11' });
  await events.written();
  expect(asked).toBe(9);
});

test('what cannot be remembered is not told again and again; that the disk takes nothing is, once', async () => {
  const { dataDir, shown, started } = machine();
  rmSync(join(dataDir, 'private'), { recursive: true });
  const events = started();
  events.tell('service-failed', { error: 'no room' });
  events.tell('store-unavailable', { fault: 'disk-full' });
  events.tell('store-unavailable', { fault: 'disk-full' });
  await events.written();
  expect(shown.map(({ id }) => id)).toEqual([302]);
});

test('its memory is for its owner alone, and one that cannot be read is begun anew', async () => {
  const { dataDir, shown, started } = machine();
  const file = join(dataDir, 'private', 'event-log-service.json');
  for (const found of [undefined, '{"format":1,"told":{"service":7}}', 'no JSON']) {
    if (found !== undefined) writeFileSync(file, found);
    const events = started();
    events.tell('service-failed', { error: 'x' });
    await events.written();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  expect(shown).toHaveLength(3);
});

test('both installers register the source with the message file and the mark that eventcreate.exe asks for', () => {
  const key = `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${eventSource}`;
  const file = '%SystemRoot%\\System32\\EventCreate.exe';
  const nsis = readFileSync(join(root, 'build/windows/installer.nsh'), 'utf8');
  expect(nsis).toContain(`!define KITS_EVENT_SOURCE "${key}"`);
  expect(nsis).toContain(`WriteRegExpandStr HKLM "\${KITS_EVENT_SOURCE}" "EventMessageFile" "${file}"`);
  expect(nsis).toContain(`WriteRegDWORD HKLM "\${KITS_EVENT_SOURCE}" "CustomSource" 1`);
  const msi = readFileSync(join(root, 'build/windows/kits-agent.wxs'), 'utf8').replaceAll(/\s+/g, ' ');
  expect(msi).toContain(`Key="${key}" Name="EventMessageFile" Type="expandable" Value="${file}"`);
  expect(msi).toContain(`Key="${key}" Name="CustomSource" Type="integer" Value="1"`);
});

test('each id stands in the manual, and no other', () => {
  const manual = readFileSync(join(root, 'docs/operations/installation-windows.md'), 'utf8');
  const listed = [...manual.matchAll(/^\| (\d{3}) \| (Fehler|Warnung|Information) \|/gm)].map(([, id, type]) => [
    id,
    type,
  ]);
  const german = { ERROR: 'Fehler', WARNING: 'Warnung', INFORMATION: 'Information' };
  expect(listed).toEqual(Object.values(toldEvents).map(({ id, type }) => [String(id), german[type]]));
});
