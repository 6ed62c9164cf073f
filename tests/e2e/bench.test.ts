import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { z } from 'zod';

const MAIN = join(import.meta.dirname, '../bench/main.ts');

const Count = z.number().nonnegative();
const Spread = z.strictObject({ median: Count, min: Count, max: Count });
const Quantiles = z.strictObject({ p50: z.number(), p99: z.number() });
const Traffic = z.strictObject({
  commandsPerRun: Count,
  bytesInPerRun: Count,
  bytesOutPerRun: Count,
  serverCpuMicrosPerRun: Count,
  topCommands: z.record(z.string(), Count),
});
const schedule = {
  requests: z.int().positive(),
  perSecond: Count,
  errors: z.int(),
  p50Ms: Count,
  p99Ms: Count,
  maxMs: Count,
};

const comparison = {
  rounds: z.int().positive(),
  runsPerRound: z.int().positive(),
  runsPerSecond: z.record(z.string(), Spread),
  ratios: z.record(z.string(), Spread),
};

const Document = z.strictObject({
  machine: z.strictObject({
    cores: z.int().positive(),
    processor: z.string(),
    memoryGiB: Count,
    node: z.string(),
    redis: z.string(),
    bullmq: z.string(),
  }),
  concurrency: z.int().positive(),
  roundTrips: z.strictObject({
    runs: z.int().positive(),
    perStep: Count,
    perStart: Count,
    perSettlement: Count,
    perRun: Count,
  }),
  throughput: z.strictObject({
    rounds: z.int().positive(),
    runsPerRound: z.int().positive(),
    bareRunsPerSecond: Spread,
    fleetRunsPerSecond: Spread,
    ratio: Spread,
    bareCpuMicrosPerRun: Count,
    fleetCpuMicrosPerRun: Count,
    bareTraffic: Traffic,
    fleetTraffic: Traffic,
  }),
  latency: z.strictObject({
    samples: z.int().positive(),
    bareMs: Quantiles,
    fleetMs: Quantiles,
    addedMs: Quantiles,
  }),
  shapes: z.strictObject({
    stepwise: z.strictObject(comparison),
    chain_10: z.strictObject(comparison),
    fan_100: z.strictObject(comparison),
  }),
  openRuns: z.strictObject({ ...comparison, few: z.int(), many: z.int() }),
  compile: z.strictObject({ nodes: z.literal(1000), ms: z.record(z.string(), Spread) }),
  enqueue: z.strictObject({ ...schedule, control: z.strictObject(schedule) }),
  safety: z.strictObject({
    perSecond: Spread,
    latencyMicros: Quantiles,
    newTextMicros: Quantiles,
    long: z.record(z.string(), z.strictObject({ ms: Count, ratio: Count })),
    megabyte: z.record(z.string(), z.strictObject({ ms: Count, ratio: Count })),
    readMs: Count,
    compileMs: Count,
    rules: z.strictObject({ ms: Count, longestStallMs: Count }),
  }),
  crisis: z.strictObject({
    waiting: z.int(),
    empty: z.strictObject({ p50Ms: Count, p99Ms: Count }),
    full: z.strictObject({ p50Ms: Count, p99Ms: Count }),
    paged: z.strictObject({ p50Ms: Count, p99Ms: Count, maxMs: Count }),
    jobsAdded: z.literal(0),
  }),
  messages: z.strictObject({
    rounds: z.int().positive(),
    messagesPerRound: z.int().positive(),
    perSecond: z.record(z.string(), Spread),
    ratios: z.record(z.string(), Spread),
    idleMs: z.record(z.string(), Quantiles),
  }),
  agents: z.strictObject({
    agents: z.int().positive(),
    samples: z.int().positive(),
    ms: z.record(z.string(), Spread),
    cpuMs: z.record(z.string(), Spread),
  }),
  breakers: z.strictObject({
    rounds: z.int().positive(),
    callsPerRound: z.int().positive(),
    microsPerCall: z.record(z.string(), Spread),
    addedMicros: z.record(
      z.string(),
      z.strictObject({ median: z.number(), min: z.number(), max: z.number() }),
    ),
    commandsPerThousand: Count,
  }),
  idle: z.strictObject({
    seconds: z.int().positive(),
    commandsPerSecond: z.strictObject({ unregistered: Count, registered: Count }),
  }),
  turns: z.array(
    z.strictObject({
      sessions: z.int().positive(),
      turns: z.int().positive(),
      turnsPerSecond: Count,
      errors: z.int(),
      p50Ms: Count,
      p95Ms: Count,
    }),
  ),
});

// Only what is counted is asserted; times and ratios depend on the machine.
it('the benchmark runs and a successful step costs two round trips of our own', async () => {
  const child = spawn(process.execPath, [MAIN, '--quick', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [[code], stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  expect(code, stderr).toBe(0);
  const report = Document.parse(JSON.parse(stdout));
  expect(report.roundTrips.perStep).toBeLessThanOrEqual(2);
  expect(Object.keys(report.shapes.chain_10.ratios)).toEqual(['idle_chain_10', 'idle_chain_10_stepwise']);
  expect(Object.keys(report.openRuns.ratios)).toEqual(['many']);
  expect(report.enqueue.errors).toBe(0);
  expect(report.turns.map((figures) => figures.errors)).toEqual([0, 0]);
}, 150_000);
