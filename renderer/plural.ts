/** Which form a count takes, by the rules of each language. */
const formsOf = (language: 'de' | 'en') => {
  const rules = new Intl.PluralRules(language);
  return (count: number, one: string, other: string): string => (rules.select(count) === 'one' ? one : other);
};

export const plural = { de: formsOf('de'), en: formsOf('en') };
