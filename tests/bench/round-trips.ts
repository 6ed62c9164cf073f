import { currentCorrelation } from '../../src/observability/correlation.ts';
import type { RedisClient } from '../../src/redis/connect.ts';
import { startFleet, type FleetSubjectOptions } from './fleet.ts';
import { throughput } from './subject.ts';

/** Our own round trips to Redis, beyond those that BullMQ makes for its four jobs. */
export interface RoundTrips {
  readonly runs: number;
  readonly perStep: number;
  readonly perStart: number;
  readonly perSettlement: number;
  readonly perRun: number;
}

const STEPS_PER_RUN = 3;

/**
 * Count every command that the product itself sends while runs complete. Commands issued in one tick travel
 * together, so this is the most there can be. The watchdog is left out: it belongs to the fleet, not to a run.
 */
export async function countRoundTrips(
  options: Omit<FleetSubjectOptions, 'queues'>,
  runs: number,
): Promise<RoundTrips> {
  await using fleet = await startFleet({ ...options, queues: ['ipa', 'wba', 'nga', 'flow'] });
  await throughput(fleet, 1); // the server learns the scripts
  const counts = { start: 0, step: 0, settlement: 0 };
  onEveryCommand(fleet.startingRedis, () => counts.start++);
  onEveryCommand(fleet.workingRedis, () => {
    // The shell of an agent's job works under the ids of its step; run jobs do not.
    if (currentCorrelation().agent === undefined) counts.settlement++;
    else counts.step++;
  });
  await throughput(fleet, runs);
  return {
    runs,
    perStep: counts.step / runs / STEPS_PER_RUN,
    perStart: counts.start / runs,
    perSettlement: counts.settlement / runs,
    perRun: (counts.start + counts.step + counts.settlement) / runs,
  };
}

/** `sendCommand` would be too late: pipelined commands are sent in the name of whoever came first. */
function onEveryCommand(redis: RedisClient, tell: () => void): void {
  for (const name of redis.getBuiltinCommands()) {
    const own: unknown = Reflect.get(redis, name);
    if (typeof own !== 'function') continue;
    Object.defineProperty(redis, name, {
      value(this: unknown, ...args: unknown[]): unknown {
        tell();
        return Reflect.apply(own, this, args);
      },
    });
  }
}
