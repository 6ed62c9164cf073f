import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { RunEvent } from '../../../src/contracts/run.ts';
import { NOTICE_EVERY_MS, noteStillWorking } from '../../../src/primitives/durable/still-working.ts';
import { agentsWith, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function stored(h: Harness, runId: string): Promise<RunEvent[]> {
  return (await h.operations.listRunEvents(runId, { limit: 500 }, LOCAL_OPERATOR)).items;
}

describe('how far a run is', () => {
  test('[R7.2] is told with every step, grows, and is 100 only at the end', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const answer = await h.play(await h.newSession(), 'go north');
    const { run_id: runId } = answer.workflow_metadata;
    const events = await h.eventsOf(runId);
    const told = events.filter(({ progress }) => progress !== undefined);
    expect(told.map(({ type, step, progress }) => [type, step, progress])).toEqual([
      ['step.completed', 'ipa', 33],
      ['step.completed', 'wba', 66],
      ['step.completed', 'nga', 99],
      ['run.completed', undefined, 100],
    ]);
    expect(events.every(({ data }) => !('progress' in (data ?? {})))).toBe(true);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ progress: 100 });
  });

  test('stands in the answer to who does not wait for the end, and stays when the run fails', async () => {
    const held = Promise.withResolvers<void>();
    const agents = agentsWith({
      nga: async () => {
        await held.promise;
        throw new Error('broken on purpose');
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north', { workflow: 'collaborative' });
    await h.eventOf(runId, 'step.started', 'nga');
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'running',
      progress: 66,
    });
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    held.resolve();
    expect(await h.ended(runId)).toMatchObject({ status: 'cancelled', progress: 66 });
  });
});

describe('a run that takes longer', () => {
  test('[R7.2] says 1.5 s after it could begin that it is still worked on, once', async () => {
    const held = Promise.withResolvers<void>();
    const agents = agentsWith({
      async nga(input, ctx, agent) {
        await held.promise;
        return agent.run(input, ctx);
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents });
    const runId = await h.submit(await h.newSession(), 'go north');
    const notice = await h.eventOf(runId, 'step.progress');
    expect(notice).toMatchObject({ step: 'nga', agent: 'nga', progress: 66, data: { stage: 'delayed' } });
    const elapsedMs = Number(notice.data!['elapsed_ms']);
    expect(elapsedMs).toBeGreaterThanOrEqual(1_490);
    // Somebody else who holds a step of the run says nothing a second time; later it does.
    const { store } = h.core;
    const told = { runId, path: 'wba', agent: 'wba' };
    const at = Date.parse(notice.at);
    expect(await noteStillWorking(store, { ...told, nowMs: at + 1_000 })).toBe(true);
    expect((await stored(h, runId)).filter(({ type }) => type === 'step.progress')).toHaveLength(1);
    expect(await noteStillWorking(store, { ...told, nowMs: at + NOTICE_EVERY_MS })).toBe(true);
    held.resolve();
    await h.ended(runId);
    expect(await noteStillWorking(store, { ...told, nowMs: at + 3 * NOTICE_EVERY_MS })).toBe(false);
    const notices = (await stored(h, runId)).filter(({ type }) => type === 'step.progress');
    expect(notices.map(({ step }) => step)).toEqual(['nga', 'wba']);
  });

  test('says so sixty times at most, so that its events keep what happened', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const runId = await h.submit(await h.newSession(), 'go north');
    const begin = Date.now();
    const goesOn: boolean[] = [];
    for (let n = 0; n < 62; n++) {
      const nowMs = begin + n * NOTICE_EVERY_MS;
      goesOn.push(await noteStillWorking(h.core.store, { runId, path: 'ipa', agent: 'ipa', nowMs }));
    }
    expect(goesOn.filter(Boolean)).toHaveLength(60);
    expect(goesOn.at(-1)).toBe(false);
    expect((await stored(h, runId)).filter(({ type }) => type === 'step.progress')).toHaveLength(60);
  });

  test('says nothing of a run that is not there', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const nobody = { runId: 'wf_01a1ff57-5e1e-7274-8a8e-6f35b0ac4d84', path: 'ipa', agent: 'ipa', nowMs: 0 };
    expect(await noteStillWorking(h.core.store, nobody)).toBe(false);
  });
});
