/** Documents that say what the code says: the field list for data protection, and the checklist for Windows. `node build/write-documents.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checklistDocument } from '../agent/commands/windows-checklist.ts';
import { describedFields } from '../agent/contract/purposes.ts';
import { sectionWords } from '../agent/contract/words/facts.ts';

const root = join(import.meta.dirname, '..');
const begin = '<!-- Anfang: aus dem Code erzeugt, siehe build/write-documents.ts -->';
const end = '<!-- Ende: aus dem Code erzeugt -->';

const parts: Readonly<Record<string, string>> = {
  envelope: 'Umschlag jedes Berichts',
  report: 'Bericht im Ganzen',
  section: 'Rahmen jedes Bereichs',
};
const units: Readonly<Record<string, string>> = { d: 'Tage', h: 'Stunden', min: 'Minuten', s: 'Sekunden', By: 'Bytes' };

function fieldList(): string {
  return describedFields()
    .map(({ part, fields }) => {
      const title =
        parts[part] ??
        `Bereich „${Object.hasOwn(sectionWords, part) ? sectionWords[part as keyof typeof sectionWords].de : part}“ (\`${part}\`)`;
      const lines = fields.map(
        ({ path, de, unit }) =>
          `| \`${path}\` | ${de.replaceAll('|', '/')} | ${unit === undefined ? '' : (units[unit] ?? unit)} |`,
      );
      return [`### ${title}`, '', '| Feld | Zweck | Einheit |', '|---|---|---|', ...lines].join('\n');
    })
    .join('\n\n');
}

/** File and generated text; the words around it are written by hand. */
export const generated: Readonly<Record<string, () => string>> = {
  'docs/privacy/datenerhebung.md': fieldList,
  'docs/operations/windows-pruefliste.md': checklistDocument,
};

/** The document as it should be. Throws `Error` when it has no place for the generated part. */
export function withGenerated(document: string, text: string): string {
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error('the document has no place for its generated part');
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(generated)) {
    const path = join(root, file);
    writeFileSync(path, withGenerated(readFileSync(path, 'utf8'), text()));
    process.stdout.write(`${file}\n`);
  }
}
