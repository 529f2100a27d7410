import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import type { RecordedTree } from '../../fakes/recorded-machine.ts';
import { desktop } from '../../fixtures/desktop.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { gib, pc, sectionOf } from './context.ts';

test('a notebook: one drive, system, home and a share, each once', async () => {
  const section = await sectionOf('storage', pc(notebook));
  expect(section.data?.disks).toEqual([
    {
      name: 'nvme0n1',
      model: 'SAMSUNG MZVLB512HBJQ-000L7',
      serialNumber: 'S4ENNX0R123456',
      firmware: '5M2QEXF7',
      sizeBytes: 512_110_190_592,
      kind: 'nvme',
      bus: 'nvme',
      removable: false,
    },
  ]);
  expect(section.data?.volumes.map(({ mountPoint, remote, system }) => ({ mountPoint, remote, system }))).toEqual([
    { mountPoint: '/', remote: false, system: true },
    { mountPoint: '/boot/efi', remote: false, system: false },
    { mountPoint: '/home', remote: false, system: false },
    { mountPoint: '/mnt/akten', remote: true, system: false },
  ]);
  expect(section.data?.volumes[0]).toMatchObject({
    sizeBytes: 100 * gib,
    freeBytes: 40 * gib,
    fileSystem: 'ext4',
    readOnly: false,
  });
});

test('SSD, hard disk and stick are told apart; a loop device is no drive', async () => {
  const { data } = await sectionOf('storage', pc(desktop));
  expect(data?.disks.map(({ name, kind, bus, removable, vendor }) => ({ name, kind, bus, removable, vendor }))).toEqual(
    [
      { name: 'sda', kind: 'ssd', bus: 'sata', removable: false, vendor: undefined },
      { name: 'sdb', kind: 'hdd', bus: 'sata', removable: false, vendor: undefined },
      { name: 'sdc', kind: 'unknown', bus: 'usb', removable: true, vendor: 'Intenso' },
    ],
  );
  expect(data?.volumes.map(({ mountPoint, readOnly }) => ({ mountPoint, readOnly }))).toEqual([
    { mountPoint: '/', readOnly: false },
    { mountPoint: '/daten', readOnly: true },
  ]);
});

const mounts = (...lines: string[]): RecordedTree => ({ ...vm, '/proc/self/mountinfo': `${lines.join('\n')}\n` });
const root = '28 1 252:1 / / rw,relatime - ext4 /dev/vda1 rw';

test('a share that does not answer is said, and never asked by this process itself', async () => {
  const asked: string[] = [];
  const machine = pc(notebook, {
    run: async () => ({ kind: 'timeout' }),
    volumeSize: async (path) => {
      asked.push(path);
      return { sizeBytes: gib, freeBytes: 0 };
    },
  });
  const section = await sectionOf('storage', machine);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'timeout' }] });
  expect(section.data?.volumes).toHaveLength(3);
  expect(asked.sort()).toEqual(['/', '/boot/efi', '/home']);
});

test('a drive that does not answer holds up nothing', async () => {
  const machine = pc(notebook, {
    volumeSize: (path) =>
      path === '/home' ? new Promise(() => undefined) : Promise.resolve({ sizeBytes: gib, freeBytes: 0 }),
  });
  const section = await sectionOf('storage', machine);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'timeout' }] });
  expect(section.data?.volumes.map(({ mountPoint }) => mountPoint)).toEqual(['/', '/boot/efi', '/mnt/akten']);
});

test('the size of a share is what the real program says about that place', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kits share '));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const machine = pc(mounts(root, `30 28 0:60 / ${dir.replaceAll(' ', '\\040')} rw - cifs //nas/akten rw`), {
    run: createLinuxMachine().run,
  });
  const section = await sectionOf('storage', machine);
  const share = section.data?.volumes.find(({ remote }) => remote);
  const { blocks, bsize } = statfsSync(dir);
  expect(section.problems).toEqual([]);
  expect(share).toMatchObject({ mountPoint: dir, sizeBytes: blocks * bsize });
});

