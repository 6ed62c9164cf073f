import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
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
