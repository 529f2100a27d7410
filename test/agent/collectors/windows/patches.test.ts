import { describe, expect, test } from 'vitest';
import { runRound } from '../../../../agent/collectors/run-round.ts';
import { windowsPatchesCollector } from '../../../../agent/collectors/windows/patches.ts';
import { classOfUpdateError } from '../../../../agent/collectors/windows/update-errors.ts';
import type { PatchesFacts } from '../../../../agent/contract/facts/patches.ts';
import { systemClock } from '../../../../agent/platform/clock.ts';
import type { UpdateSearch } from '../../../../agent/platform/machine.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import {
  absent,
  accessDenied,
  changed,
  type Document,
  denied,
  englishNotebook,
  germanDesktop,
  gone,
  having,
  key,
  present,
  section,
} from '../../../fixtures/windows/documents.ts';
import {
  answered,
  at,
  category,
  guid,
  searchConstrained,
  searchDocument,
  searchFailed,
  update,
} from '../../../fixtures/windows/searches.ts';
import { contextOf, sectionOf } from '../context.ts';

const desktop = germanDesktop();
const nothing = answered(searchDocument([]));
const patches = (document: unknown, offline?: UpdateSearch, online?: UpdateSearch) =>
  sectionOf('patches', recordedWindows({ document, ...(offline && { offline }), ...(online && { online }) }));
const facts = async (document: Document, offline: UpdateSearch = nothing) =>
  (await patches(document, offline)).data as PatchesFacts;
const listed = async (updates: unknown) => (await facts(desktop, answered(searchDocument(updates)))).updates;

test('a German PC that lacks an update of its update server', async () => {
  expect(await patches(desktop, answered(searchDocument([update({})])))).toMatchObject({
    state: 'complete',
    data: {
      source: 'windows-update',
      scan: { kind: 'offline-search', succeededOn: '2026-11-23', server: 'wsus01.kreis.example', insecure: true },
      updates: [
        {
          id: 'KB5121003',
          title: '2026-08 Kumulatives Update für Windows 11 Version 24H2 für x64-basierte Systeme (KB5121003)',
          state: 'missing',
          security: true,
          firstSeenOn: '2026-11-24',
          publishedOn: '2026-08-11',
        },
      ],
      automatic: { enabled: true, deferQualityDays: 5 },
      restart: { required: false },
      build: { number: 26100, revision: 8655, updateOfDay: '2026-06-09' },
      installed: [
        { id: 'KB5101650', result: 'failed', errorCode: '0x800F0922', at: '2026-07-15T09:00:01.000Z' },
        { id: 'KB5094126', result: 'succeeded', at: '2026-06-12T10:11:12.000Z' },
        { id: 'KB5089549', result: 'succeeded' },
        { id: 'KB5083769', result: 'failed', errorCode: '0x80240022' },
      ],
    },
  });
});

test('since when an update is missing is asked of the store, by ids that stay', async () => {
  const asked: string[][] = [];
  const machine = recordedWindows({
    document: desktop,
    offline: answered(searchDocument([update({}), update({ id: guid('b'), articles: ['5000001'] })])),
  });
  const context = {
    ...contextOf(machine),
    firstSeen: (_section: string, ids: readonly string[]) => {
      asked.push([...ids]);
      return new Map([['KB5121003', '2026-08-12']]);
    },
  };
  const [found] = await runRound([windowsPatchesCollector], context, { clock: systemClock });
  expect(asked).toEqual([['KB5000001', 'KB5121003']]);
  const data = found?.data as PatchesFacts | undefined;
  expect(data?.updates.map(({ firstSeenOn }) => firstSeenOn)).toEqual(['2026-11-24', '2026-08-12']);
});