test.each([
  ['is gone', { kind: 'exited', exitCode: 1, stdout: '', stderr: 'Stale file handle' }],
  ['gives words', { kind: 'exited', exitCode: 0, stdout: 'x', stderr: '' }],
  ['cannot be asked', { kind: 'not-found' }],
] as const)('a share that %s has no size', async (_name, outcome) => {
  const section = await sectionOf('storage', pc(notebook, { run: async () => outcome }));
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'unreadable' }] });
  expect(section.data?.volumes.some(({ remote }) => remote)).toBe(false);
});

test('no more than six programs are started, however many shares there are', async () => {
  let started = 0;
  const shares = Array.from(
    { length: 9 },
    (_, index) => `${40 + index} 28 0:${60 + index} / /mnt/${index} rw - nfs4 nas:/${index} rw`,
  );
  const machine = pc(mounts(root, ...shares), {
    run: async () => {
      started += 1;
      return { kind: 'exited', exitCode: 0, stdout: '4096 10 5', stderr: '' };
    },
  });
  expect(await sectionOf('storage', machine)).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
  expect(started).toBe(6);
});

test.each([
  'https://anna:geheim@cloud.example/dav',
  'https://anna:ge@heim@cloud.example/dav',
  '//anna:geheim@nas/akten',
  'anna:geheim@nas:/akten',
  'https://anna:ge/heim@cloud.example/dav',
])('the password in "%s" stays on the PC', async (source) => {
  const section = await sectionOf('storage', pc(mounts(root, `30 28 0:9 / /mnt/x rw - davfs ${source} rw`)));
  expect(section.data?.volumes).toHaveLength(2);
  expect(JSON.stringify(section)).not.toMatch(/geheim|heim@|anna/);
});

test.each(['/media/anna/PRIVAT', '/run/media/anna/PRIVAT'])(
  'what a person plugged in at %s stays private',
  async (at) => {
    const section = await sectionOf('storage', pc(mounts(root, `30 28 8:33 / ${at} rw - vfat /dev/sdc1 rw`)));
    expect(section.data?.volumes.map(({ mountPoint }) => mountPoint)).toEqual(['/']);
    expect(section.problems).toEqual([]);
  },
);

test('a file system or share in a home directory is listed without the name of its owner', async () => {
  const lines = [
    '30 28 8:3 / /home/anna rw - ext4 /dev/sda3 rw',
    '31 28 0:9 / /home/anna/x rw - nfs4 nas:/home/anna rw',
  ];
  const section = await sectionOf('storage', pc(mounts(root, ...lines)));
  expect(section.data?.volumes.map(({ mountPoint, device }) => [mountPoint, device])).toEqual([
    ['/', '/dev/vda1'],
    ['/home/*', '/dev/sda3'],
    ['/home/*/x', 'nas:/home/*'],
  ]);
  const broken = pc(mounts(root, ...lines), {
    volumeSize: (path) =>
      path === '/' ? Promise.resolve({ sizeBytes: gib, freeBytes: 0 }) : Promise.reject(new Error(`no ${path}`)),
  });
  const unread = await sectionOf('storage', broken);
  expect(unread.problems).toHaveLength(1);
  expect(JSON.stringify(unread)).not.toContain('anna');
});

test('the root counts whatever its file system is; pseudo and layered ones elsewhere do not', async () => {
  const section = await sectionOf(
    'storage',
    pc(
      mounts(
        '28 1 0:40 / / rw - overlay overlay rw',
        '29 28 0:41 / /tmp rw - tmpfs tmpfs rw',
        '30 28 0:42 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw',
        'no mount at all',
      ),
    ),
  );
  expect(section.data?.volumes).toMatchObject([{ mountPoint: '/', fileSystem: 'overlay', system: true }]);
});

