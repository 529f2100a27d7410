/** Monitors by their EDID and graphics adapters by their PCI class. */
import type { FactsOf } from '../contract/facts/index.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import { parseEdid } from './edid.ts';
import { atMost, byKey, clean, codeOf, defined, listOrNone, meaningful, readOptional } from './text.ts';

type Monitor = FactsOf<'display'>['monitors'][number];
type Adapter = FactsOf<'display'>['adapters'][number];

const drm = '/sys/class/drm';
const pci = '/sys/bus/pci/devices';

export const displayCollector: Collector<'display'> = {
  id: 'display',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const monitors = await readMonitors(context);
    const adapters = await readAdapters(context);
    if (monitors.length === 0 && adapters.length === 0) {
      throw new CollectError('not-present', 'no graphics adapter and no monitor');
    }
    return {
      monitors: atMost(
        byKey(monitors, ({ connector }) => connector),
        32,
        'monitors',
        context,
      ),
      adapters: atMost(
        byKey(adapters, ({ name }) => name),
        16,
        'adapters',
        context,
      ),
    };
  },
};

async function readMonitors({ machine, problem }: CollectContext): Promise<Monitor[]> {
  const monitors: Monitor[] = [];
  for (const entry of await listOrNone(machine, drm)) {
    const connector = /^card\d+-(.+)$/.exec(entry)?.[1];
    if (connector === undefined || (await readOptional(machine, `${drm}/${entry}/status`)) !== 'connected') continue;
    let edid: ReturnType<typeof parseEdid>;
    try {
      const bytes = await machine.readBytes(`${drm}/${entry}/edid`, { maxBytes: 65_536 });
      edid = parseEdid(bytes);
      // The screen of a virtual machine has nothing to describe.
      const blank = bytes.length === 0 && connector.startsWith('Virtual-');
      if (edid === undefined && !blank)
        problem('unreadable', `${connector}: the monitor does not describe itself (no valid EDID)`);
    } catch (error) {
      problem(codeOf(error), `${connector}: ${(error as Error).message}`);
    }
    monitors.push(
      defined({
        connector: clean(connector, 60) ?? connector,
        manufacturer: edid?.manufacturer,
        model: meaningful(edid?.model, 60),
        serialNumber: meaningful(edid?.serialNumber, 60),
        manufacturedYear: edid?.manufacturedYear,
        widthMm: edid?.widthMm,
        heightMm: edid?.heightMm,
        preferredWidthPx: edid?.preferredWidthPx,
        preferredHeightPx: edid?.preferredHeightPx,
      }),
    );
  }
  return monitors;
}

async function readAdapters({ machine, problem }: CollectContext): Promise<Adapter[]> {
  const adapters: Adapter[] = [];
  for (const name of await listOrNone(machine, pci)) {
    const read = async (file: string): Promise<string> =>
      (await readOptional(machine, `${pci}/${name}/${file}`, 4096)) ?? '';
    // PCI base class 03: display controllers.
    if (!/^0x03/.test(await read('class'))) continue;
    const ids = [await read('vendor'), await read('device')].map((id) => /^0x([0-9a-f]{4})$/.exec(id)?.[1]);
    if (ids.includes(undefined)) {
      problem('unreadable', `${name}: the adapter does not give its PCI ids`);
      continue;
    }
    let driver: string | undefined;
    try {
      driver = (await machine.readLink(`${pci}/${name}/driver`)).split('/').at(-1);
    } catch {
      // No driver has taken this adapter.
    }
    adapters.push(defined({ name: clean(name, 60) ?? name, pciId: ids.join(':'), driver: clean(driver, 60) }));
  }
  return adapters;
}
