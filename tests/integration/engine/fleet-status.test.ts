import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENTS } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { ServiceTimes } from '../../../src/primitives/durable/service-times.ts';
import { LoadEstimate } from '../../../src/runtime/load-estimate.ts';
import { eventually, startHarness, type Harness, type HarnessOptions } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { languageOf, MODEL_STORY, saying, talkingNarrator } from '../../support/talking-narrator.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** As if other workers of the fleet had taken so long for each step. */
async function serve(h: Harness, ms: number, count = 20): Promise<void> {
  const { store } = h.core;
  const lost: unknown[] = [];
  const samples = new ServiceTimes({ store, now: () => Date.now(), onLost: (error) => lost.push(error) });
  for (const agent of AGENTS) {
    samples.works(agent, 'another', 2);
    for (let n = 0; n < count; n++) samples.add(agent, ms, { isError: false });
  }
  await samples.flush();
  expect(lost).toEqual([]);
}

/** The API process has looked at the load of the fleet. */
async function look(h: Harness): Promise<void> {
  const { load } = h.core.workflows;
  if (!(load instanceof LoadEstimate)) throw new TypeError('expected the estimate of a real fleet');
  await load.refresh();
}

/** Less than a busy fleet takes, more than this machine does. */
const TARGET = { 'performance.response_time_target': '10' };

async function busyFleet(options: Partial<HarnessOptions> = {}) {
  const asked: number[] = [];
  const languages = languageOf(async ({ budgetMs }) => {
    asked.push(budgetMs);
    return saying();
  });
  const h = await startHarness({ redisUrl: redis.url, agents: talkingNarrator(), languages, ...options });
  await serve(h, 4_000);
  await look(h);
  return { h, asked };
}

describe('when a run will be done', () => {
  test('is unknown in a fresh fleet, else told with its acceptance', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const request = { text: 'go north', wait_ms: 0, workflow: 'collaborative' };
    const submit = async () => h.operations.submitTurn(await h.newSession(), request, LOCAL_OPERATOR);
    expect(await submit()).toMatchObject({ accepted: { eta_ms: null } });
    await serve(h, 100, 30);
    await look(h);
    const submitted = await submit();
    if (submitted.done) throw new Error('nobody works');
    const { eta_ms: etaMs, run_id: runId } = submitted.accepted;
    // Three steps, and the first turn's job waits at one of them.
    expect(etaMs).toBeGreaterThan(285);
    expect(etaMs).toBeLessThan(420);
    const { items } = await h.operations.listRunEvents(runId, { limit: 5 }, LOCAL_OPERATOR);
    expect(items[0]).toMatchObject({ type: 'run.accepted', data: { queued_behind: 0, eta_ms: etaMs } });
  });

  test('[R7.4] a fast turn that would be late asks no model at all, and says so', async () => {
    const { h, asked } = await busyFleet({ settings: TARGET });
    await using _ = h;
    const answer = await h.play(await h.newSession(), 'go north');
    expect(asked).toEqual([]);
    expect(answer.workflow_metadata).toMatchObject({ degraded_level: 1, degraded_reasons: ['sla_fallback'] });
    expect(answer.response_text).not.toBe(MODEL_STORY);
    const patient = await h.play(await h.newSession(), 'go north', { latency_mode: 'full' });
    expect(patient.response_text).toBe(MODEL_STORY);
  });

  test('makes no difference where scheduling is fixed', async () => {
    const { h, asked } = await busyFleet({ settings: { ...TARGET, 'workflow.scheduling': 'fixed' } });
    await using _ = h;
    const answer = await h.play(await h.newSession(), 'go north');
    expect(asked).toHaveLength(1);
    expect(answer.response_text).toBe(MODEL_STORY);
  });
});

describe('the status of the fleet', () => {
  test('is the same from every process: what is under way, what ended, and how', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const first = await h.newSession();
    for (const sessionId of [first, first, await h.newSession()]) await h.play(sessionId, 'look');
    await eventually(async () => expect((await h.operations.status()).request_count).toBe(3));
    const status = await h.operations.status();
    expect(status).toMatchObject({
      initialized: true,
      active_sessions: 2,
      active_runs: 0,
      error_count: 0,
      error_rate: 0,
      degraded_level: 0,
      components: { redis: { status: 'ok' }, nga: { status: 'ok', waiting: 0, workers: 1 } },
    });
    expect(status.avg_processing_ms).toBeGreaterThan(0);
  });

  test('loses what could not be written, and nothing else', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { store } = h.core;
    const lost: unknown[] = [];
    const samples = new ServiceTimes({ store, now: () => Date.now(), onLost: (error) => lost.push(error) });
    await store.redis.set(store.keys.serviceTimes('ipa', String(Math.floor(Date.now() / 60_000))), 'no hash');
    samples.add('ipa', 5, { isError: true });
    await samples.flush();
    expect(lost).toHaveLength(1);
  });

  test('counts what fails, says who is missing, and that no run is admitted', async () => {
    const settings = { 'workflow.max_open_runs': '1' };
    await using h = await startHarness({ redisUrl: redis.url, workers: [], settings });
    const runId = await h.submit(await h.newSession(), 'look');
    expect(await h.operations.status()).toMatchObject({
      initialized: false,
      active_runs: 1,
      degraded_level: 4,
      components: { ipa: { status: 'no_workers', waiting: 1, workers: 0 } },
    });
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    expect(await h.operations.status()).toMatchObject({ active_runs: 0, degraded_level: 0 });
  });
});
