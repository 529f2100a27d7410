/** Where this server cannot sign notices: why, and how it is done by command line. */
import type { JSX } from 'preact';
import type { NoticeSigning } from '../../api/contract.ts';
import { useSpeech } from '../speech.ts';

const commands = {
  offline: ['kits-server sign-notice notice.json --key notice-key.jwk', 'kits-server publish-notice notice.jws'],
  missing: ['kits-server rotate-key'],
} as const;

export function NoticeKey({ signing }: { readonly signing: NoticeSigning['key'] }): JSX.Element | null {
  const { t } = useSpeech();
  if (signing === 'online') return null;
  const offline = signing === 'offline';
  return (
    <section class="notice">
      <p>
        <strong>{offline ? t.noticeKeyOffline : t.noticeKeyMissing}</strong>
      </p>
      <p>{offline ? t.noticeKeyOfflineSteps : t.noticeKeyMissingSteps}</p>
      <ul>
        {commands[signing].map((command) => (
          <li key={command}>
            <code class="breakable">{command}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
