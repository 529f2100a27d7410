/** The agent without a clock of its own: collect a round, queue its report, exchange with the server, publish the status. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createBackupMemory } from './backup/memory.ts';
import {
  contractVersion,
  type Gap,
  type KnownSection,
  type NoticeAnswer,
  type ReportClass,
  type Section,
  type Suspicion,
  type Verdict,
} from './contract/report.ts';
import { agentErrorCodes, type DeviceState, type SignedAnswer } from './contract/wire.ts';
import type { Log } from './log.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Machine } from './platform/machine.ts';
import { buildReport } from './report/build-report.ts';
import { createClockWatch } from './report/clock-jumps.ts';
import { enrol, readmit } from './report/enrol.ts';
import { createEventStream, type EventStream, type HeardEvent } from './report/event-stream.ts';
import { type ExchangeResult, exchange } from './report/exchange.ts';
import { fingerprintOf, fingerprintSections } from './report/fingerprint.ts';
import { knownServerTime } from './report/known-time.ts';
import { needsAttention } from './report/retry.ts';
import { createServerClient, type ServerClient } from './report/server-client.ts';
import { createServerLink, type ServerLink, ServerRefused } from './report/server-link.ts';
import { createSignedWords, type SignedWords } from './report/signed-words.ts';
import { createRounds, type Round } from './rounds.ts';
import { explain, overallState } from './rules/rule.ts';
import { plainText } from './rules/wording.ts';
import type { LoadedSettings } from './settings/settings.ts';
import type { SignedReport } from './signing/report-frame.ts';
import { contactsOf } from './status/contacts.ts';
import { createMailbox, type MailboxLook } from './status/mailbox.ts';
import { createTrustFile, publishStatus, statusValidMs } from './status/publish-status.ts';
import { markAccepted, publishSent } from './status/sent-reports.ts';
import { type AgentStore, type Enrolment, openStore } from './store/agent-store.ts';
import { createDeviceKey, readDeviceKey } from './store/device-key.ts';
import { isStorageFailure } from './store/sqlite.ts';
import { createUpdater, type Updater } from './update/updater.ts';
import { agentVersion } from './version.ts';

const knockEveryMs = 3_600_000;

export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled';
  constructor() {
    super('This machine is not enrolled. Run "kits-agent enrol --server URL --token T --server-key THUMBPRINT" first.');
  }
}

export interface AgentOptions {
  readonly dataDir: string;
  readonly settings: LoadedSettings;
  readonly machine: Machine;
  readonly log: Log;
  readonly clock?: Clock;
  /** The store is known to be damaged: it is put aside and a new one begun. */
  readonly damaged?: boolean;
  /** Asks the system to run the guard, which installs what is ready. */
  readonly wakeGuard?: () => Promise<void>;
}

export interface Agent {
  readonly store: AgentStore;
  /** Settings under the policy in force; they change while the agent runs. */
  settings(): LoadedSettings;
  /** Takes in words of the server that came by another way than a check-in. */
  readonly words: SignedWords;
  enrolment(): Enrolment | undefined;
  /** Throws `ServerUnreachable` or `ServerRefused`; nothing is kept of a failed attempt but the device's key. */
  enrol(input: { server: string; token: string; serverKey?: string; recoveryKey?: string }): Promise<Enrolment>;
  /** A list: these sections and no other, as far as they are collected here at all. */
  round(kind: 'cheap' | 'full' | readonly string[]): Promise<Round>;
  /** Checks in and sends what waits. Throws `NotEnrolled`, `ServerUnreachable` or `ServerRefused`; the queue keeps the rest. */
  exchange(options?: { limit?: number }): Promise<ExchangeResult>;
  /** Tells the server that this installation goes. Throws as `exchange`. */
  retire(): Promise<DeviceState>;
  /** Not opened yet. Throws `NotEnrolled`. */
  events(hear: (event: HeardEvent) => void): EventStream;
  /** Notices when the clock is set; at least once a minute. */
  watchClock(): void;
  publishStatus(): void;
  /** Absent where others see to updates. */
  readonly updater?: Updater;
  /** Where people at the PC write what they ask for; the installer makes it. */
  readonly mailboxFile: string;
  /** Takes what they ask for. Throws when it cannot be written down. */
  readMailbox(): Promise<MailboxLook>;
  close(): void;
}

