/** `kits-server start`: the server in the foreground, until SIGTERM or SIGINT. */
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { consoleBuilt } from '../console-files.ts';
import { createServer, defaultConsoleDir } from '../server.ts';
import { type CommandInput, dataDirOf, defaultPort, numberOption, optionOf, print } from './command.ts';

export async function startCommand(input: CommandInput): Promise<void> {
  const host = optionOf(input, 'host') ?? '127.0.0.1';
  const server = await createServer({
    dataDir: dataDirOf(input),
    host,
    port: numberOption(input, 'port', 0, 65_535) ?? defaultPort,
    // Standard output is for the result.
    logStream: process.stderr,
  });
  const { url, keyThumbprint } = server;
  if (!isLoopback(host)) {
    input.err(
      `Warning: ${url} is open to the network and speaks plain HTTP. TLS has to end in front of it, at a proxy on this machine: agents refuse plain HTTP, and session cookies are kept to https (Secure) only when the browser came over https.`,
    );
  }
  if (!consoleBuilt(defaultConsoleDir)) {
    input.err('The console is not built, so only the API answers. "npm start" in the source folder builds it.');
  }
  print(input, `KITS server: ${url}  key ${keyThumbprint}`, { url, keyThumbprint });
  if (!input.signal.aborted) await once(input.signal, 'abort');
  await server.close();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
