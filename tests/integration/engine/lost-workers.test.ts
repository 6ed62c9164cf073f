import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { processRunJob } from '../../../src/workflows/settle.ts';
import { agentsWith, eventually, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** An agent that costs its worker the lock at every call, as one that kills its process would, until mended. */
function lethal(name: AgentName, harness: () => Harness) {
  let mended = false;
  let calls = 0;
  return {
    mend: () => (mended = true),
    calls: () => calls,
    agents: agentsWith({
      async [name](
        input: unknown,
        ctx: Parameters<Parameters<typeof agentsWith>[0][AgentName] & {}>[1],
        agent: never,
      ) {
        if (mended) return (agent as { run(input: unknown, ctx: unknown): Promise<unknown> }).run(input, ctx);
        calls += 1;
        const { core } = harness();
        const [jobId] = (await core.queues.get(name)!.getActive()).map((job) => job.id!);
        await core.store.redis.del(`${core.queues.get(name)!.toKey(jobId!)}:lock`);
        return untilAbort(ctx.signal);
      },
    }),
  };
}

const settings = { 'queues.max_stalled_count': '1' };

describe('a job that costs its worker too often', () => {
  test.each(['ipa', 'wba', 'nga'] as const)(
    'as step %s ends its run with worker_lost, is a dead letter, and can be replayed',
    async (name) => {
      let h: Harness | undefined;
      const { agents, mend, calls } = lethal(name, () => h!);
      await using harness = await startHarness({ redisUrl: redis.url, agents, settings });
      h = harness;
      const sessionId = await h.newSession();
      const runId = await h.submit(sessionId, 'go north');
      expect(await h.ended(runId)).toMatchObject({
        status: 'failed',
        error: { code: 'worker_lost', path: name },
      });
      expect(calls()).toBe(2);
      await h.quiet();
      expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([
        expect.objectContaining({
          dlq_id: `${name}~${runId}.${name}`,
          reason: 'worker_lost',
          workflow_id: runId,
        }),
      ]);

      mend();
      await h.operations.replayDeadLetter(`${name}~${runId}.${name}`, LOCAL_OPERATOR);
      expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 1 });
      expect((await h.worldOf(sessionId))?.version).toBe(1);
    },
  );

  test('as one of another service is a dead letter even if its producer wanted it dropped', async () => {
    let h: Harness | undefined;
    const { agents, mend } = lethal('ipa', () => h!);
    await using harness = await startHarness({ redisUrl: redis.url, workers: ['ipa'], agents, settings });
    h = harness;
    const queue = h.core.queues.get('ipa')!;
    const job = await queue.add(
      'theirs',
      { v: 1, input: { text: 'look' } },
      { removeOnFail: true, attempts: 3 },
    );
    await eventually(async () => {
      expect(await harness.operations.listDeadLetters({ limit: 10 })).toEqual([
        expect.objectContaining({ dlq_id: `ipa~${job.id}`, reason: 'worker_lost' }),
      ]);
    });
    mend();
    await h.operations.replayDeadLetter(`ipa~${job.id}`, LOCAL_OPERATOR);
    await eventually(async () => expect(await job.getState()).toBe('completed'));
  });
});

describe('the worker of a run job that dies', () => {
  test('after it added the steps and before it waits for them is followed by one that adds nothing twice', async () => {
    let broken = true;
    const calls = { wba: 0, nga: 0 };
    const agents = agentsWith({
      wba: (input, ctx, agent) => ((calls.wba += 1), agent.run(input, ctx)),
      nga(input, ctx, agent) {
        calls.nga += 1;
        if (!broken) return agent.run(input, ctx);
        return Promise.reject(
          new FleetError({ code: 'nga_broken', kind: 'internal', message: 'on purpose', retryable: false }),
        );
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa', 'wba', 'nga'], agents });
    const sessionId = await h.newSession();
    const flow = await h.startWorkers(['flow']);
    const runId = await h.submit(sessionId, 'go north');
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    await h.quiet();
    await flow.stop();
    broken = false;
    await h.operations.replayDeadLetter(`nga~${runId}.nga`, LOCAL_OPERATOR);

    const { workflows } = h.core;
    const { hostname: host, port } = new URL(redis.url);
    const dying = new Worker('flow', null, {
      connection: { host, port: Number(port) },
      prefix: h.config.redis.bullmq_prefix,
    });
    const job = await dying.getNextJob('its token');
    // Only `add` is called.
    const flows = {
      async addBulk(...flowJobs: Parameters<typeof workflows.flows.addBulk>) {
        await workflows.flows.addBulk(...flowJobs);
        throw new Error('killed here');
      },
    } as unknown as typeof workflows.flows;
    await expect(processRunJob({ ...workflows, flows }, job, 'its token')).rejects.toThrow('killed here');
    await dying.close(true);
    await h.core.store.redis.del(`${h.core.queues.get('flow')!.toKey(runId)}:lock`);

    await h.startWorkers(['flow']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 1 });
    await h.quiet();
    expect(calls).toEqual({ wba: 1, nga: 2 });
    const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
    expect(items).toHaveLength(1);
  });
});
