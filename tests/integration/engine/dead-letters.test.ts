import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { agentsWith, eventually, quickCatalog, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Agents of which those named fail for good until they are mended; every call is counted. */
function failing(...names: ('ipa' | 'wba' | 'nga')[]) {
  const broken = new Set(names);
  const calls = { ipa: 0, wba: 0, nga: 0 };
  const around = (name: 'ipa' | 'wba' | 'nga') => ({
    [name]: (input: unknown, ctx: never, agent: { run(input: unknown, ctx: never): Promise<unknown> }) => {
      calls[name] += 1;
      if (!broken.has(name)) return agent.run(input, ctx);
      return Promise.reject(
        new FleetError({
          code: `${name}_broken`,
          kind: 'internal',
          message: 'broken on purpose',
          retryable: false,
        }),
      );
    },
  });
  return {
    calls,
    mend: () => broken.clear(),
    agents: agentsWith({ ...around('ipa'), ...around('wba'), ...around('nga') }),
  };
}

async function failedRun(h: Harness, sessionId: string, text: string): Promise<string> {
  const runId = await h.submit(sessionId, text);
  expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
  await h.quiet();
  return runId;
}

describe('a dead letter', () => {
  test('is listed newest first, filtered, and shown with its payload and the place of its failure', async () => {
    const { agents } = failing('wba', 'nga');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const told = await failedRun(h, await h.newSession(), 'look');
    const asked = await h.submit(await h.newSession(), 'continue', { workflow: 'narrative_generation' });
    await h.ended(asked);
    await h.quiet();

    const all = await h.operations.listDeadLetters({ limit: 10 });
    expect(all.map((letter) => letter.dlq_id)).toEqual([`nga~${asked}.nga`, `wba~${told}.wba`]);
    const only = async (filter: object) =>
      (await h.operations.listDeadLetters({ limit: 10, ...filter })).map((letter) => letter.queue);
    expect(await only({ queue: 'wba' })).toEqual(['wba']);
    expect(await only({ queue: 'ipa' })).toEqual([]);
    expect(await only({ reason: 'nga_broken' })).toEqual(['nga']);
    expect(await only({ since: Date.now() + 60_000 })).toEqual([]);
    expect(await only({ limit: 1 })).toEqual(['nga']);
    const [newest] = all;
    expect(await only({ after: { at: Date.parse(newest!.dead_at), id: newest!.dlq_id } })).toEqual(['wba']);

    const detail = await h.operations.getDeadLetter(`wba~${told}.wba`);
    expect(detail).toMatchObject({
      error: 'wba_broken: broken on purpose',
      attempts: 1,
      replays: 0,
      data: { v: 1, step: { run_id: told, path: 'wba', generation: 0 } },
    });
    expect(detail.stacktrace).not.toEqual([]);
  });

  test.each(['ipa', 'wba', 'nga'] as const)(
    'of %s is replayed by resuming its run: what was done stays, the rest runs, the turn is told',
    async (name) => {
      const { agents, calls, mend } = failing(name);
      await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
      const sessionId = await h.newSession();
      const runId = await failedRun(h, sessionId, 'go north');
      const before = { ...calls };
      mend();

      expect(await h.operations.replayDeadLetter(`${name}~${runId}.${name}`, LOCAL_OPERATOR)).toEqual({
        job_id: runId,
      });
      expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 1, error: null });
      const order = ['ipa', 'wba', 'nga'] as const;
      for (const step of order) {
        const again = order.indexOf(step) >= order.indexOf(name) ? 1 : 0;
        expect(calls[step]).toBe(before[step] + again);
      }
      await h.quiet();
      expect((await h.worldOf(sessionId))?.version).toBe(1);
      const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
      expect(items).toEqual([expect.objectContaining({ turn: 1, run_id: runId, text: 'go north' })]);
      expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
      expect(await h.core.queues.get(name)!.getJob(`${runId}.${name}.~g1`)).toBeDefined();
    },
  );

  test.each(['ipa', 'wba', 'nga'] as const)(
    'of %s that is retried by hand, as Bull Board does, resumes its run just as a replay',
    async (name) => {
      const { agents, calls, mend } = failing(name);
      await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
      const sessionId = await h.newSession();
      const runId = await failedRun(h, sessionId, 'go north');
      const before = calls[name];
      mend();
      await (await h.core.queues.get(name)!.getJob(`${runId}.${name}`))!.retry();
      await eventually(async () => {
        expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'completed' });
      });
      await h.quiet();
      expect(calls[name]).toBe(before + 1);
      expect((await h.worldOf(sessionId))?.version).toBe(1);
      expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
    },
  );

  test('is not brought back by retrying the run job alone: the run has failed and stays so', async () => {
    const { agents, calls } = failing('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const runId = await failedRun(h, await h.newSession(), 'look');
    const job = (await h.core.queues.get('flow')!.getJob(runId))!;
    await job.retry();
    await eventually(async () => {
      expect(await job.getState()).toBe('failed');
      expect((await h.core.queues.get('flow')!.getJob(runId))!.attemptsStarted).toBe(2);
    });
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'failed',
      generation: 0,
    });
    expect(calls.wba).toBe(1);
  });

  test('that fails again after its replay is a new entry that counts the replay', async () => {
    const { agents } = failing('nga');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const runId = await failedRun(h, await h.newSession(), 'look');
    await h.operations.replayDeadLetter(`nga~${runId}.nga`, LOCAL_OPERATOR);
    await eventually(async () => {
      expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([
        expect.objectContaining({ dlq_id: `nga~${runId}.nga.~g1`, replays: 1 }),
      ]);
    });
    // The step is a dead letter a moment before its run ends.
    await eventually(async () => {
      const run = await h.operations.getRun(runId, LOCAL_OPERATOR);
      expect(run).toMatchObject({ status: 'failed', generation: 1 });
    });
  });

  test('replayed by two at once runs once; the other is told that it is too late', async () => {
    const { agents, calls, mend } = failing('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const runId = await failedRun(h, sessionId, 'go north');
    mend();
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => h.operations.replayDeadLetter(`wba~${runId}.wba`, LOCAL_OPERATOR)),
    );
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toEqual([
      expect.objectContaining({
        code: expect.stringMatching(/^(run_not_resumable|dead_letter_not_found)$/),
      }),
    ]);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', generation: 1 });
    await h.quiet();
    expect(calls).toEqual({ ipa: 1, wba: 2, nga: 1 });
    expect((await h.worldOf(sessionId))?.version).toBe(1);
  });

  test('is one of many that are replayed with one call, and those that are left are discarded with another', async () => {
    const { agents, mend } = failing('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const runs: string[] = [];
    for (const text of ['look', 'go north', 'look'])
      runs.push(await failedRun(h, await h.newSession(), text));
    const [first, ...later] = runs;
    mend();
    const request = { filter: { reason: 'wba_broken' }, max: 2, dryRun: true };
    const dry = await h.operations.replayDeadLetters(request, LOCAL_OPERATOR);
    expect(dry).toEqual({ items: later.map((run) => ({ dlqId: `wba~${run}.wba` })), more: true });
    const replayed = await h.operations.replayDeadLetters({ ...request, dryRun: false }, LOCAL_OPERATOR);
    expect(replayed.items.map(({ jobId }) => jobId)).toEqual(later);
    for (const run of later)
      await eventually(async () => expect(await h.ended(run)).toMatchObject({ status: 'completed' }));

    const rest = { filter: { queue: 'wba' }, max: 10, dryRun: false, reason: 'too old' };
    const { items, more } = await h.operations.discardDeadLetters(rest, LOCAL_OPERATOR);
    expect([items.map(({ dlqId }) => dlqId), more]).toEqual([[`wba~${first}.wba`], false]);
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
  });

  test('of a session that has moved on is told after the turn that is active now', async () => {
    const { agents, mend } = failing('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog(), workers: [] });
    const role = await h.startWorkers(['ipa', 'wba', 'nga', 'flow']);
    const sessionId = await h.newSession();
    const old = await failedRun(h, sessionId, 'go north');
    mend();
    await role.stop();
    const active = await h.submit(sessionId, 'go south');
    await h.operations.replayDeadLetter(`wba~${old}.wba`, LOCAL_OPERATOR);
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({
      active_run_id: active,
      pending_turns: 1,
    });
    await h.startWorkers(['ipa', 'wba', 'nga', 'flow']);
    expect(await h.ended(old)).toMatchObject({ status: 'completed' });
    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map((turn) => [turn.turn, turn.run_id])).toEqual([
      [2, old],
      [1, active],
    ]);
    await h.quiet();
  });

  test('that was discarded cannot be replayed, and the run stays failed', async () => {
    const { agents } = failing('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const runId = await failedRun(h, await h.newSession(), 'look');
    const dlqId = `wba~${runId}.wba`;
    const reason = { reason: 'a test' };
    expect(await h.operations.discardDeadLetter(dlqId, reason, LOCAL_OPERATOR)).toMatchObject({
      dlq_id: dlqId,
    });
    for (const attempt of [
      () => h.operations.replayDeadLetter(dlqId, LOCAL_OPERATOR),
      () => h.operations.discardDeadLetter(dlqId, reason, LOCAL_OPERATOR),
      () => h.operations.getDeadLetter('nowhere~x'),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'dead_letter_not_found', httpStatus: 404 });
    }
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'failed' });
  });

  test('of a job that stands alone goes back to its queue with all its attempts, once', async () => {
    const { agents, calls, mend } = failing('ipa');
    await using h = await startHarness({ redisUrl: redis.url, agents });
    const queue = h.core.queues.get('ipa')!;
    const job = await queue.add('parse', { v: 1, input: { text: 'go north' } }, { priority: 5, attempts: 2 });
    const dlqId = `ipa~${job.id}`;
    await eventually(async () => {
      expect(await h.operations.getDeadLetter(dlqId)).toMatchObject({
        workflow_id: null,
        reason: 'ipa_broken',
      });
    });
    mend();
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => h.operations.replayDeadLetter(dlqId, LOCAL_OPERATOR)),
    );
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await eventually(async () => expect(await job.getState()).toBe('completed'));
    expect(calls.ipa).toBe(2);
    expect((await queue.getJob(job.id!))!.returnvalue).toMatchObject({ intent: 'move', direction: 'north' });
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
  });
});
