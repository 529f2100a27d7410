/** What to do when something is wrong; works without any connection. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { useSpeech } from '../speech.ts';

const longest = 2000;
/** After this long a number may well have changed. */
const oldContactsDays = 90;

export function HelpPage({ api, view, takesFocus }: PageInput): JSX.Element {
  const { t } = useSpeech();
  const { device } = view;
  return (
    <Page title={t.pages.help} takesFocus={takesFocus}>
      <section>
        <h2>{t.emergencyTitle}</h2>
        <ol class="steps">
          {t.emergencySteps.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
        <Contacts view={view} />
        <h3>{t.thisDevice}</h3>
        {device === undefined ? (
          <p>{t.deviceUnknown}</p>
        ) : (
          <>
            <CopyField label={t.deviceName} value={device.hostname} />
            {device.deviceId !== undefined && <CopyField label={t.deviceNumber} value={device.deviceId} />}
            {device.municipality !== undefined && <p>{t.belongsTo(device.municipality)}</p>}
          </>
        )}
      </section>
      <Suspicion api={api} view={view} />
      <section>
        <h2>{t.genuineTitle}</h2>
        <ul class="bullets">
          {t.genuine.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
    </Page>
  );
}

/** From the last policy that held, with its date; also while the service is silent. */
function Contacts({ view }: Pick<PageInput, 'view'>): JSX.Element {
  const { t, language, day, ageInDays } = useSpeech();
  const { contacts } = view;
  if (contacts === undefined) return <p class="muted">{t.noContacts}</p>;
  const age = ageInDays(contacts.asOf, new Date(view.at));
  return (
    <>
      <h3>{t.contactsTitle}</h3>
      <ul class="contacts">
        {contacts.entries.map(({ label, phone, mail, hours }) => (
          <li key={label.de}>
            <strong>{label[language]}</strong>
            {phone !== undefined && <span class="number">{t.phone(phone)}</span>}
            {mail !== undefined && <span class="breakable">{t.mail(mail)}</span>}
            {hours !== undefined && <span class="muted">{hours[language]}</span>}
          </li>
        ))}
      </ul>
      <p class="muted">{t.contactsAsOf(day(contacts.asOf), contacts.policyVersion)}</p>
      {(age === undefined || age > oldContactsDays) && <p class="warning">{t.contactsOld}</p>}
    </>
  );
}

function CopyField({ label, value }: { readonly label: string; readonly value: string }): JSX.Element {
  const { t } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const id = `copy-${label.replaceAll(/\W/g, '')}`;
  const copy = (button: HTMLButtonElement): void => {
    input.current?.select();
    // The clipboard of the web needs a permission, and this window has none.
    const isCopied = document.execCommand('copy');
    // Selecting took the focus along; whoever uses the keyboard goes on from the button.
    if (isCopied) button.focus();
    setSaid(isCopied ? t.copied(label) : t.copyFailed);
  };
  return (
    <div class="copy">
      <label for={id}>{label}</label>
      <input id={id} ref={input} readOnly value={value} />
      <button type="button" aria-label={t.copyWhat(label)} onClick={({ currentTarget }) => copy(currentTarget)}>
        {t.copy}
      </button>
      <p role="status">{said}</p>
    </div>
  );
}

function Suspicion({ api, view }: Pick<PageInput, 'api' | 'view'>): JSX.Element {
  const { t, instant } = useSpeech();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const reported = view.requests.filter(({ kind }) => kind === 'report-suspicion').slice(-5);
  const send = (event: Event): void => {
    event.preventDefault();
    const said = text.trim();
    if (said === '') {
      setProblem(t.suspicionEmpty);
      return;
    }
    api.request('suspicion:report', { text: said }).then(
      () => {
        setText('');
        setProblem('');
      },
      // What was written stays in the field.
      () => setProblem(t.askFailed),
    );
  };
  return (
    <section>
      <h2>{t.suspicionTitle}</h2>
      <form onSubmit={send} noValidate>
        <label for="suspicion">{t.suspicionLabel}</label>
        <p class="muted" id="suspicion-hint">
          {t.suspicionHint}
        </p>
        <textarea
          id="suspicion"
          rows={4}
          maxLength={longest}
          aria-describedby="suspicion-hint suspicion-problem"
          aria-invalid={problem !== ''}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <p id="suspicion-problem" class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="main">
          {t.suspicionSend}
        </button>
      </form>
      <div role="status">
        {!view.mailboxReachable && <p>{t.mailboxUnreachable}</p>}
        {reported.map(({ requestId, askedAt, handled }) => (
          <p key={requestId}>{handled ? t.suspicionHandled(instant(askedAt)) : t.suspicionWaits(instant(askedAt))}</p>
        ))}
      </div>
    </section>
  );
}
