/** The agent without a clock of its own: collect a round, queue its report, exchange with the server, publish the status. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createBackupMemory } from './backup/memory.ts';
import { collectors } from './collectors/index.ts';
import { type RoundContext, runRound } from './collectors/run-round.ts';
import type { SectionId } from './contract/facts/index.ts';
import { contractVersion, type KnownSection, type Section, type Verdict } from './contract/report.ts';
import type { Log } from './log.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Machine } from './platform/machine.ts';
import { backoffMs } from './report/backoff.ts';
import { buildReport } from './report/build-report.ts';
import { enrol } from './report/enrol.ts';
import { fingerprintOf, fingerprintSections } from './report/fingerprint.ts';
import { createServerClient, type ServerClient, ServerUnreachable } from './report/server-client.ts';
import { createServerLink, type SendResult, ServerRefused } from './report/server-link.ts';
import { evaluateRules, explain, overallState } from './rules/rule.ts';
import type { LoadedSettings } from './settings/settings.ts';
import type { SignedReport } from './signing/report-frame.ts';
import { publishSent, publishStatus, statusValidMs } from './status/publish-status.ts';
import { type AgentStore, type Enrolment, openStore } from './store/agent-store.ts';
import { createDeviceKey, readDeviceKey } from './store/device-key.ts';
import { agentVersion } from './version.ts';

/** How long bodies stay after the server has them, so that a server restored from backup can get them again. */
const keepAcknowledgedMs = 7 * 86_400_000;

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
}

export interface Round {
  readonly sections: readonly KnownSection[];
  readonly verdicts: readonly Verdict[];
  /** Absent while the machine is not enrolled: there is nobody to report to yet. */
  readonly report?: SignedReport;
}

export interface Agent {
  readonly store: AgentStore;
  enrolment(): Enrolment | undefined;
  /** Throws `ServerUnreachable` or `ServerRefused`; nothing is kept of a failed attempt but the device's key. */
  enrol(input: { server: string; token: string; serverKey?: string }): Promise<Enrolment>;
  round(kind: 'cheap' | 'full'): Promise<Round>;
  /** Checks in and sends what waits. Throws `NotEnrolled`, `ServerUnreachable` or `ServerRefused`; the queue keeps the rest. */
  exchange(): Promise<SendResult>;
  publishStatus(): void;
  close(): void;
}

