import type { RedisClient } from '../../src/redis/connect.ts';
import { parseInfo } from '../../src/runtime/redis-facts.ts';

/** What a Redis server has done since it started. */
export interface RedisCounters {
  /** Calls by command, those made inside scripts included. */
  readonly calls: ReadonlyMap<string, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Processor time of the server. */
  readonly cpuSeconds: number;
}

export async function readCounters(redis: RedisClient): Promise<RedisCounters> {
  const [commands, stats, cpu] = await Promise.all([
    redis.info('commandstats'),
    redis.info('stats'),
    redis.info('cpu'),
  ]);
  const calls = new Map<string, number>();
  for (const [name, line] of Object.entries(parseInfo(commands))) {
    calls.set(name.replace('cmdstat_', ''), Number(/calls=(\d+)/.exec(line)?.[1] ?? 0));
  }
  const numbers = { ...parseInfo(stats), ...parseInfo(cpu) };
  return {
    calls,
    bytesIn: Number(numbers['total_net_input_bytes']),
    bytesOut: Number(numbers['total_net_output_bytes']),
    cpuSeconds: Number(numbers['used_cpu_user']) + Number(numbers['used_cpu_sys']),
  };
}

export interface Traffic {
  /** Commands the server executed per run, those made inside scripts included. */
  readonly commandsPerRun: number;
  readonly bytesInPerRun: number;
  readonly bytesOutPerRun: number;
  readonly serverCpuMicrosPerRun: number;
  /** The most frequent commands, by calls per run. */
  readonly topCommands: Readonly<Record<string, number>>;
}

const SHOWN = 12;

export function trafficBetween(before: RedisCounters, after: RedisCounters, runs: number): Traffic {
  const perRun = [...after.calls]
    .map(([name, calls]) => [name, (calls - (before.calls.get(name) ?? 0)) / runs] as const)
    .filter(([name, calls]) => calls > 0 && name !== 'info');
  const top = perRun.toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
  return {
    commandsPerRun: perRun.reduce((sum, [, calls]) => sum + calls, 0),
    bytesInPerRun: (after.bytesIn - before.bytesIn) / runs,
    bytesOutPerRun: (after.bytesOut - before.bytesOut) / runs,
    serverCpuMicrosPerRun: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / runs,
    topCommands: Object.fromEntries(top.map(([name, calls]) => [name, Math.round(calls * 100) / 100])),
  };
}
