import { expect, test } from 'vitest';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import { accessDenied, changed, germanDesktop, having, program } from '../../../fixtures/windows/documents.ts';
import { sectionOf } from '../context.ts';

const of = (packages: unknown, broken: unknown = 0) =>
  sectionOf('software', recordedWindows({ document: changed(germanDesktop(), 'software', { packages, broken }) }));

test('programs with their words as Windows lists them', async () => {
  expect(await sectionOf('software', recordedWindows({ document: germanDesktop() }))).toMatchObject({
    state: 'complete',
    data: {
      source: 'windows-uninstall',
      packages: [
        {
          name: 'AusweisApp',
          version: '2.4.0',
          architecture: 'x86_64',
          publisher: 'Governikus GmbH & Co. KG',
          changedOn: '2026-09-03',
        },
        { name: 'Gebührenkasse Müller', version: '7.1', architecture: 'i686' },
        { name: 'Mozilla Firefox ESR (x64 de)', version: '140.5.0' },
      ],
    },
  });
});

test('parts, updates and entries without a name are no programs', async () => {
  const { data, state } = await of([
    program({ DisplayName: 'Echt' }),
    program({ DisplayName: 'Echt' }),
    program({ DisplayName: 'Echt', bits: '32' }),
    program({ DisplayName: '   ' }),
    program({}),
    program({ DisplayName: 'Baustein', SystemComponent: 1 }),
    program({ DisplayName: 'Teil', ParentKeyName: 'Office16.STANDARD' }),
    program({ DisplayName: 'Sicherheitsupdate', ReleaseType: 'Security Update' }),
    program({ DisplayName: 'Update für Office (KB5002000)' }),
    program({ DisplayName: 'KB5002001' }),
    program({ DisplayName: 'Rest', valueCount: 1 }),
  ]);
  expect(state).toBe('complete');
  expect(data?.packages.map(({ name, architecture }) => `${name} ${architecture}`)).toEqual([
    'Echt i686',
    'Echt x86_64',
  ]);
});

test.each([
  ['20260903', '2026-09-03'],
  ['3.9.2026', undefined],
  ['9/3/2026', undefined],
  ['20261301', undefined],
  ['20260230', undefined],
  ['20300101', undefined],
  ['16010101', undefined],
])('installed on %j', async (InstallDate, expected) => {
  const { data } = await of([program({ DisplayName: 'x', InstallDate })]);
  expect(data?.packages[0]?.changedOn).toBe(expected);
});

test('rubbish behind a version and sizes that are none', async () => {
  const { data } = await of(program({ DisplayName: 'x', DisplayVersion: '1.2\u0000rubbish', EstimatedSize: -5 }));
  expect(data?.packages).toEqual([{ name: 'x', version: '1.2', architecture: 'x86_64' }]);
});

test('what cannot be read is said', async () => {
  expect(await of([program({ DisplayName: 'x' }), 'y', null], 2)).toMatchObject({
    state: 'partial',
    problems: [{ code: 'unreadable', detail: '4 entries of programs cannot be read' }],
  });
});

test.each([
  ['an empty list', []],
  ['no list', null],
])('%s is no PC without programs', async (_name, packages) => {
  expect((await of(packages)).state).toBe('missing');
});

test('a refused list is missing with its reason', async () => {
  const machine = recordedWindows({ document: having(germanDesktop(), { software: accessDenied }) });
  expect(await sectionOf('software', machine)).toMatchObject({ state: 'missing', problems: [{ code: 'denied' }] });
});
