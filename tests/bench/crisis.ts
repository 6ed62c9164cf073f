import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import type { ApiRole } from '../../src/runtime/api-role.ts';
import { MemorySafety } from '../support/memory-safety.ts';
import { testPrefix } from '../support/redis.ts';
import { startScreenedApi } from '../support/screened-api.ts';
import { quantile } from './statistics.ts';

export interface CrisisPlan {
  /** Jobs that wait on the queues of the full fleet, which has no workers. */
  readonly waiting: number;
  readonly rounds: number;
  readonly linesPerRound: number;
}

interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface CrisisFigures {
  readonly waiting: number;
  /** From a line over HTTP to its supportive answer. */
  readonly empty: Times;
  readonly full: Times;
  /** Jobs that the lines added: none. */
  readonly jobsAdded: number;
}

const LINE = 'I want to kill myself';
const SETTINGS = {
  'rate_limits.enqueue_per_s': '100000',
  'rate_limits.enqueue_burst': '100000',
  'workflow.max_open_runs': '200000',
  'log.level': 'warn',
};

/**
 * Lines in a crisis to a fleet whose queues are empty, and to one whose queues are full and that has no workers, in turn.
 * The room of safety remembers in this process; in the place of its look at the player and of its record it makes one
 * round trip to Redis each.
 */
export async function measureCrisis(redisUrl: string, plan: CrisisPlan): Promise<CrisisFigures> {
  const open = (): Promise<ApiRole> => {
    const safety = new MemorySafety();
    const settings = { ...SETTINGS, 'redis.key_prefix': testPrefix() };
    return startScreenedApi(redisUrl, safety, settings).then((api) => withRoundTrips(api, safety));
  };
  const empty = await open();
  const full = await open();
  try {
    await fill(full, plan.waiting);
    const before = await jobsOf(full);
    const times = { empty: [] as number[], full: [] as number[] };
    for (let round = -1; round < plan.rounds; round++) {
      for (const [name, api] of [['empty', empty] as const, ['full', full] as const]) {
        const measured = await sayAll(api.url, plan.linesPerRound, `${name}${round}`);
        // The first round warms up.
        if (round >= 0) times[name].push(...measured);
      }
    }
    return {
      waiting: before,
      empty: timesOf(times.empty),
      full: timesOf(times.full),
      jobsAdded: (await jobsOf(full)) - before,
    };
  } finally {
    await Promise.all([empty.close(), full.close()]);
  }
}

function withRoundTrips(api: ApiRole, { store }: MemorySafety): ApiRole {
  const { redis } = api.core.store;
  const inMemory = { ...store };
  const counted: typeof store = {
    ...inMemory,
    playerSafety: async (...about) => {
      await redis.ping();
      return inMemory.playerSafety(...about);
    },
    writeCrisis: async (...about) => {
      await redis.ping();
      return inMemory.writeCrisis(...about);
    },
  };
  Object.assign(store, counted);
  return api;
}

async function fill({ operations }: ApiRole, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) {
    const items = Array.from({ length: Math.min(left, 1000) }, () => ({ input: { text: 'look around' } }));
    await operations.startRuns('input_processing', { items, atomic: false }, LOCAL_OPERATOR);
  }
}

async function jobsOf({ core }: ApiRole): Promise<number> {
  const counts = await Promise.all([...core.queues.values()].map((queue) => queue.getJobCountByTypes()));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sayAll(url: string, count: number, name: string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    const response = await fetch(`${url}/v1/sessions/${name}-${i % 50}/turns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: LINE, wait_ms: 0, create_session: true }),
    });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`a line in a crisis was answered ${response.status}`);
    times.push(performance.now() - startedAt);
  }
  return times;
}

function timesOf(times: readonly number[]): Times {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}
