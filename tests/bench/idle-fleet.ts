import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../../src/redis/connect.ts';
import { readCounters, trafficBetween } from './redis-counters.ts';
import { startRoleProcess } from './role-process.ts';

export interface IdlePlan {
  /** How long nothing happens. */
  readonly seconds: number;
}

export interface IdleFigures {
  readonly seconds: number;
  /** What Redis executes, commands inside scripts included. */
  readonly commandsPerSecond: { readonly unregistered: number; readonly registered: number };
}

/** A whole fleet in one process to which nobody says anything: without its agents registered, and with all three. */
export async function measureIdleFleet(
  observer: RedisClient,
  environment: () => Readonly<Record<string, string>>,
  { seconds }: IdlePlan,
): Promise<IdleFigures> {
  const commandsPerSecond = async (autoRegister: boolean): Promise<number> => {
    const env = { ...environment(), AO_AGENTS__AUTO_REGISTER: String(autoRegister) };
    await using fleet = new AsyncDisposableStack();
    fleet.use(await startRoleProcess(['dev'], env));
    // What happens at the start is over by then.
    await sleep(Math.min(seconds, 5) * 1000);
    const before = await readCounters(observer);
    await sleep(seconds * 1000);
    return trafficBetween(before, await readCounters(observer), seconds).commandsPerRun;
  };
  return {
    seconds,
    commandsPerSecond: {
      unregistered: await commandsPerSecond(false),
      registered: await commandsPerSecond(true),
    },
  };
}
