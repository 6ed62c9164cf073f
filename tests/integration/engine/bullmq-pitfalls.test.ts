import { FlowProducer, Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUEUE_NAMES } from '../../../queues/catalogue.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { CRISIS_LEVELS } from '../../../src/contracts/safety.ts';
import { PRIORITIES } from '../../../src/contracts/priority.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import {
  agentsWith,
  ALL_QUEUES,
  eventually,
  quickCatalog,
  startHarness,
  type Harness,
} from '../../support/harness.ts';
import { editChain } from '../../support/edit-plan.ts';
import { crisesOf, crisisOf } from '../../support/crises.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

function foreign(h: Harness) {
  const { hostname: host, port } = new URL(redis.url);
  return { connection: { host, port: Number(port) }, prefix: h.config.redis.bullmq_prefix };
}

const input = { v: 1, input: { text: 'look' } };

describe('BullMQ', () => {
  test('gives no job of ours the priority 0, which would overtake all others', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    for (const workflow of ['collaborative', 'input_processing', 'world_building', 'narrative_generation']) {
      for (const priority of PRIORITIES) await h.submit(await h.newSession(), 'look', { workflow, priority });
    }
    const crises = await crisesOf(h);
    for (const level of CRISIS_LEVELS) await crises.caller.tell(crisisOf(level));
    await crises.caller.tellOfViolations({ sessionId: 's_1', userHash: 'u', count: 3 });
    await h.startWorkers(['maintenance']);
    for (const name of QUEUE_NAMES) {
      const queue = h.core.queues.get(name)!;
      const jobs = await queue.getJobs(['waiting', 'prioritized', 'waiting-children', 'delayed', 'active']);
      expect(jobs.length).toBeGreaterThan(0);
      for (const job of jobs) expect(job.opts.priority, `${name} ${job.name}`).toBeGreaterThanOrEqual(1);
    }
    await h.startWorkers(['ipa', 'wba', 'nga', 'flow']);
    await h.quiet();
  });

  test('takes the higher class first, and among runs of a class the later stage first', async () => {
    const order: string[] = [];
    const agents = agentsWith({
      ipa: (given, ctx, agent) => (order.push((given as { text: string }).text), agent.run(given, ctx)),
    });
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      agents,
      settings: { 'agents.input_processor.concurrency': '1' },
    });
    for (const priority of PRIORITIES.toReversed())
      await h.submit(await h.newSession(), priority, { priority });
    await h.startWorkers(ALL_QUEUES);
    await h.quiet();
    expect(order).toEqual(['critical', 'high', 'normal', 'low']);
  });

  test('is not wedged by a job with a backoff type that nobody knows', async () => {
    const agents = agentsWith({
      ipa: (given, ctx, agent) =>
        ctx.attempt < 3
          ? Promise.reject(new FleetError({ code: 'moody', kind: 'internal', message: 'not now' }))
          : agent.run(given, ctx),
    });
    const settings = { 'workflow.error_handling.circuit_breaker.enabled': 'false' };
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'], agents, settings });
    const queue = new Queue('ipa', foreign(h));
    const retry = { max_attempts: 3, base_delay_ms: 20, factor: 1, max_delay_ms: 50, jitter: 0 };
    const jobs = await queue.addBulk(
      ['fibonacci', 'ao', 'exponential'].map((type) => ({
        name: type,
        data: { ...input, retry },
        opts: { attempts: 3, backoff: { type, delay: 20 } },
      })),
    );
    for (const job of jobs) await eventually(async () => expect(await job.getState()).toBe('completed'));
    await queue.close();
  });

  test('hands a failed job of ours to the parent of another service as that service asked for', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'] });
    const flows = new FlowProducer(foreign(h));
    const queue = new Queue('theirs', foreign(h));
    // Their flow, our agent: the child fails, and their parent must hear of it.
    const { job } = await flows.add({
      name: 'parent',
      queueName: 'theirs',
      children: [
        {
          name: 'child',
          queueName: 'ipa',
          data: { v: 1 },
          opts: { ignoreDependencyOnFailure: true, attempts: 4 },
        },
      ],
    });
    await eventually(async () => expect(await job.getState()).toBe('waiting'));
    expect(Object.values(await job.getIgnoredChildrenFailures())[0]).toMatch(/^validation_failed: /);
    await Promise.all([flows.close(), queue.close()]);
  });

  test('keeps one run for one id, however often it is started', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const runId = newRunId(Date.now());
    const sessionId = await h.newSession();
    const turn = { text: 'go north', wait_ms: 0 };
    await Promise.all(
      [1, 2, 3].map(() => h.operations.submitTurn(sessionId, turn, LOCAL_OPERATOR, { runId })),
    );
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ pending_turns: 0 });
    for (const name of ['ipa', 'wba', 'nga', 'flow'] as const) {
      expect(await h.core.queues.get(name)!.getJobCountByTypes()).toBe(1);
    }
    await h.startWorkers(ALL_QUEUES);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    expect((await h.worldOf(sessionId))?.version).toBe(1);
  });

  test('never gets the id of a step job twice: what is added again carries a new generation', async () => {
    let broken = true;
    const agents = agentsWith({
      nga: (given, ctx, agent) =>
        broken
          ? Promise.reject(new FleetError({ code: 'no', kind: 'internal', retryable: false, message: 'no' }))
          : agent.run(given, ctx),
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const runId = await h.submit(await h.newSession(), 'go north');
    for (const generation of ['', '.~g1', '.~g2']) {
      await h.ended(runId);
      await h.quiet();
      broken = generation !== '.~g2';
      if (generation !== '.~g2')
        await h.operations.replayDeadLetter(`nga~${runId}.nga${generation}`, LOCAL_OPERATOR);
      await eventually(async () => {
        const { generation: current, status } = await h.operations.getRun(runId, LOCAL_OPERATOR);
        expect([current, status]).toEqual([generation === '' ? 1 : 2, 'failed']);
      });
    }
    await h.operations.replayDeadLetter(`nga~${runId}.nga.~g2`, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 3 });
    await h.quiet();
  });

  test('has one watchdog schedule, however many workers declare it', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    await Promise.all([1, 2, 3].map(() => h.startWorkers(['maintenance'])));
    const queue = h.core.queues.get('maintenance')!;
    expect(await queue.getJobSchedulersCount()).toBe(1);
    await eventually(async () => expect(await queue.getCompletedCount()).toBeGreaterThan(1));
    const counts = await queue.getJobCounts('delayed', 'waiting', 'prioritized', 'active');
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2);
  });

  test('keeps the queues of two fleets on one Redis apart', async () => {
    await using one = await startHarness({ redisUrl: redis.url });
    await using other = await startHarness({ redisUrl: redis.url, workers: [] });
    const runId = await other.submit(await other.newSession(), 'look');
    await one.play(await one.newSession(), 'look');
    await one.quiet();
    expect(await other.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'pending' });
    await other.startWorkers(ALL_QUEUES);
    expect(await other.ended(runId)).toMatchObject({ status: 'completed' });
  });
});

