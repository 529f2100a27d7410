/** Published outputs, where they lie beside the repository: no parser may throw or answer nonsense. They are never part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { buildRows, servicingLine } from '../../../../agent/collectors/windows/build-table.ts';
import { stateOf } from '../../../../agent/collectors/windows/defender.ts';
import { articleIn } from '../../../../agent/collectors/windows/install-record.ts';
import { time } from '../../../../agent/collectors/windows/values.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import { changed, germanDesktop, having, section, volume } from '../../../fixtures/windows/documents.ts';
import { answered, searchDocument } from '../../../fixtures/windows/searches.ts';
import { sectionOf } from '../context.ts';

const root = join(process.env['KITS_SAMPLES'] ?? join(import.meta.dirname, '../../../../../shared/samples'), 'windows');
const files = existsSync(root)
  ? readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
      .map((entry) => join(entry.parentPath, entry.name))
  : [];
const read = (name: string): string | undefined => {
  const file = files.find((path) => path.endsWith(name));
  return file === undefined ? undefined : readFileSync(file, 'utf8');
};
const inSamples = (name: string, check: (text: string) => void | Promise<void>) => async () => {
  const text = read(name);
  if (text !== undefined) await check(text);
};

test('the text of every sample in the place of a document, of each section, and of a search', async () => {
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Most samples are no JSON.
    }
    for (const document of [
      parsed,
      having(germanDesktop(), everySection(section(parsed))),
      having(germanDesktop(), everySection(parsed)),
    ]) {
      const machine = recordedWindows({ document, offline: answered(parsed) });
      for (const id of ['patches', 'security', 'software'] as const) {
        const found = await sectionOf(id, machine);
        expect(found.state, `${file} as ${id}`).toBe('missing');
        expect(
          found.problems.map(({ code }) => code),
          `${file} as ${id}`,
        ).not.toContain('bug');
      }
    }
  }
});

function everySection(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.keys(germanDesktop().sections).map((name) => [name, value]));
}

test(
  'product states seen in the field have a state',
  inSamples('productstate-values-seen.json', (text) => {
    for (const value of (JSON.parse(text) as { values: number[] }).values) {
      // 0x054000: nobody has written down what the 4 means.
      expect(stateOf(value).state === 'unknown', String(value)).toBe(value === 344_064);
    }
  }),
);

test(
  'the table of builds says what the published list says',
  inSamples('client-build-history-2025-10_2026-08.json', (text) => {
    for (const { build, release_date, kb_article } of (JSON.parse(text) as { data: Record<string, string>[] }).data) {
      const [number, revision] = (build ?? '').split('.').map(Number);
      const row = buildRows[servicingLine[number ?? 0] ?? 0]?.find((entry) => entry[1] === revision);
      expect(row?.slice(0, 3), build).toEqual([release_date, revision, kb_article]);
    }
  }),
);

test(
  'a volume as another agent recorded it',
  inSamples('win10-crypt-Win32_EncryptableVolume.wmi', async (text) => {
    const value = (name: string): number => Number(new RegExp(`^${name}=(\\d+)`, 'm').exec(text)?.[1]);
    const recorded = volume({
      conversion: value('ConversionStatus'),
      protection: value('ProtectionStatus'),
      method: value('EncryptionMethod'),
    });
    const { data } = await sectionOf(
      'security',
      recordedWindows({ document: changed(germanDesktop(), 'bitlocker', { volumes: recorded }) }),
    );
    expect(data?.encryption).toMatchObject([
      { mountPoint: 'C:', state: 'encrypted', protection: 'on', method: 'AES-256' },
    ]);
  }),
);

test('events of servicing: their times and articles are read', async () => {
  const setup = files.filter((path) => /Setup-[24]\.xml$/.test(path));
  const events = setup.map((path) => {
    const text = readFileSync(path, 'utf8');
    const at = /SystemTime="([^"]+)"/.exec(text)?.[1];
    const body = /<UserData>([\s\S]*)<\/UserData>/.exec(text)?.[1] ?? '';
    const fields = [...body.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, , value]) => value ?? '');
    expect(time.parse(at), path).toBeGreaterThan(0);
    expect(articleIn(fields), path).toMatch(/^KB\d+$/);
    return { id: Number(/<EventID>(\d+)/.exec(text)?.[1]), at, fields };
  });
  const document = having(germanDesktop(), { setupEvents: section({ events }), updateEvents: section({ events: [] }) });
  const { data } = await sectionOf('patches', recordedWindows({ document, offline: answered(searchDocument([])) }));
  for (const event of events) expect(data?.installed?.map(({ id }) => id)).toContain(articleIn(event.fields));
});
