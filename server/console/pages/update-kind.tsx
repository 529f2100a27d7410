/** Whether an update closes a vulnerability, and how grave that is. What the source does not say is not known, never harmless. */
import type { JSX } from 'preact';
import type { Patch } from '../../api/contract.ts';
import { StateMark } from '../parts/state-mark.tsx';
import { useSpeech } from '../speech.ts';

export function UpdateKind({ update }: { readonly update: Pick<Patch, 'security' | 'severity'> }): JSX.Element {
  const { t } = useSpeech();
  const { security, severity } = update;
  const grave = severity === null ? null : <div class="second">{t.severityName[severity]}</div>;
  if (security === false) {
    return (
      <>
        <span>{t.otherUpdate}</span>
        {grave}
      </>
    );
  }
  if (security === null) {
    return (
      <>
        <StateMark light="unknown" word={t.securityUnknown} />
        {grave}
      </>
    );
  }
  return (
    <>
      <StateMark light={severity === 'critical' ? 'critical' : 'attention'} word={t.security} />
      {grave}
    </>
  );
}