describe('updates', () => {
  test('nothing is missing only by the word of a search', async () => {
    expect((await patches(desktop, nothing)).data).toMatchObject({ updates: [], scan: { kind: 'offline-search' } });
  });

  test('three states: missing, waiting for a restart, in force', async () => {
    const found = await facts(
      desktop,
      answered(
        searchDocument([
          update({}),
          update({ id: guid('b'), articles: ['5000001'], installed: true, rebootRequired: true }),
          update({ id: guid('c'), articles: ['5000002'], installed: true, rebootRequired: false }),
        ]),
      ),
    );
    expect(found.updates.map(({ id, state }) => [id, state])).toEqual([
      ['KB5000001', 'waiting-for-restart'],
      ['KB5121003', 'missing'],
    ]);
    expect(found.restart).toMatchObject({ required: true });
  });

  test('two updates with one number keep apart, signatures go by their own id', async () => {
    const ids = (
      await listed([
        update({ id: guid('b') }),
        update({ id: guid('A') }),
        update({ id: guid('c'), articles: '2267602', categories: [category.definitions] }),
        update({ id: guid('d'), articles: [] }),
      ])
    ).map(({ id }) => id);
    expect(ids).toEqual([`KB5121003:${guid('a')}`, `KB5121003:${guid('b')}`, guid('c'), guid('d')].sort());
  });

  test.each([
    ['classified as security', { severity: '' }, true, undefined],
    ['critical in a language of its own', { severity: 'Kritisch' }, true, undefined],
    ['with severity', { severity: 'Important', categories: [category.updates] }, true, 'important'],
    ['an ordinary update', { categories: [category.updates, category.product] }, false, undefined],
    ['one classification without its list', { categories: category.security.toLowerCase() }, true, undefined],
    ['no known classification', { categories: [category.product] }, undefined, undefined],
    ['no classification', { categories: [] }, undefined, undefined],
  ])('security: %s', async (_name, changes, security, severity) => {
    const [found] = await listed(update(changes));
    expect([found?.security, found?.severity]).toEqual([security, severity]);
  });

  test.each([
    ['does not say whether it is installed', { installed: null }],
    ['says it in words', { installed: 'Nein' }],
    ['has no id', { id: 'x' }],
    ['has no list of articles', { articles: null }],
  ])('an update that %s leaves the list open', async (_name, changes) => {
    const found = await patches(desktop, answered(searchDocument([update(changes)])));
    expect(found).toMatchObject({ state: 'partial', data: { updates: [] }, problems: [{ code: 'invalid' }] });
  });

  test('published in the future, or never, is no day', async () => {
    for (const publishedAt of ['2030-01-01T00:00:00Z', '1899-12-30T00:00:00Z', 'gestern', null]) {
      expect((await listed(update({ publishedAt })))[0]).not.toHaveProperty('publishedOn');
    }
  });
});

