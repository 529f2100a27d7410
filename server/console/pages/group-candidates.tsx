/** Finds devices of the municipality that are not in the group yet, and puts the chosen ones into it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceGroup, DeviceList } from '../../api/contract.ts';
import { change } from '../api.ts';
import { listRequest, wholeList } from '../list-query.ts';
import { Failure, Loaded } from '../parts/load-state.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Tick } from '../parts/setting-input.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';

interface CandidatesProps {
  readonly group: DeviceGroup;
  readonly changed: (words: string) => void;
}

export function GroupCandidates({ group, changed }: CandidatesProps): JSX.Element {
  const { t } = useSpeech();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const action = useAction();
  const request = listRequest({ ...wholeList, search, municipality: group.municipality.id });
  const found = useResource<DeviceList>(`${request}&notInGroup=${group.id}&limit=50`, { keep: true });
  const submit = (event: Event): void => {
    event.preventDefault();
    start(
      action.run(async () => {
        const body = { add: [...chosen] };
        const { added } = await change<{ added: number }>(`groups/${group.id}/members`, { method: 'POST', body });
        changed(t.added(added));
      }),
    );
  };
  return (
    <section aria-labelledby="add-devices">
      <h2 id="add-devices">{t.addDevices}</h2>
      <form class="candidates" onSubmit={submit} aria-label={t.addDevices}>
        <SearchField hint={t.searchHint} value={search} search={setSearch} />
        <Loaded resource={found}>
          {({ items, nextCursor }) => (
            <fieldset class="field">
              <legend>{t.candidates}</legend>
              {items.length === 0 ? <p class="hint">{t.noCandidate}</p> : null}
              <div class="ticks">
                {items.map(({ id, hostname, record }) => (
                  <Tick
                    key={id}
                    label={[hostname, record.location, record.office].filter(Boolean).join(', ')}
                    ticked={chosen.includes(id)}
                    tick={(ticked) => setChosen(ticked ? [...chosen, id] : chosen.filter((other) => other !== id))}
                  />
                ))}
              </div>
              {nextCursor === null ? null : <p class="hint">{t.moreCandidates}</p>}
            </fieldset>
          )}
        </Loaded>
        {action.error === undefined ? null : <Failure error={action.error} />}
        <div class="buttons">
          <button type="submit" class="main" disabled={action.busy || chosen.length === 0}>
            {t.addChosen(chosen.length)}
          </button>
        </div>
      </form>
    </section>
  );
}
