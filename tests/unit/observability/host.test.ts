import { expect, test } from 'vitest';
import { describeHost, type HostProbes } from '../../../src/resources/host.ts';

const GIB = 1024 ** 3;

const machine: HostProbes = {
  cpuThreads: () => 8,
  memory: async () => ({ total: 16 * GIB, available: 10 * GIB }),
  memoryLimit: () => 0,
  memoryLeft: () => 9 * GIB,
  disks: async () => [
    { mount: '/', size: 100, available: 50 },
    { mount: '/data', size: 200, available: 150 },
    { mount: '/data2', size: 1, available: 1 },
  ],
  load1m: () => 0.5,
};

test('a machine without limits is described as it is, with the disk below the directory', async () => {
  expect(await describeHost(machine, '/data/fleet')).toEqual({
    cpu_threads: 8,
    memory_total_bytes: 16 * GIB,
    memory_available_bytes: 10 * GIB,
    is_memory_limited: false,
    disk_total_bytes: 200,
    disk_free_bytes: 150,
    load_1m: 0.5,
  });
  expect((await describeHost(machine, '/srv')).disk_free_bytes).toBe(50);
});

test('a container limit wins over what the machine has', async () => {
  const container = { ...machine, memoryLimit: () => 2 * GIB, memoryLeft: () => GIB };
  expect(await describeHost(container)).toMatchObject({
    memory_total_bytes: 2 * GIB,
    memory_available_bytes: GIB,
    is_memory_limited: true,
  });
  const unlimited = { ...machine, memoryLimit: () => 2 ** 63 };
  expect((await describeHost(unlimited)).is_memory_limited).toBe(false);
});

test('a probe that fails gives null and spoils no other', async () => {
  const broken: HostProbes = {
    ...machine,
    memory: () => Promise.reject(new Error('no /proc')),
    disks: () => Promise.reject(new Error('no df')),
    load1m: () => {
      throw new Error('no load');
    },
  };
  expect(await describeHost(broken)).toMatchObject({
    cpu_threads: 8,
    memory_total_bytes: null,
    memory_available_bytes: null,
    disk_free_bytes: null,
    load_1m: null,
  });
});

test('this machine can be described', async () => {
  const host = await describeHost();
  expect(host.cpu_threads).toBeGreaterThan(0);
  expect(host.memory_total_bytes).toBeGreaterThan(0);
});
