import { expect, test } from 'vitest';
import { desktop } from '../../fixtures/desktop.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { codesOf, pc, sectionOf } from './context.ts';

test('a notebook with its numbers', async () => {
  const section = await sectionOf('system', pc(notebook));
  expect(section.state).toBe('complete');
  expect(section.data).toEqual({
    hostname: 'rathaus-07',
    manufacturer: 'LENOVO',
    model: '20W0005AGE',
    version: 'ThinkPad T14 Gen 2i',
    serialNumber: 'PF2ABCDE',
    uuid: '9a1b2c3d-4e5f-1122-a9b8-c7d6e5f40312',
    chassis: 'notebook',
    virtualization: { kind: 'none' },
    board: { manufacturer: 'LENOVO', model: '20W0005AGE', serialNumber: 'L1HF17B00AB' },
    firmware: { vendor: 'LENOVO', version: 'N34ET61W (1.61 )', releasedOn: '2024-03-28', bootMode: 'uefi' },
  });
});

test('placeholders of the maker are no identity, and their absence is said', async () => {
  const section = await sectionOf('system', pc(desktop));
  expect(section.state).toBe('partial');
  expect(section.data).toMatchObject({
    chassis: 'desktop',
    virtualization: { kind: 'none' },
    firmware: { bootMode: 'legacy' },
  });
  for (const key of ['manufacturer', 'model', 'serialNumber', 'uuid', 'assetTag'])
    expect(section.data).not.toHaveProperty(key);
  expect(section.data?.board).not.toHaveProperty('serialNumber');
  expect(section.data?.firmware).not.toHaveProperty('releasedOn');
  expect(codesOf(section)).toEqual(['denied', 'invalid', 'invalid']);
});

test('a virtual machine is never a physical one, also when its disk carries the mark of a container', async () => {
  const { data } = await sectionOf('system', pc(vm));
  expect(data).toMatchObject({ chassis: 'virtual-machine', virtualization: { kind: 'vm', hypervisor: 'qemu' } });
});

test('a virtual machine without firmware tables shows itself by the processor', async () => {
  const bare = Object.fromEntries(Object.entries(vm).filter(([path]) => !path.startsWith('/sys/class/dmi')));
  const section = await sectionOf('system', pc(bare));
  expect(section.data?.virtualization).toEqual({ kind: 'vm' });
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'not-found' }] });
});

test('a container on a layered root is one', async () => {
  const layered = { ...vm, '/proc/self/mountinfo': '28 1 0:40 / / rw,relatime - overlay overlay rw\n' };
  expect((await sectionOf('system', pc(layered))).data?.virtualization).toEqual({
    kind: 'container',
    hypervisor: 'docker',
  });
});

test.each([
  ['VMware, Inc.', 'vmware'],
  ['innotek GmbH', 'virtualbox'],
  ['Xen', 'xen'],
])('%s is known as %s', async (vendor, hypervisor) => {
  const tree = { ...vm, '/sys/class/dmi/id/sys_vendor': vendor, '/sys/class/dmi/id/product_name': 'x1' };
  expect((await sectionOf('system', pc(tree))).data?.virtualization).toEqual({ kind: 'vm', hypervisor });
});

test('a real Microsoft notebook is no Hyper-V guest', async () => {
  const surface = {
    ...notebook,
    '/sys/class/dmi/id/sys_vendor': 'Microsoft Corporation',
    '/sys/class/dmi/id/product_name': 'Surface Laptop 5',
  };
  expect((await sectionOf('system', pc(surface))).data?.virtualization).toEqual({ kind: 'none' });
  const guest = { ...surface, '/sys/class/dmi/id/product_name': 'Virtual Machine' };
  expect((await sectionOf('system', pc(guest))).data?.virtualization).toEqual({ kind: 'vm', hypervisor: 'hyper-v' });
});

test('the domain is taken from the own name in /etc/hosts, never from a stranger', async () => {
  const hosts = '127.0.0.1 localhost.localdomain localhost\n127.0.1.1 rathaus-07.wasungen.example rathaus-07\n';
  expect((await sectionOf('system', pc({ ...vm, '/etc/hosts': hosts }))).data?.domain).toBe('wasungen.example');
  expect(
    (await sectionOf('system', pc({ ...vm, '/etc/hosts': '10.0.0.1 other.example other\n' }))).data?.domain,
  ).toBeUndefined();
});

test('a container has no serial numbers of the machine below it', async () => {
  const section = await sectionOf('system', pc({ ...notebook, '/run/systemd/container': 'lxc\n' }));
  expect(section.data).toEqual({
    hostname: 'rathaus-07',
    chassis: 'container',
    virtualization: { kind: 'container', hypervisor: 'lxc' },
  });
});

test('a small board without SMBIOS names itself in the device tree', async () => {
  const board = {
    '/proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
    '/proc/device-tree/serial-number': '10000000abcdef01\0',
  };
  expect(await sectionOf('system', pc(board))).toMatchObject({
    state: 'complete',
    data: {
      model: 'Raspberry Pi 4 Model B Rev 1.4',
      serialNumber: '10000000abcdef01',
      virtualization: { kind: 'none' },
    },
  });
  const guest = { '/proc/device-tree/model': 'linux,dummy-virt\0' };
  expect((await sectionOf('system', pc(guest))).data?.virtualization).toEqual({ kind: 'vm', hypervisor: 'qemu' });
  const other = { ...board, '/proc/device-tree/hypervisor/compatible': 'xen,xen\0' };
  expect((await sectionOf('system', pc(other))).data?.virtualization).toEqual({ kind: 'vm' });
});

test.each([
  ['03/28/2024', '2024-03-28'],
  ['02/29/2024', '2024-02-29'],
  ['02/30/2024', undefined],
  ['13/01/2024', undefined],
  ['01/01/1970', undefined],
  ['03/28/24', undefined],
  ['gestern', undefined],
])('firmware of "%s" is of %s, and never costs the section', async (written, day) => {
  const section = await sectionOf('system', pc({ ...notebook, '/sys/class/dmi/id/bios_date': written }));
  expect(section.state).toBe('complete');
  expect(section.data?.firmware?.releasedOn).toBe(day);
});

test.each([
  ['3', 'desktop'],
  ['9', 'notebook'],
  ['137', 'notebook'],
  ['13', 'all-in-one'],
  ['35', 'mini-pc'],
  ['99', 'other'],
  ['2', undefined],
  ['x', undefined],
])('chassis %s is %s', async (type, chassis) => {
  const section = await sectionOf('system', pc({ ...notebook, '/sys/class/dmi/id/chassis_type': type }));
  expect(section.data?.chassis).toBe(chassis);
});

test('the domain is the one this machine has for itself', async () => {
  const hosts =
    '127.0.0.1 localhost\n# 10.0.0.1 rathaus-07.alt.example\n127.0.1.1 RATHAUS-07.rathaus.example rathaus-07\n';
  expect((await sectionOf('system', pc({ ...vm, '/etc/hosts': hosts }))).data?.domain).toBe('rathaus.example');
  expect(
    (await sectionOf('system', pc({ ...vm, '/etc/hosts': '127.0.0.1 rathaus-07.localdomain\n' }))).data?.domain,
  ).toBe(undefined);
  expect((await sectionOf('system', pc(vm, { hostname: 'pc.amt.example' }))).data?.domain).toBe('amt.example');
});
