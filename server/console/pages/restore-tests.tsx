/** Restore tests of a device: when the next one is due, those there were, and a form for one done by hand. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BackupFacts } from '../../../agent/contract/facts/backup.ts';
import type { RestoreTestEntry, RestoreTestList, RestoreTestRequest } from '../../api/contract.ts';
import { change } from '../api.ts';
import { ageInDays, dayOf, noonOf } from '../calendar.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Empty, Failure, Loaded } from '../parts/load-state.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

type Products = BackupFacts['products'];
type Result = RestoreTestEntry['result'];

const results: readonly Result[] = ['equal', 'different', 'failed'];
const tones = { equal: 'ok', different: 'critical', failed: 'critical' } as const;

interface TestTableProps {
  readonly tests: readonly RestoreTestEntry[];
  readonly products: Products;
  readonly withdraw: (test: RestoreTestEntry) => void;
}

function TestTable({ tests, products, withdraw }: TestTableProps): JSX.Element {
  const { t, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const columns: Column<RestoreTestEntry>[] = [
    { id: 'at', header: t.testedAt, names: true, cell: ({ at }) => <When at={at} as="date" /> },
    {
      id: 'result',
      header: t.testResult,
      cell: ({ result, files, different, withdrawnAt, withdrawnBy }) => (
        <div>
          <ToneMark tone={withdrawnAt === null ? tones[result] : 'plain'} word={t.restoreResult[result]} />
          <div class="second">
            {result === 'equal'
              ? t.filesEqual(format.number(files), files)
              : t.filesOf(format.number(different), format.number(files))}
          </div>
          {withdrawnAt === null ? null : <div class="second">{t.testWithdrawnBy(withdrawnBy ?? '–')}</div>}
        </div>
      ),
    },
    {
      id: 'sample',
      header: t.sample,
      cell: ({ sample, note }) => (
        <div>
          {sample ?? <span class="muted">{t.none}</span>}
          {note === null ? null : <div class="second breakable">{note}</div>}
        </div>
      ),
    },
    {
      id: 'source',
      header: t.restoredSource,
      cell: ({ source, product, bytes, durationSeconds }) => (
        <div class="breakable">
          {source}
          <div class="second">
            {[
              products.find(({ id }) => id === product)?.name ?? product,
              bytes === null ? '' : format.bytes(bytes),
              durationSeconds === null ? '' : format.duration(durationSeconds),
            ]
              .filter(Boolean)
              .join(' · ')}
          </div>
        </div>
      ),
    },
    {
      id: 'who',
      header: t.testedBy,
      cell: ({ origin, testedBy, enteredBy }) => (
        <div>
          {origin === 'device' ? t.byAgent : (testedBy ?? '–')}
          {enteredBy === null || enteredBy === testedBy ? null : <div class="second">{t.testEnteredBy(enteredBy)}</div>}
        </div>
      ),
    },
    {
      id: 'actions',
      header: t.actions,
      cell: (test) =>
        mayChange && test.origin === 'staff' && test.withdrawnAt === null ? (
          <button type="button" onClick={() => withdraw(test)}>
            {t.withdrawTest}
            <span class="unseen">: {format.instant(test.at)}</span>
          </button>
        ) : (
          <span class="muted">–</span>
        ),
    },
  ];
  return <Table caption={t.restoreTests} columns={columns} rows={tests} keyOf={({ id }) => id} />;
}

interface FormProps {
  readonly id: string;
  readonly products: Products;
  readonly entered: () => void;
}

function TestForm({ id, products, entered }: FormProps): JSX.Element {
  const { t } = useSpeech();
  const { session } = useSignedIn();
  const today = dayOf(new Date());
  const backups = products.filter(({ kind }) => kind === 'backup');
  const [values, setValues] = useState({
    day: today,
    by: session.user,
    product: backups.length === 1 ? (backups[0]?.id ?? '') : '',
    source: '',
    sample: '',
    result: 'equal' as Result,
    files: '',
    different: '0',
    minutes: '',
    note: '',
  });
  const set = (changes: Partial<typeof values>): void => setValues((before) => ({ ...before, ...changes }));
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const at = noonOf(values.day, new Date());
    if (at === undefined) return;
    const body: RestoreTestRequest = {
      at,
      testedBy: values.by.trim(),
      ...(values.product === '' ? {} : { product: values.product }),
      source: values.source.trim(),
      sample: values.sample.trim(),
      result: values.result,
      files: Number(values.files),
      different: values.result === 'equal' ? 0 : Number(values.different),
      ...(values.minutes === '' ? {} : { durationSeconds: Math.round(Number(values.minutes) * 60) }),
      ...(values.note.trim() === '' ? {} : { note: values.note.trim() }),
    };
    start(
      action.run(async () => {
        await change(`devices/${id}/restore-tests`, { method: 'POST', body });
        entered();
      }),
    );
  };
  const words = (label: string, name: 'by' | 'source' | 'sample', most: number, hint?: string) => (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      {(marks) => (
        <input
          {...marks}
          type="text"
          required
          maxLength={most}
          value={values[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const number = (label: string, name: 'files' | 'different' | 'minutes', least: number, required: boolean) => (
    <Field label={label}>
      {(marks) => (
        <input
          {...marks}
          type="number"
          min={least}
          max={name === 'minutes' ? 10_000 : 1_000_000}
          required={required}
          value={values[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <form class="exception-form" onSubmit={submit} aria-label={t.enterRestoreTest}>
      <Field label={t.testedAt}>
        {(marks) => (
          <input
            {...marks}
            type="date"
            required
            max={today}
            value={values.day}
            onInput={(event) => set({ day: event.currentTarget.value })}
          />
        )}
      </Field>
      {words(t.testedBy, 'by', 120)}
      {words(t.restoredSource, 'source', 200, t.restoredSourceHint)}
      <Choice
        label={t.testProduct}
        value={values.product}
        choices={[['', t.otherProduct], ...backups.map(({ id: product, name }) => [product, name] as const)]}
        choose={(product) => set({ product })}
      />
      {words(t.sample, 'sample', 300, t.sampleHint)}
      <Choice
        label={t.testResult}
        value={values.result}
        choices={results.map((result) => [result, t.restoreResult[result]] as const)}
        choose={(chosen) => set({ result: results.find((result) => result === chosen) ?? 'failed' })}
      />
      {number(t.filesCompared, 'files', values.result === 'failed' ? 0 : 1, true)}
      {values.result === 'equal'
        ? null
        : number(t.filesDifferent, 'different', values.result === 'failed' ? 0 : 1, true)}
      {number(t.durationMinutes, 'minutes', 0, false)}
      <div class="wide">
        <Field label={t.testNote}>
          {(marks) => (
            <textarea
              {...marks}
              rows={2}
              maxLength={2000}
              value={values.note}
              onInput={(event) => set({ note: event.currentTarget.value })}
            />
          )}
        </Field>
        {action.error === undefined ? null : <Failure error={action.error} />}
        <button type="submit" class="main" disabled={action.busy}>
          {t.enterRestoreTest}
        </button>
      </div>
    </form>
  );
}

function Due({ list }: { readonly list: RestoreTestList }): JSX.Element {
  const { t, format } = useSpeech();
  const { lastAt, nextDueOn, everyDays } = list;
  const words = t.restoreDue;
  const overdue = nextDueOn !== null && ageInDays(nextDueOn, new Date()) !== undefined;
  const sentences = [
    ...(nextDueOn === null || overdue ? [words.now] : []),
    lastAt === null ? words.never : words.last(format.day(dayOf(new Date(lastAt)))),
    ...(nextDueOn === null ? [] : [(overdue ? words.overdue : words.next)(format.day(nextDueOn))]),
    words.every(everyDays),
  ];
  return <p>{sentences.join(' ')}</p>;
}

interface RestoreTestsProps {
  readonly id: string;
  readonly products: Products;
  readonly changed: (words: string) => void;
}

export function RestoreTests({ id, products, changed }: RestoreTestsProps): JSX.Element {
  const { t, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const resource = useResource<RestoreTestList>(`devices/${id}/restore-tests`);
  const [doomed, setDoomed] = useState<RestoreTestEntry>();
  const [round, setRound] = useState(0);
  return (
    <>
      <h3>{t.restoreTests}</h3>
      <Loaded resource={resource}>
        {(list) => (
          <>
            <Due list={list} />
            {list.items.length === 0 ? (
              <Empty title={t.noRestoreTest} />
            ) : (
              <TestTable tests={list.items} products={products} withdraw={setDoomed} />
            )}
          </>
        )}
      </Loaded>
      {mayChange ? (
        <details class="section" key={round}>
          <summary>
            <h4>{t.enterRestoreTest}</h4>
          </summary>
          <TestForm
            id={id}
            products={products}
            entered={() => {
              // A new, empty form that is folded again.
              setRound((count) => count + 1);
              resource.reload();
              changed(t.restoreTestEntered);
            }}
          />
        </details>
      ) : null}
      {doomed === undefined ? null : (
        <Confirm
          title={t.withdrawTestTitle}
          text={t.withdrawTestText(format.instant(doomed.at))}
          verb={t.withdrawTest}
          grave
          act={async () => {
            await change(`devices/${id}/restore-tests/${doomed.id}`, { method: 'DELETE' });
            resource.reload();
            changed(t.testWithdrawn);
          }}
          close={() => setDoomed(undefined)}
        />
      )}
    </>
  );
}