describe('search', () => {
  const withSearch = (data: unknown) => answered(searchDocument([], { search: section(data) }));

  test.each([
    [-2145107924, 'name-not-resolved', '0x8024402C'],
    [-2147012894, 'timeout', '0x80072EE2'],
    [-2145107941, 'proxy', '0x8024401B'],
    [-2147012721, 'tls-or-clock', '0x80072F8F'],
    [-2145107934, 'server-error', '0x80244022'],
    [-2145103860, 'policy', '0x8024500C'],
    [-2147023838, 'service-disabled', '0x80070422'],
    [-2145124322, 'temporary', '0x8024001E'],
    [-2147467259, 'search-failed', '0x80004005'],
  ])('%i is %s', async (hresult, failure, failureCode) => {
    const found = await patches(desktop, answered(searchFailed(hresult)));
    expect(found.state).toBe('partial');
    expect(found.data).toMatchObject({ scan: { kind: 'build-table', failure, failureCode } });
  });

  test('every known code has one class, and an unknown one never looks like an answer', () => {
    expect(classOfUpdateError(0x80072ee7)).toBe('name-not-resolved');
    expect(classOfUpdateError(-2147012889)).toBe('name-not-resolved');
    expect(classOfUpdateError(undefined)).toBe('search-failed');
    expect(classOfUpdateError(0)).toBe('search-failed');
  });

  test('one of several sources failed: the list stands and is not whole', async () => {
    const found = await patches(
      desktop,
      withSearch({ resultCode: 3, warnings: -2145107934, count: 1, updates: [update({})] }),
    );
    expect(found).toMatchObject({
      state: 'partial',
      data: {
        scan: { kind: 'offline-search', failure: 'server-error', failureCode: '0x80244022' },
        updates: [{ id: 'KB5121003' }],
      },
    });
    expect((await patches(desktop, withSearch({ resultCode: 3, warnings: [], count: 0, updates: [] }))).state).toBe(
      'partial',
    );
  });

  test.each([0, 1, 4, 5, null, 'Erfolgreich'])('result %j gives no list', async (resultCode) => {
    const found = await patches(desktop, withSearch({ resultCode, warnings: [], count: 0, updates: [] }));
    expect(found).toMatchObject({
      state: 'partial',
      data: { scan: { kind: 'build-table', failure: 'search-failed' } },
    });
  });

  test.each([1, null])('a list that is shorter than announced (%j) is not whole', async (count) => {
    const found = await patches(desktop, withSearch({ resultCode: 2, warnings: [], count, updates: [] }));
    expect(found).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
  });

  test.each(['timeout', 'not-found', 'too-much-output', 'unreadable'] as const)(
    'the search ends with %s',
    async (failure) => {
      const found = await patches(desktop, { at, failure });
      expect(found).toMatchObject({ state: 'partial', data: { scan: { kind: 'build-table' } } });
      expect(found.data?.scan).not.toHaveProperty('succeededOn');
    },
  );

  test('without COM the build still shows that an update is missing, and says why no more is known', async () => {
    expect(await patches(englishNotebook(), answered(searchConstrained))).toMatchObject({
      state: 'partial',
      data: {
        scan: { kind: 'build-table', failure: 'constrained-language', server: 'Microsoft Update' },
        updates: [{ id: 'KB5120249', installedVersion: '19045.6456', candidateVersion: '19045.7663', security: true }],
        build: { esu: 'not-licensed', updateOfDay: '2025-10-14' },
      },
    });
  });

  test('without a search and without a build nothing is said', async () => {
    const bare = having(desktop, { version: accessDenied });
    expect(await patches(bare, { at, failure: 'timeout' })).toMatchObject({ state: 'missing' });
    expect(await patches(bare)).toMatchObject({ state: 'missing' });
    expect((await patches(bare, nothing)).data).not.toHaveProperty('build');
  });

  const online = (date: string, updates: unknown = [update({})]): UpdateSearch => ({
    at: date,
    document: searchDocument(updates),
  });

  test('the kept online list stands in for an offline search that failed', async () => {
    const found = await patches(desktop, { at, failure: 'timeout' }, online('2026-11-24T02:00:00.000Z'));
    expect(found).toMatchObject({
      state: 'partial',
      data: {
        scan: { kind: 'online-search', succeededOn: '2026-11-24', failure: 'timeout' },
        updates: [{ id: 'KB5121003' }],
      },
    });
  });

  test('the younger offline list wins, and the online look makes it fresh', async () => {
    const found = await patches(desktop, nothing, online('2026-11-24T02:00:00.000Z'));
    expect(found).toMatchObject({
      state: 'complete',
      data: { scan: { kind: 'offline-search', succeededOn: '2026-11-24' }, updates: [] },
    });
  });

  test('a failed online search is told until another look succeeded', async () => {
    const failed = (date: string): UpdateSearch => ({ at: date, document: searchFailed(-2145107934) });
    const before = await patches(desktop, nothing, failed('2026-11-24T02:00:00.000Z'));
    expect(before.data?.scan).toMatchObject({ succeededOn: '2026-11-23', failure: 'server-error' });
    const after = await patches(desktop, nothing, failed('2026-11-22T02:00:00.000Z'));
    expect(after.data?.scan).not.toHaveProperty('failure');
  });

  test('a look in the future is none', async () => {
    const ahead = searchDocument([], {
      agent: section({ lastSearchAt: '2027-11-23T05:10:00Z', rebootRequired: false }),
    });
    expect((await facts(desktop, answered(ahead))).scan).not.toHaveProperty('succeededOn');
    const never = searchDocument([], { agent: section({ lastSearchAt: null, rebootRequired: false }) });
    expect((await facts(desktop, answered(never))).scan).not.toHaveProperty('succeededOn');
  });
});