test('the file system of the root is listed once, in whatever order it was mounted', async () => {
  const bind = '30 28 252:1 /srv /srv/daten rw - ext4 /dev/vda1 rw';
  for (const lines of [
    [bind, root],
    [root, bind],
    ['1 1 0:2 / / rw - rootfs rootfs rw', bind, root],
  ]) {
    const { data } = await sectionOf('storage', pc(mounts(...lines)));
    expect(data?.volumes).toMatchObject([{ mountPoint: '/', fileSystem: 'ext4' }]);
  }
});

test('free space is rounded down, and more than nothing is no reason for a file system of size 0', async () => {
  const free = async (freeBytes: number) =>
    (await sectionOf('storage', pc(mounts(root), { volumeSize: async () => ({ sizeBytes: gib, freeBytes }) }))).data
      ?.volumes[0]?.freeBytes;
  expect(await free(16 * 1024 ** 2 - 1)).toBe(0);
  expect(await free(33 * 1024 ** 2)).toBe(32 * 1024 ** 2);
  const none = pc(mounts(root), { volumeSize: async () => ({ sizeBytes: 0, freeBytes: 0 }) });
  expect((await sectionOf('storage', none)).data?.volumes).toEqual([]);
});

const drive = (
  name: string,
  files: Readonly<Record<string, string>>,
  place = `virtual/block/${name}`,
): RecordedTree => ({
  ...mounts(root),
  [`/sys/block/${name}`]: { link: `../devices/${place}` },
  ...Object.fromEntries(Object.entries(files).map(([file, content]) => [`/sys/devices/${place}/${file}`, content])),
});
const disksOf = async (tree: RecordedTree) =>
  (await sectionOf('storage', pc(tree))).data?.disks.filter(({ name }) => name !== 'vda');

test('udev knows the whole model and the number of a SATA drive', async () => {
  const place = 'pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda';
  const tree = drive('sda', { dev: '8:0\n', 'device/model': 'WDC WD10EZEX-08W\n', size: '100\n' }, place);
  const described = {
    ...tree,
    '/run/udev/data/b8:0':
      'S:disk/by-id/x\nE:ID_MODEL_ENC=WDC\\x20WD10EZEX-08WN4A0\\x20\\x20\nE:ID_SERIAL_SHORT=WD-WCC6Y0ABCDEF\n',
  };
  expect(await disksOf(described)).toMatchObject([{ model: 'WDC WD10EZEX-08WN4A0', serialNumber: 'WD-WCC6Y0ABCDEF' }]);
  expect(await disksOf(tree)).toMatchObject([{ model: 'WDC WD10EZEX-08W' }]);
});

test('the number of a stick is not looked up', async () => {
  const place = 'pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sdc';
  const tree = {
    ...drive('sdc', { dev: '8:32\n', size: '1\n' }, place),
    '/run/udev/data/b8:32': 'E:ID_SERIAL_SHORT=0815\n',
  };
  expect(JSON.stringify(await disksOf(tree))).not.toContain('0815');
});

test.each([
  ['QEMU    ', 'QEMU HARDDISK   '],
  ['ATA     ', 'VBOX HARDDISK   '],
  ['VMware  ', 'Virtual disk    '],
  ['Msft    ', 'Virtual Disk    '],
])('the drive "%s%s" of a hypervisor is a virtual one', async (vendor, model) => {
  const tree = drive('sda', { 'device/vendor': vendor, 'device/model': model, 'queue/rotational': '1\n' });
  expect(await disksOf(tree)).toMatchObject([{ kind: 'virtual' }]);
});

test.each(['loop0', 'ram1', 'zram0', 'dm-0', 'md127', 'md_d0', 'mmcblk0boot0', 'mmcblk0rpmb', 'nvme0c0n1', 'zd0'])(
  '%s is no drive of its own',
  async (name) => expect(await disksOf(drive(name, { size: '8\n' }))).toEqual([]),
);
