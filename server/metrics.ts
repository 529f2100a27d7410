/** Figures for monitoring (Prometheus). Each server has a registry of its own. */
import { Counter, Gauge, Registry } from 'prom-client';
import { overallStates } from '../agent/contract/status.ts';
import type { Database } from './store/database.ts';

export interface Metrics {
  readonly mediaType: string;
  /** `route` is the pattern ("/api/v1/devices/:id"), never the path of a stranger's choice. */
  countRequest(method: string, route: string, status: number): void;
  /** `result`: "accepted", "repeated" or the code of the refusal. */
  countReport(result: string): void;
  /** The text exposition; counts the devices while it is written. */
  text(): Promise<string>;
}

export function createMetrics(db: Database, openStreams: () => number): Metrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'kits_http_requests_total',
    help: 'Requests by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const reports = new Counter({
    name: 'kits_reports_total',
    help: 'Reports by result: accepted, repeated, or the code of the refusal.',
    labelNames: ['result'],
    registers: [registry],
  });
  const devices = new Gauge({
    name: 'kits_devices',
    help: 'Devices that are not retired, by light.',
    labelNames: ['light'],
    registers: [registry],
  });
  const streams = new Gauge({
    name: 'kits_event_streams',
    help: 'Devices that listen for events at this process.',
    registers: [registry],
  });
  return {
    mediaType: registry.contentType,
    countRequest: (method, route, status) => requests.inc({ method, route, status }),
    countReport: (result) => reports.inc({ result }),
    text: async () => {
      const rows = await db
        .selectFrom('devices')
        .select(['light', ({ fn }) => fn.countAll<number>().as('count')])
        .where('state', '!=', 'retired')
        .groupBy('light')
        .execute();
      for (const light of overallStates) {
        devices.set({ light }, Number(rows.find((row) => row.light === light)?.count ?? 0));
      }
      streams.set(openStreams());
      return registry.metrics();
    },
  };
}
