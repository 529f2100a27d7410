/** After a one-time link: the password to sign in with from now on. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Session } from '../../api/contract.ts';
import { change, read } from '../api.ts';
import { Field } from '../parts/field.tsx';
import { Failure } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useSpeech } from '../speech.ts';

/** As the server demands it. */
const shortest = 12;

interface SetPasswordProps {
  readonly session: Session;
  readonly enter: (session: Session) => void;
}

export function SetPasswordPage({ session, enter }: SetPasswordProps): JSX.Element {
  const { t } = useSpeech();
  const [password, setPassword] = useState('');
  const [repeated, setRepeated] = useState('');
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const action = useAction();

  const short = password.length < shortest ? t.passwordShort(password.length) : undefined;
  const differs = password === repeated ? undefined : t.passwordsDiffer;
  const submit = (event: Event): void => {
    event.preventDefault();
    setChecked(true);
    if (short !== undefined || differs !== undefined) {
      const [first, second] = form.current?.querySelectorAll<HTMLInputElement>('input[type="password"]') ?? [];
      (short === undefined ? second : first)?.focus();
      return;
    }
    start(
      action.run(async () => {
        await change('session/password', { method: 'PUT', body: { password } });
        enter(await read<Session>('session'));
      }),
    );
  };
  return (
    <div class="card">
      <Page title={t.newPasswordTitle} lead={t.newPasswordLead}>
        <form ref={form} onSubmit={submit} noValidate>
          <Field label={t.user}>
            {(marks) => <input {...marks} value={session.user} autoComplete="username" readOnly />}
          </Field>
          <Field label={t.newPassword} hint={t.newPasswordHint} fault={checked ? short : undefined}>
            {(marks) => (
              <input
                {...marks}
                type="password"
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
                autoComplete="new-password"
                maxLength={1000}
                required
              />
            )}
          </Field>
          <Field label={t.repeatPassword} fault={checked ? differs : undefined}>
            {(marks) => (
              <input
                {...marks}
                type="password"
                value={repeated}
                onInput={(event) => setRepeated(event.currentTarget.value)}
                autoComplete="new-password"
                maxLength={1000}
                required
              />
            )}
          </Field>
          {action.error === undefined ? null : <Failure error={action.error} />}
          <button type="submit" class="main" disabled={action.busy}>
            {t.setPassword}
          </button>
        </form>
      </Page>
    </div>
  );
}