describe('source', () => {
  const source = async (changes: Record<string, unknown>) =>
    facts(
      changed(desktop, 'updatePolicy', changes),
      answered(
        searchDocument([], {
          services: section({ services: [] }),
        }),
      ),
    );
  const server = 'https://wsus01.kreis.example:8531';

  test.each([
    ['a server with TLS', { policy: key({ WUServer: server }) }, 'wsus01.kreis.example', false],
    ['a server nobody is told to use', { automatic: key({ AUOptions: 4 }) }, 'Microsoft Update', undefined],
    ['updates switched off', { automatic: key({ UseWUServer: 1, NoAutoUpdate: 1 }) }, 'Microsoft Update', undefined],
    ['a server with a password', { policy: key({ WUServer: 'http://agent:geheim@wsus:8530' }) }, 'wsus', true],
    ['no server', { policy: key() }, 'Microsoft Update', undefined],
    ['no address', { policy: key({ WUServer: 'wsus 01' }) }, 'Microsoft Update', undefined],
    ['policy refused', { policy: denied }, undefined, undefined],
    [
      'monthly updates from elsewhere',
      {
        policy: key({ WUServer: server, SetPolicyDrivenUpdateSourceForQualityUpdates: 0 }),
        automatic: key({ UseWUServer: 1, UseUpdateClassPolicySource: 1, AUOptions: 4 }),
      },
      'Microsoft Update',
      undefined,
    ],
  ])('%s', async (_name, changes, host, insecure) => {
    const { scan } = await source(changes);
    expect([scan.server, scan.insecure]).toEqual([host, insecure]);
  });

  test.each([
    ['nothing said: by itself', { automatic: absent }, true],
    ['switched off', { automatic: key({ NoAutoUpdate: 1, AUOptions: 4 }) }, false],
    ['never looks', { automatic: key({ AUOptions: 1 }) }, false],
    ['service disabled', { service: key({ Start: 4 }) }, false],
    ['access switched off', { policy: key({ DisableWindowsUpdateAccess: 1 }) }, false],
    ['policy refused', { automatic: denied }, undefined],
    ['service not readable', { service: denied }, undefined],
    ['words', { automatic: key({ AUOptions: 'automatisch' }) }, undefined],
  ])('automatic updates: %s', async (_name, changes, enabled) => {
    expect((await source(changes)).automatic.enabled).toBe(enabled);
  });

  test('pauses and deferrals', async () => {
    const paused = await source({
      effective: key({ PausedQualityStatus: 1 }),
      user: key({ PauseUpdatesExpiryTime: '2026-12-20T08:00:00Z' }),
      policy: key({
        DeferQualityUpdates: 1,
        DeferQualityUpdatesPeriodInDays: 7,
        DeferFeatureUpdates: 0,
        DeferFeatureUpdatesPeriodInDays: 365,
      }),
      device: key({ DeferFeatureUpdatesPeriodInDays: 60 }),
    });
    expect(paused.automatic).toMatchObject({ pausedUntil: '2026-12-20', deferQualityDays: 7, deferFeatureDays: 60 });
    const over = await source({
      user: key({ PauseUpdatesExpiryTime: '2026-11-23T08:00:00Z' }),
      policy: key({ DeferQualityUpdates: 1, DeferQualityUpdatesPeriodInDays: 4711 }),
    });
    expect(over.automatic).not.toHaveProperty('pausedUntil');
    expect(over.automatic).not.toHaveProperty('deferQualityDays');
  });
});

