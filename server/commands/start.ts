/** `kits-server start`: the server in the foreground, until SIGTERM or SIGINT. */
import { once } from 'node:events';
import { createServer } from '../server.ts';
import { type CommandInput, dataDirOf, defaultPort, numberOption, optionOf, print } from './command.ts';

export async function startCommand(input: CommandInput): Promise<void> {
  const server = await createServer({
    dataDir: dataDirOf(input),
    host: optionOf(input, 'host') ?? '127.0.0.1',
    port: numberOption(input, 'port', 0, 65_535) ?? defaultPort,
    // Standard output is for the result.
    logStream: process.stderr,
  });
  const { url, keyThumbprint } = server;
  print(input, `KITS server: ${url}  key ${keyThumbprint}`, { url, keyThumbprint });
  if (!input.signal.aborted) await once(input.signal, 'abort');
  await server.close();
}
