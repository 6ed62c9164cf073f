import { availableParallelism, loadavg } from 'node:os';
import { fsSize, mem } from 'systeminformation';

/** What the machine, or the container on it, offers. A probe that fails gives null. */
export interface HostDescription {
  readonly cpu_threads: number | null;
  readonly memory_total_bytes: number | null;
  readonly memory_available_bytes: number | null;
  /** Whether a container limits the memory below what the machine has. */
  readonly is_memory_limited: boolean;
  /** Of the file system that holds the working directory. */
  readonly disk_total_bytes: number | null;
  readonly disk_free_bytes: number | null;
  /** Null on Windows, which has no load average. */
  readonly load_1m: number | null;
}

/** Where the numbers come from; replaced in tests. */
export interface HostProbes {
  cpuThreads(): number;
  memory(): Promise<{ total: number; available: number }>;
  /** Bytes, or 0 without a limit. */
  memoryLimit(): number;
  /** Bytes this process may still take within its limit. */
  memoryLeft(): number;
  disks(): Promise<readonly { mount: string; size: number; available: number }[]>;
  load1m(): number | null;
}

export const systemProbes: HostProbes = {
  cpuThreads: () => availableParallelism(),
  memory: async () => mem(),
  memoryLimit: () => process.constrainedMemory(),
  memoryLeft: () => process.availableMemory(),
  disks: async () => fsSize(),
  load1m: () => (process.platform === 'win32' ? null : (loadavg()[0] ?? null)),
};

/** Describe the host for `ao doctor`. Container limits win over what the machine has. Never fails. */
export async function describeHost(
  probes: HostProbes = systemProbes,
  directory: string = process.cwd(),
): Promise<HostDescription> {
  const [memory, disks] = await Promise.all([probe(() => probes.memory()), probe(() => probes.disks())]);
  const cpuThreads = await probe(() => probes.cpuThreads());
  const limit = await probe(() => probes.memoryLimit());
  const left = await probe(() => probes.memoryLeft());

  // Without a limit Node answers 0 or a number far beyond the machine.
  const isLimited = limit !== null && limit > 0 && (memory === null || limit < memory.total);
  const disk = disks === null ? undefined : diskOf(directory, disks);
  return {
    cpu_threads: cpuThreads,
    memory_total_bytes: isLimited ? limit : (memory?.total ?? null),
    memory_available_bytes: isLimited ? left : (memory?.available ?? null),
    is_memory_limited: isLimited,
    disk_total_bytes: disk?.size ?? null,
    disk_free_bytes: disk?.available ?? null,
    load_1m: await probe(() => probes.load1m()),
  };
}

async function probe<T>(read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch {
    return null; // described as unknown; nothing else may fail because of it
  }
}

/** The file system mounted nearest above the directory. */
function diskOf<D extends { mount: string }>(directory: string, disks: readonly D[]): D | undefined {
  const above = disks.filter(({ mount }) => isBelow(directory, mount));
  return above.sort((a, b) => b.mount.length - a.mount.length)[0];
}

function isBelow(directory: string, mount: string): boolean {
  const isWindows = /^[A-Za-z]:/.test(mount);
  const [path, root] = isWindows ? [directory.toLowerCase(), mount.toLowerCase()] : [directory, mount];
  return path === root || path.startsWith(/[\\/]$/.test(root) ? root : `${root}${isWindows ? '\\' : '/'}`);
}