describe('restart', () => {
  const restart = async (changes: Record<string, unknown>, more: Record<string, unknown> = {}, search = nothing) =>
    (await facts(having(changed(desktop, 'restart', changes), more), search)).restart;

  test.each([
    ['servicing', { rebootPending: present }, 'servicing'],
    ['update agent', { rebootRequired: { ...present, valueCount: 1 } }, 'update-agent'],
    ['new name', { nextName: key({ ComputerName: 'RATHAUS-08' }) }, 'rename'],
    ['joined a domain', { domainJoin: { state: 'ok', pending: true } }, 'domain-join'],
  ])('due: %s', async (_name, changes, code) => {
    const found = await restart(changes);
    expect(found.required).toBe(true);
    expect(found.reasons).toContainEqual(expect.objectContaining({ code, strength: 'strong' }));
  });

  test('configuration manager has its own word', async () => {
    const manager = (data: unknown) => restart({}, { configurationManager: section(data) });
    expect(await manager({ present: true, returnValue: 0, hard: false, pending: true })).toMatchObject({
      required: true,
    });
    expect(await manager({ present: true, returnValue: 0, hard: false, pending: false })).toMatchObject({
      required: false,
    });
    expect(await manager({ present: true, returnValue: 5 })).not.toHaveProperty('required');
  });

  test('the update agent and updates that wait', async () => {
    const asked = searchDocument([], { agent: section({ lastSearchAt: null, rebootRequired: true }) });
    expect(await restart({}, {}, answered(asked))).toMatchObject({ required: true });
  });

  test.each([
    ['file replacements', { fileReplacements: { state: 'ok', count: 40, inWindows: 12 } }, 'weak'],
    ['an old installer', { updateExeVolatile: key({ UpdateExeVolatile: 3 }) }, 'weak'],
    ['servicing has not ended', { rebootInProgress: present, packagesPending: present }, 'medium'],
    ['servicing waits', { servicing: key({ ServicingInProgress: 1 }) }, 'medium'],
    ['services wait', { servicesPending: { ...present, subkeyCount: 2 } }, 'medium'],
    ['Intune', { intune: present }, 'medium'],
  ])('a hint, not a restart: %s', async (_name, changes, strength) => {
    const found = await restart(changes);
    expect(found.required).toBe(false);
    expect(found.reasons.some((reason) => reason.strength === strength)).toBe(true);
  });

  test('servicing that works right now waits for nothing', async () => {
    const found = await restart({
      servicing: key({ ServicingInProgress: 2 }),
      fileReplacements: { state: 'ok', count: 0, inWindows: 0 },
    });
    expect(found).toEqual({ required: false, reasons: [] });
  });

  test.each([
    ['a strong reason refused', { rebootPending: { ...gone, state: 'denied' } }],
    ['a name that is missing', { nextName: key() }],
    ['domain join not readable', { domainJoin: { state: 'denied', pending: false } }],
  ])('not known: %s', async (_name, changes) => {
    expect(await restart(changes)).not.toHaveProperty('required');
    expect(await restart({ ...changes, rebootRequired: present })).toMatchObject({ required: true });
  });

  test('the whole section refused or cut off is not "no restart"', async () => {
    expect((await facts(having(desktop, { restart: accessDenied }))).restart).not.toHaveProperty('required');
    expect((await facts(having(desktop, { restart: section(null) }))).restart).not.toHaveProperty('required');
    expect((await facts(having(desktop, { restart: undefined }))).restart).not.toHaveProperty('required');
  });

  const asks = (time: string, id = 4) =>
    section({ events: { id, at: time, fields: ['KB5121003', '5112', 'Installed', '0x0', 'UpdateAgentLCU'] } });

  test('since servicing asked for it, after the last start', async () => {
    const found = await facts(
      having(changed(desktop, 'restart', { rebootPending: present }), { setupEvents: asks('2026-11-21T15:00:00Z') }),
    );
    expect(found.restart).toMatchObject({ required: true, since: '2026-11-21' });
    expect(found.installed?.[0]).toMatchObject({ id: 'KB5121003', result: 'restart-pending' });
  });

  test('what was asked before the last start is answered, and without a start nothing is known', async () => {
    const answeredByStart = await facts(having(desktop, { setupEvents: asks('2026-11-20T06:00:00Z') }));
    expect(answeredByStart.installed?.find(({ id }) => id === 'KB5121003')).toMatchObject({ result: 'unknown' });
    const noStart = await facts(having(desktop, { setupEvents: asks('2026-11-21T15:00:00Z'), system: accessDenied }));
    expect(noStart.installed?.find(({ id }) => id === 'KB5121003')).toMatchObject({ result: 'unknown' });
    expect(noStart.restart).not.toHaveProperty('since');
  });
});

