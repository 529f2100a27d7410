/** What everybody at the PC may read of the reports: the bytes that were signed, in full, with the reason of each field. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { main } from '../../../agent/cli.ts';
import { runRound } from '../../../agent/collectors/run-round.ts';
import { showSent } from '../../../agent/commands/show-sent.ts';
import { defaultBackupPolicy, defaultThresholds } from '../../../agent/contract/policy.ts';
import { explainReport } from '../../../agent/contract/purposes.ts';
import type { Gap, KnownSection } from '../../../agent/contract/report.ts';
import { sentReport } from '../../../agent/contract/status.ts';
import { buildReport } from '../../../agent/report/build-report.ts';
import { fingerprintOf } from '../../../agent/report/fingerprint.ts';
import { evaluateRules } from '../../../agent/rules/rule.ts';
import { canonicalJson, hashBytes } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import type { SignedReport } from '../../../agent/signing/report-frame.ts';
import { listSent, markAccepted, publishSent, readSent } from '../../../agent/status/sent-reports.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { collectors, contextOf } from '../collectors/context.ts';

const key = await generateKey();
const deviceId = '11111111-1111-4111-8111-111111111111';
const storeEpoch = '22222222-2222-4222-8222-222222222222';
const now = new Date('2026-11-24T09:00:00.000Z');

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-sent-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

function collect(tree: RecordedTree): Promise<KnownSection[]> {
  return runRound(
    collectors.filter(({ id }) => id !== 'infrastructure'),
    contextOf(recordedMachine(tree)),
    { clock: { now: () => now, monotonicMs: () => 0, sinceBootMs: () => 0 } },
  );
}

function build(
  sections: readonly KnownSection[],
  change: { sequence?: number; known?: boolean; gaps?: readonly Gap[]; at?: Date } = {},
): Promise<SignedReport> {
  return buildReport(
    {
      deviceId,
      platform: 'linux',
      class: change.gaps === undefined ? 'full' : 'gap',
      now: change.at ?? now,
      serverTime: now,
      sections,
      verdicts: evaluateRules({
        sections: new Map(sections.map((section) => [section.id, section])),
        thresholds: defaultThresholds,
        backup: defaultBackupPolicy,
        now,
        clockOffsetSeconds: 3,
      }),
      fingerprint: fingerprintOf(sections, key.thumbprint),
      ...(change.gaps === undefined ? {} : { gaps: change.gaps }),
      acknowledgedHashes: new Map(change.known === true ? sections.map(({ id, hash }) => [id, hash]) : []),
      place: { epoch: storeEpoch, sequence: change.sequence ?? 1, previousHash: hashBytes('before') },
    },
    key,
  );
}

test('shows every section in full, and what was signed can be computed from it', async () => {
  const dir = folder();
  const sections = await collect(vm);
  const report = await build(sections, { known: true });
  publishSent(dir, report, sections);
  const file = join(dir, 'sent', '1.json');
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const sent = sentReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(sent.envelopeHash).toBe(report.envelopeHash);
  const memory = sent.body.sections.find(({ id }) => id === 'memory');
  expect(memory?.data).toEqual(sections.find(({ id }) => id === 'memory')?.data);
  expect(sent.sentAsHash).toContain('memory');
  const signed = {
    ...sent.body,
    sections: sent.body.sections.map(({ data, ...section }) =>
      sent.sentAsHash.includes(section.id) ? section : { ...section, ...(data === undefined ? {} : { data }) },
    ),
  };
  expect(hashBytes(canonicalJson(signed))).toBe(sent.envelope.bodyHash);
});

test('says when the server took it, and of that report only', async () => {
  const dir = folder();
  const report = await build([]);
  publishSent(dir, report, []);
  markAccepted(dir, { sequence: 1, reportId: 'another' }, now.toISOString());
  expect(readSent(dir, 1)?.acceptedAt).toBeUndefined();
  markAccepted(dir, { sequence: 1, reportId: report.envelope.reportId }, now.toISOString());
  expect(readSent(dir, 1)?.acceptedAt).toBe(now.toISOString());
  // Signed again at another place it is still this report, which people have seen under its first number.
  const later = new Date(now.getTime() + 1000).toISOString();
  markAccepted(dir, { sequence: 7, reportId: report.envelope.reportId }, later);
  expect(readdirSync(join(dir, 'sent'))).toEqual(['1.json']);
  expect(readSent(dir, 1)?.acceptedAt).toBe(later);
  markAccepted(dir, { sequence: 7, reportId: 'another' }, now.toISOString());
  expect(readSent(dir, 1)?.acceptedAt).toBe(later);
});

test('the last ten stay, counted by number and not by letter; those of an older epoch go first', async () => {
  const dir = folder();
  const kept = (): number[] =>
    readdirSync(join(dir, 'sent'))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  for (let sequence = 1; sequence <= 12; sequence += 1) publishSent(dir, await build([], { sequence }), []);
  expect(kept()).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const later = new Date(now.getTime() + 1000);
  publishSent(dir, await build([], { sequence: 1, at: later }), []);
  expect(kept()).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(listSent(dir)[0]?.envelope.sequence).toBe(1);
});

const gap: Gap = {
  storeEpoch,
  from: 2,
  to: 9,
  firstHash: hashBytes('a'),
  lastHash: hashBytes('b'),
  counts: { routine: 7, full: 1, incident: 0, acknowledgement: 0, gap: 0 },
  firstAt: now.toISOString(),
  lastAt: now.toISOString(),
  reason: 'outbox-full',
};

test.each<[string, () => Promise<SignedReport>]>([
  ['a notebook', async () => build(await collect(notebook))],
  ['a virtual machine', async () => build(await collect(vm))],
  ['a gap report', () => build([], { gaps: [gap] })],
])('every single value of the report of %s has its reason in German and English', async (_name, make) => {
  const report = await make();
  const body = JSON.parse(Buffer.from(report.body).toString());
  const fields = explainReport({ envelope: report.envelope, body });
  // `data` of a section is explained by its own schema; nothing is left out.
  expect(fields.length).toBe(leaves(report.envelope) + leaves(body));
  expect(fields.filter(({ de, en }) => !de || !en).map(({ path }) => path)).toEqual([]);
});

function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + leaves(inner), 0);
}

test('a field without a reason is found', () => {
  const body = { sections: [{ id: 'cpu', data: { model: 'x', secret: 1 } }], surprise: 2 } as never;
  const unexplained = explainReport({ envelope: { other: 3 }, body }).filter(({ de }) => de === undefined);
  expect(unexplained.map(({ path }) => path)).toEqual([
    'envelope.other',
    'report.surprise',
    'sections.cpu.data.secret',
  ]);
});

test('what a stranger has named clears no screen and forges no line', async () => {
  const dir = folder();
  const names = ['\u001b[2J\u001b[31m', '\u009b2J', '\u202egnp.exe', 'a\rb', 'x\n\nBericht 9 (full)', '\u2066\u00ad'];
  const hostile = names.join(' ');
  const verdict = { ruleId: 'storage-free', verdict: 'not-met', severity: 'info', reason: 'x', evidence: [] };
  const report = await build([]);
  const body = JSON.parse(Buffer.from(report.body).toString());
  body.verdicts = [{ ...verdict, values: { [`\u001b]0;${'\n'}forged`]: hostile } }];
  publishSent(join(dir, 'public'), { ...report, body: Buffer.from(JSON.stringify(body)) }, []);
  const show = async (...more: string[]): Promise<string[]> => {
    const lines: string[] = [];
    const streams = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line) };
    const { signal } = new AbortController();
    expect(await main(['report', '--show', '--data-dir', dir, ...more], { ...streams, signal })).toBe(0);
    return lines;
  };
  const lines = await show();
  expect(lines.join('')).not.toMatch(/[\p{Cf}\u007f-\u009f\u2028\u2029]|[^\P{Cc}\n]/u);
  // A line feed stands only where the command itself begins a part.
  expect(lines.filter((line) => line.slice(1).includes('\n'))).toEqual([]);
  expect(lines.join('\n')).toContain('\\u009b2J');
  const [json = ''] = await show('--json');
  expect(json).not.toMatch(/[\p{Cf}\u007f-\u009f]/u);
  expect(Object.values(JSON.parse(json).body.verdicts[0].values)).toEqual([hostile]);
});

test('report --show prints hash, values and reasons; as JSON for scripts; and says what is there', async () => {
  const dir = folder();
  const show = (options: Record<string, string | boolean>) => {
    const lines: string[] = [];
    const errors: string[] = [];
    const code = showSent({
      options: { 'data-dir': dir, show: true, ...options },
      out: (line) => lines.push(line),
      err: (line) => errors.push(line),
      signal: new AbortController().signal,
    });
    return { code, text: lines.join('\n'), errors: errors.join('\n') };
  };
  expect(show({})).toMatchObject({ code: 2, errors: expect.stringContaining('no report yet') });
  const sections = await collect(vm);
  const report = await build(sections, { sequence: 3 });
  publishSent(join(dir, 'public'), report, sections);
  const german = show({});
  expect(german.code).toBe(0);
  expect(german.text).toContain(report.envelope.bodyHash);
  expect(german.text).toMatch(/totalBytes: \d+ By {2}– \S+/);
  expect(german.text).toContain('Sichert, dass kein Bericht verloren geht');
  expect(german.text).toMatch(/agentVersion: \S+ {2}– Zeigt, ob der KITS Agent auf diesem PC aktuell ist/);
  expect(german.text).toMatch(/platform: \S+ {2}– Entscheidet, welche Prüfungen/);
  expect(show({ language: 'en' }).text).toContain('Makes sure that no report is lost');
  expect(JSON.parse(show({ json: true, sequence: '3' }).text)).toMatchObject({
    envelopeHash: report.envelopeHash,
    fields: expect.arrayContaining([expect.objectContaining({ path: 'sections.memory.data.totalBytes', unit: 'By' })]),
  });
  expect(show({ sequence: '4' }).errors).toContain('are kept: 3');
  expect(() => show({ sequence: '../../etc/passwd' })).toThrow(/expected the number/);
  expect(() => show({ language: 'fr' })).toThrow(/expected "de" or "en"/);
});
