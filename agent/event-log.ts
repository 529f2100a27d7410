/**
 * What an administrator of Windows finds in the event log ("Anwendung", source "KITS Agent"): the few events that matter, in the words
 * of the log files. Written by Windows' own eventcreate.exe, whose message file the installers register for the source; it knows the
 * ids 1 to 1000 and shows one text for each. https://learn.microsoft.com/windows-server/administration/windows-commands/eventcreate
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log, LogLevel } from './log.ts';
import { pathsOf } from './platform/commands.ts';
import type { CommandOutcome } from './platform/machine.ts';
import { runCommand } from './platform/run-command.ts';
import { writeAtomically } from './platform/write-file.ts';

type Facts = Readonly<Record<string, unknown>>;
type Words = (said: (name: string) => string) => string;

interface Told {
  /** Stable: monitoring asks for it. */
  readonly id: number;
  readonly type: 'ERROR' | 'WARNING' | 'INFORMATION';
  /** Two events of one topic are two states of it; the same state is told once. */
  readonly topic: string;
  readonly words: Words;
  /** Told of one kind of this event only; another kind begins the topic anew. */
  readonly where?: { readonly fact: string; readonly told: string; readonly anew: string };
}

/** By the names of events in the log; docs/operations/installation-windows.md lists the same. */
export const toldEvents: Readonly<Record<string, Told>> = {
  'service-failed': {
    id: 100,
    type: 'ERROR',
    topic: 'service',
    words: (said) => `The service cannot run: ${said('error')}`,
  },
  'service-started': { id: 101, type: 'INFORMATION', topic: 'service', words: () => 'The service runs.' },
  'service-hung': {
    id: 110,
    type: 'ERROR',
    topic: 'hang',
    words: (said) => `The service hung, without a sign since ${said('lastSign')}. It is ended and started anew.`,
  },
  'service-still-hung': {
    id: 111,
    type: 'ERROR',
    topic: 'hang',
    words: () => 'The service hangs and could not be ended. Restart this PC.',
  },
  'upgrade-step': {
    id: 120,
    type: 'ERROR',
    topic: 'version',
    where: { fact: 'step', told: 'switch', anew: 'begin' },
    words: (said) => `The service is started from version ${said('to')} again: ${said('reason')}`,
  },
  'no-version-left': {
    id: 121,
    type: 'ERROR',
    topic: 'version',
    words: (said) => `The service cannot be started: ${said('reason')}.`,
  },
  'version-proven': {
    id: 200,
    type: 'INFORMATION',
    topic: 'version',
    words: (said) => `Version ${said('version')} has proven itself and stays.`,
  },
  'update-installed': {
    id: 201,
    type: 'INFORMATION',
    topic: 'update',
    words: (said) => `The update to version ${said('version')} was installed.`,
  },
  'update-not-installed': {
    id: 202,
    type: 'ERROR',
    topic: 'update',
    words: (said) => `An update was not installed: ${said('reason')}. Nothing was changed.`,
  },
  'release-refused': {
    id: 203,
    type: 'WARNING',
    topic: 'release',
    words: (said) => `An offered release was refused: ${said('reason')}. Nothing was fetched.`,
  },
  'store-damaged': {
    id: 300,
    type: 'ERROR',
    topic: 'store',
    words: (said) => `The store was damaged and put aside as ${said('keptAs')}; a new one was begun.`,
  },
  'store-brought-back': {
    id: 301,
    type: 'WARNING',
    topic: 'store',
    words: (said) => `The store of the version before was brought back; the newer one is kept as ${said('newer')}.`,
  },
  'store-unavailable': {
    id: 302,
    type: 'ERROR',
    topic: 'service',
    words: (said) => `The service waits, because the disk takes nothing: ${said('fault')}.`,
  },
  'needs-attention': {
    id: 400,
    type: 'WARNING',
    topic: 'server',
    words: (said) => `Reports have not got through since ${said('since')}: ${said('code')}. They are kept.`,
  },
  'enrolment-refused': {
    id: 401,
    type: 'ERROR',
    topic: 'enrolment',
    words: (said) => `The server refused to enrol this PC: ${said('code')}. Install again with a new token.`,
  },
  enrolled: {
    id: 402,
    type: 'INFORMATION',
    topic: 'enrolment',
    words: (said) => `This PC is enrolled as ${said('deviceId')}.`,
  },
};

