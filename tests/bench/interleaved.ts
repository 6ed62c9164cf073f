import { trafficBetween, readCounters, type Traffic } from './redis-counters.ts';
import type { RedisClient } from '../../src/redis/connect.ts';
import { median, quantile, spread, type Spread } from './statistics.ts';
import { latency, throughput, type Subject } from './subject.ts';

export interface ThroughputFigures {
  readonly rounds: number;
  readonly runsPerRound: number;
  readonly bareRunsPerSecond: Spread;
  readonly fleetRunsPerSecond: Spread;
  /** Fleet over bare, pair by pair. */
  readonly ratio: Spread;
  /** Processor time of this process, which adds and works; hardly disturbed by what else the machine does. */
  readonly bareCpuMicrosPerRun: number;
  readonly fleetCpuMicrosPerRun: number;
  readonly bareTraffic: Traffic;
  readonly fleetTraffic: Traffic;
}

/**
 * Rounds of both in turn, each pair in the opposite order of the one before, so that whatever else the machine
 * does falls on both alike. The first pair warms up and is not counted.
 */
export async function compareThroughput(
  subjects: { readonly bare: Subject; readonly fleet: Subject },
  observer: RedisClient,
  rounds: number,
  runsPerRound: number,
): Promise<ThroughputFigures> {
  const results = { bare: [] as Round[], fleet: [] as Round[] };
  for (let round = -1; round < rounds; round++) {
    const order = round % 2 === 0 ? (['bare', 'fleet'] as const) : (['fleet', 'bare'] as const);
    for (const which of order) {
      const measured = await oneRound(subjects[which], observer, runsPerRound);
      if (round >= 0) results[which].push(measured);
    }
  }
  const bare = results.bare.map((round) => round.runsPerSecond);
  const fleet = results.fleet.map((round) => round.runsPerSecond);
  return {
    rounds,
    runsPerRound,
    bareRunsPerSecond: spread(bare),
    fleetRunsPerSecond: spread(fleet),
    ratio: spread(fleet.map((value, index) => value / bare[index]!)),
    bareCpuMicrosPerRun: median(results.bare.map((round) => round.cpuMicrosPerRun)),
    fleetCpuMicrosPerRun: median(results.fleet.map((round) => round.cpuMicrosPerRun)),
    bareTraffic: medianTraffic(results.bare),
    fleetTraffic: medianTraffic(results.fleet),
  };
}

interface Round {
  readonly runsPerSecond: number;
  readonly cpuMicrosPerRun: number;
  readonly traffic: Traffic;
}

async function oneRound(subject: Subject, observer: RedisClient, runs: number): Promise<Round> {
  const before = await readCounters(observer);
  const cpuBefore = process.cpuUsage();
  const runsPerSecond = await throughput(subject, runs);
  const cpu = process.cpuUsage(cpuBefore);
  return {
    runsPerSecond,
    cpuMicrosPerRun: (cpu.user + cpu.system) / runs,
    traffic: trafficBetween(before, await readCounters(observer), runs),
  };
}

function medianTraffic(rounds: readonly Round[]): Traffic {
  const of = (field: Exclude<keyof Traffic, 'topCommands'>): number =>
    median(rounds.map((round) => round.traffic[field]));
  return {
    commandsPerRun: of('commandsPerRun'),
    bytesInPerRun: of('bytesInPerRun'),
    bytesOutPerRun: of('bytesOutPerRun'),
    serverCpuMicrosPerRun: of('serverCpuMicrosPerRun'),
    topCommands: rounds.at(-1)!.traffic.topCommands,
  };
}

export interface LatencyFigures {
  readonly samples: number;
  readonly bareMs: { readonly p50: number; readonly p99: number };
  readonly fleetMs: { readonly p50: number; readonly p99: number };
  readonly addedMs: { readonly p50: number; readonly p99: number };
}

/** A whole run when idle, one at a time, bare and fleet in turn; what is added is the difference of the quantiles. */
export async function compareLatency(
  subjects: { readonly bare: Subject; readonly fleet: Subject },
  samples: number,
): Promise<LatencyFigures> {
  const bare: number[] = [];
  const fleet: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    bare.push(await latency(subjects.bare));
    fleet.push(await latency(subjects.fleet));
  }
  const of = (values: readonly number[]) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
  const [bareMs, fleetMs] = [of(bare), of(fleet)];
  const addedMs = { p50: fleetMs.p50 - bareMs.p50, p99: fleetMs.p99 - bareMs.p99 };
  return { samples, bareMs, fleetMs, addedMs };
}
