import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sleep } from '../../kernel/abort.ts';
import { FleetError } from '../../kernel/errors.ts';
import { pidOfRedisAt } from './probe.ts';

/** Who uses the data dir: the process that claimed it and, while one runs, its Redis. */
const Holder = z.strictObject({
  starterPid: z.int(),
  redis: z.strictObject({ pid: z.int(), port: z.int() }).nullable(),
});
type Holder = z.infer<typeof Holder>;

/** How long a Redis whose starter has died may take to leave; its guard is already ending it. */
const HANDOVER_MS = 5_000;

export interface DataDirClaim {
  /** The server that writes there now, or null while there is none. */
  record(redis: Holder['redis']): void;
  release(): void;
}

/**
 * Takes a data dir for one private Redis: two servers appending to the same files would destroy them.
 * A claim left behind by a crash is recognised and replaced.
 *
 * Errors: data_dir_in_use (conflict)
 */
export async function claimDataDir(dataDir: string): Promise<DataDirClaim> {
  const file = join(dataDir, 'private-redis.json');
  const deadline = Date.now() + HANDOVER_MS;
  while (!createExclusively(file)) {
    const holder = readHolder(file);
    if (holder === null || !(await isLive(holder))) {
      rmSync(file, { force: true });
      continue;
    }
    if (isAlive(holder.starterPid) || Date.now() > deadline) throw dataDirInUse(dataDir, holder);
    await sleep(50);
  }
  return {
    record: (redis) =>
      writeFileSync(file, JSON.stringify({ starterPid: process.pid, redis } satisfies Holder)),
    release: () => rmSync(file, { force: true }),
  };
}

function createExclusively(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify({ starterPid: process.pid, redis: null } satisfies Holder), {
      flag: 'wx',
    });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** A process id may belong to somebody else by now; a Redis that answers with it does not lie. */
async function isLive(holder: Holder): Promise<boolean> {
  if (holder.redis === null) return isAlive(holder.starterPid);
  return isAlive(holder.redis.pid) && (await pidOfRedisAt(holder.redis.port)) === holder.redis.pid;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function dataDirInUse(dataDir: string, holder: Holder): FleetError {
  const who =
    holder.redis === null ? `process ${holder.starterPid}` : `the Redis with process id ${holder.redis.pid}`;
  return new FleetError({
    code: 'data_dir_in_use',
    kind: 'conflict',
    message: `data dir ${dataDir} is in use by ${who}; stop it or choose another data dir`,
    details: { dataDir, pid: holder.redis?.pid ?? holder.starterPid },
  });
}
