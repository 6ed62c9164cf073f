import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function completedBy(metricsUrl: unknown): Promise<number> {
  const text = await (await fetch(String(metricsUrl))).text();
  const line = /^agent_orchestration_jobs_completed_total\{[^}]*queue="nga"[^}]*\} (\d+)/m.exec(text);
  return Number(line?.[1] ?? 0);
}

describe('several processes of one role', () => {
  test('share its queue without any configuration, and each job is done by one of them', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['ipa', 'wba', 'flow', 'maintenance'],
    });
    await using processes = fleetProcesses(h, { 'agents.narrative_generator.concurrency': '1' });
    const narrators = await Promise.all([1, 2, 3].map(() => processes.start('worker', 'nga')));
    await eventually(async () => expect(await h.core.queues.get('nga')!.getWorkersCount()).toBe(3));

    const sessions = await Promise.all(Array.from({ length: 60 }, () => h.newSession()));
    const runs = await Promise.all(sessions.map((sessionId) => h.submit(sessionId, 'look around')));
    for (const runId of runs) expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    await h.quiet();
    const shares = await Promise.all(narrators.map(({ ready }) => completedBy(ready['metrics_url'])));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(60);
    for (const share of shares) expect(share).toBeGreaterThan(0);
  });

  test('come and go: one more is used at once, one less is missed by nobody', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['maintenance'] });
    await using processes = fleetProcesses(h);
    const first = await processes.start('worker', 'all');
    const sessionId = await h.newSession();
    await h.play(sessionId, 'go north');
    await processes.start('worker', 'all');
    first.signal('SIGTERM');
    await h.play(sessionId, 'go south');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    await h.play(sessionId, 'look');
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ turn: 3 });
  });

  test('an API process answers turns for a fleet of worker processes', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    await using processes = fleetProcesses(h);
    const [api] = await Promise.all([processes.start('api'), processes.start('worker', 'all')]);
    const response = await fetch(`${String(api.ready['url'])}/v1/sessions/me/turns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'go north', create_session: true, wait_ms: 20_000 }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ updated_context: { session_id: 'me', turn: 1 } });
    api.signal('SIGTERM');
    expect(await api.ended).toEqual({ code: 0, signal: null });
  });
});