/** Opens a data directory and holds it until `close`. Throws `AgentRunning`, `NewerStore`, `StoreUnavailable` or `KeyFileError`. */
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const { dataDir, machine, log, clock = systemClock } = options;
  // Open to all who walk through it to `public`; what is not for them lies in `private`.
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const { outboxMegabytes, outboxDays } = options.settings.settings;
  const store = openStore(join(dataDir, 'private'), {
    limits: { maxBytes: outboxMegabytes * 1024 * 1024, maxDays: outboxDays },
    ...(options.damaged === undefined ? {} : { damaged: options.damaged }),
  });
  if (store.replaces !== undefined) log.error('store-damaged', { keptAs: store.replaces });
  const publicDir = join(dataDir, 'public');
  const backupMemory = createBackupMemory(store);
  const keyFile = join(dataDir, 'private', 'device-key.pem');
  let key = await readDeviceKey(keyFile).catch((error: unknown) => {
    store.close();
    throw error;
  });
  let client: ServerClient | undefined;
  const clockWatch = createClockWatch(store, clock, log);
  clockWatch.look();
  /** An answer was measured by this process, which has watched the clock since. */
  let timeMeasured = false;

  /** Server time as near as it is known, and never before a time the server has said. */
  const serverNow = (): Date => {
    const now = clock.now();
    return knownServerTime(store.readExchange(), now) ?? now;
  };
  const recoveryPin = (): string | undefined =>
    options.settings.settings.recoveryKey ?? store.readEnrolment()?.recoveryKeyThumbprint;
  const words = createSignedWords({
    store,
    enrolment: () => store.readEnrolment(),
    recoveryKey: recoveryPin,
    now: serverNow,
    log,
  });
  /** The files as they were read at the start, under the policy of this moment. */
  const loaded = (): LoadedSettings => options.settings.with(words.inForce().policy);
  const publishTrust = createTrustFile(publicDir);

  const connect = (baseUrl: string): ServerClient => {
    if (client?.baseUrl === baseUrl) return client;
    client?.close();
    const { settings } = options.settings;
    client = createServerClient({
      baseUrl,
      userAgent: 'kits-agent',
      ...(settings.proxy === undefined ? {} : { proxy: settings.proxy }),
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
      clock: () => {
        const known = store.readExchange();
        const now = clock.now();
        const { serverTimeFloor } = known;
        return { now, serverTimeFloor, serverTime: timeMeasured ? knownServerTime(known, now) : undefined };
      },
    });
    return client;
  };

  const { selfUpdate, releaseKey, updateKilobytesPerSecond } = options.settings.settings;
  const updater =
    selfUpdate && releaseKey !== undefined
      ? createUpdater({
          dataDir,
          version: agentVersion,
          platform: machine.platform,
          pin: releaseKey,
          bytesPerSecond: updateKilobytesPerSecond * 1024,
          now: serverNow,
          log,
          connection: () => {
            const enrolment = store.readEnrolment();
            if (enrolment === undefined || key === undefined) return undefined;
            return { client: connect(enrolment.serverUrl), store, key, enrolment, now: () => clock.now() };
          },
          wakeGuard: options.wakeGuard ?? (async () => undefined),
        })
      : undefined;

  const rounds = await createRounds({
    dataDir,
    store,
    machine,
    backupMemory,
    words,
    updater,
    loaded,
    problems:
      selfUpdate && releaseKey === undefined
        ? ['selfUpdate: "releaseKey" is missing, so that no release can be verified']
        : [],
    serverNow,
    clock,
    log,
    compose: (spoken) => compose(spoken),
  });
  const { readSections } = rounds;

  /** Since when the server does not take this device, as it was told last; the reason may change each time. */
  let toldSince: string | undefined;
  const publish = (): void => {
    const now = clock.now();
    backupMemory.noteDayOn(now);
    const enrolment = store.readEnrolment();
    const exchange = store.readExchange();
    const { lastAcceptedAt, lastCollectedAt, failure, refusedSince } = exchange;
    const serverTime = knownServerTime(exchange, now);
    const needed =
      refusedSince === undefined || !needsAttention(refusedSince, now)
        ? undefined
        : { code: failure ?? 'unknown-device', since: refusedSince };
    if (needed !== undefined && toldSince !== needed.since) log.warn('needs-attention', needed);
    toldSince = needed?.since;
    const { waiting, refused, aside, thinned } = store.queue();
    const storage = rounds.storageFault();
    const verdicts = rounds.judge(readSections());
    const since = sinceWhen(store, verdicts, now);
    const holder = words.holder();
    const recoveryKey = recoveryPin();
    const { policy, notices, recalls } = words.inForce();
    const contacts = contactsOf(policy);
    // First: a notice must not stand there before the keys it is verified with.
    if (holder !== undefined) {
      publishTrust({
        contractVersion,
        writtenAt: now.toISOString(),
        trust: words.trust(),
        ...(recoveryKey === undefined ? {} : { recoveryKey }),
        holder,
      });
    }
    publishStatus(publicDir, {
      contractVersion,
      writtenAt: now.toISOString(),
      validUntil: new Date(now.getTime() + statusValidMs).toISOString(),
      ...(serverTime === undefined ? {} : { serverTime: serverTime.toISOString() }),
      agentVersion,
      device: {
        hostname: machine.hostname,
        ...(enrolment === undefined
          ? { state: 'not-enrolled' as const }
          : {
              deviceId: enrolment.deviceId,
              municipality: plainText(enrolment.municipality) || '–',
              state: enrolment.state,
            }),
      },
      overall: overallState(verdicts),
      verdicts: verdicts.map((verdict) => ({ ...verdict, ...explain(verdict), since: since.get(verdict.ruleId) })),
      reporting: {
        ...(lastCollectedAt === undefined ? {} : { lastCollectedAt }),
        ...(lastAcceptedAt === undefined ? {} : { lastAcceptedAt }),
        waiting,
        ...(refused === 0 ? {} : { refused }),
        ...(aside === undefined ? {} : { aside }),
        ...(thinned === undefined ? {} : { thinned }),
        ...(failure === undefined ? {} : { failure }),
        ...(storage === undefined ? {} : { storage }),
        ...(needed === undefined ? {} : { needsAttention: needed }),
      },
      notices: [...notices],
      recalls: [...recalls],
      linkHosts: [...loaded().settings.linkHosts],
      ...(contacts === undefined ? {} : { contacts }),
      handledRequests: mailbox.handled(),
    });
  };

  /** Signs a report and queues it; undefined while the machine is not enrolled. */
  const compose = async ({
    class: name,
    sections,
    verdicts = [],
    gaps,
    ...spoken
  }: {
    class: ReportClass;
    sections: readonly Section[];
    verdicts?: readonly Verdict[];
    gaps?: readonly Gap[];
    noticeAnswers?: readonly NoticeAnswer[];
    suspicions?: readonly Suspicion[];
  }): Promise<SignedReport | undefined> => {
    const enrolment = store.readEnrolment();
    if (enrolment === undefined || key === undefined) return undefined;
    const now = clock.now();
    const serverTime = knownServerTime(store.readExchange(), now);
    const report = await buildReport(
      {
        deviceId: enrolment.deviceId,
        platform: machine.platform,
        class: name,
        now,
        ...(serverTime === undefined ? {} : { serverTime }),
        sections: sections as KnownSection[],
        verdicts,
        ...(gaps === undefined ? {} : { gaps }),
        ...spoken,
        // A cheap round has not read the marks again; the last full round has.
        fingerprint: fingerprintOf(readSections() as KnownSection[], key.thumbprint),
        acknowledgedHashes: store.acknowledgedHashes(),
        place: { epoch: store.epoch, ...store.nextPlace() },
      },
      key,
    );
    store.append(report, gaps);
    bestEffort(log, () => publishSent(publicDir, report, sections));
    return report;
  };

  const mailboxFile = join(publicDir, 'requests');
  const mailbox = createMailbox({
    file: mailboxFile,
    memory: store,
    clock,
    log,
    notices: () => (words.holder() === undefined ? [] : words.held()),
    report: (spoken) => compose({ sections: [], ...spoken }),
  });

  /** What staff asked for goes with what waits. That it cannot be queued must not keep back what waits already. */
  const reportAsked = async (sections: readonly string[]): Promise<void> => {
    if (rounds.collectedOf(sections).length === 0) return;
    try {
      const { sections: collected } = await rounds.round(sections);
      log.info('collected', { task: 'asked', sections: collected.length });
    } catch (error) {
      log.warn('task-failed', { task: 'asked', error: (error as Error).message });
    }
  };

  /** A server that has forgotten this device is shown once an hour that it enrolled it; the rest is for KITS to decide. */
  let knockedAt = Number.NEGATIVE_INFINITY;
  const knock = async (error: unknown): Promise<never> => {
    const enrolment = store.readEnrolment();
    const isForgotten = error instanceof ServerRefused && error.code === agentErrorCodes.unknownDevice;
    if (!isForgotten || enrolment?.statement === undefined || key === undefined) throw error;
    if (clock.monotonicMs() - knockedAt < knockEveryMs) throw error;
    knockedAt = clock.monotonicMs();
    const { statement } = enrolment;
    try {
      const self = { hostname: machine.hostname, platform: machine.platform };
      const fingerprint = fingerprintOf(readSections() as KnownSection[], key.thumbprint);
      const server = await words.serverKey();
      const input = { client: connect(enrolment.serverUrl), store, key, fingerprint, ...self };
      await readmit(input, { ...enrolment, statement }, server);
      log.warn('readmission-asked', { deviceId: enrolment.deviceId });
    } catch (cause) {
      log.warn('readmission-failed', { error: (cause as Error).message });
    }
    throw error;
  };

  const now = (): Date => clock.now();
  const serverLink = (): ServerLink => {
    const enrolment = store.readEnrolment();
    if (enrolment === undefined || key === undefined) throw new NotEnrolled();
    return createServerLink({
      client: connect(enrolment.serverUrl),
      store,
      key,
      enrolment,
      words,
      now,
      sinceBootMs: () => clock.sinceBootMs(),
      log,
      ...(updater === undefined ? {} : { releases: updater }),
      accepted: (report, receivedAt) => bestEffort(log, () => markAccepted(publicDir, report, receivedAt)),
    });
  };

  return {
    store,
    settings: loaded,
    words,
    enrolment: () => store.readEnrolment(),

    enrol: async ({ server, token, serverKey, recoveryKey = options.settings.settings.recoveryKey }) => {
      key ??= await createDeviceKey(keyFile);
      const sections = await rounds.collect((id) => fingerprintSections.some((wanted) => wanted === id));
      return enrol({
        client: connect(server.replace(/\/+$/, '')),
        store,
        key,
        token,
        ...(serverKey === undefined ? {} : { serverKey }),
        ...(recoveryKey === undefined ? {} : { recoveryKey }),
        hostname: machine.hostname,
        platform: machine.platform,
        fingerprint: fingerprintOf(sections, key.thumbprint),
        now: () => clock.now(),
      });
    },

    round: rounds.round,

    exchange: async ({ limit = Number.POSITIVE_INFINITY } = {}) => {
      const link = serverLink();
      const before = JSON.stringify(store.readWords());
      const checkIn = async (): Promise<SignedAnswer> => {
        const answer = await link.checkIn();
        timeMeasured = true;
        // The person at the PC sees at once what KITS has to say.
        if (JSON.stringify(store.readWords()) !== before) publish();
        return answer;
      };
      return exchange({
        link: { ...link, checkIn: () => checkIn().catch(knock) },
        store,
        readSections,
        now,
        random: Math.random,
        limit,
        compose,
        reportAsked,
      });
    },

    retire: async () => serverLink().retire(),

    events: (hear) => {
      const enrolment = store.readEnrolment();
      if (enrolment === undefined || key === undefined) throw new NotEnrolled();
      return createEventStream({
        client: connect(enrolment.serverUrl),
        store,
        key,
        enrolment,
        now: () => clock.now(),
        clock,
        log,
        random: Math.random,
        hear,
      });
    },

    watchClock: clockWatch.look,
    publishStatus: publish,
    ...(updater === undefined ? {} : { updater }),
    mailboxFile,
    readMailbox: mailbox.look,
    close: () => {
      client?.close();
      store.close();
    },
  };
}

/** On a disk that takes nothing the status still says what is, only not since when. */
function sinceWhen(store: AgentStore, verdicts: readonly Verdict[], now: Date): ReadonlyMap<string, string> {
  try {
    return store.trackVerdicts(verdicts, now);
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
    return new Map();
  }
}

/** The report is safe in the queue; what is shown of it is not worth failing for. */
function bestEffort(log: Log, publish: () => void): void {
  try {
    publish();
  } catch (error) {
    log.warn('sent-not-published', { error: (error as Error).message });
  }
}
