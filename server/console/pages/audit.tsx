/** Who changed what and when; more is loaded on request. */
import type { JSX } from 'preact';
import type { AuditEntry, Municipality, Retention } from '../../api/contract.ts';
import { auditAction, auditDetail, auditHostname } from '../code-texts.ts';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';

const deviceIdShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function AuditPage(): JSX.Element {
  const { t, language, facts, format } = useSpeech();
  const pages = usePages<AuditEntry>('audit');
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const names = new Map([
    ...municipalities.map(({ id, name }) => [id, name] as const),
    ...Object.entries(t.state),
    ...Object.entries(t.role),
    ...Object.entries(t.policyLevel),
    ...Object.entries(t.noticeAnswersKind),
  ]);
  const retention = useResource<Retention>('retention').data;
  const period = (days: number | null): string => (days === null ? t.keptForEver : t.keptDays(format.number(days)));
  const none = <span class="muted">–</span>;
  const columns: Column<AuditEntry>[] = [
    { id: 'at', header: t.when, cell: ({ at }) => <When at={at} as="date" /> },
    { id: 'actor', header: t.who, cell: ({ actor }) => actor },
    { id: 'action', header: t.what, cell: ({ action }) => auditAction(action, language) },
    {
      id: 'municipality',
      header: t.municipality,
      cell: ({ municipalityId }) => municipalities.find(({ id }) => id === municipalityId)?.name ?? none,
    },
    {
      id: 'target',
      header: t.target,
      cell: ({ target, action, detail }) => {
        if (target === null) return none;
        if (!action.startsWith('device') || !deviceIdShape.test(target)) return target;
        return <Link to={`/geraete/${target}`}>{auditHostname(detail) ?? target}</Link>;
      },
    },
    {
      id: 'detail',
      header: t.detail,
      cell: ({ detail }) => (detail === null ? none : auditDetail(detail, facts, names)),
    },
  ];
  return (
    <Page title={t.audit} lead={t.auditLead}>
      {retention === undefined ? null : (
        <p class="hint">{t.kept(period(retention.reportDays), period(retention.incidentDays))}</p>
      )}
      {retention?.held == null ? null : (
        <p class="notice notice-critical" role="alert">
          {t.keptBack(format.instant(retention.held.sweptAt))}
        </p>
      )}
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noAudit} />
          ) : (
            <Table caption={t.audit} columns={columns} rows={items} keyOf={({ id }) => String(id)} />
          )
        }
      </MorePages>
    </Page>
  );
}
