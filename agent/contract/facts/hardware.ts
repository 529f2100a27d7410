/** Facts about the machine itself. Each field says why it is needed; units are in the names. */
import { z } from 'zod';
import { bytes, day, field, text } from '../field.ts';

const identify = {
  de: 'Ordnet das Gerät dem Inventar zu',
  en: 'Matches the device to the inventory',
};
const replace = {
  de: 'Hilft, Ersatz und Aufrüstung zu planen',
  en: 'Helps to plan replacement and upgrades',
};

/**
 * The machine as a thing one can hold. Serial numbers that are placeholders ("Default string", an all-zero UUID) are
 * left out and noted as a problem: two PCs must never be taken for one.
 */
export const systemFacts = z.object({
  hostname: field(text(253), identify),
  domain: field(text(253).optional(), {
    de: 'Zeigt, zu welcher Domäne das Gerät gehört',
    en: 'Shows which domain the device belongs to',
  }),
  manufacturer: field(text(120).optional(), identify),
  model: field(text(160).optional(), identify),
  version: field(text(120).optional(), identify),
  serialNumber: field(text(120).optional(), identify),
  uuid: field(text(36).optional(), identify),
  assetTag: field(text(120).optional(), identify),
  chassis: field(
    z
      .enum([
        'desktop',
        'notebook',
        'tablet',
        'all-in-one',
        'mini-pc',
        'server',
        'virtual-machine',
        'container',
        'other',
      ])
      .optional(),
    replace,
  ),
  virtualization: field(
    z.object({
      kind: field(z.enum(['none', 'vm', 'container']), {
        de: 'Trennt echte PCs von virtuellen',
        en: 'Tells real PCs from virtual ones',
      }),
      hypervisor: field(text(60).optional(), {
        de: 'Trennt echte PCs von virtuellen',
        en: 'Tells real PCs from virtual ones',
      }),
    }),
    { de: 'Trennt echte PCs von virtuellen', en: 'Tells real PCs from virtual ones' },
  ),
  board: field(
    z
      .object({
        manufacturer: field(text(120).optional(), replace),
        model: field(text(160).optional(), replace),
        version: field(text(120).optional(), replace),
        serialNumber: field(text(120).optional(), identify),
      })
      .optional(),
    replace,
  ),
  firmware: field(
    z
      .object({
        vendor: field(text(120).optional(), { de: 'Zeigt veraltete Firmware', en: 'Shows outdated firmware' }),
        version: field(text(120).optional(), { de: 'Zeigt veraltete Firmware', en: 'Shows outdated firmware' }),
        releasedOn: field(day.optional(), { de: 'Zeigt veraltete Firmware', en: 'Shows outdated firmware' }),
        bootMode: field(z.enum(['uefi', 'legacy']).optional(), {
          de: 'Voraussetzung für sicheren Start',
          en: 'Precondition of secure boot',
        }),
      })
      .optional(),
    { de: 'Zeigt veraltete Firmware', en: 'Shows outdated firmware' },
  ),
});
export type SystemFacts = z.infer<typeof systemFacts>;

export const cpuFacts = z.object({
  model: field(text(160), replace),
  vendor: field(text(80).optional(), replace),
  /** As `uname -m` says it ("x86_64", "aarch64"), never the word of a 32-bit compatibility layer. */
  architecture: field(z.enum(['x86_64', 'aarch64', 'armv7l', 'i686', 'riscv64']), replace),
  family: field(z.int().min(0).max(65_535).optional(), replace),
  modelNumber: field(z.int().min(0).max(65_535).optional(), replace),
  stepping: field(z.int().min(0).max(65_535).optional(), replace),
  microcode: field(text(32).optional(), {
    de: 'Zeigt fehlende Sicherheitskorrekturen des Prozessors',
    en: 'Shows missing security fixes of the processor',
  }),
  sockets: field(z.int().min(1).max(64), replace),
  cores: field(z.int().min(1).max(4096), replace),
  threads: field(z.int().min(1).max(8192), replace),
  maxMhz: field(z.int().min(1).max(20_000).optional(), { ...replace, unit: 'MHz' }),
  cacheL2KiB: field(z.int().min(1).optional(), { ...replace, unit: 'KiB' }),
  cacheL3KiB: field(z.int().min(1).optional(), { ...replace, unit: 'KiB' }),
  /** The processor offers hardware virtualization (VT-x, AMD-V). */
  virtualizationCapable: field(z.boolean().optional(), replace),
});
export type CpuFacts = z.infer<typeof cpuFacts>;

