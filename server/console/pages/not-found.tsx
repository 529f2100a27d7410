/** An address that leads nowhere. */
import type { JSX } from 'preact';
import { Page } from '../parts/page.tsx';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';

export function NotFoundPage(): JSX.Element {
  const { t } = useSpeech();
  return (
    <Page title={t.notFound} lead={t.notFoundHint}>
      <p>
        <Link to="/">{t.toOverview}</Link>
      </p>
    </Page>
  );
}
