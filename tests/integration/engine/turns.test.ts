import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { RunJobData, StepJobData } from '../../../src/contracts/job.ts';
import type { NgaInput, NgaOutput } from '../../../src/contracts/narrative.ts';
import { AGENTS } from '../../../src/contracts/agent-type.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { agentsWith, ALL_QUEUES, startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

describe('a turn', () => {
  test('[R1.2] is one nested flow of four jobs, each with the data its contract states', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north', { priority: 'high' });
    const { queues } = h.core;

    expect(await queues.get('flow')!.getJobCountByTypes('waiting-children')).toBe(1);
    const runJob = (await queues.get('flow')!.getJob(runId))!;
    expect(RunJobData.parse(runJob.data)).toEqual({
      v: 1,
      run_id: runId,
      workflow: 'collaborative',
      version: 1,
      correlation_id: runId,
      session_id: sessionId,
    });

    let parent = runJob.id!;
    for (const agent of AGENTS.toReversed()) {
      const job = (await queues.get(agent)!.getJob(`${runId}.${agent}`))!;
      expect(job.parent).toMatchObject({ id: parent });
      expect(job.opts).toMatchObject({
        attempts: 3,
        backoff: { type: 'ao' },
        ignoreDependencyOnFailure: true,
      });
      expect(job.opts.priority).toBeGreaterThanOrEqual(1);
      expect(StepJobData.parse(job.data).step).toMatchObject({ run_id: runId, path: agent, generation: 0 });
      expect(await job.getState()).toBe(agent === 'ipa' ? 'prioritized' : 'waiting-children');
      parent = job.id!;
    }
  });

  test('[R1.3] runs IPA, WBA and NGA in order and leaves nothing behind but its record', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const answer = await h.play(sessionId, 'go north');
    const runId = answer.workflow_metadata.run_id;

    expect(answer.response_text).not.toBe('');
    expect(answer.updated_context).toMatchObject({ session_id: sessionId, turn: 1, last_agent: 'nga' });
    expect(answer.updated_context.world_state?.location.id).toBe('mountain_path');
    expect(
      answer.workflow_metadata.steps.map(({ name, status, attempts }) => [name, status, attempts]),
    ).toEqual([
      ['ipa', 'completed', 1],
      ['wba', 'completed', 1],
      ['nga', 'completed', 1],
    ]);
    expect((await h.eventsOf(runId)).map((event) => [event.type, event.step])).toEqual([
      ['run.accepted', undefined],
      ['run.started', undefined],
      ['step.started', 'ipa'],
      ['step.completed', 'ipa'],
      ['step.started', 'wba'],
      ['step.completed', 'wba'],
      ['step.started', 'nga'],
      ['step.completed', 'nga'],
      ['run.completed', undefined],
    ]);

    const { store, queues } = h.core;
    expect((await store.redis.hkeys(store.keys.runResults(runId))).toSorted()).toEqual(['ipa', 'nga', 'wba']);
    expect(await store.redis.exists(store.keys.runErrors(runId))).toBe(0);
    expect(await countOpenRuns(store)).toBe(0);
    await h.quiet();
    for (const name of [...AGENTS, 'flow'] as const)
      expect(await queues.get(name)!.getCompletedCount()).toBe(1);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'completed',
      progress: 100,
    });
  });

  test('is one wake-up of the run job, however many steps there are', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { workflow_metadata } = await h.play(await h.newSession(), 'look around');
    await h.quiet();
    const job = (await h.core.queues.get('flow')!.getJob(workflow_metadata.run_id))!;
    expect(job.attemptsStarted).toBe(1);
  });
});

describe('turns of one session', () => {
  test('are told one after the other in the order of arrival, and the later one sees what the earlier did', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const first = await h.submit(sessionId, 'go south');
    const second = await h.submit(sessionId, 'go east');
    await h.ended(second);

    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map(({ turn, run_id, text }) => [turn, run_id, text])).toEqual([
      [2, second, 'go east'],
      [1, first, 'go south'],
    ]);
    expect((await h.worldOf(sessionId))?.player.location_id).toBe('library');
    const [firstEnd, secondStart] = [await h.eventsOf(first), await h.eventsOf(second)];
    expect(Date.parse(secondStart.find((event) => event.type === 'run.started')!.at)).toBeGreaterThanOrEqual(
      Date.parse(firstEnd.at(-1)!.at),
    );
  });

  test('wait up to max_pending; one more is answered 429 and changes nothing', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      settings: { 'sessions.max_pending': '2' },
    });
    const sessionId = await h.newSession();
    for (const text of ['look', 'go north', 'go south']) await h.submit(sessionId, text);
    await expect(h.submit(sessionId, 'one too many')).rejects.toMatchObject({
      code: 'session_busy',
      kind: 'overloaded',
      httpStatus: 429,
    });
    expect(await countOpenRuns(h.core.store)).toBe(3);
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ pending_turns: 2 });
  });

  test('a turn that would have to wait is refused with 409 when asked to, naming the active run', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const active = await h.submit(sessionId, 'look');
    await expect(h.submit(sessionId, 'go north', { on_busy: 'reject' })).rejects.toMatchObject({
      code: 'session_busy',
      httpStatus: 409,
      details: { active_run_id: active },
    });
  });

  test('a turn that supersedes cancels the active one and takes its place', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const active = await h.submit(sessionId, 'go north');
    const newer = await h.submit(sessionId, 'go south', { on_busy: 'supersede' });
    await h.startWorkers(ALL_QUEUES);
    expect(await h.ended(newer)).toMatchObject({ status: 'completed' });
    expect(await h.operations.getRun(active, LOCAL_OPERATOR)).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled' },
    });
    expect((await h.worldOf(sessionId))?.player.location_id).toBe('village_center');
  });
});

describe('many sessions at once', () => {
  test('[R1.5] never see data of each other', async () => {
    const agents = agentsWith({
      // What the narrator was given is told, so that the answer shows whose data it saw.
      async nga(input, ctx, agent) {
        const { player_text, session_id, turn } = input as NgaInput;
        const output = (await agent.run(input, ctx)) as NgaOutput;
        return { ...output, story: `${output.story} <${session_id}|${turn}|${player_text}>` };
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents });
    const directions = ['north', 'south'] as const;
    const players = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => ({
        sessionId: await h.newSession(),
        texts: [
          `go ${directions[index % 2]}`,
          `I feel calm about number ${index}`,
          `take the lamp of ${index}`,
        ],
      })),
    );
    await Promise.all(
      players.map(async ({ sessionId, texts }) => {
        const runs = [];
        for (const text of texts) runs.push(await h.submit(sessionId, text));
        for (const runId of runs) await h.ended(runId);
      }),
    );
    for (const [index, { sessionId, texts }] of players.entries()) {
      const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
      const told = items.toReversed();
      expect(told.map((turn) => [turn.turn, turn.text])).toEqual(texts.map((text, at) => [at + 1, text]));
      for (const turn of told) {
        expect(turn.response_text).toContain(`<${sessionId}|${turn.turn}|${turn.text}>`);
      }
      const place = index % 2 === 0 ? 'mountain_path' : 'village_center';
      expect((await h.worldOf(sessionId))?.player.location_id).toBe(place);
    }
    await h.quiet();
    expect(await countOpenRuns(h.core.store)).toBe(0);
  });
});
