import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../src/redis/connect.ts';
import { readRedisFacts } from '../../src/runtime/redis-facts.ts';
import { workflowSettings } from '../../src/runtime/settings.ts';
import { acquireRedis, testPrefix } from '../support/redis.ts';
import { measureAgents } from './agents.ts';
import { startBareFlow } from './bare-flow.ts';
import { measureBreakers } from './breakers.ts';
import { measureCompile } from './compile.ts';
import { measureCrisis } from './crisis.ts';
import { measureEnqueueRate } from './enqueue-rate.ts';
import { startFleet } from './fleet.ts';
import { compareLatency, compareThroughput } from './interleaved.ts';
import { measureIdleFleet } from './idle-fleet.ts';
import { measureMessages } from './messages.ts';
import { measureOpenRuns } from './open-runs.ts';
import { FULL, PARTS, QUICK, type Part, type Plan } from './plan.ts';
import { measureTurns } from './real-turns.ts';
import { renderReport, type Machine, type Report } from './report.ts';
import { countRoundTrips } from './round-trips.ts';
import { missedByCrises, missedDemands } from './safety-limits.ts';
import { measureSafety } from './safety.ts';
import { measureShape, type ShapeName } from './shapes.ts';

// The benchmark, part by part:
// 1. count our own round trips to Redis
// 2. throughput and Redis traffic of a three-step chain against the bare flow, in turn
// 3. latency of a single run against the bare flow, in turn
// 4. other shapes against the same jobs of plain BullMQ, in turn
// 5. throughput with few and with many open runs, in turn
// 6. how long the largest plans take to compile
// 7. how fast the API accepts runs, in a process of its own
// 8. turns with the product's own agents, API and workers in processes of their own
// 9. how many texts the safety validator judges, on one core without Redis
// 10. how soon a player in a crisis is answered, with empty and with full queues, in turn
// 11. messages between agents against bare jobs, in turn
// 12. asking who is there among many agents
// 13. calls through circuit breakers against bare calls and a bare opossum, in turn
// 14. what a fleet asks of Redis while nobody asks anything of it

/** Of every worker, bare and ours. */
const CONCURRENCY = 100;

const COMMON = {
  environment: 'testing',
  'log.level': 'warn',
  'shutdown.drain_delay': '0',
  'workflow.max_open_runs': '200000',
};
/** For processes of their own; the limits of a single caller are not what is measured. */
const SERVING = {
  AO_ENVIRONMENT: 'testing',
  AO_SHUTDOWN__DRAIN_DELAY: '0',
  AO_PORT: '0',
  AO_METRICS__PORT: '0',
  AO_RATE_LIMITS__ENQUEUE_PER_S: '100000',
  AO_RATE_LIMITS__ENQUEUE_BURST: '100000',
};

async function runBenchmark(plan: Plan, isWanted: (part: Part) => boolean): Promise<Report> {
  await using redis = await acquireRedis();
  const observer = await connectRedis({ url: redis.url, name: 'bench', onOutage: 'fail_fast' });
  try {
    const machine = await describeMachine(observer);
    const subject = { redisUrl: redis.url, config: configFor(redis.url), concurrency: CONCURRENCY };
    const measures: { readonly [P in Part]: () => Promise<Partial<Report>> } = {
      engine: async () => ({
        roundTrips: await countRoundTrips(subject, plan.countedRuns),
        ...(await compareEngines(redis.url, observer, plan)),
      }),
      stepwise: () => shapes('stepwise'),
      chain_10: () => shapes('chain_10'),
      fan_100: () => shapes('fan_100'),
      open_runs: async () => ({
        openRuns: await measureOpenRuns({ ...subject, config: () => configFor(redis.url) }, plan),
      }),
      compile: async () => ({ compile: measureCompile(plan.compileRounds) }),
      enqueue: async () => ({ enqueue: await measureEnqueue(redis.url, plan) }),
      turns: async () => ({
        turns: await measureTurns(servingWith(redis.url), CONCURRENCY, plan.turns),
      }),
      safety: async () => ({ safety: await measureSafety(plan.safety) }),
      crisis: async () => ({ crisis: await measureCrisis(redis.url, plan.crisis) }),
      messages: async () => ({ messages: await measureMessages(redis.url, plan.messages) }),
      agents: async () => ({ agents: await measureAgents(redis.url, plan.agents) }),
      breakers: async () => ({ breakers: await measureBreakers(redis.url, plan.breakers) }),
      idle: async () => ({ idle: await measureIdleFleet(observer, () => servingWith(redis.url), plan.idle) }),
    };
    const shapes = async (name: ShapeName): Promise<Partial<Report>> => ({
      shapes: { [name]: await measureShape(name, { ...subject, config: configFor(redis.url) }, plan) },
    });
    const report: Report = { machine, concurrency: CONCURRENCY };
    for (const part of PARTS.filter(isWanted)) {
      note(`measuring ${part}`);
      const { shapes: measured, ...figures } = await measures[part]();
      Object.assign(report, figures, measured && { shapes: { ...report.shapes, ...measured } });
    }
    return report;
  } finally {
    await closeRedis(observer);
  }
}

