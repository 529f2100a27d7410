/** Rounds of collection: what is read, what the rules say of it, and the report that is queued for it. */
import { join } from 'node:path';
import type { BackupMemory } from './backup/memory.ts';
import type { AgentState } from './collectors/collector.ts';
import { collectorsOf } from './collectors/index.ts';
import { onceARound, type RoundContext, runRound } from './collectors/run-round.ts';
import type { SectionId } from './contract/facts/index.ts';
import type { Gap, KnownSection, ReportClass, Section, Verdict } from './contract/report.ts';
import type { Log } from './log.ts';
import type { Clock } from './platform/clock.ts';
import type { Machine } from './platform/machine.ts';
import { readClockJumps } from './report/clock-jumps.ts';
import { knownOffsetSeconds } from './report/known-time.ts';
import type { SignedWords } from './report/signed-words.ts';
import { takeRecords } from './restore/records.ts';
import { applyExceptions } from './rules/exceptions.ts';
import { evaluateRules } from './rules/rule.ts';
import type { LoadedSettings } from './settings/settings.ts';
import type { SignedReport } from './signing/report-frame.ts';
import type { AgentStore } from './store/agent-store.ts';
import { openLossRecord } from './store/loss-record.ts';
import { isStorageFailure, storageFault } from './store/sqlite.ts';
import type { Updater } from './update/updater.ts';
import { lastHangOn } from './upgrade/hung-service.ts';
import { readTrial } from './upgrade/trial-file.ts';
import { agentVersion } from './version.ts';

export interface Round {
  readonly sections: readonly KnownSection[];
  readonly verdicts: readonly Verdict[];
  /** Absent while the machine is not enrolled: there is nobody to report to yet. */
  readonly report?: SignedReport;
}

export interface RoundsInput {
  readonly dataDir: string;
  readonly store: AgentStore;
  readonly machine: Machine;
  readonly backupMemory: BackupMemory;
  readonly words: SignedWords;
  readonly updater: Updater | undefined;
  /** Settings under the policy of the moment. */
  readonly loaded: () => LoadedSettings;
  /** What is wrong with the settings whatever the policy says. */
  readonly problems: readonly string[];
  readonly serverNow: () => Date;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs a report and queues it; undefined while the machine is not enrolled. */
  readonly compose: (input: {
    class: ReportClass;
    sections: readonly Section[];
    verdicts: readonly Verdict[];
  }) => Promise<SignedReport | undefined>;
}

export interface Rounds {
  /** As `Agent.round`. */
  round(kind: 'cheap' | 'full' | readonly string[]): Promise<Round>;
  /** Sections as they are now; nothing is kept of them. */
  collect(only: (id: SectionId, round: 'cheap' | 'full') => boolean): Promise<KnownSection[]>;
  /** Which of these sections are collected here at all. */
  collectedOf(sections: readonly string[]): readonly SectionId[];
  /** What is known and may be: facts of a section that has been taken away since are not used either. */
  readSections(): Section[];
  judge(sections: readonly Section[]): Verdict[];
  /** Why the last round could not be written down; undefined when it could. */
  storageFault(): ReturnType<typeof storageFault> | undefined;
}

