import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { newRunId } from '../../src/kernel/ids.ts';
import { countOpenRuns } from '../../src/primitives/durable/open-runs.ts';
import { seededRandom } from '../../src/primitives/testing/seeded-random.ts';
import { durableHarness, type OpenHarness } from '../../src/testing/durable-harness.ts';
import { NO_TIME, randomCases } from '../support/random-plans.ts';
import { tellPlans } from './about.ts';
import { judge, type SoakRun, type Verdict } from './judge.ts';
import { closeLedger } from './ledger.ts';
import { patiently } from './patiently.ts';
import { watchResults } from './watch-results.ts';

export interface SoakOptions {
  readonly redisUrl: string;
  readonly seed: number;
  /** Different plans; the runs take turns with them. */
  readonly plans: number;
  readonly runs: number;
  /** So many processes are killed while the runs are started. */
  readonly kills: number;
  /** At most so often; while all are dead, nobody can be killed. */
  readonly killEveryMs: number;
  readonly workers: number;
  readonly coordinators: number;
  /** What is still open so long after the last kill is stuck. */
  readonly endsWithinSeconds: number;
}

/** What a soak found. Durations in seconds. */
export interface SoakReport {
  readonly plans: number;
  readonly runs: number;
  readonly seed: number;
  readonly killEveryMs: number;
  /** How long it took to kill so many. */
  readonly killedForSeconds: number;
  readonly kills: { readonly worker: number; readonly coordinator: number };
  readonly statuses: Readonly<Record<string, number>>;
  /** From the first start to the end of the last run. */
  readonly tookSeconds: number;
  /** From the last kill to the end of the last run. */
  readonly lastEndedAfterSeconds: number;
  readonly handlerCalls: number;
  /** Calls that had been made before, by a process that died. */
  readonly repeatedCalls: number;
  readonly effects: number;
  readonly results: number;
  readonly resultWrites: number;
  readonly compensations: number;
  readonly openRuns: number;
  /** Why runs were open ten seconds after the last process was replaced: reasons of twenty at most. */
  readonly late: Readonly<Record<string, number>>;
  /** Runs that stood still without a reason and were repaired. */
  readonly unexplained: number;
  readonly waitingChildren: number;
  readonly violations: readonly string[];
}

const SETTINGS = {
  'queues.lock_duration': '2',
  'queues.stalled_interval': '1',
  // With a kill each second a step may lose its worker more often than three times; that is a failure of the step.
  'queues.max_stalled_count': '100',
  'queues.max_stalled_count_flow': '100',
};
const JUDGED_AT_ONCE = 50;
const LATE_AFTER_MS = 10_000;

/** Random plans on a fleet whose processes are killed all the time: nothing may be lost, nothing done twice. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { redisUrl, seed, killEveryMs, workers, coordinators } = options;
  const about = {
    seed,
    count: options.plans,
    redisUrl,
    ledger: `soak-${randomBytes(6).toString('hex')}`,
  };
  tellPlans(about);
  const cases = randomCases({ seed, count: options.plans, clock: NO_TIME });
  await using h = await durableHarness({
    plans: new URL('plans.ts', import.meta.url),
    redisUrl,
    settings: SETTINGS,
    processes: { worker: workers, coordinator: coordinators },
  });
  const results = await watchResults(redisUrl, h.core.store.keys.prefix);
  const redis = new Redis(redisUrl);
  try {
    const startedAt = performance.now();
    const killer = new Killer(h, options);
    const [runs] = await Promise.all([startRuns(h, cases, options, killer), killer.run()]);
    const quietAt = performance.now();
    const { open: openRuns, late } = await allEnded(h, quietAt + options.endsWithinSeconds * 1000);
    const endedAt = performance.now();
    const ledger = await closeLedger(redis, about.ledger);
    const verdicts: Verdict[] = [];
    const violations = [...ledger.contradictions];
    for (let next = 0; next < runs.length; next += JUDGED_AT_ONCE) {
      await Promise.all(
        runs.slice(next, next + JUDGED_AT_ONCE).map(async (run) => {
          const verdict = await patiently(() => judge(h, run, ledger, results.writes.get(run.runId) ?? 0));
          verdicts.push(verdict);
          violations.push(
            ...verdict.violations.map((what) => `${run.runId} (${run.one.definition.name}): ${what}`),
          );
        }),
      );
    }
    const flow = h.core.queues.get('flow')!;
    const waitingChildren = await patiently(async () => flow.getJobCountByTypes('waiting-children'));
    if (waitingChildren > 0) violations.push(`${waitingChildren} jobs wait for children`);
    if (openRuns > 0) violations.push(`${openRuns} runs are open`);
    const calls = [...ledger.calls.values()];
    return {
      plans: options.plans,
      runs: runs.length,
      seed,
      killEveryMs,
      killedForSeconds: rounded(quietAt - startedAt),
      kills: killer.kills,
      statuses: countBy(verdicts.map(({ status }) => status)),
      tookSeconds: rounded(endedAt - startedAt),
      lastEndedAfterSeconds: rounded(endedAt - quietAt),
      handlerCalls: sum(calls),
      repeatedCalls: sum(calls) - calls.length,
      effects: ledger.effects.size,
      results: sum(verdicts.map((verdict) => verdict.results)),
      resultWrites: sum(runs.map(({ runId }) => results.writes.get(runId) ?? 0)),
      compensations: sum(verdicts.map((verdict) => verdict.compensations)),
      openRuns,
      late,
      unexplained: await patiently(async () => countUnexplained(h, runs)),
      waitingChildren,
      violations,
    };
  } finally {
    await results.stop();
    redis.disconnect();
  }
}

/** Evenly over the time in which processes are killed. */
async function startRuns(
  h: OpenHarness,
  cases: ReturnType<typeof randomCases>,
  { runs: count }: SoakOptions,
  killer: Killer,
): Promise<SoakRun[]> {
  const runs: SoakRun[] = [];
  while (runs.length < count) {
    if (runs.length > count * killer.progress) {
      await sleep(5);
      continue;
    }
    const one = cases[runs.length % cases.length]!;
    // The same id until it is accepted, whatever happens in between.
    const runId = newRunId(Date.now());
    const request = { input: one.input, wait_ms: 0 };
    await patiently(() => h.operations.startRun(one.definition.name, request, LOCAL_OPERATOR, { runId }));
    runs.push({ one, runId });
  }
  return runs;
}

