/** The one line that stands for a section while it is folded. Pure; facts that look otherwise give an empty line. */

import type { FactLanguage } from './facts.ts';
import { factValue, fieldsOf, inline, isScalar } from './facts.ts';
import type { Texts } from './texts.ts';

interface Reader {
  /** The value in words, or nothing. */
  text(field: string): string;
  list(field: string): readonly unknown[];
  part(field: string): Reader;
}

function reader(data: unknown, to: FactLanguage): Reader {
  const fields = new Map(fieldsOf(data));
  return {
    text(field) {
      const value = fields.get(field);
      return value === undefined || !isScalar(value) ? '' : factValue(field, value, to);
    },
    list(field) {
      const value = fields.get(field);
      return Array.isArray(value) ? value : [];
    },
    part: (field) => reader(fields.get(field), to),
  };
}

/** Which fields speak for a section; a list speaks through its length. */
const spokesmen: Readonly<Record<string, readonly string[]>> = {
  system: ['manufacturer', 'model', 'chassis'],
  os: ['name', 'pointRelease'],
  cpu: ['model'],
  memory: ['totalBytes'],
  energy: ['powerSource', 'powerProfile'],
  agent: ['version'],
};

/** How many updates are missing, and as of when: an old list without entries is no good news. */
function patchesGist(facts: Reader, t: Texts): string {
  if (facts.text('source') === '') return '';
  const states = facts.list('updates').map((entry) => fieldsOf(entry).find(([field]) => field === 'state')?.[1]);
  const count = (state: string): number => states.filter((entry) => entry === state).length;
  const day = facts.part('scan').text('succeededOn');
  return [
    t.updatesMissing(count('missing')),
    count('waiting-for-restart') === 0 ? '' : t.updatesWaiting(count('waiting-for-restart')),
    day === '' ? t.scanUnknownGist : t.scanOf(day),
  ]
    .filter(Boolean)
    .join(' · ');
}

export function sectionGist(id: string, data: unknown, t: Texts, to: FactLanguage): string {
  const facts = reader(data, to);
  switch (id) {
    case 'storage': {
      const volume = facts.list('volumes').find((entry) => reader(entry, to).text('system') === to.yes);
      const system = reader(volume, to);
      const free = system.text('freeBytes');
      return free === '' ? '' : t.freeOf(system.text('mountPoint'), free, system.text('sizeBytes'));
    }
    case 'patches':
      return patchesGist(facts, t);
    case 'backup': {
      const names = facts.list('products').map((entry) => reader(entry, to).text('name'));
      return data === null || data === undefined ? '' : names.length === 0 ? t.noBackupProgram : names.join(', ');
    }
    case 'security': {
      const products = facts.list('antivirus').map((entry) => reader(entry, to).text('name'));
      return [...products, facts.part('firewall').text('product')].filter(Boolean).join(' · ');
    }
    case 'network':
      return facts
        .list('interfaces')
        .flatMap((entry) => reader(entry, to).list('addresses'))
        .map((address) => reader(address, to).text('address'))
        .filter(Boolean)
        .slice(0, 3)
        .join(', ');
    case 'display':
    case 'printers':
    case 'usb':
    case 'battery':
    case 'infrastructure':
    case 'software': {
      const list = fieldsOf(data).find(([, value]) => Array.isArray(value))?.[1];
      return Array.isArray(list)
        ? list.length === 0
          ? t.emptyList
          : t.entries(to.format.number(list.length), list.length)
        : '';
    }
    default: {
      const fields = Object.hasOwn(spokesmen, id) ? (spokesmen[id] ?? []) : [];
      return fields
        .map((field) => facts.text(field))
        .filter(Boolean)
        .join(' · ');
    }
  }
}

/** Whether any part of a row holds the words searched for. */
export function matches(row: unknown, words: string, section: string, to: FactLanguage): boolean {
  const wanted = words.trim().toLowerCase();
  return wanted === '' || inline(section, '', row, to).toLowerCase().includes(wanted);
}
