import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { startEmbeddedRedis } from '../../src/redis/embedded/start.ts';
import { eventually, startHarness, type Harness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** The other queues are worked on in the test's own process. */
const REST = ['ipa', 'wba', 'flow', 'maintenance'] as const;

async function stepJob(h: Harness, runId: string) {
  return (await h.core.queues.get('nga')!.getJob(`${runId}.nga`))!;
}

async function expectToldOnce(h: Harness, sessionId: string, runId: string): Promise<void> {
  expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
  expect(items.map((turn) => [turn.turn, turn.run_id])).toEqual([[1, runId]]);
  expect((await h.worldOf(sessionId))?.version).toBe(1);
  const completed = (await h.eventsOf(runId)).filter((event) => event.type === 'step.completed');
  expect(completed.map((event) => event.step)).toEqual(['ipa', 'wba', 'nga']);
  await h.quiet();
}

describe('a worker process that is told to stop', () => {
  test('puts its unfinished job back without using an attempt, and another worker finishes it', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: REST });
    await using processes = fleetProcesses(h, { 'shutdown.grace': '3' });
    const leaving = await processes.startOdd('worker', 'nga');
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north and hang around');
    await h.eventOf(runId, 'step.started', 'nga');

    leaving.signal('SIGTERM');
    expect(await leaving.ended).toEqual({ code: 0, signal: null });
    const job = await stepJob(h, runId);
    expect(await job.getState()).toBe('prioritized');
    expect(job.attemptsMade).toBe(0);

    await processes.start('worker', 'nga');
    await expectToldOnce(h, sessionId, runId);
    expect(await stepJob(h, runId)).toMatchObject({ attemptsMade: 1 });
    expect((await h.operations.getRun(runId, LOCAL_OPERATOR)).steps[2]).toMatchObject({ attempts: 1 });
  });

  test('takes nothing new and ends with 0 when it has nothing to do', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: REST });
    await using processes = fleetProcesses(h);
    const worker = await processes.start('worker', 'nga');
    await h.play(await h.newSession(), 'look');
    worker.signal('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    const runId = await h.submit(await h.newSession(), 'look');
    await h.eventOf(runId, 'step.completed', 'wba');
    await eventually(async () => expect(await (await stepJob(h, runId)).getState()).toBe('prioritized'));
    expect(await h.core.queues.get('nga')!.getWorkersCount()).toBe(0);
  });

  test('ends at once with 130 when told twice, and its job is finished by another worker', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: REST });
    await using processes = fleetProcesses(h, { 'shutdown.grace': '60' });
    const impatient = await processes.startOdd('worker', 'nga');
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north and hang around');
    await h.eventOf(runId, 'step.started', 'nga');
    impatient.signal('SIGTERM');
    // The first signal has arrived when the process has left the queue.
    await eventually(async () => expect(await h.core.queues.get('nga')!.getWorkersCount()).toBe(0));
    let ended: unknown;
    void impatient.ended.then((how) => (ended = how));
    // Signals that come together count as one, so it is told again until it obeys.
    await eventually(async () => {
      impatient.signal('SIGINT');
      expect(ended).toEqual({ code: 130, signal: null });
    }, 5_000);
    await processes.start('worker', 'nga');
    await expectToldOnce(h, sessionId, runId);
  });
});

describe('a worker process that is told to stop while Redis is away', () => {
  test.each(['hangs', 'is dead'])('ends with its grace although Redis %s, and loses nothing', async (how) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'ao-shutdown-'));
    await using server = await startEmbeddedRedis({ dataDir, persistent: true });
    await using h = await startHarness({ redisUrl: server.url, workers: [] });
    // A killed server has otherwise not yet written its last second.
    await h.core.store.redis.config('SET', 'appendfsync', 'always');
    await using processes = fleetProcesses(h, { 'shutdown.grace': '3' });
    const [rest, busy] = await Promise.all([
      processes.start('worker', 'ipa', 'wba', 'flow'),
      processes.startOdd('worker', 'nga'),
    ]);
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north and hang around');
    await h.eventOf(runId, 'step.started', 'nga');

    if (how === 'hangs') process.kill(server.pid, 'SIGSTOP');
    else await server.kill();
    const toldAt = performance.now();
    for (const worker of [rest, busy]) worker.signal('SIGTERM');
    for (const worker of [rest, busy]) expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(8_000);
    if (how === 'hangs') process.kill(server.pid, 'SIGCONT');
    else await server.restart();

    await eventually(async () => {
      expect(await h.operations.readiness()).toMatchObject({ status: 'ready' });
    });
    await processes.start('worker', 'all');
    await expectToldOnce(h, sessionId, runId);
  });
});

describe('a worker process that is killed', () => {
  test('[R2.2] in the middle of a step leaves it to another one, which finishes it once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: REST });
    await using processes = fleetProcesses(h);
    const victim = await processes.startOdd('worker', 'nga');
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north and hang around');
    await h.eventOf(runId, 'step.started', 'nga');
    await processes.start('worker', 'nga');
    victim.signal('SIGKILL');
    const killedAt = performance.now();
    await expectToldOnce(h, sessionId, runId);
    // A lock of one second, checked every second.
    expect(performance.now() - killedAt).toBeLessThan(8_000);
  });

  test('by its job again and again ends that run alone: worker_lost, a dead letter, and the fleet goes on', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: REST });
    await using processes = fleetProcesses(h, { 'queues.max_stalled_count': '1' });
    const deadly = await h.submit(await h.newSession(), 'die of laughter');
    for (let worker = 0; worker < 2; worker++) {
      // It may be dead before it could say that it is ready.
      const victim = await processes.startOdd('worker', 'nga').catch(() => null);
      if (victim !== null) expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    }
    await processes.startOdd('worker', 'nga');
    expect(await h.ended(deadly)).toMatchObject({
      status: 'failed',
      error: { code: 'worker_lost', path: 'nga' },
    });
    expect(await h.play(await h.newSession(), 'look')).toMatchObject({
      workflow_metadata: { status: 'completed' },
    });
    expect(await h.operations.listDeadLetters({ limit: 5 })).toEqual([
      expect.objectContaining({ dlq_id: `nga~${deadly}.nga`, reason: 'worker_lost' }),
    ]);
  });
});
