/** A search that answers while one types, and at once on Enter. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../speech.ts';
import { Field } from './field.tsx';

/** Long enough not to ask at every key, short enough to feel immediate. */
const typingPauseMs = 250;

interface SearchFieldProps {
  readonly hint: string;
  /** What is searched for now. */
  readonly value: string;
  readonly search: (words: string) => void;
}

export function SearchField({ hint, value, search }: SearchFieldProps): JSX.Element {
  const { t } = useSpeech();
  const [words, setWords] = useState(value);
  useEffect(() => setWords(value), [value]);
  useEffect(() => {
    if (words === value) return undefined;
    const timer = setTimeout(() => search(words), typingPauseMs);
    return () => clearTimeout(timer);
  }, [words, value, search]);
  return (
    <Field label={t.search} hint={hint}>
      {(marks) => (
        <input
          {...marks}
          type="search"
          value={words}
          maxLength={200}
          spellcheck={false}
          onInput={(event) => setWords(event.currentTarget.value)}
          // The browser says "change" on Enter and when the field is left.
          onChange={() => {
            if (words !== value) search(words);
          }}
        />
      )}
    </Field>
  );
}
