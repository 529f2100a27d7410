/** Versions, licences, accessibility. */
import type { JSX } from 'preact';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { useSpeech } from '../speech.ts';

interface BuiltWith {
  readonly version: string;
  readonly packages: readonly { readonly name: string; readonly version: string; readonly licence: string }[];
}
/** Of this window; the build puts it in (build/build-tray.ts). */
declare const builtWith: BuiltWith;

export function AboutPage({ view, takesFocus }: PageInput): JSX.Element {
  const { t, instant } = useSpeech();
  const { status } = view;
  const { version, packages } = builtWith;
  return (
    <Page title={t.pages.about} takesFocus={takesFocus}>
      <p>{t.aboutText}</p>
      <dl>
        <dt>{t.versionOfWindow}</dt>
        <dd>{version}</dd>
        <dt>{t.versionOfService}</dt>
        <dd>{status?.agentVersion ?? t.unknownValue}</dd>
        <dt>{t.deviceState}</dt>
        <dd>{status === undefined ? t.unknownValue : t.deviceStates[status.device.state]}</dd>
        <dt>{t.statusWritten}</dt>
        <dd>{view.writtenAt === undefined ? t.unknownValue : instant(view.writtenAt)}</dd>
      </dl>
      <h2>{t.licencesTitle}</h2>
      <p>{t.licences}</p>
      <ul class="bullets">
        {packages.map((one) => (
          <li key={one.name}>{t.licensed(one.name, one.version, one.licence)}</li>
        ))}
      </ul>
      <p>{t.licenceTexts}</p>
      <h2>{t.accessibilityTitle}</h2>
      <p>{t.accessibility}</p>
    </Page>
  );
}