export const memoryFacts = z.object({
  /** Usable by the system, as the kernel counts it (MemTotal). */
  totalBytes: field(bytes.min(1), { ...replace, unit: 'By' }),
  swapBytes: field(bytes.optional(), { ...replace, unit: 'By' }),
  slots: field(z.int().min(1).max(256).optional(), replace),
  /** Sorted by `locator`. Absent when the machine does not describe its modules; never invented. */
  modules: field(
    z
      .array(
        z.object({
          locator: field(text(80), replace),
          sizeBytes: field(bytes.min(1), { ...replace, unit: 'By' }),
          type: field(text(24).optional(), replace),
          formFactor: field(text(24).optional(), replace),
          speedMtps: field(z.int().min(1).max(100_000).optional(), { ...replace, unit: 'MT/s' }),
          manufacturer: field(text(80).optional(), replace),
          partNumber: field(text(80).optional(), replace),
          serialNumber: field(text(80).optional(), identify),
        }),
      )
      .max(256)
      .optional(),
    replace,
  ),
});
export type MemoryFacts = z.infer<typeof memoryFacts>;

const diskFull = { de: 'Warnt, bevor ein Laufwerk voll ist', en: 'Warns before a drive is full' };

export const storageFacts = z.object({
  /** Sorted by `name`. */
  disks: field(
    z
      .array(
        z.object({
          name: field(text(80), replace),
          vendor: field(text(80).optional(), replace),
          model: field(text(120).optional(), replace),
          serialNumber: field(text(120).optional(), identify),
          firmware: field(text(40).optional(), { de: 'Zeigt veraltete Firmware', en: 'Shows outdated firmware' }),
          sizeBytes: field(bytes, { ...replace, unit: 'By' }),
          kind: field(z.enum(['hdd', 'ssd', 'nvme', 'virtual', 'optical', 'unknown']), replace),
          bus: field(text(24).optional(), replace),
          removable: field(z.boolean(), replace),
        }),
      )
      .max(128),
    replace,
  ),
  /** Mounted file systems that hold data on this machine or a share, sorted by `mountPoint`. */
  volumes: field(
    z
      .array(
        z.object({
          mountPoint: field(text(260), diskFull),
          device: field(text(260).optional(), diskFull),
          fileSystem: field(text(40), diskFull),
          sizeBytes: field(bytes.min(1), { ...diskFull, unit: 'By' }),
          /** Free for an unprivileged user, rounded down to 16 MiB so that idle PCs report nothing new. */
          freeBytes: field(bytes, { ...diskFull, unit: 'By' }),
          readOnly: field(z.boolean(), diskFull),
          /** Carries the operating system. */
          system: field(z.boolean(), diskFull),
          remote: field(z.boolean(), diskFull),
        }),
      )
      .max(256),
    diskFull,
  ),
});
export type StorageFacts = z.infer<typeof storageFacts>;

const connect = { de: 'Hilft bei Netzwerkstörungen', en: 'Helps with network faults' };

export const networkFacts = z.object({
  /** Sorted by `name`; the loopback interface is left out. */
  interfaces: field(
    z
      .array(
        z.object({
          name: field(text(64), connect),
          kind: field(
            z.enum(['ethernet', 'wifi', 'mobile', 'bridge', 'bond', 'vlan', 'vpn', 'virtual', 'other']),
            connect,
          ),
          macAddress: field(
            z
              .string()
              .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
              .optional(),
            identify,
          ),
          state: field(z.enum(['up', 'down', 'dormant', 'unknown']), connect),
          speedMbps: field(z.int().min(1).max(1_000_000).optional(), { ...connect, unit: 'Mbit/s' }),
          duplex: field(z.enum(['full', 'half']).optional(), connect),
          mtu: field(z.int().min(1).max(1_000_000).optional(), connect),
          driver: field(text(60).optional(), connect),
          /** Sorted by `address`; link-local IPv6 addresses are left out. */
          addresses: field(
            z
              .array(
                z.object({
                  address: field(text(45), connect),
                  family: field(z.enum(['ipv4', 'ipv6']), connect),
                  prefixLength: field(z.int().min(0).max(128), connect),
                }),
              )
              .max(64),
            connect,
          ),
        }),
      )
      .max(128),
    connect,
  ),
  /** Sorted by `address`. */
  gateways: field(
    z
      .array(
        z.object({
          address: field(text(45), connect),
          family: field(z.enum(['ipv4', 'ipv6']), connect),
          interface: field(text(64), connect),
        }),
      )
      .max(32),
    connect,
  ),
  /** In the order in which they are asked. */
  dnsServers: field(z.array(text(60)).max(16), connect),
});
export type NetworkFacts = z.infer<typeof networkFacts>;

