/** Main memory: what the kernel counts, and the modules the firmware describes. */
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import { parseSmbiosMemory } from './smbios.ts';
import { byKey, clean, codeOf, defined, meaningful, readRequired } from './text.ts';

const table = '/sys/firmware/dmi/tables/DMI';

export const memoryCollector: Collector<'memory'> = {
  id: 'memory',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const text = await readRequired(context.machine, '/proc/meminfo', 65_536);
    const totalBytes = meminfo(text, 'MemTotal');
    if (totalBytes === undefined || totalBytes === 0)
      throw new CollectError('unreadable', '/proc/meminfo has no MemTotal');
    return defined({ totalBytes, swapBytes: meminfo(text, 'SwapTotal'), ...(await modules(context)) });
  },
};

/** Bytes of one line of /proc/meminfo, which counts in KiB and calls them kB. */
function meminfo(text: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  const bytes = Number(kib) * 1024;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

async function modules({ machine, problem }: CollectContext) {
  let bytes: Uint8Array;
  try {
    bytes = await machine.readBytes(table, { maxBytes: 1024 * 1024 });
  } catch (error) {
    problem(codeOf(error), `${table}: the modules are not known (${(error as Error).message})`);
    return {};
  }
  const memory = parseSmbiosMemory(bytes);
  if (memory === undefined) {
    problem('not-found', `${table}: the firmware describes no memory modules`);
    return {};
  }
  const found = memory.modules.slice(0, 256).map((module, index) =>
    defined({
      locator: clean(module.locator, 80) ?? `slot ${index + 1}`,
      sizeBytes: module.sizeBytes,
      type: module.type,
      formFactor: module.formFactor,
      speedMtps: module.speedMtps,
      manufacturer: meaningful(module.manufacturer, 80),
      partNumber: meaningful(module.partNumber, 80),
      serialNumber: meaningful(module.serialNumber, 80),
    }),
  );
  return { slots: Math.min(256, memory.slots), modules: byKey(found, ({ locator }) => locator) };
}