/** Opens a data directory and holds it until `close`. Throws `AgentRunning`, `NewerStore` or `KeyFileError`. */
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const { dataDir, machine, log, settings: loaded, clock = systemClock } = options;
  const { settings } = loaded;
  // Open to all who walk through it to `public`; what is not for them lies in `private`.
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const store = openStore(join(dataDir, 'private'));
  const publicDir = join(dataDir, 'public');
  const backupMemory = createBackupMemory(store);
  const keyFile = join(dataDir, 'private', 'device-key.pem');
  let key = await readDeviceKey(keyFile).catch((error: unknown) => {
    store.close();
    throw error;
  });
  let client: ServerClient | undefined;

  const connect = (baseUrl: string): ServerClient => {
    if (client?.baseUrl === baseUrl) return client;
    client?.close();
    client = createServerClient({
      baseUrl,
      userAgent: `kits-agent/${agentVersion}`,
      ...(settings.proxy === undefined ? {} : { proxy: settings.proxy }),
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
    });
    return client;
  };

  const collect = (only: (id: SectionId, round: 'cheap' | 'full') => boolean): Promise<KnownSection[]> => {
    const { clockOffsetSeconds } = store.readExchange();
    const context: RoundContext = {
      now: clock.now(),
      machine,
      infrastructureTargets: settings.infrastructureTargets,
      backup: { sources: settings.backup, memory: backupMemory },
      firstSeen: (section, ids) => store.firstSeen(section, ids, clock.now()),
      agent: {
        version: agentVersion,
        policyVersion: 0,
        queue: store.queue(),
        ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }),
        settingsProblems: loaded.problems,
      },
    };
    const chosen = collectors.filter(({ id, round }) => !settings.withoutSections.includes(id) && only(id, round));
    return runRound(chosen, context, { clock });
  };

  const judge = (sections: readonly Section[]): Verdict[] => {
    const { clockOffsetSeconds } = store.readExchange();
    return evaluateRules({
      sections: new Map(sections.map((section) => [section.id, section])),
      thresholds: settings.thresholds,
      backup: settings.backupPolicy,
      now: clock.now(),
      ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }),
    });
  };

  const publish = (): void => {
    const now = clock.now();
    backupMemory.noteDayOn(now);
    const enrolment = store.readEnrolment();
    const { lastAcceptedAt, lastCollectedAt, failure } = store.readExchange();
    const verdicts = judge(store.readSections());
    const since = store.trackVerdicts(verdicts, now);
    publishStatus(publicDir, {
      contractVersion,
      writtenAt: now.toISOString(),
      validUntil: new Date(now.getTime() + statusValidMs).toISOString(),
      agentVersion,
      device: {
        hostname: machine.hostname,
        ...(enrolment === undefined
          ? { state: 'not-enrolled' as const }
          : { deviceId: enrolment.deviceId, municipality: enrolment.municipality, state: enrolment.state }),
      },
      overall: overallState(verdicts),
      verdicts: verdicts.map((verdict) => ({ ...verdict, ...explain(verdict), since: since.get(verdict.ruleId) })),
      reporting: {
        ...(lastCollectedAt === undefined ? {} : { lastCollectedAt }),
        ...(lastAcceptedAt === undefined ? {} : { lastAcceptedAt }),
        waiting: store.queue().waiting,
        ...(failure === undefined ? {} : { failure }),
      },
      notices: [],
      handledRequests: [],
    });
  };

  return {
    store,
    enrolment: () => store.readEnrolment(),

    enrol: async ({ server, token, serverKey }) => {
      key ??= await createDeviceKey(keyFile);
      const sections = await collect((id) => fingerprintSections.some((wanted) => wanted === id));
      return enrol({
        client: connect(server.replace(/\/+$/, '')),
        store,
        key,
        token,
        ...(serverKey === undefined ? {} : { serverKey }),
        hostname: machine.hostname,
        platform: machine.platform,
        fingerprint: fingerprintOf(sections, key.thumbprint),
        now: () => clock.now(),
      });
    },

    round: async (kind) => {
      const sections = await collect((_id, round) => kind === 'full' || round === 'cheap');
      store.writeSections(sections);
      const known = store.readSections();
      const verdicts = judge(known);
      const now = clock.now();
      store.changeExchange({ lastCollectedAt: now.toISOString() });
      const enrolment = store.readEnrolment();
      if (enrolment === undefined || key === undefined) return { sections, verdicts };
      const report = await buildReport(
        {
          deviceId: enrolment.deviceId,
          platform: machine.platform,
          class: kind === 'full' ? 'full' : 'routine',
          now,
          sections,
          verdicts,
          // A cheap round has not read the marks again; the last full round has.
          fingerprint: fingerprintOf(known as KnownSection[], key.thumbprint),
          acknowledgedHashes: store.acknowledgedHashes(),
          place: { epoch: store.epoch, ...store.nextPlace() },
        },
        key,
      );
      store.append(report);
      publishSent(publicDir, report.envelope.sequence, { envelope: report.envelope, sections, verdicts });
      return { sections, verdicts, report };
    },

    exchange: async () => {
      const enrolment = store.readEnrolment();
      if (enrolment === undefined || key === undefined) throw new NotEnrolled();
      const now = (): Date => clock.now();
      const link = createServerLink({ client: connect(enrolment.serverUrl), store, key, enrolment, now, log });
      try {
        const { state } = await link.checkIn();
        // Reports of a device that was not approved yet wait here; offering them again and again would only be refused.
        const result = state === 'active' ? await link.sendWaiting() : { accepted: 0, refused: 0, bytesSent: 0 };
        store.changeExchange({
          failure: state === 'active' ? undefined : 'device-not-active',
          failures: 0,
          notBefore: 0,
        });
        store.dropOldBodies(now(), keepAcknowledgedMs);
        return result;
      } catch (error) {
        if (error instanceof ServerUnreachable || error instanceof ServerRefused) {
          const failures = store.readExchange().failures + 1;
          const retryAfter = error instanceof ServerRefused ? error.retryAfterSeconds : undefined;
          const notBefore = now().getTime() + backoffMs(failures, Math.random(), retryAfter);
          store.changeExchange({ failure: error.code, failures, notBefore });
        }
        throw error;
      }
    },

    publishStatus: publish,
    close: () => {
      client?.close();
      store.close();
    },
  };
}
