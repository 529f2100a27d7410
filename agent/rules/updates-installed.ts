/**
 * Updates are installed in time.
 *
 * An update counts as missing since the earlier of two days: when it was published, and when the agent first saw it
 * missing. A PC that joins late or was off for weeks is exposed all the same. Where the source does not say whether an
 * update closes a vulnerability, it counts as if it did. A held package is missing like any other: the reason for
 * holding it belongs into an exception.
 *
 * "Nothing is missing" is believed only from a complete list of a source that was asked lately. On Windows the date of
 * the last cumulative update is judged as well: an update server that approves nothing reports nothing as missing.
 */
import type { PatchesFacts } from '../contract/facts/patches.ts';
import { type Evidence, evidenceIn, met, notMet, type Rule, type RuleInput, unknown } from './judgement.ts';
import { daysSince, facts, gapsOf, limitsInvalid } from './reading.ts';

/** Leaves room in the evidence for the state of the build and of the scan. */
const maxUpdatesNamed = 6;

interface Missing {
  readonly index: number;
  readonly id: string;
  readonly security: boolean;
  readonly firstSeenOn: string;
  readonly publishedOn: string | undefined;
  /** `undefined` = the days are no days or lie in the future. */
  readonly days: number | undefined;
}

function missingUpdates(input: RuleInput, { updates }: PatchesFacts): Missing[] {
  return updates.flatMap(({ id, state, security, firstSeenOn, publishedOn }, index) => {
    if (state !== 'missing') return [];
    const ages = [daysSince(input, firstSeenOn), daysSince(input, publishedOn)].filter((age) => age !== undefined);
    const days = ages.length === 0 ? undefined : Math.max(...ages);
    return [{ index, id, security: security !== false, firstSeenOn, publishedOn, days }];
  });
}

const oldestFirst = (left: Missing, right: Missing) => (right.days ?? -1) - (left.days ?? -1);

const evidenceOf = (missing: readonly Missing[]): Evidence[] =>
  missing.slice(0, maxUpdatesNamed).flatMap(({ index, id, firstSeenOn, publishedOn }) =>
    evidenceIn('patches', {
      [`updates[${index}].id`]: id,
      [`updates[${index}].firstSeenOn`]: firstSeenOn,
      ...(publishedOn === undefined ? {} : { [`updates[${index}].publishedOn`]: publishedOn }),
    }),
  );

