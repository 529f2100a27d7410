/** The processor, from /proc/cpuinfo and the topology under /sys. */
import { CollectError, type Collector } from './collector.ts';
import { architectureOf } from './os.ts';
import { clean, defined, listOrNone, readOptional, readRequired, wholeNumber } from './text.ts';

const cpus = '/sys/devices/system/cpu';

/** "CPU implementer" of ARM (MIDR_EL1); PCs name their maker in words. */
const implementers: Readonly<Record<string, string>> = {
  '0x41': 'ARM',
  '0x42': 'Broadcom',
  '0x4e': 'NVIDIA',
  '0x51': 'Qualcomm',
  '0x61': 'Apple',
  '0xc0': 'Ampere',
};

export const cpuCollector: Collector<'cpu'> = {
  id: 'cpu',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async ({ machine, problem }) => {
    const blocks = parseCpuinfo(await readRequired(machine, '/proc/cpuinfo'));
    const first = blocks[0];
    const architecture = architectureOf(machine);
    const shared = blocks.at(-1);
    // ARM has no "model name"; boards name themselves in "Hardware" or "Model" after the last processor.
    const model = clean(first?.get('model name') ?? shared?.get('Hardware') ?? shared?.get('Model'), 160);
    const threads = blocks.filter((block) => block.has('processor')).length;
    if (first === undefined || threads === 0) throw new CollectError('unreadable', '/proc/cpuinfo names no processor');
    if (model === undefined) problem('not-found', '/proc/cpuinfo names no model');

    const packages = new Set<string>();
    const cores = new Set<string>();
    for (const name of (await listOrNone(machine, cpus)).filter((entry) => /^cpu\d+$/.test(entry))) {
      const socket = await readOptional(machine, `${cpus}/${name}/topology/physical_package_id`);
      const core = await readOptional(machine, `${cpus}/${name}/topology/core_id`);
      if (socket === undefined || core === undefined) continue;
      packages.add(socket);
      cores.add(`${socket} ${core}`);
    }
    if (cores.size === 0)
      problem('not-found', `${cpus}: no topology; sockets and cores are counted from /proc/cpuinfo`);
    const flags = ` ${first.get('flags') ?? first.get('Features') ?? ''} `;
    const kHz = wholeNumber(await readOptional(machine, `${cpus}/cpu0/cpufreq/cpuinfo_max_freq`), 1, 2e7);
    return defined({
      model: model ?? clean(`${architecture} ${first.get('CPU part') ?? ''}`, 160) ?? architecture,
      vendor: clean(first.get('vendor_id') ?? implementers[first.get('CPU implementer') ?? ''], 80),
      architecture,
      family: wholeNumber(first.get('cpu family'), 0, 65_535),
      modelNumber: wholeNumber(first.get('model'), 0, 65_535),
      stepping: wholeNumber(first.get('stepping'), 0, 65_535),
      microcode: clean(first.get('microcode'), 32),
      sockets: packages.size || new Set(blocks.map((block) => block.get('physical id') ?? '0')).size,
      cores: cores.size || countCores(blocks),
      threads,
      maxMhz: kHz === undefined ? undefined : Math.max(1, Math.round(kHz / 1000)),
      cacheL2KiB: await cache(machine, '2'),
      cacheL3KiB: await cache(machine, '3'),
      virtualizationCapable: first.has('flags') ? / (vmx|svm) /.test(flags) : undefined,
    });
  },
};

/** One map per blank-line separated block. */
export function parseCpuinfo(text: string): ReadonlyMap<string, string>[] {
  return text
    .split(/\n\s*\n/)
    .map((block) => {
      const pairs = block.split('\n').flatMap((line): [string, string][] => {
        const colon = line.indexOf(':');
        return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
      });
      return new Map(pairs);
    })
    .filter((block) => block.size > 0);
}

function countCores(blocks: readonly ReadonlyMap<string, string>[]): number {
  const processors = blocks.filter((block) => block.has('processor'));
  return new Set(
    processors.map((block) => `${block.get('physical id') ?? '0'} ${block.get('core id') ?? block.get('processor')}`),
  ).size;
}

/** Size of one unified or data cache of the level, as the first processor sees it. */
async function cache(machine: Parameters<typeof readOptional>[0], level: string): Promise<number | undefined> {
  const folder = `${cpus}/cpu0/cache`;
  for (const name of (await listOrNone(machine, folder)).filter((entry) => /^index\d+$/.test(entry))) {
    if ((await readOptional(machine, `${folder}/${name}/level`)) !== level) continue;
    const [, size, unit] = /^(\d+)([KM])$/.exec((await readOptional(machine, `${folder}/${name}/size`)) ?? '') ?? [];
    const kib = Number(size) * (unit === 'M' ? 1024 : 1);
    if (kib >= 1) return kib;
  }
  return undefined;
}
