import { AGENTS } from '../../src/contracts/agent-type.ts';
import { JOB_DATA_VERSION } from '../../src/contracts/job.ts';
import { sleep } from '../../src/kernel/abort.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { operateFleet, type OperatedFleet } from '../../src/runtime/operate-fleet.ts';
import { quickConfig } from '../../src/testing/settings.ts';
import { WEBHOOK_SECRET } from '../support/crises.ts';
import { pageReceiver, type PageReceiver } from '../support/page-receiver.ts';
import { testPrefix } from '../support/redis.ts';
import { startRoleProcess } from './role-process.ts';
import { quantile } from './statistics.ts';

export interface CrisisPlan {
  /** Jobs that wait on the queue of each agent of the full fleet, which has no agents. */
  readonly waiting: number;
  readonly rounds: number;
  readonly linesPerRound: number;
  /** Players who are paged for, one after the other. */
  readonly pages: number;
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
  /** From a line over HTTP until a person's receiver has the page, with full queues. */
  readonly paged: Times & { readonly maxMs: number };
  /** Jobs that the lines added to the queues of agents and runs: none. */
  readonly jobsAdded: number;
}

/** A fleet of processes: its API, those who tell people, and nobody who works for agents. */
interface Fleet {
  readonly url: string;
  readonly receiver: PageReceiver;
  /** The same fleet from this process. */
  readonly inside: OperatedFleet;
}

const LINE = 'I want to kill myself';
const SESSIONS = 50;
const BULK = 1000;
const PAGE_WITHIN_MS = 30_000;

/**
 * Lines in a crisis to a fleet whose queues are empty, and to one whose queues are full, in turn: everything is the
 * product's own, in processes of its own, and people are told over a webhook. No agent works in either of them.
 */
export async function measureCrisis(redisUrl: string, plan: CrisisPlan): Promise<CrisisFigures> {
  await using open = new AsyncDisposableStack();
  const [empty, full] = await Promise.all([startFleet(redisUrl, open), startFleet(redisUrl, open)]);
  await fill(full.inside, plan.waiting);
  const before = await jobsOf(full.inside);
  const times = { empty: [] as number[], full: [] as number[] };
  for (let round = -1; round < plan.rounds; round++) {
    for (const [name, { url }] of [['empty', empty] as const, ['full', full] as const]) {
      const measured: number[] = [];
      for (let i = 0; i < plan.linesPerRound; i++) {
        measured.push(await say(url, `${name}${round}-${i % SESSIONS}`));
      }
      // The first round warms up.
      if (round >= 0) times[name].push(...measured);
    }
  }
  await paged(full, (plan.rounds + 1) * Math.min(SESSIONS, plan.linesPerRound));
  const paging: number[] = [];
  for (let i = 0; i < plan.pages; i++) {
    const startedAt = performance.now();
    const known = full.receiver.taken.length;
    await say(full.url, `paged-${i}`);
    await paged(full, known + 1);
    paging.push(performance.now() - startedAt);
  }
  return {
    waiting: before,
    empty: timesOf(times.empty),
    full: timesOf(times.full),
    paged: { ...timesOf(paging), maxMs: Math.max(...paging) },
    jobsAdded: (await jobsOf(full.inside)) - before,
  };
}

async function startFleet(redisUrl: string, open: AsyncDisposableStack): Promise<Fleet> {
  const prefix = testPrefix();
  const receiver = open.use(await pageReceiver());
  const env = {
    AO_ENVIRONMENT: 'testing',
    AO_REDIS__URL: redisUrl,
    AO_REDIS__KEY_PREFIX: prefix,
    AO_PORT: '0',
    AO_METRICS__PORT: '0',
    AO_LOG__LEVEL: 'error',
    AO_SAFETY__CHANNELS__WEBHOOK__ENABLED: 'true',
    AO_SAFETY__CHANNELS__WEBHOOK__URL: receiver.url,
    AO_SAFETY__CHANNELS__WEBHOOK__SECRET: WEBHOOK_SECRET,
  };
  const roles = await Promise.all([
    startRoleProcess(['api'], env),
    startRoleProcess(['worker', 'safety'], env),
  ]);
  for (const role of roles) open.use(role);
  const [api] = roles;
  const about = { role: 'bench', instance: 'bench', version: '0' };
  const inside = await operateFleet({
    config: quickConfig(redisUrl, { 'redis.key_prefix': prefix, 'workflow.max_open_runs': '200000' }),
    redisUrl,
    safety: null,
    log: createLogger({ ...about, level: 'error' }),
    metrics: createMetrics(about),
  });
  open.defer(() => inside.close());
  return { url: String(api.ready['url']), receiver, inside };
}

/** As another service would: the agents do not know these jobs from others. */
async function fill({ core }: OperatedFleet, count: number): Promise<void> {
  const job = { name: 'load', data: { v: JOB_DATA_VERSION, input: { text: 'look around' } } };
  for (const agent of AGENTS) {
    for (let left = count; left > 0; left -= BULK) {
      const jobs = Array.from({ length: Math.min(left, BULK) }, () => job);
      await core.queues.get(agent)!.addBulk(jobs);
    }
  }
}

async function jobsOf({ core }: OperatedFleet): Promise<number> {
  const queues = [...AGENTS, 'flow' as const].map((name) => core.queues.get(name)!);
  const counts = await Promise.all(queues.map((queue) => queue.getJobCountByTypes()));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function say(url: string, session: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/sessions/${session}/turns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: LINE, wait_ms: 0, create_session: true }),
  });
  const { status } = (await response.json()) as { status?: string };
  if (response.status !== 200 || status !== 'crisis_response') {
    throw new Error(`a line in a crisis was answered ${response.status} ${status}`);
  }
  return performance.now() - startedAt;
}

/** Until so many pages were taken. */
async function paged({ receiver }: Fleet, count: number): Promise<void> {
  const until = performance.now() + PAGE_WITHIN_MS;
  while (receiver.taken.length < count) {
    if (performance.now() > until) throw new Error(`${receiver.taken.length} of ${count} pages arrived`);
    await sleep(1);
  }
}

function timesOf(times: readonly number[]): Times {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}