async function compareEngines(redisUrl: string, observer: RedisClient, plan: Plan) {
  const config = configFor(redisUrl);
  const common = { redisUrl, concurrency: CONCURRENCY };
  await using fleet = await startFleet({
    ...common,
    config,
    queues: ['ipa', 'wba', 'nga', 'flow', 'maintenance'],
  });
  const { retention } = workflowSettings(config);
  await using bare = await startBareFlow({ ...common, prefix: testPrefix(), retention });
  const subjects = { bare, fleet };
  const throughput = await compareThroughput(subjects, observer, plan.rounds, plan.runsPerRound);
  return { throughput, latency: await compareLatency(subjects, plan.latencySamples) };
}

function measureEnqueue(redisUrl: string, { enqueue: { perSecond, seconds } }: Plan) {
  return measureEnqueueRate(servingWith(redisUrl), perSecond, seconds);
}

function servingWith(redisUrl: string) {
  return { ...SERVING, AO_REDIS__URL: redisUrl, AO_REDIS__KEY_PREFIX: testPrefix() };
}

function configFor(redisUrl: string): Config {
  const overrides = { ...COMMON, 'redis.url': redisUrl, 'redis.key_prefix': testPrefix() };
  return loadConfig({ env: {}, overrides });
}

async function describeMachine(redis: RedisClient): Promise<Machine> {
  const { version: redisVersion } = await readRedisFacts(redis, 'redis://bench');
  // A JSON module of a package, and every package.json has a version.
  const { version } = createRequire(import.meta.url)('bullmq/package.json') as { version: string };
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    redis: redisVersion,
    bullmq: version,
  };
}

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

const { values: chosen } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    /** How many rounds of each; more of them for a steadier median. */
    rounds: { type: 'string' },
    /** One part, or several: `--only chain_10 --only fan_100`. */
    only: { type: 'string', multiple: true },
    /** `--only engine`. */
    'engine-only': { type: 'boolean', default: false },
  },
});
const planned = chosen.quick ? QUICK : FULL;
const only = chosen['engine-only'] ? ['engine'] : chosen.only;
const unknown = only?.find((name) => !PARTS.some((part) => part === name));
if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; known: ${PARTS.join(', ')}`);
const report = await runBenchmark(
  { ...planned, rounds: Number(chosen.rounds ?? planned.rounds) },
  (part) => only?.includes(part) ?? true,
);
process.stdout.write(chosen.json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
const missed = chosen.quick
  ? []
  : [
      ...(report.safety === undefined ? [] : missedDemands(report.safety)),
      ...(report.crisis === undefined ? [] : missedByCrises(report.crisis)),
    ];
for (const sentence of missed) note(`safety misses what is demanded: ${sentence}`);
if (missed.length > 0) process.exitCode = 1;