describe('install record', () => {
  const events = (setup: unknown, agent: unknown = []) =>
    having(desktop, { setupEvents: section({ events: setup }), updateEvents: section({ events: agent }) });
  const record = async (document: Document) =>
    (await facts(document, answered(searchDocument([], { history: accessDenied })))).installed;
  const fields = (article: string, state = 'Installed', code = '0x0') => [
    article,
    '5112',
    state,
    code,
    'UpdateAgentLCU',
  ];

  test('the newest word about an update counts; removals and other packages are none', async () => {
    expect(
      await record(
        events([
          { id: 3, at: '2026-08-12T10:00:00Z', fields: fields('KB5121003', 'Installed', '0x80070020') },
          { id: 2, at: '2026-08-13T10:00:00Z', fields: fields('KB5121003') },
          { id: 2, at: '2026-08-14T10:00:00Z', fields: fields('KB5000009', 'Absent') },
          { id: 2, at: '2026-08-14T10:00:00Z', fields: fields('Microsoft-Windows-Client-LanguagePack') },
          { id: 2, at: '2026-08-15T10:00:00Z', fields: fields('KB2267602') },
        ]),
      ),
    ).toEqual([{ id: 'KB5121003', result: 'succeeded', at: '2026-08-13T10:00:00.000Z' }]);
  });

  test('a failure of the update agent keeps its code, in either form', async () => {
    const failed = (code: string) => [
      { id: 20, at: '2026-08-13T10:00:00Z', fields: [code, 'Mise à jour cumulative (KB5121003)', '{guid}'] },
    ];
    expect(await record(events([], failed('0x80070643')))).toMatchObject([
      { result: 'failed', errorCode: '0x80070643' },
    ]);
    expect(await record(events([], failed('-2147023293')))).toMatchObject([
      { result: 'failed', errorCode: '0x80070643' },
    ]);
    expect((await record(events([], failed('Fehler'))))?.[0]).not.toHaveProperty('errorCode');
  });

  test('no event is an empty record, no log is none', async () => {
    expect(await record(events([]))).toEqual([]);
    expect(await record(having(desktop, { setupEvents: accessDenied, updateEvents: accessDenied }))).toBeUndefined();
    const broken = await patches(events([{ id: 2, at: 'gestern', fields: fields('KB5121003') }]), nothing);
    expect(broken).toMatchObject({ state: 'partial', problems: [{ code: 'invalid' }] });
  });

  test('the history fills what the logs have forgotten and proves no removal', async () => {
    const ids = (
      await facts(having(desktop, { setupEvents: accessDenied, updateEvents: accessDenied }))
    ).installed?.map(({ id }) => id);
    expect(ids).toEqual(['KB5089549', 'KB5083769']);
  });
});
