/** Reads the CSV of device records, as a spreadsheet saves it. The only file that knows the CSV parser. */
import { CsvError, parse } from 'csv-parse/sync';
import { recordFields } from './record.ts';
import { Refusal } from './refusal.ts';

export const maxCsvBytes = 5 * 1024 * 1024;
const maxLines = 20_000;

const columns = ['deviceId', 'hostname', ...recordFields] as const;
export type Column = (typeof columns)[number];

export interface RecordLine {
  /** As a text editor counts, from 1; the last one of a value that spans several. */
  readonly number: number;
  /** Trimmed; blank cells and missing ones are left out. */
  readonly cells: ReadonlyMap<Column, string>;
  /** More cells than the header has. */
  readonly tooLong: boolean;
}

/** Separator `;`, `,` or tab, whichever the header uses. Throws `Refusal` csv-encoding, csv-malformed, csv-columns or csv-too-long. */
export function readRecordLines(csv: Uint8Array): RecordLine[] {
  const [header, ...rows] = parseRows(decode(csv));
  if (header === undefined) {
    throw new Refusal('csv-malformed', {
      de: 'Die Datei ist leer. Erwartet wird eine Kopfzeile wie „hostname;inventoryNumber;location“.',
      en: 'The file is empty. Expected a header line such as "hostname;inventoryNumber;location".',
    });
  }
  if (rows.length > maxLines) {
    throw new Refusal('csv-too-long', {
      de: `Die Datei hat mehr als ${maxLines} Zeilen. Teilen Sie sie auf.`,
      en: `The file has more than ${maxLines} lines. Split it.`,
    });
  }
  const names = readHeader(header.record);
  return rows.map(({ record, info }) => ({
    number: info.lines,
    cells: new Map(names.map((name, index) => [name, record[index]?.trim() ?? ''] as const).filter(([, cell]) => cell)),
    tooLong: record.length > names.length,
  }));
}

function decode(csv: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(csv);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: the sentence below says what to do.
  }
  throw new Refusal('csv-encoding', {
    de: 'Die Datei ist nicht in UTF-8 gespeichert. Wählen Sie beim Speichern „CSV UTF-8“ und laden Sie sie noch einmal hoch.',
    en: 'The file is not encoded in UTF-8. Save it as "CSV UTF-8" and upload it again.',
  });
}

/** The parser does not type `info: true`. */
interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseRows(text: string): Row[] {
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const uses = (separator: string) => firstLine.split(separator).length;
  const delimiter = [';', '\t'].reduce((best, other) => (uses(other) > uses(best) ? other : best), ',');
  try {
    return parse(text, {
      delimiter,
      info: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      to: maxLines + 2,
    }) as unknown as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = String(error['lines'] ?? '?');
    throw new Refusal('csv-malformed', {
      de: `Zeile ${line} ist nicht als CSV lesbar: Vermutlich ist ein Anführungszeichen zu viel oder zu wenig.`,
      en: `Line ${line} cannot be read as CSV: probably a quotation mark too many or too few.`,
    });
  }
}

function readHeader(cells: readonly string[]): Column[] {
  const names = cells.map((cell) => cell.trim());
  const known = names.map((name) => columns.find((column) => column.toLowerCase() === name.toLowerCase()));
  const unknown = names.filter((_, index) => known[index] === undefined);
  if (unknown.length > 0) {
    const list = unknown.map((name) => `"${name.slice(0, 40)}"`).slice(0, 10);
    throw new Refusal('csv-columns', {
      de: `Unbekannte Spalten: ${list.join(', ')}. Erlaubt sind ${columns.join(', ')}.`,
      en: `Unknown columns: ${list.join(', ')}. Allowed are ${columns.join(', ')}.`,
    });
  }
  const found = known.filter((column) => column !== undefined);
  if (new Set(found).size < found.length || !(found.includes('deviceId') || found.includes('hostname'))) {
    throw new Refusal('csv-columns', {
      de: 'Die Kopfzeile braucht „hostname“ oder „deviceId“ und jede Spalte höchstens einmal.',
      en: 'The header needs "hostname" or "deviceId", and each column at most once.',
    });
  }
  return found;
}