export async function createRounds(input: RoundsInput): Promise<Rounds> {
  const { dataDir, store, machine, backupMemory, words, updater, loaded, problems, serverNow, clock, log, compose } =
    input;
  const collectors = await collectorsOf(machine.platform);
  /** While the disk takes nothing: what was not even queued, told as soon as it can be written down; by the next process too. */
  const lossRecord = openLossRecord(join(dataDir, 'private'));
  let unstored = lossRecord.read();
  let storage: ReturnType<typeof storageFault> | undefined;

  const collect = (only: (id: SectionId, round: 'cheap' | 'full') => boolean): Promise<KnownSection[]> => {
    const clockOffsetSeconds = knownOffsetSeconds(store.readExchange(), clock.now());
    const clockJumps = readClockJumps(store);
    const hungOn = lastHangOn(dataDir);
    const { policy, refused } = words.inForce();
    const { settings, problems: changed } = loaded();
    const context: RoundContext = {
      now: clock.now(),
      machine,
      infrastructureTargets: settings.infrastructureTargets,
      backup: { sources: settings.backup, memory: backupMemory },
      once: onceARound(),
      firstSeen: (section, ids) => store.firstSeen(section, ids, clock.now()),
      agent: {
        version: agentVersion,
        policyVersion: policy?.version ?? 0,
        ...(policy === undefined ? {} : { policyExpiresAt: policy.expiresAt }),
        refusedWords: refused,
        queue: store.queue(),
        ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }),
        ...(clockJumps.length === 0 ? {} : { clockJumps }),
        settingsProblems: [...changed, ...problems],
        ...(updater === undefined ? {} : { update: updater.facts() }),
        ...lastUpgradeOf(dataDir),
        ...(hungOn === undefined ? {} : { hungOn }),
      },
    };
    const chosen = collectors.filter(({ id, round }) => !settings.withoutSections.includes(id) && only(id, round));
    return runRound(chosen, context, { clock });
  };

  const readSections = (): Section[] => {
    const { withoutSections } = loaded().settings;
    return store.readSections().filter(({ id }) => !withoutSections.includes(id));
  };

  const judge = (sections: readonly Section[]): Verdict[] => {
    const clockOffsetSeconds = knownOffsetSeconds(store.readExchange(), clock.now());
    const { thresholds, backupPolicy, exceptions } = loaded().settings;
    const verdicts = evaluateRules({
      sections: new Map(sections.map((section) => [section.id, section])),
      thresholds,
      backup: backupPolicy,
      now: clock.now(),
      ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }),
    });
    const holder = words.holder();
    return holder === undefined ? verdicts : applyExceptions(verdicts, exceptions, serverNow(), holder);
  };

  const round: Rounds['round'] = async (kind) => {
    for (const name of takeRecords(join(dataDir, 'private'), backupMemory.addRestoreTest)) {
      log.warn('restore-test-unusable', { name });
    }
    const sections = await collect((id, round) =>
      typeof kind === 'object' ? kind.includes(id) : kind === 'full' || round === 'cheap',
    );
    const name = kind === 'full' ? 'full' : 'routine';
    try {
      store.writeSections(sections);
      const verdicts = judge(readSections());
      store.changeExchange({ lastCollectedAt: clock.now().toISOString() });
      const report = await compose({ class: name, sections, verdicts });
      if (unstored !== undefined) {
        store.noteGap(unstored);
        lossRecord.write(undefined);
      }
      [unstored, storage] = [undefined, undefined];
      return { sections, verdicts, ...(report === undefined ? {} : { report }) };
    } catch (error) {
      if (isStorageFailure(error)) {
        storage = storageFault(error);
        if (store.readEnrolment() !== undefined) {
          unstored = oneMore(unstored, name, clock.now());
          lossRecord.write(unstored);
        }
      }
      throw error;
    }
  };

  return {
    round,
    collect,
    collectedOf: (sections) => {
      const { withoutSections } = loaded().settings;
      return collectors.map(({ id }) => id).filter((id) => sections.includes(id) && !withoutSections.includes(id));
    },
    readSections,
    judge,
    storageFault: () => storage,
  };
}

function lastUpgradeOf(dataDir: string): Pick<AgentState, 'lastUpgrade'> {
  const record = readTrial(dataDir);
  if (record === undefined) return {};
  const { to, from, state, reason } = record;
  return {
    lastUpgrade: { to, state, ...(from === undefined ? {} : { from }), ...(reason === undefined ? {} : { reason }) },
  };
}

/** One report more that could not even be queued. */
function oneMore(before: Gap | undefined, name: ReportClass, now: Date): Gap {
  const at = now.toISOString();
  const counts = { ...before?.counts, [name]: (before?.counts?.[name] ?? 0) + 1 };
  return { firstAt: at, ...before, counts, lastAt: at, reason: 'storage-failed' };
}
