/** The language of this user: what was chosen in the window, or else the first of the system's that there is, or German. */
import { z } from 'zod';
import { type Language, languages } from './ipc/channels.ts';
import { readUserFile, writeUserFile } from './user-file.ts';

const stored = z.object({ language: z.enum(languages) });

export interface LanguageChoice {
  current(): Language;
  /** Throws when it cannot be kept; it holds until the tray ends all the same. */
  choose(language: Language): void;
}

/** `system`: as in BCP 47, the preferred one first. */
export function createLanguageChoice(file: string, system: readonly string[]): LanguageChoice {
  const offered = system.map((tag) => languages.find((one) => tag.toLowerCase().split('-')[0] === one));
  let current = readUserFile(file, stored)?.language ?? offered.find((one) => one !== undefined) ?? 'de';
  return {
    current: () => current,
    choose: (language) => {
      current = language;
      writeUserFile(file, { language });
    },
  };
}
