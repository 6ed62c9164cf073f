import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentContext } from '../../../src/agents/agent.ts';
import { MAX_RESULT_BYTES } from '../../../src/primitives/durable/commit-step.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { NgaOutput } from '../../../src/contracts/narrative.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { agentsWith, QUICK_RETRY, quickCatalog, startHarness, untilAbort } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const broken = (code: string, retryable?: boolean): FleetError =>
  new FleetError({
    code,
    kind: 'internal',
    message: 'broken on purpose',
    ...(retryable === undefined ? {} : { retryable }),
  });

describe('a step whose agent fails', () => {
  test('is tried again after pauses of its policy, and the run completes when a later attempt does', async () => {
    const seen: Pick<AgentContext, 'attempt' | 'idempotencyKey'>[] = [];
    const agents = agentsWith({
      async wba(input, ctx, agent) {
        seen.push({ attempt: ctx.attempt, idempotencyKey: ctx.idempotencyKey });
        if (seen.length < 3) throw broken('world_moody');
        return agent.run(input, ctx);
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const answer = await h.play(sessionId, 'go north');
    const runId = answer.workflow_metadata.run_id;

    expect(seen).toEqual([1, 2, 3].map((attempt) => ({ attempt, idempotencyKey: `${runId}.wba` })));
    expect(answer.workflow_metadata.steps[1]).toMatchObject({
      name: 'wba',
      status: 'completed',
      attempts: 3,
    });
    expect((await h.worldOf(sessionId))?.version).toBe(1);

    const events = (await h.eventsOf(runId)).filter((event) => event.step === 'wba');
    expect(events.map((event) => event.type)).toEqual([
      'step.started',
      'step.retrying',
      'step.started',
      'step.retrying',
      'step.started',
      'step.completed',
    ]);
    for (const [index, retrying] of events.filter((event) => event.type === 'step.retrying').entries()) {
      const longest = QUICK_RETRY.base_delay_ms * QUICK_RETRY.factor ** index;
      expect(retrying.data).toMatchObject({ attempt: index + 1, error_code: 'world_moody' });
      const delayMs = Number(retrying.data!['delay_ms']);
      expect(delayMs).toBeGreaterThanOrEqual(longest * (1 - QUICK_RETRY.jitter));
      expect(delayMs).toBeLessThanOrEqual(longest);
      const restarted = events[events.indexOf(retrying) + 1]!;
      // The pause begins when the failure is stored, a moment before it is told.
      expect(Date.parse(restarted.at) - Date.parse(retrying.at)).toBeGreaterThanOrEqual(delayMs - 10);
    }
  });

  test('[R2.4] is a dead letter once its attempts are spent; the steps after it are skipped and nothing waits', async () => {
    let narrated = 0;
    const agents = agentsWith({
      wba: () => Promise.reject(broken('world_broken_down')),
      nga: (input, ctx, agent) => ((narrated += 1), agent.run(input, ctx)),
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    const view = await h.ended(runId);

    expect(view).toMatchObject({
      status: 'failed',
      completed_steps: ['ipa'],
      skipped_steps: ['nga'],
      error: { code: 'world_broken_down', message: 'broken on purpose', path: 'wba', attempts: 3 },
    });
    expect(view.steps.map((step) => [step.name, step.status, step.attempts])).toEqual([
      ['ipa', 'completed', 1],
      ['wba', 'failed', 3],
      ['nga', 'skipped', 0],
    ]);
    expect(narrated).toBe(0);
    await h.quiet();
    const { queues } = h.core;
    expect(await (await queues.get('flow')!.getJob(runId))!.getState()).toBe('failed');
    expect((await queues.get('flow')!.getJob(runId))!.failedReason).toMatch(/^world_broken_down: /);
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([
      expect.objectContaining({
        dlq_id: `wba~${runId}.wba`,
        workflow_id: runId,
        reason: 'world_broken_down',
        attempts: 3,
      }),
    ]);
    expect(await countOpenRuns(h.core.store)).toBe(0);
    // The failure ends with its run: the session goes on, and its history knows no such turn.
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({
      turn: 0,
      active_run_id: null,
    });
  });

  test.each([
    ['an error that must not be repeated', broken('cannot_ever', false), 'cannot_ever'],
    [
      'wrong input',
      new FleetError({ code: 'too_odd', kind: 'invalid_input', message: 'broken on purpose' }),
      'too_odd',
    ],
  ])('%s is not tried again', async (_title, error, code) => {
    let calls = 0;
    const agents = agentsWith({ nga: () => ((calls += 1), Promise.reject(error)) });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const view = await h.ended(await h.submit(await h.newSession(), 'look'));
    expect(view).toMatchObject({ status: 'failed', error: { code, attempts: 1 } });
    expect(calls).toBe(1);
    await h.quiet();
  });

  test('an error of no known kind is tried again and keeps its message', async () => {
    let calls = 0;
    const agents = agentsWith({ nga: () => ((calls += 1), Promise.reject(new TypeError('of undefined'))) });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const view = await h.ended(await h.submit(await h.newSession(), 'look'));
    expect(view).toMatchObject({
      status: 'failed',
      error: { code: 'step_failed', message: 'of undefined', attempts: 3 },
    });
    expect(calls).toBe(3);
  });

  test('that takes too long is told to stop, and tried again', async () => {
    const reasons: unknown[] = [];
    const agents = agentsWith({
      async nga(input, ctx, agent) {
        if (ctx.attempt > 1) return agent.run(input, ctx);
        try {
          return await untilAbort(ctx.signal);
        } catch (reason) {
          reasons.push(reason);
          throw reason;
        }
      },
    });
    const catalog = quickCatalog({ stepTimeoutMs: { ipa: 5_000, wba: 5_000, nga: 200 } });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog });
    const answer = await h.play(await h.newSession(), 'look');
    const events = await h.eventsOf(answer.workflow_metadata.run_id);
    expect(events.find((event) => event.type === 'step.retrying')?.data).toMatchObject({
      error_code: 'step_timeout',
    });
    expect(reasons).toHaveLength(1);
  });

  test('a deaf agent cannot hold its step beyond the time limit', async () => {
    const agents = agentsWith({ nga: () => Promise.withResolvers<never>().promise });
    const catalog = quickCatalog({ stepTimeoutMs: { ipa: 5_000, wba: 5_000, nga: 100 } });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog });
    const view = await h.ended(await h.submit(await h.newSession(), 'look'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'step_timeout', attempts: 3 } });
  });

  test('whose output breaks its contract is tried again', async () => {
    const agents = agentsWith({
      async nga(input, ctx, agent) {
        const output = (await agent.run(input, ctx)) as NgaOutput;
        return ctx.attempt === 1 ? { ...output, story: 'too short' } : output;
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const answer = await h.play(await h.newSession(), 'look');
    const events = await h.eventsOf(answer.workflow_metadata.run_id);
    expect(events.find((event) => event.type === 'step.retrying')?.data).toMatchObject({
      error_code: 'output_invalid',
    });
  });

  test('whose output is too large to store is never tried again', async () => {
    let calls = 0;
    const agents = agentsWith({
      async nga(input, ctx, agent) {
        calls += 1;
        return { ...((await agent.run(input, ctx)) as NgaOutput), story: 'x'.repeat(MAX_RESULT_BYTES) };
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const view = await h.ended(await h.submit(await h.newSession(), 'look'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'result_too_large', attempts: 1 } });
    expect(calls).toBe(1);
  });
});

describe('a run past its deadline', () => {
  test('is ended as timed out by its own worker, and its step is told to stop', async () => {
    const stopped = Promise.withResolvers<void>();
    const agents = agentsWith({
      nga: (_input, ctx) => untilAbort(ctx.signal).finally(() => stopped.resolve()),
    });
    const catalog = quickCatalog({ runTimeoutMs: 400 });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog });
    const view = await h.ended(await h.submit(await h.newSession(), 'look'));
    await stopped.promise;
    expect(view).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
    expect(Date.parse(view.ended_at!) - Date.parse(view.created_at)).toBeLessThan(3_000);
    await h.quiet();
  });
});

describe('an agent that keeps failing', () => {
  test('[R6.1] is left alone for a while: its jobs wait without spending attempts, and finish afterwards', async () => {
    let calls = 0;
    const agents = agentsWith({
      nga(input, ctx, agent) {
        calls += 1;
        return calls > 2 ? agent.run(input, ctx) : Promise.reject(broken('provider_down'));
      },
    });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents,
      catalog: quickCatalog({}, { max_attempts: 4, base_delay_ms: 10 }),
      settings: {
        'workflow.error_handling.circuit_breaker.failure_threshold': '2',
        'workflow.error_handling.circuit_breaker.timeout_seconds': '1',
      },
    });
    const runId = await h.submit(await h.newSession(), 'look');
    await h.eventOf(runId, 'step.retrying', 'nga');
    // A run that does not need the agent is none of its business.
    expect(await h.play(await h.newSession(), 'help', { workflow: 'input_processing' })).toBeDefined();
    const view = await h.ended(runId);
    expect(view.status).toBe('completed');
    // Two failures opened the circuit, one trial closed it; waiting for it was no attempt.
    expect(calls).toBe(3);
    expect(view.steps[2]).toMatchObject({ name: 'nga', attempts: 3 });
  });
});
