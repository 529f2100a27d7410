/** Signing in: by a one-time link, whose secret stands in the fragment and so reaches no log, or by name and password. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../../api/contract.ts';
import { type ApiError, change } from '../api.ts';
import { Field } from '../parts/field.tsx';
import { Failure } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useSpeech } from '../speech.ts';

/** Takes the secret out of the address at once, so that it is in no bookmark, history or screenshot. */
function takeSecret(): string | undefined {
  const secret = window.location.hash.slice(1);
  if (secret === '') return undefined;
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return secret;
}

function Refusal({ error, byLink }: { readonly error: ApiError; readonly byLink: boolean }): JSX.Element {
  const { t } = useSpeech();
  // Anything else, such as no answer, is no fault of the link or the password.
  if (![400, 401, 403, 404].includes(error.status)) return <Failure error={error} />;
  return (
    <div class="notice notice-critical" role="alert">
      <p>
        <strong>{byLink ? t.wrongLink : t.wrongPassword}</strong>
      </p>
      {byLink ? <p>{t.wrongLinkHint}</p> : null}
    </div>
  );
}

export function SignInPage({ enter }: { readonly enter: (session: Session) => void }): JSX.Element {
  const { t } = useSpeech();
  const [byLink, setByLink] = useState(() => window.location.hash.length > 1);
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const action = useAction();

  const signIn = (body: object): void =>
    start(action.run(async () => enter(await change<Session>('session', { method: 'POST', body }))));

  useEffect(() => {
    const follow = (): void => {
      const link = takeSecret();
      if (link === undefined) return;
      setByLink(true);
      signIn({ link });
    };
    follow();
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setByLink(false);
    signIn({ user: user.trim(), password });
  };
  return (
    <div class="card">
      <Page title={t.signIn} lead={t.signInLead}>
        {action.busy && byLink ? <p role="status">{t.signingIn}</p> : null}
        {action.error === undefined ? null : <Refusal error={action.error} byLink={byLink} />}
        <form onSubmit={submit}>
          <Field label={t.user}>
            {(marks) => (
              <input
                {...marks}
                value={user}
                onInput={(event) => setUser(event.currentTarget.value)}
                autoComplete="username"
                autoCapitalize="none"
                spellcheck={false}
                maxLength={120}
                required
              />
            )}
          </Field>
          <Field label={t.password}>
            {(marks) => (
              <input
                {...marks}
                type="password"
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
                autoComplete="current-password"
                maxLength={1000}
                required
              />
            )}
          </Field>
          <button type="submit" class="main" disabled={action.busy}>
            {t.signIn}
          </button>
        </form>
      </Page>
    </div>
  );
}
