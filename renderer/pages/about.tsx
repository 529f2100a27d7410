/** Versions, licences, accessibility. */
import type { JSX } from 'preact';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { useSpeech } from '../speech.ts';

export function AboutPage({ view, takesFocus }: PageInput): JSX.Element {
  const { t, instant } = useSpeech();
  const { status } = view;
  return (
    <Page title={t.pages.about} takesFocus={takesFocus}>
      <p>{t.aboutText}</p>
      <dl>
        <dt>{t.version}</dt>
        <dd>{status?.agentVersion ?? t.unknownValue}</dd>
        <dt>{t.deviceState}</dt>
        <dd>{status === undefined ? t.unknownValue : t.deviceStates[status.device.state]}</dd>
        <dt>{t.statusWritten}</dt>
        <dd>{view.writtenAt === undefined ? t.unknownValue : instant(view.writtenAt)}</dd>
      </dl>
      <h2>{t.licencesTitle}</h2>
      <p>{t.licences}</p>
      <h2>{t.accessibilityTitle}</h2>
      <p>{t.accessibility}</p>
    </Page>
  );
}
