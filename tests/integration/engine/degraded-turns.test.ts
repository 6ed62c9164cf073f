import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { OrchestrationResponse } from '../../../src/contracts/turn.ts';
import { RECOVERED_NOTICE } from '../../../src/workflows/degradation.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { agentsWith, quickCatalog, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { languageOf, MODEL_STORY, saying, talkingNarrator } from '../../support/talking-narrator.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function degradedEvents(h: Harness, answer: OrchestrationResponse) {
  const events = await h.eventsOf(answer.workflow_metadata.run_id!);
  return events.filter(({ type }) => type === 'run.degraded').map(({ data }) => data);
}

async function recoveries(h: Harness, answer: OrchestrationResponse) {
  const events = await h.eventsOf(answer.workflow_metadata.run_id!);
  return events.filter(({ type }) => type === 'service.recovered').map(({ data }) => data);
}

/** A model that takes longer than any test, and heeds its signal. */
const hanging = languageOf(({ signal }) => untilAbort(signal));

describe('a turn whose model hangs', () => {
  test('[R7.4] is told locally within the response time target, and says so', async () => {
    const settings = { 'performance.response_time_target': '1' };
    const options = { redisUrl: redis.url, agents: talkingNarrator(), languages: hanging, settings };
    await using h = await startHarness(options);
    const answer = await h.play(await h.newSession(), 'go north');
    expect(answer.response_text).not.toBe('');
    expect(answer.workflow_metadata).toMatchObject({
      status: 'completed',
      degraded: true,
      degraded_level: 1,
      degraded_reasons: ['sla_fallback'],
    });
    // The model alone would have had the step's 20 s.
    expect(answer.performance_metrics.total_ms).toBeLessThan(10_000);
    expect(await degradedEvents(h, answer)).toEqual([{ level: 1, reasons: ['sla_fallback'] }]);
    expect(await h.metrics.render().then(({ body }) => body)).toMatch(
      /workflow_degraded_total\{[^}]*level="1",reason="sla_fallback"[^}]*\} 1/,
    );
  });

  test('is told by it in full, which has all the time of its step', async () => {
    const settings = { 'performance.response_time_target': '0.5' };
    const budgets: number[] = [];
    const languages = languageOf(async ({ budgetMs }) => {
      budgets.push(budgetMs);
      return saying();
    });
    const options = { redisUrl: redis.url, agents: talkingNarrator(), languages, settings };
    await using h = await startHarness(options);
    const answer = await h.play(await h.newSession(), 'go north', { latency_mode: 'full' });
    expect(answer.response_text).toBe(MODEL_STORY);
    expect(answer.workflow_metadata).toMatchObject({
      degraded: false,
      degraded_level: 0,
      degraded_reasons: [],
    });
    expect(await degradedEvents(h, answer)).toEqual([]);
    expect(budgets[0]).toBeGreaterThan(10_000);
    const { run_id: runId } = answer.workflow_metadata;
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).not.toHaveProperty('soft_deadline_at');
  });

  test('shows its soft deadline, which counts from its acceptance when no turn goes first', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const answer = await h.play(sessionId, 'go north');
    const run = await h.operations.getRun(answer.workflow_metadata.run_id, LOCAL_OPERATOR);
    const slaMs = answer.performance_metrics.sla_ms;
    expect(Date.parse(run.soft_deadline_at!) - Date.parse(run.created_at)).toBe(slaMs);
  });
});

test('a turn behind another has its soft deadline only once it could begin: waiting is not its own time', async () => {
  const held = Promise.withResolvers<void>();
  const agents = agentsWith({
    async ipa(input, ctx, agent) {
      await held.promise;
      return agent.run(input, ctx);
    },
  });
  await using h = await startHarness({ redisUrl: redis.url, agents });
  const sessionId = await h.newSession();
  const first = await h.submit(sessionId, 'go north');
  const second = await h.submit(sessionId, 'go south');
  expect(await h.operations.getRun(second, LOCAL_OPERATOR)).not.toHaveProperty('soft_deadline_at');
  held.resolve();
  const { ended_at: endedAt } = await h.ended(first);
  const { soft_deadline_at: softDeadlineAt } = await h.ended(second);
  const slaMs = h.core.workflows.settings.slaMs;
  expect(Date.parse(softDeadlineAt!)).toBe(Date.parse(endedAt!) + slaMs);
});

test('[R6.4] a model that is down leaves the turn answered, with the reason it gave', async () => {
  const languages = languageOf(async () => ({ ok: false, reason: 'circuit_open:provider.main' }));
  await using h = await startHarness({ redisUrl: redis.url, agents: talkingNarrator(), languages });
  const answer = await h.play(await h.newSession(), 'go north');
  expect(answer.workflow_metadata).toMatchObject({
    degraded: true,
    degraded_level: 1,
    degraded_reasons: ['circuit_open:provider.main'],
  });
  const run = await h.operations.getRun(answer.workflow_metadata.run_id, LOCAL_OPERATOR);
  expect(run).toMatchObject({ status: 'completed', degraded: true });
});

