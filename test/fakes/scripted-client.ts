/** The way to the server as a script: answers come from the test, nothing leaves the process. */
import type { ServerClient, ServerResponse } from '../../agent/report/server-client.ts';

export type Asked = Parameters<ServerClient['send']>[0];

/** `stream` hands over what a stream of events brings, in pieces. */
export function scriptedClient(
  answer: (asked: Asked) => Promise<ServerResponse> | ServerResponse,
  stream: () => readonly Uint8Array[] = () => [],
): ServerClient {
  return {
    baseUrl: 'http://127.0.0.1:9',
    send: async (asked) => answer(asked),
    stream: async () => ({
      status: 200,
      headers: {},
      chunks: (async function* () {
        yield* stream();
      })(),
    }),
    close: () => undefined,
  };
}