export const eventSource = 'KITS Agent';
const timeoutMs = 10_000;
const longestFact = 500;
/** More than this waits for Windows only when Windows does not answer. */
const mostWaiting = 8;

export interface EventLogOptions {
  readonly dataDir: string;
  /** The service and the guard remember apart: each knows its own topics only. */
  readonly writer: 'service' | 'guard';
  readonly run?: (args: readonly string[]) => Promise<CommandOutcome>;
}

export interface EventLog {
  /** Never waits for Windows, never throws. Names that are not in the table say nothing. */
  tell(event: string, facts: Facts): void;
  /** The same log, and what of it is meant for the event log there as well. */
  beside(log: Log): Log;
  /** When all that was told is written, or given up. */
  readonly written: () => Promise<void>;
}

const remembered = z.strictObject({ format: z.literal(1), told: z.record(z.string(), z.string().max(2000)) });

export function createEventLog({ dataDir, writer, run = eventCreate }: EventLogOptions): EventLog {
  const file = join(dataDir, 'private', `event-log-${writer}.json`);
  const known = new Map(Object.entries(read(file)));
  let [waiting, last] = [0, Promise.resolve()];

  /** A process that is started again each minute must not tell the same each minute. */
  const isNew = (topic: string, state: string): boolean => {
    if (known.get(topic) === state) return false;
    known.set(topic, state);
    try {
      writeAtomically(file, `${JSON.stringify({ format: 1, told: Object.fromEntries(known) })}\n`, 0o600);
      return true;
    } catch {
      // Of a disk that takes nothing only the process that waits for it tells, which remembers by itself.
      return state.startsWith(`${toldEvents['store-unavailable']?.id} `);
    }
  };
  const tell: EventLog['tell'] = (event, facts) => {
    const told = Object.hasOwn(toldEvents, event) ? toldEvents[event] : undefined;
    if (told === undefined) return;
    const { id, type, topic, where, words } = told;
    if (where !== undefined && facts[where.fact] === where.anew) known.delete(topic);
    if (where !== undefined && facts[where.fact] !== where.told) return;
    const text = words((name) => plain(facts[name])).slice(0, 1000);
    // That it runs is news only after it did not.
    const isFirstGood = event === 'service-started' && !known.has(topic);
    if (waiting >= mostWaiting || !isNew(topic, `${id} ${text}`) || isFirstGood) return;
    waiting += 1;
    const args = ['/l', 'APPLICATION', '/so', eventSource, '/t', type, '/id', String(id), '/d', text];
    last = last.then(async () => {
      await run(args).catch(() => undefined);
      waiting -= 1;
    });
  };
  const both =
    (log: Log, level: LogLevel): Log[LogLevel] =>
    (event, facts = {}) => {
      log[level](event, facts);
      tell(event, facts);
    };
  return {
    tell,
    beside: (log) => ({
      debug: both(log, 'debug'),
      info: both(log, 'info'),
      warn: both(log, 'warn'),
      error: both(log, 'error'),
    }),
    written: () => last,
  };
}

/** One line of ordinary characters: a quotation mark would end the text, and "%" would ask Windows for another one. */
function plain(fact: unknown): string {
  const text = typeof fact === 'string' || typeof fact === 'number' ? String(fact) : 'unknown';
  return text
    .toWellFormed()
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll('"', "'")
    .replaceAll('%', '')
    .slice(0, longestFact)
    .trim();
}

function read(file: string): Readonly<Record<string, string>> {
  try {
    return remembered.parse(JSON.parse(readFileSync(file, 'utf8'))).told;
  } catch {
    return {};
  }
}

function eventCreate(args: readonly string[]): Promise<CommandOutcome> {
  return runCommand(pathsOf('eventcreate', 'win32'), args, { timeoutMs, signal: new AbortController().signal });
}
