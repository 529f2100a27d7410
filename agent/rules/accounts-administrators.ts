/**
 * Administering takes a password of its own: nobody has full rights without being asked for one, and the account every
 * Windows has (RID 500) is disabled or has a password that differs on each PC and changes by itself (LAPS).
 */
import { evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

/** Leaves room in the evidence for the other values. */
const maxAccountsNamed = 14;

export const accountsAdministrators: Rule = {
  id: 'accounts-administrators',
  title: { de: 'Konten mit Verwaltungsrechten', en: 'Accounts with administrative rights' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A20'],
  words: {
    'rights-without-password': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Konten oder Gruppen haben volle Rechte, ohne nach einem Kennwort gefragt zu werden, darunter ${v.text('first')}.`
          : `${v.text('first')} hat auf diesem Gerät volle Rechte, ohne nach einem Kennwort gefragt zu werden.`,
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} accounts or groups have full rights without being asked for a password, among them ${v.text('first')}.`
          : `${v.text('first')} has full rights on this device without being asked for a password.`,
    },
    'shared-administrator': {
      de: () =>
        'Das eingebaute Administratorkonto ist eingeschaltet, und sein Kennwort wird nicht regelmäßig gewechselt (LAPS ist nicht in Kraft).',
      en: () =>
        'The built-in administrator account is enabled, and its password is not changed regularly (LAPS is not in force).',
    },
    'no-administrator-listed': {
      de: () => 'Wer dieses Gerät verwalten darf, ist nicht bekannt: Die Liste der Konten ist leer.',
      en: () => 'Who may administer this device is not known: the list of accounts is empty.',
    },
    'administrators-protected': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Konten oder Gruppen dürfen dieses Gerät verwalten, keines davon ohne Kennwort.`
          : 'Ein Konto oder eine Gruppe darf dieses Gerät verwalten, nicht ohne Kennwort.',
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} accounts or groups may administer this device, none of them without a password.`
          : 'One account or group may administer this device, not without a password.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { administrators, passwordRotation } = reading.facts.accounts ?? {};
    if (administrators === undefined) return partMissing(reading.section, 'accounts.administrators');
    const listed = administrators.map((account, index) => ({ ...account, index }));

    const free = listed.filter(({ withoutPassword }) => withoutPassword === true);
    const [first] = free;
    if (first !== undefined) {
      const evidence = free.slice(0, maxAccountsNamed).flatMap(({ id, index }) =>
        evidenceIn('security', {
          [`accounts.administrators[${index}].id`]: id,
          [`accounts.administrators[${index}].withoutPassword`]: true,
        }),
      );
      return notMet('warning', 'rights-without-password', { count: free.length, first: first.id }, evidence);
    }
    if (listed.length === 0) {
      return unknown('no-administrator-listed', {}, evidenceIn('security', { 'accounts.administrators.length': 0 }));
    }

    const builtIn = listed.find((account) => account.builtIn === true);
    const evidence = evidenceIn('security', {
      'accounts.passwordRotation': passwordRotation,
      ...(builtIn === undefined ? {} : { [`accounts.administrators[${builtIn.index}].enabled`]: builtIn.enabled }),
    });
    const guarded = passwordRotation !== undefined && passwordRotation !== 'off';
    if (os.facts.family === 'windows' && !guarded) {
      // The account is always there; a list without it is one that could not be read in full.
      if (builtIn?.enabled === undefined) return partMissing(reading.section, 'accounts.builtIn');
      if (builtIn.enabled && passwordRotation === undefined) {
        return partMissing(reading.section, 'accounts.passwordRotation');
      }
      if (builtIn.enabled) return notMet('warning', 'shared-administrator', {}, evidence);
    }
    return met('administrators-protected', { count: listed.length }, evidence);
  },
};
