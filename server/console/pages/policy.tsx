/** The policy of one audience: what it sets, an editor for those who may, and its history. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PolicyDocument, SettingField } from '../../api/contract.ts';
import { announce } from '../parts/announcer.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { When } from '../parts/when.tsx';
import { draftOf, isSet } from '../policy-draft.ts';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { audienceName, settingValue } from '../settings.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { PolicyForm } from './policy-form.tsx';
import { PolicyHistorySection } from './policy-history.tsx';

interface ViewProps {
  readonly policy: PolicyDocument;
  readonly fields: readonly SettingField[];
}

function PolicyView({ policy, fields }: ViewProps): JSX.Element {
  const speech = useSpeech();
  const draft = draftOf(policy.settings, fields);
  const said = fields.filter(({ key }) => isSet(draft[key]));
  const settings = policy.settings as Readonly<Record<string, unknown>>;
  const saidFor = (key: string): unknown => {
    const [outer = '', member] = key.split('.', 2);
    const value = settings[outer];
    return member === undefined ? value : (value as Readonly<Record<string, unknown>>)[member];
  };
  if (said.length === 0) return <Empty title={speech.t.policyNothing} />;
  return (
    <dl class="facts">
      {said.map((field) => (
        <div key={field.key}>
          <dt>{field.label[speech.language]}</dt>
          <dd>{settingValue(field, saidFor(field.key), speech)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function PolicyPage({ audience }: { readonly audience: string }): JSX.Element {
  const speech = useSpeech();
  const { t } = speech;
  const { mayChange, session } = useSignedIn();
  const resource = useResource<PolicyDocument>(`policies/${audience}`);
  const fields = useResource<{ items: SettingField[] }>('policies/fields');
  const [done, setDone] = useState('');
  const forDistrict = session.role === 'admin' && session.municipalities.length === 0;
  const mayEdit = mayChange && (audience !== 'district' || forDistrict);
  const stored = ({ version }: PolicyDocument): void => {
    const words = t.policySaved(version);
    setDone(words);
    announce(words);
    window.scrollTo(0, 0);
    resource.reload();
  };
  const title = resource.data === undefined ? t.policyLoading : t.policyTitle(audienceName(resource.data, speech));
  return (
    <>
      <p class="crumb">
        <Link to="/richtlinien">{t.toPolicies}</Link>
      </p>
      <Page title={title}>
        {done === '' ? null : <p class="notice notice-ok">{done}</p>}
        <Loaded resource={resource}>
          {(policy) => (
            <>
              <p class="lead">
                {t.policyReach(policy.devices)} {t.policyEmptyMeans}
                {policy.changedBy === null ? null : (
                  <span class="answer-age">
                    {t.policyVersionLine(policy.version, policy.changedBy)}, <When at={policy.changedAt} as="both" />
                  </span>
                )}
              </p>
              {mayChange && !mayEdit ? <p class="notice">{t.policyDistrictOnly}</p> : null}
              <Loaded resource={fields}>
                {({ items }) => (
                  <>
                    {mayEdit ? (
                      // A stored version begins a new draft.
                      <PolicyForm key={policy.version} policy={policy} fields={items} saved={stored} />
                    ) : (
                      <PolicyView policy={policy} fields={items} />
                    )}
                    <PolicyHistorySection
                      key={`history ${policy.version}`}
                      policy={policy}
                      fields={items}
                      mayRestore={mayEdit}
                      restored={stored}
                    />
                  </>
                )}
              </Loaded>
            </>
          )}
        </Loaded>
      </Page>
    </>
  );
}