export const displayFacts = z.object({
  /** Sorted by `connector`. */
  monitors: field(
    z
      .array(
        z.object({
          connector: field(text(60), replace),
          manufacturer: field(text(60).optional(), replace),
          model: field(text(60).optional(), replace),
          serialNumber: field(text(60).optional(), identify),
          manufacturedYear: field(z.int().min(1990).max(2100).optional(), { ...replace, unit: 'a' }),
          widthMm: field(z.int().min(1).max(10_000).optional(), { ...replace, unit: 'mm' }),
          heightMm: field(z.int().min(1).max(10_000).optional(), { ...replace, unit: 'mm' }),
          preferredWidthPx: field(z.int().min(1).max(65_535).optional(), replace),
          preferredHeightPx: field(z.int().min(1).max(65_535).optional(), replace),
        }),
      )
      .max(32),
    replace,
  ),
  /** Sorted by `name`. */
  adapters: field(
    z
      .array(
        z.object({
          /** Bus address, such as "0000:00:02.0". */
          name: field(text(60), replace),
          /** PCI ids "vendor:device" in lower-case hexadecimal. */
          pciId: field(z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/), replace),
          model: field(text(160).optional(), replace),
          driver: field(text(60).optional(), replace),
        }),
      )
      .max(16),
    replace,
  ),
});
export type DisplayFacts = z.infer<typeof displayFacts>;

const wear = { de: 'Zeigt verbrauchte Akkus', en: 'Shows worn batteries' };

export const batteryFacts = z.object({
  /** Sorted by `name`. The charge is not collected: it would show when a person works where. */
  batteries: field(
    z
      .array(
        z.object({
          name: field(text(60), wear),
          manufacturer: field(text(60).optional(), wear),
          model: field(text(60).optional(), wear),
          serialNumber: field(text(60).optional(), identify),
          technology: field(text(24).optional(), wear),
          designCapacityMwh: field(z.int().min(1).optional(), { ...wear, unit: 'mW.h' }),
          fullCapacityMwh: field(z.int().min(0).optional(), { ...wear, unit: 'mW.h' }),
          cycleCount: field(z.int().min(0).max(100_000).optional(), wear),
        }),
      )
      .min(1)
      .max(16),
    wear,
  ),
});
export type BatteryFacts = z.infer<typeof batteryFacts>;

const print = { de: 'Hilft bei Druckerstörungen', en: 'Helps with printer faults' };

export const printersFacts = z.object({
  /** Sorted by `name`; empty only when the print system says that there is none. */
  printers: field(
    z
      .array(
        z.object({
          name: field(text(127), print),
          connection: field(z.enum(['usb', 'network', 'virtual', 'other']), print),
          /** Host of a network printer; user names and passwords of a device address are removed. */
          host: field(text(253).optional(), print),
          model: field(text(160).optional(), print),
          location: field(text(160).optional(), print),
          isDefault: field(z.boolean(), print),
          accepting: field(z.boolean().optional(), print),
        }),
      )
      .max(256),
    print,
  ),
});
export type PrintersFacts = z.infer<typeof printersFacts>;

const attached = { de: 'Zeigt angeschlossene Geräte und ihre Treiber', en: 'Shows attached devices and their drivers' };

export const usbFacts = z.object({
  /** Sorted by `port`; hubs that belong to the controller are left out, serial numbers are not collected. */
  devices: field(
    z
      .array(
        z.object({
          /** Place in the bus, such as "1-4.2". */
          port: field(text(60), attached),
          vendorId: field(z.string().regex(/^[0-9a-f]{4}$/), attached),
          productId: field(z.string().regex(/^[0-9a-f]{4}$/), attached),
          manufacturer: field(text(120).optional(), attached),
          product: field(text(120).optional(), attached),
          /** What it is by its USB class codes, sorted. */
          classes: field(z.array(text(40)).max(16), attached),
        }),
      )
      .max(256),
    attached,
  ),
});
export type UsbFacts = z.infer<typeof usbFacts>;
