/** The tray's side of the two files it shares with the service: what there is to show, and the answers to the window. */
import { join } from 'node:path';
import type { Handlers, View } from '../ipc/contract.ts';
import { createOwnRequests, type Wish } from './own-requests.ts';
import { readTrust, verifiedNotices } from './read-notices.ts';
import { detailOf, listSent, readSent } from './read-sent.ts';
import { readStatus, type ServiceState } from './read-status.ts';

export interface AgentLinkOptions {
  /** The protected directory: `status.json`, `trust.json`, `sent/`, `requests`. */
  readonly publicDir: string;
  /** File of this user in which requests are remembered. */
  readonly memory: string;
  readonly now: () => Date;
  /** Asks the person where to; undefined when they change their mind. */
  readonly saveFile: (name: string, content: string) => Promise<string | undefined>;
  /** The person asked for something: what is shown has changed. */
  readonly asked: () => void;
}

export interface AgentLink {
  /** Reads the files anew. `service` is what the tray shows, `view` what the window shows. */
  refresh(): Promise<{ service: ServiceState; view: View }>;
  readonly handlers: Handlers;
}

export function createAgentLink({ publicDir, memory, now, saveFile, asked }: AgentLinkOptions): AgentLink {
  const sentDir = join(publicDir, 'sent');
  const own = createOwnRequests({ mailbox: join(publicDir, 'requests'), memory, now });

  const ask = async (wish: Wish): Promise<void> => {
    own.ask(wish);
    asked();
  };

  async function refresh(): Promise<{ service: ServiceState; view: View }> {
    const at = now();
    const service = await readStatus(join(publicDir, 'status.json'), at);
    const signed = service.kind === 'running' ? service.status.notices : [];
    const trust = signed.length === 0 ? undefined : await readTrust(join(publicDir, 'trust.json'));
    const { notices, refused } = await verifiedNotices(signed, trust, at);
    // A service that is silent has said nothing new, and what waits is sent again all the same.
    own.settle(service.kind === 'running' ? service.status.handledRequests : []);
    const view: View = {
      at: at.toISOString(),
      service: service.kind,
      ...writtenAt(service),
      ...(service.kind === 'running' ? { status: service.status } : {}),
      notices,
      refusedNotices: refused,
      requests: own.list(),
      mailboxReachable: own.mailboxReachable(),
    };
    return { service, view };
  }

  return {
    refresh,
    handlers: {
      'view:get': async () => (await refresh()).view,
      'check:start': () => ask({ kind: 'check-now' }),
      'notice:seen': ({ noticeId }) => ask({ kind: 'notice-seen', noticeId }),
      'notice:acknowledge': ({ noticeId }) => ask({ kind: 'notice-acknowledged', noticeId }),
      'suspicion:report': ({ text }) => ask({ kind: 'report-suspicion', text }),
      'sent:list': () => listSent(sentDir),
      'sent:get': async ({ sequence }) => {
        const found = await readSent(sentDir, sequence);
        return found === undefined ? undefined : detailOf(found.report);
      },
      'sent:export': async ({ sequence }) => {
        const found = await readSent(sentDir, sequence);
        if (found === undefined) return undefined;
        const savedAs = await saveFile(`kits-bericht-${sequence}.json`, found.content);
        return savedAs === undefined ? undefined : { savedAs };
      },
    },
  };
}

function writtenAt(service: ServiceState): { writtenAt?: string } {
  if (service.kind === 'running') return { writtenAt: service.status.writtenAt };
  return service.kind === 'silent' ? { writtenAt: service.writtenAt } : {};
}