/** Kills a random process again and again, without waiting for the one that takes its place. */
class Killer {
  readonly kills = { worker: 0, coordinator: 0 };
  readonly #h: OpenHarness;
  readonly #options: SoakOptions;
  readonly #random: () => number;
  #lastAt = performance.now();

  constructor(h: OpenHarness, options: SoakOptions) {
    this.#h = h;
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** 0 to 1: how much of its work is done. */
  get progress(): number {
    const { kills, killEveryMs } = this.#options;
    const waited = Math.min(1, (performance.now() - this.#lastAt) / killEveryMs);
    return Math.min(1, (this.#done + waited) / kills);
  }

  async run(): Promise<void> {
    const replaced: Promise<unknown>[] = [];
    while (this.#done < this.#options.kills) {
      await sleep(Math.max(20, this.#lastAt + this.#options.killEveryMs - performance.now()));
      const free = this.#h.processes();
      const role = free[Math.floor(this.#random() * free.length)];
      // Everybody is dead and not yet replaced.
      if (role === undefined) continue;
      this.#lastAt = performance.now();
      this.kills[role] += 1;
      replaced.push(this.#h.kill(role));
    }
    await Promise.all(replaced);
  }

  get #done(): number {
    return this.kills.worker + this.kills.coordinator;
  }
}

/** @returns how many runs are open all the same, and what the fleet says some late ones waited for */
async function allEnded(h: OpenHarness, until: number) {
  const lateAt = performance.now() + LATE_AFTER_MS;
  let late: Readonly<Record<string, number>> | null = null;
  for (;;) {
    const open = await patiently(async () => countOpenRuns(h.core.store));
    if (open === 0 || performance.now() > until) return { open, late: late ?? {} };
    if (late === null && performance.now() > lateAt) late = await reasonsOf(h);
    await sleep(50);
  }
}

async function reasonsOf({ core, operations }: OpenHarness): Promise<Record<string, number>> {
  const runs = await core.store.redis.zrange(core.store.keys.deadlines(), '0', '19');
  const explained = await Promise.all(
    runs.map((runId) => operations.whyRun(runId, LOCAL_OPERATOR).catch(() => null)),
  );
  return countBy(explained.flatMap((one) => one?.reasons.map(({ kind }) => kind) ?? []));
}

async function countUnexplained({ core }: OpenHarness, runs: readonly SoakRun[]): Promise<number> {
  const { redis, keys } = core.store;
  const pipeline = redis.pipeline();
  for (const { runId } of runs) pipeline.hget(keys.run(runId), 'unexplained');
  const replies = (await pipeline.exec()) ?? [];
  return replies.filter(([, times]) => Number(times ?? 0) > 0).length;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(ms: number): number {
  return Math.round(ms / 100) / 10;
}
