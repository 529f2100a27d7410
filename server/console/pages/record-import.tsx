/** Takes the office's records of many devices from a CSV file or pasted lines, and shows line by line what was refused. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Municipality, RecordImportResult } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Failure, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';

function Result({ result }: { readonly result: RecordImportResult }): JSX.Element {
  const { t, format } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [result]);
  return (
    <section aria-labelledby="result">
      <h2 id="result" ref={heading} tabIndex={-1}>
        {t.importResult}
      </h2>
      <p>
        {t.importUpdated(result.updated)}{' '}
        {result.refused.length === 0 ? t.importAllGood : t.importRefused(result.refused.length)}
      </p>
      {result.refused.length === 0 ? null : (
        <Table
          caption={t.importRefused(result.refused.length)}
          columns={[
            { id: 'line', header: t.line, names: true, cell: ({ line }) => format.number(line) },
            { id: 'reason', header: t.reason, cell: ({ reason }) => reason },
          ]}
          rows={result.refused}
          keyOf={({ line }, index) => `${line} ${index}`}
        />
      )}
    </section>
  );
}

function ImportForm({ municipalities }: { readonly municipalities: readonly Municipality[] }): JSX.Element {
  const { t } = useSpeech();
  const [municipality, setMunicipality] = useState('');
  const [file, setFile] = useState<File>();
  const [lines, setLines] = useState('');
  const [fault, setFault] = useState<string>();
  const [result, setResult] = useState<RecordImportResult>();
  const action = useAction();

  const submit = (event: Event): void => {
    event.preventDefault();
    setFault(undefined);
    setResult(undefined);
    start(
      action.run(async () => {
        const csv = file ?? lines;
        if (typeof csv === 'string' && csv.trim() === '') {
          setFault(t.importEmpty);
          return;
        }
        const scope = municipality === '' ? '' : `?municipality=${encodeURIComponent(municipality)}`;
        const answer = await change<RecordImportResult>(`devices/import-records${scope}`, { method: 'POST', csv });
        setResult(answer);
        announce(t.importUpdated(answer.updated));
      }),
    );
  };
  return (
    <>
      <form class="narrow" onSubmit={submit}>
        <Choice
          label={t.municipality}
          value={municipality}
          choices={[['', t.importAnywhere], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={setMunicipality}
        />
        <Field label={t.importFile} fault={fault}>
          {(marks) => (
            <input
              {...marks}
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => setFile(event.currentTarget.files?.[0] ?? undefined)}
            />
          )}
        </Field>
        <Field label={t.importPaste}>
          {(marks) => (
            <textarea
              {...marks}
              class="code"
              rows={8}
              value={lines}
              spellcheck={false}
              disabled={file !== undefined}
              placeholder={'hostname,inventoryNumber,location'}
              onInput={(event) => setLines(event.currentTarget.value)}
            />
          )}
        </Field>
        {action.error === undefined ? null : <Failure error={action.error} />}
        <button type="submit" class="main" disabled={action.busy}>
          {t.importStart}
        </button>
      </form>
      {result === undefined ? null : <Result result={result} />}
    </>
  );
}

export function RecordImportPage(): JSX.Element {
  const { t } = useSpeech();
  const resource = useResource<{ items: Municipality[] }>('municipalities');
  return (
    <Page title={t.importTitle} lead={t.importLead}>
      <Loaded resource={resource}>{({ items }) => <ImportForm municipalities={items} />}</Loaded>
    </Page>
  );
}
