/** The whole console: who is signed in, which language is spoken, which page is shown. */
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Session } from '../api/contract.ts';
import { type ApiError, read, rememberCsrfToken, whenSignedOut } from './api.ts';
import type { Language } from './format.ts';
import { AuditPage } from './pages/audit.tsx';
import { BackupsPage } from './pages/backups.tsx';
import { ControlPage } from './pages/control.tsx';
import { ControlsPage } from './pages/controls.tsx';
import { DevicePage } from './pages/device.tsx';
import { DevicesPage } from './pages/devices.tsx';
import { ExceptionsPage } from './pages/exceptions.tsx';
import { GroupPage } from './pages/group.tsx';
import { GroupsPage } from './pages/groups.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { NoticePage } from './pages/notice.tsx';
import { NoticeComposePage } from './pages/notice-compose.tsx';
import { NoticesPage } from './pages/notices.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { PatchesPage } from './pages/patches.tsx';
import { PoliciesPage } from './pages/policies.tsx';
import { PolicyPage } from './pages/policy.tsx';
import { RecordImportPage } from './pages/record-import.tsx';
import { SetPasswordPage } from './pages/set-password.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { UpdatePage } from './pages/update.tsx';
import { VersionsPage } from './pages/versions.tsx';
import { Failure } from './parts/load-state.tsx';
import { start } from './parts/use-action.ts';
import { asApiError } from './resource.ts';
import { navigate, returnPath, usePlace } from './router.tsx';
import { Shell } from './shell.tsx';
import { SignedInContext } from './signed-in.ts';
import { rememberedLanguage, rememberLanguage, SpeechContext, speechFor } from './speech.ts';

type Access =
  | { readonly kind: 'asking' }
  | { readonly kind: 'failed'; readonly error: ApiError }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'signed-in'; readonly session: Session };

function SignedInPage({ path }: { readonly path: string }): JSX.Element | null {
  const device = /^\/geraete\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (device !== undefined) return <DevicePage key={device} id={device} />;
  const group = /^\/gruppen\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (group !== undefined) return <GroupPage key={group} id={group} />;
  const audience = /^\/richtlinien\/(district|(?:municipality|group|device)-[0-9a-f-]{36})$/.exec(path)?.[1];
  if (audience !== undefined) return <PolicyPage key={audience} audience={audience} />;
  const notice = /^\/mitteilungen\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (notice !== undefined) return <NoticePage key={notice} id={notice} />;
  switch (path) {
    case '/':
      return <OverviewPage />;
    case '/geraete':
      return <DevicesPage />;
    case '/aktualisierungen':
      return <PatchesPage />;
    case '/aktualisierungen/geraete':
      return <UpdatePage />;
    case '/sicherungen':
      return <BackupsPage />;
    case '/mitteilungen':
      return <NoticesPage />;
    case '/mitteilungen/neu':
      return <NoticeComposePage />;
    case '/vorgaben':
      return <ControlsPage />;
    case '/vorgaben/geraete':
      return <ControlPage />;
    case '/ausnahmen':
      return <ExceptionsPage />;
    case '/gruppen':
      return <GroupsPage />;
    case '/richtlinien':
      return <PoliciesPage />;
    case '/versionen':
      return <VersionsPage />;
    case '/stammdaten':
      return <RecordImportPage />;
    case '/anmeldung-tokens':
      return <TokensPage />;
    case '/protokoll':
      return <AuditPage />;
    case '/anmelden':
      // On the way to where the person wanted to go.
      return null;
    default:
      return <NotFoundPage />;
  }
}

function Content({ access, enter, ask }: { access: Access; enter: (session: Session) => void; ask: () => void }) {
  const { path } = usePlace();
  switch (access.kind) {
    case 'asking':
      return null;
    case 'failed':
      return <Failure error={access.error} retry={ask} />;
    case 'signed-out':
      return <SignInPage enter={enter} />;
    case 'signed-in':
      if (access.session.mustSetPassword) return <SetPasswordPage session={access.session} enter={enter} />;
      return <SignedInPage key={path} path={path} />;
  }
}

export function App(): JSX.Element {
  const place = usePlace();
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const [access, setAccess] = useState<Access>({ kind: 'asking' });
  const speech = useMemo(() => speechFor(language), [language]);

  const enter = useCallback((session: Session): void => {
    rememberCsrfToken(session.csrfToken);
    setAccess({ kind: 'signed-in', session });
  }, []);

  const ask = useCallback((): void => {
    // A one-time link is followed even where somebody is signed in: it says who it is for.
    if (window.location.pathname === '/anmelden' && window.location.hash.length > 1) {
      setAccess({ kind: 'signed-out' });
      return;
    }
    const signIn = async (): Promise<void> => {
      try {
        enter(await read<Session>('session'));
      } catch (failure) {
        const error = asApiError(failure);
        setAccess(error.status === 401 ? { kind: 'signed-out' } : { kind: 'failed', error });
      }
    };
    start(signIn());
  }, [enter]);

  useEffect(() => {
    whenSignedOut(() => setAccess({ kind: 'signed-out' }));
    ask();
    window.addEventListener('hashchange', ask);
    return () => window.removeEventListener('hashchange', ask);
  }, [ask]);

  useEffect(() => {
    document.documentElement.lang = language;
    rememberLanguage(language);
  }, [language]);

  // Signed out: to the sign-in page, with the way back. Signed in: away from it.
  useEffect(() => {
    if (access.kind === 'signed-out' && place.path !== '/anmelden') {
      const wanted = `${place.path}${place.search}`;
      navigate(wanted === '/' ? '/anmelden' : `/anmelden?zurueck=${encodeURIComponent(wanted)}`, { replace: true });
    }
    if (access.kind === 'signed-in' && !access.session.mustSetPassword && place.path === '/anmelden') {
      navigate(returnPath(place.search), { replace: true });
    }
  }, [access, place]);

  const session = access.kind === 'signed-in' ? access.session : undefined;
  const signedIn = useMemo(
    () => (session === undefined ? undefined : { session, mayChange: session.role !== 'viewer' }),
    [session],
  );
  return (
    <SpeechContext.Provider value={speech}>
      <SignedInContext.Provider value={signedIn}>
        <Shell
          session={session?.mustSetPassword === true ? undefined : session}
          setLanguage={setLanguage}
          left={() => setAccess({ kind: 'signed-out' })}
        >
          <Content access={access} enter={enter} ask={ask} />
        </Shell>
      </SignedInContext.Provider>
    </SpeechContext.Provider>
  );
}
