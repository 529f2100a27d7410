/** What people at the device reported: their words, as stated there and not proven. Plain text, whatever stands in it. */
import type { JSX } from 'preact';
import type { DeviceSuspicion } from '../../api/contract.ts';
import { When } from '../parts/when.tsx';
import { useSpeech } from '../speech.ts';

export function DeviceSuspicions({ suspicions }: { readonly suspicions: readonly DeviceSuspicion[] }): JSX.Element {
  const { t } = useSpeech();
  return (
    <section aria-labelledby="suspicions">
      <h2 id="suspicions">{t.suspicions}</h2>
      <p class="second">{t.suspicionsStated}</p>
      <ul class="events">
        {suspicions.map(({ at, receivedAt, text }) => (
          <li key={`${receivedAt} ${at}`}>
            <strong>
              <When at={at} as="both" />
            </strong>
            <div class="said">{text ?? t.suspicionWithheld}</div>
            <div class="second">
              {t.suspicionReceived}: <When at={receivedAt} as="both" />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