export const updatesInstalled: Rule = {
  id: 'updates-installed',
  title: { de: 'Aktualisierungen eingespielt', en: 'Updates installed' },
  sections: ['patches'],
  controls: ['OPS.1.1.3.A15', 'WiBA 7.12', 'DET.5.10'],
  words: {
    'security-updates-overdue': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Sicherheitsaktualisierungen sind überfällig, die älteste fehlt seit ${v.number('days')} ${v.many('days') ? 'Tagen' : 'Tag'} (${v.text('first')}).`
          : `Die Sicherheitsaktualisierung ${v.text('first')} fehlt seit ${v.number('days')} ${v.many('days') ? 'Tagen' : 'Tag'}.`,
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} security updates are overdue, the oldest has been missing for ${v.number('days')} ${v.many('days') ? 'days' : 'day'} (${v.text('first')}).`
          : `The security update ${v.text('first')} has been missing for ${v.number('days')} ${v.many('days') ? 'days' : 'day'}.`,
    },
    'system-outdated': {
      de: (v) =>
        `Die letzte monatliche Aktualisierung von Windows stammt vom ${v.day('updateOfDay')} und ist ${v.number('days')} Tage alt.`,
      en: (v) => `The last monthly update of Windows is of ${v.day('updateOfDay')} and ${v.number('days')} days old.`,
    },
    'update-dates-implausible': {
      de: (v) =>
        `Seit wann die Sicherheitsaktualisierung ${v.text('first')} fehlt, ist nicht erkennbar: Ihr Datum liegt in der Zukunft.`,
      en: (v) =>
        `Since when the security update ${v.text('first')} has been missing cannot be told: it is dated in the future.`,
    },
    'update-list-old': {
      de: () =>
        'Ob Aktualisierungen fehlen, ist nicht bekannt: Die letzte erfolgreiche Suche danach liegt zu lange zurück.',
      en: () => 'Whether updates are missing is not known: the last successful search for them is too long ago.',
    },
    'update-list-limited': {
      de: () =>
        'Ob Aktualisierungen fehlen, ist nicht vollständig bekannt: Bisher wurde nur der Stand von Windows selbst verglichen.',
      en: () => 'Whether updates are missing is not fully known: only the state of Windows itself was compared so far.',
    },
    'update-list-incomplete': {
      de: () => 'Ob Aktualisierungen fehlen, ist nicht vollständig bekannt: Nicht alle Angaben konnten gelesen werden.',
      en: () => 'Whether updates are missing is not fully known: not everything could be read.',
    },
    'updates-wait-for-restart': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Aktualisierungen sind eingespielt und werden mit dem nächsten Neustart wirksam.`
          : 'Eine Aktualisierung ist eingespielt und wird mit dem nächsten Neustart wirksam.',
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} updates are installed and take effect with the next restart.`
          : 'One update is installed and takes effect with the next restart.',
    },
    'other-updates-missing': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Aktualisierungen ohne Bezug zur Sicherheit stehen seit Langem aus, die älteste seit ${v.number('days')} Tagen (${v.text('first')}).`
          : `Die Aktualisierung ${v.text('first')} ohne Bezug zur Sicherheit steht seit ${v.number('days')} Tagen aus.`,
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} updates unrelated to security have been missing for long, the oldest for ${v.number('days')} days (${v.text('first')}).`
          : `The update ${v.text('first')}, unrelated to security, has been missing for ${v.number('days')} days.`,
    },
    'updates-in-time': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Aktualisierungen stehen an; sie sind noch in der Frist.`
          : 'Eine Aktualisierung steht an; sie ist noch in der Frist.',
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} updates are pending; they are still within their time.`
          : 'One update is pending; it is still within its time.',
    },
    'updates-complete': {
      de: () => 'Alle verfügbaren Aktualisierungen sind eingespielt.',
      en: () => 'All available updates are installed.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'patches');
    if (reading.finding !== undefined) return reading.finding;
    const { thresholds } = input;
    const { securityUpdateWarningDays: warning, securityUpdateCriticalDays: critical } = thresholds;
    const { cumulativeUpdateWarningDays: oldBuild, cumulativeUpdateCriticalDays: tooOldBuild } = thresholds;
    const { otherUpdateDays, updateScanCriticalDays } = thresholds;
    const invalid = limitsInvalid(warning, critical, oldBuild, tooOldBuild, otherUpdateDays, updateScanCriticalDays);
    if (invalid !== undefined) return invalid;

    const { scan, build, updates } = reading.facts;
    const missing = missingUpdates(input, reading.facts).sort(oldestFirst);
    const security = missing.filter((update) => update.security);
    const olderThan = (list: readonly Missing[], limit: number) =>
      list.filter(({ days }) => days !== undefined && days >= limit);
    const overdue = olderThan(security, Math.min(warning, critical));
    const urgent = olderThan(security, critical);
    const [oldest] = overdue;
    const buildDays = daysSince(input, build?.updateOfDay);
    const buildValues = { updateOfDay: build?.updateOfDay ?? '', days: buildDays ?? 0 };
    const buildEvidence = evidenceIn('patches', { 'build.updateOfDay': build?.updateOfDay });

    if (oldest !== undefined && urgent.length > 0) {
      const values = { count: overdue.length, days: oldest.days ?? 0, first: oldest.id };
      return notMet('critical', 'security-updates-overdue', values, evidenceOf(overdue));
    }
    if (buildDays !== undefined && buildDays >= tooOldBuild) {
      return notMet('critical', 'system-outdated', buildValues, buildEvidence);
    }
    if (oldest !== undefined) {
      const values = { count: overdue.length, days: oldest.days ?? 0, first: oldest.id };
      return notMet('warning', 'security-updates-overdue', values, evidenceOf(overdue));
    }
    if (buildDays !== undefined && buildDays >= oldBuild) {
      return notMet('warning', 'system-outdated', buildValues, buildEvidence);
    }

    const undated = security.find(({ days }) => days === undefined);
    if (undated !== undefined) {
      return unknown('update-dates-implausible', { first: undated.id }, evidenceOf([undated]));
    }
    const scanEvidence = evidenceIn('patches', { 'scan.kind': scan.kind, 'scan.succeededOn': scan.succeededOn });
    if (scan.kind === 'build-table') return unknown('update-list-limited', {}, scanEvidence);
    const scanDays = daysSince(input, scan.succeededOn);
    if (scanDays === undefined || scanDays >= updateScanCriticalDays) {
      return unknown('update-list-old', {}, scanEvidence);
    }
    if (!scan.complete) {
      return unknown('update-list-incomplete', {}, [
        ...evidenceIn('patches', { 'scan.complete': false }),
        ...gapsOf(reading.section),
      ]);
    }

    const others = olderThan(
      missing.filter((update) => !update.security),
      otherUpdateDays,
    );
    const waiting = updates.filter(({ state }) => state === 'waiting-for-restart').length;
    const [oldestOther] = others;
    if (oldestOther !== undefined) {
      const values = { count: others.length, days: oldestOther.days ?? 0, first: oldestOther.id };
      return notMet('info', 'other-updates-missing', values, evidenceOf(others));
    }
    if (waiting > 0) return notMet('info', 'updates-wait-for-restart', { count: waiting }, scanEvidence);
    if (missing.length > 0) {
      return met('updates-in-time', { count: missing.length }, [...scanEvidence, ...evidenceOf(missing)]);
    }
    return met('updates-complete', {}, [...scanEvidence, ...evidenceIn('patches', { 'updates.length': 0 })]);
  },
};
