/** Every version of a policy, and the way back to an older one. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PolicyDocument, PolicyVersion, SettingField } from '../../api/contract.ts';
import { change } from '../api.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { audienceKey, inOrder, settingValue } from '../settings.ts';
import { useSpeech } from '../speech.ts';

interface HistoryProps {
  readonly policy: PolicyDocument;
  readonly fields: readonly SettingField[];
  readonly mayRestore: boolean;
  readonly restored: (policy: PolicyDocument) => void;
}

export function PolicyHistorySection({ policy, fields, mayRestore, restored }: HistoryProps): JSX.Element {
  const speech = useSpeech();
  const { t, language } = speech;
  const path = `policies/${audienceKey(policy)}`;
  const pages = usePages<PolicyVersion>(`${path}/history?limit=10`);
  const [wanted, setWanted] = useState<PolicyVersion>();
  const words = ({ key, before, after }: PolicyVersion['changes'][number]): JSX.Element => {
    const field = fields.find((known) => known.key === key);
    const shown = (value: unknown): string =>
      value === null ? t.notSet : field === undefined ? JSON.stringify(value) : settingValue(field, value, speech);
    return (
      <li key={key}>
        {field?.label[language] ?? key}: {shown(before)} → {shown(after)}
      </li>
    );
  };
  const columns: Column<PolicyVersion>[] = [
    {
      id: 'version',
      header: t.policyVersion,
      names: true,
      cell: ({ version, restoredFrom }) => (
        <>
          {version}
          {restoredFrom === null ? null : <div class="second">{t.restoredFrom(restoredFrom)}</div>}
        </>
      ),
    },
    {
      id: 'changes',
      header: t.change,
      cell: ({ changes, reason }) => (
        <>
          <ul>{inOrder(changes, fields).map(words)}</ul>
          {reason === null ? null : (
            <div class="second breakable">
              {t.reason}: {reason}
            </div>
          )}
        </>
      ),
    },
    {
      id: 'who',
      header: t.policyChanged,
      cell: ({ changedAt, changedBy }) => (
        <>
          <When at={changedAt} as="date" />
          <div class="second">{changedBy}</div>
        </>
      ),
    },
    ...(mayRestore
      ? [
          {
            id: 'actions',
            header: t.actions,
            cell: (entry: PolicyVersion) =>
              entry.version === policy.version ? (
                <span class="muted">–</span>
              ) : (
                <button type="button" onClick={() => setWanted(entry)}>
                  {t.restore}
                  <span class="unseen">
                    : {t.policyVersion} {entry.version}
                  </span>
                </button>
              ),
          },
        ]
      : []),
  ];
  return (
    <section aria-labelledby="policy-history">
      <h2 id="policy-history">{t.policyHistory}</h2>
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noPolicyHistory} />
          ) : (
            <Table caption={t.policyHistory} columns={columns} rows={items} keyOf={({ version }) => String(version)} />
          )
        }
      </MorePages>
      {wanted === undefined ? null : (
        <Confirm
          title={t.restoreTitle(wanted.version)}
          text={t.restoreText}
          verb={t.restore}
          act={async () => {
            const body = { version: wanted.version, expectedVersion: policy.version };
            restored(await change<PolicyDocument>(`${path}/restore`, { method: 'POST', body }));
          }}
          close={() => setWanted(undefined)}
        />
      )}
    </section>
  );
}