test('[R6.5] a model that is back is told as an event, not to the player, who never knew that it was gone', async () => {
  const answers = [{ ok: false, reason: 'provider_error' } as const, saying()];
  const languages = languageOf(async () => answers.shift() ?? saying());
  await using h = await startHarness({ redisUrl: redis.url, agents: talkingNarrator(), languages });
  const sessionId = await h.newSession();
  const other = await h.newSession();
  expect((await h.play(sessionId, 'go north')).workflow_metadata.degraded_level).toBe(1);
  const elsewhere = await h.play(other, 'go north');
  expect(await recoveries(h, elsewhere)).toEqual([]);
  const back = await h.play(sessionId, 'go south');
  expect(back.response_text).toBe(MODEL_STORY);
  expect(await recoveries(h, back)).toEqual([{ from_level: 1 }]);
});

describe('a turn that fails for good', () => {
  function broken(name: 'wba' | 'nga') {
    let isBroken = true;
    const agents = agentsWith({
      [name]: (input: never, ctx: never, agent: { run(input: never, ctx: never): Promise<unknown> }) => {
        if (!isBroken) return agent.run(input, ctx);
        return Promise.reject(
          new FleetError({ code: 'lost_words', kind: 'internal', message: 'on purpose', retryable: false }),
        );
      },
    });
    return { agents, mend: () => (isBroken = false) };
  }

  async function playFailing(h: Harness, sessionId: string, text: string): Promise<OrchestrationResponse> {
    const request = { text, workflow: 'collaborative', wait_ms: 25_000 };
    const submitted = await h.operations.submitTurn(sessionId, request, LOCAL_OPERATOR);
    if (!submitted.done) throw new Error(`not answered: ${submitted.accepted.status}`);
    return submitted.response;
  }

  test('still answers the player kindly, changes nothing, and is no turn of the history', async () => {
    const { agents } = broken('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const answer = await playFailing(h, sessionId, 'go north');
    expect(answer.response_text).toMatch(/nothing around you has changed/);
    expect(answer.updated_context).toMatchObject({
      turn: null,
      world_state: { location: { id: 'forest_clearing' } },
    });
    expect(answer.workflow_metadata).toMatchObject({
      status: 'failed',
      degraded: true,
      degraded_level: 3,
      degraded_reasons: ['step_skipped:wba'],
    });
    expect(await degradedEvents(h, answer)).toEqual([{ level: 3, reasons: ['step_skipped:wba'] }]);
    expect(await h.worldOf(sessionId)).toBeNull();
    expect((await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR)).items).toEqual([]);
    const { run_id: runId } = answer.workflow_metadata;
    const run = await h.operations.getRun(runId!, LOCAL_OPERATOR);
    expect(run).toMatchObject({ status: 'failed', degraded: true });
    expect(run.steps.map(({ status }) => status)).toEqual(['completed', 'failed', 'skipped']);
  });

  test('does not say that nothing happened when the world did change; its dead letter brings the story', async () => {
    const { agents, mend } = broken('nga');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const answer = await playFailing(h, sessionId, 'go south');
    expect(answer.response_text).toMatch(/What you did has happened/);
    const { run_id: runId } = answer.workflow_metadata;
    await h.quiet();
    mend();
    const [letter] = await h.operations.listDeadLetters({ limit: 5 });
    expect(letter).toMatchObject({ queue: 'nga', workflow_id: runId });
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    const run = await h.operations.awaitRun(runId!, { waitMs: 25_000 }, LOCAL_OPERATOR);
    expect(run).toMatchObject({ status: 'completed', degraded: false, error: null });
    expect(run.output).toMatchObject({
      updated_context: { turn: 1 },
      workflow_metadata: { degraded_level: 0 },
    });
    const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
    expect(items).toHaveLength(1);
    expect(items[0]!.response_text).not.toMatch(/What you did has happened/);
  });

  test('[R6.5] is followed by one that says once that nothing is missing any more', async () => {
    const { agents, mend } = broken('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    await playFailing(h, sessionId, 'go north');
    await playFailing(h, sessionId, 'go north');
    mend();
    const back = await h.play(sessionId, 'go north');
    expect(back.response_text.endsWith(RECOVERED_NOTICE)).toBe(true);
    expect(await recoveries(h, back)).toEqual([{ from_level: 3 }]);
    const next = await h.play(sessionId, 'go south');
    expect(next.response_text).not.toContain(RECOVERED_NOTICE);
    expect(await recoveries(h, next)).toEqual([]);
    const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
    expect(items.map(({ response_text: text }) => text.includes(RECOVERED_NOTICE))).toEqual([false, false]);
  });

  test('is shown as failed to whoever starts it as a run', async () => {
    const { agents } = broken('wba');
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const session_id = await h.newSession();
    const request = { input: { text: 'go north' }, session_id, wait_ms: 25_000 };
    const submitted = await h.operations.startRun('collaborative', request, LOCAL_OPERATOR);
    expect(submitted).toMatchObject({ done: false, accepted: { status: 'failed' } });
  });
});
