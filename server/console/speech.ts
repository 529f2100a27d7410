/** The language in force, its texts and formats, for every part of the page. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { FactLanguage } from './facts.ts';
import { type Format, formatFor, type Language } from './format.ts';
import { type Texts, textsFor } from './texts.ts';

export interface Speech {
  readonly language: Language;
  readonly t: Texts;
  readonly format: Format;
  readonly facts: FactLanguage;
}

const storageKey = 'kits-language';

/** German unless this browser was told otherwise. */
export function rememberedLanguage(): Language {
  try {
    return window.localStorage.getItem(storageKey) === 'en' ? 'en' : 'de';
  } catch {
    // Storage may be switched off by policy; the console then starts in German each time.
    return 'de';
  }
}

export function rememberLanguage(language: Language): void {
  try {
    window.localStorage.setItem(storageKey, language);
  } catch {
    // As above: the choice then holds until the page is closed.
  }
}

export function speechFor(language: Language): Speech {
  const t = textsFor(language);
  const format = formatFor(language);
  return { language, t, format, facts: { language, format, yes: t.yes, no: t.no, none: t.none } };
}

export const SpeechContext = createContext<Speech>(speechFor('de'));

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}