describe('a definition', () => {
  const broken = (part: 'input' | 'reply') => {
    const catalog = quickCatalog();
    const definition = catalog.latest('collaborative');
    const fail = (): never => {
      throw new TypeError('view of undefined');
    };
    const changed = {
      ...definition,
      ...(part === 'reply' ? { reply: fail } : {}),
      plan: editChain(definition.plan, {
        bind: (bind) => (part === 'input' && bind.id === 'wba' ? { ...bind, pick: fail } : bind),
      }),
    };
    return { ...catalog, latest: () => changed, find: () => changed };
  };

  test.each(['input', 'reply'] as const)(
    'whose %s callback throws fails its run at once, and is not called again',
    async (part) => {
      await using h = await startHarness({ redisUrl: redis.url, catalog: broken(part) });
      const sessionId = await h.newSession();
      const runId = await h.submit(sessionId, 'look');
      expect(await h.ended(runId)).toMatchObject({
        status: 'failed',
        error: { code: 'definition_error', message: expect.stringContaining('view of undefined') },
      });
      await h.quiet();
      expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ active_run_id: null });
    },
  );

  test('that a worker does not have makes its jobs wait for one that has it', async () => {
    const known = quickCatalog();
    const unknown = { ...known, find: () => undefined };
    await using h = await startHarness({ redisUrl: redis.url, workers: [], catalog: unknown });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'look');
    const role = await h.startWorkers(['ipa']);
    const job = (await h.core.queues.get('ipa')!.getJob(`${runId}.ipa`))!;
    await eventually(async () => expect(await job.getState()).toBe('delayed'));
    expect((await h.core.queues.get('ipa')!.getJob(job.id!))!.attemptsMade).toBe(0);
    await role.stop();
    expect(await runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + 6_000 } })).toEqual({
      [runId]: 'healthy',
    });
  });
});
