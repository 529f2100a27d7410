/** The last reports exactly as they were sent, each field with its purpose. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SentDetail, SentField, SentItem } from '../../main/ipc/contract.ts';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { useSpeech } from '../speech.ts';

/** A list of programs has thousands of fields; so many are drawn at a time. */
const fieldsShown = 150;

type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | { readonly state: 'there'; readonly value: T };

export function SentPage({ api, view, takesFocus }: PageInput): JSX.Element {
  const { t } = useSpeech();
  const [list, setList] = useState<Loaded<SentItem[]>>({ state: 'loading' });
  const [chosen, setChosen] = useState<number>();
  const acceptedAt = view.status?.reporting.lastAcceptedAt;
  const collectedAt = view.status?.reporting.lastCollectedAt;
  useEffect(() => {
    // Both instants say that there may be a new report, or news of one.
    void [acceptedAt, collectedAt];
    api.request('sent:list', undefined).then(
      (value) => setList({ state: 'there', value }),
      () => setList({ state: 'failed' }),
    );
  }, [api, acceptedAt, collectedAt]);
  return (
    <Page title={t.pages.sent} takesFocus={takesFocus}>
      <p>{t.sentIntro}</p>
      <section>
        <h2>{t.neverTitle}</h2>
        <ul class="bullets">
          {t.neverCollectedList.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{t.lastReports}</h2>
        {list.state === 'loading' && <p>{t.loading}</p>}
        {list.state === 'failed' && <p>{t.noAnswer}</p>}
        {list.state === 'there' && list.value.length === 0 && <p>{t.noReports}</p>}
        {list.state === 'there' && list.value.length > 0 && (
          <ul class="reports">
            {list.value.map((item) => (
              <ReportLine
                key={item.sequence}
                item={item}
                isOpen={item.sequence === chosen}
                toggle={() => setChosen(item.sequence === chosen ? undefined : item.sequence)}
                api={api}
              />
            ))}
          </ul>
        )}
      </section>
    </Page>
  );
}

interface ReportLineProps extends Pick<PageInput, 'api'> {
  readonly item: SentItem;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

function ReportLine({ item, isOpen, toggle, api }: ReportLineProps): JSX.Element {
  const { t, instant, bytes } = useSpeech();
  const id = `report-${item.sequence}`;
  return (
    <li>
      <button type="button" class="report" aria-expanded={isOpen} aria-controls={id} onClick={toggle}>
        {t.reportOf(instant(item.createdAt), t.reportClass[item.class])}
      </button>
      <p class="muted">
        {item.acceptedAt === undefined ? t.reportWaits : t.reportAccepted(instant(item.acceptedAt), bytes(item.bytes))}
      </p>
      <div id={id}>{isOpen && <ReportDetail key={item.sequence} sequence={item.sequence} api={api} />}</div>
    </li>
  );
}

function ReportDetail({ sequence, api }: Pick<PageInput, 'api'> & { readonly sequence: number }): JSX.Element {
  const { t } = useSpeech();
  const [detail, setDetail] = useState<Loaded<SentDetail | undefined>>({ state: 'loading' });
  const [saved, setSaved] = useState('');
  useEffect(() => {
    api.request('sent:get', { sequence }).then(
      (value) => setDetail({ state: 'there', value }),
      () => setDetail({ state: 'failed' }),
    );
  }, [api, sequence]);
  if (detail.state === 'loading') return <p>{t.loading}</p>;
  if (detail.state === 'failed') return <p>{t.noAnswer}</p>;
  if (detail.value === undefined) return <p>{t.reportGone}</p>;
  const { fields, sentAsHash } = detail.value;
  const save = (): void => {
    api.request('sent:export', { sequence }).then(
      (answer) => setSaved(answer === undefined ? t.notSaved : t.savedAs(answer.savedAs)),
      () => setSaved(t.saveFailed),
    );
  };
  return (
    <>
      <div class="action">
        <button type="button" onClick={save}>
          {t.exportReport}
        </button>
        <p role="status">{saved}</p>
      </div>
      {[...groups(fields)].map(([name, inside]) => (
        <Group key={name} name={name} fields={inside} asHash={sentAsHash.includes(name)} />
      ))}
    </>
  );
}

/** By section; what belongs to none stands under "envelope" or "report". */
function groups(fields: readonly SentField[]): Map<string, SentField[]> {
  return Map.groupBy(fields, ({ path }) => /^sections\.([^.]+)/.exec(path)?.[1] ?? path.split('.')[0] ?? path);
}

interface GroupProps {
  readonly name: string;
  readonly fields: readonly SentField[];
  readonly asHash: boolean;
}

function Group({ name, fields, asHash }: GroupProps): JSX.Element {
  const { t, language, number } = useSpeech();
  const [isOpen, setOpen] = useState(false);
  const [shown, setShown] = useState(fieldsShown);
  const title = (Object.hasOwn(t.sections, name) ? t.sections[name] : undefined) ?? name;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t.groupTitle(title, number(fields.length))}</summary>
      {asHash && <p class="muted">{t.asHash}</p>}
      {isOpen && (
        <dl class="fields">
          {fields.slice(0, shown).map((field) => (
            <div key={field.path}>
              <dt>
                {field.name[language]}{' '}
                <code class="breakable">{field.path.replace(/^sections\.[^.]+\.(data\.)?/, '')}</code>
              </dt>
              <dd>
                <span class="value breakable">{shownValue(field)}</span>
                <span class="muted">{field[language] ?? t.noPurpose}</span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {isOpen && fields.length > shown && (
        <button type="button" onClick={() => setShown(shown + fieldsShown)}>
          {t.moreFields}
        </button>
      )}
    </details>
  );
}

/** As it was sent, not beautified; the unit beside it. */
function shownValue({ value, unit }: SentField): string {
  return unit === undefined ? String(value) : `${String(value)} ${unit}`;
}
