import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { commitStep } from '../../../src/primitives/durable/commit-step.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { deadlyPlans } from '../../support/deadly-plans.ts';
import { doing, effectCatalog, type EffectPlan } from '../../support/effect-plans.ts';
import { startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { fleetProcesses } from '../../support/processes.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let folder: string;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ao-effects-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

function harness(plans: Readonly<Record<string, EffectPlan>>, workers?: ['nga', 'flow']): Promise<Harness> {
  return startHarness({
    redisUrl: redis.url,
    catalog: effectCatalog(plans),
    settings: { 'workflow.temp_root': folder },
    ...(workers === undefined ? {} : { workers }),
  });
}

const own = (h: Harness, name: string): Promise<string | null> =>
  h.core.store.redis.get(h.core.store.keys.own(name));
/** How many effects the ledger of the run holds. */
const recorded = async (h: Harness, runId: string): Promise<number> =>
  Number((await h.core.store.redis.hget(h.core.store.keys.runEffects(runId), 'n')) ?? 0);

describe('the effects of a step', () => {
  test('of every kind happen once although two workers have it, and the late one changes nothing', async () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let calls = 0;
    const work = doing('work', async (ctx) => {
      const call = (calls += 1);
      ctx.effects.setKey('k', `by ${call}`);
      ctx.effects.deleteKey('d');
      ctx.effects.writeFile('f.txt', `by ${call}`);
      ctx.effects.onRollback('undo', call);
      if (call > 1) return call;
      begun.resolve();
      // It does not listen: only the lock stops it.
      await released.promise;
      return call;
    });
    await using h = await harness({ p: { steps: [work] } }, ['nga', 'flow']);
    const runId = await startPlan(h, 'p', 0);
    await begun.promise;
    await h.startWorkers(['nga']);
    expect(await h.core.store.redis.del(`${h.core.queues.get('nga')!.toKey(`${runId}.work`)}:lock`)).toBe(1);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 2 });
    const ledger = await h.core.store.redis.hgetall(h.core.store.keys.runEffects(runId));
    released.resolve();
    await h.quiet();
    expect(await h.core.store.redis.hgetall(h.core.store.keys.runEffects(runId))).toEqual(ledger);
    expect(await recorded(h, runId)).toBe(4);
    expect([await own(h, 'k'), readFileSync(join(folder, 'f.txt'), 'utf8')]).toEqual(['by 2', 'by 2']);
  });

  test('happen with the first of several deliveries that end together', async () => {
    await using h = await harness({ p: { steps: [doing('work', (ctx) => untilAbort(ctx.signal))] } });
    const runId = await startPlan(h, 'p', 0);
    await h.eventOf(runId, 'step.started', 'work');
    const record = (delivery: number) =>
      commitStep(h.core.store, {
        owner: { kind: 'run', runId, path: 'work', agent: 'nga' },
        lock: null,
        output: delivery,
        eventData: {},
        effects: {
          effects: [{ kind: 'redis_key', name: 'k', value: `by ${delivery}`, ttlMs: null }],
          savepoint: 'here',
        },
        nowMs: Date.now(),
      });
    expect(await Promise.all([1, 2, 3].map(record))).toEqual([
      { verdict: 'committed' },
      { verdict: 'recorded', output: 1 },
      { verdict: 'recorded', output: 1 },
    ]);
    expect([await own(h, 'k'), await recorded(h, runId)]).toEqual(['by 1', 1]);
  });

  test('do not happen when the step fails, and none of them when one is refused', async () => {
    const failing = doing('failing', (ctx) => {
      ctx.effects.setKey('a', '1');
      throw Object.assign(new Error('no'), { retryable: false });
    });
    const refused = doing('refused', (ctx) => {
      ctx.effects.setKey('a', '1');
      ctx.effects.setKey('list', '1');
    });
    await using h = await harness({ failing: { steps: [failing] }, refused: { steps: [refused] } });
    await h.core.store.redis.rpush(h.core.store.keys.own('list'), 'x');
    expect(await h.ended(await startPlan(h, 'failing', 0))).toMatchObject({ status: 'failed' });
    const runId = await startPlan(h, 'refused', 0);
    expect(await h.ended(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'effect_refused', message: expect.stringContaining('own:list') },
    });
    expect([await own(h, 'a'), await recorded(h, runId)]).toEqual([null, 0]);
  });

  test('a file outside of the folder is refused, whatever way leads there', async () => {
    symlinkSync(tmpdir(), join(folder, 'link'));
    const writing = (name: string, file: string) => ({
      steps: [doing(name, (ctx) => ctx.effects.writeFile(file, 'x'))] as const,
    });
    await using h = await harness({
      link: writing('link', 'link/x.txt'),
      above: writing('above', '../x.txt'),
      absolute: writing('absolute', '/x.txt'),
      inside: writing('inside', 'a/../b.txt'),
    });
    for (const name of ['link', 'above', 'absolute', 'inside']) {
      expect(await h.ended(await startPlan(h, name, 0)), name).toMatchObject({
        status: 'failed',
        error: { code: 'effect_refused' },
      });
    }
  });

  test('of a step whose run ended meanwhile are taken back: a file as it was', async () => {
    const ended = Promise.withResolvers<void>();
    const work = doing('work', async (ctx) => {
      ctx.effects.writeFile('f.txt', 'late');
      await untilAbort(ctx.signal).catch(() => ended.resolve());
    });
    await using h = await harness({ p: { steps: [work] } });
    const runId = await startPlan(h, 'p', 0);
    await h.eventOf(runId, 'step.started', 'work');
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await ended.promise;
    await h.quiet();
    expect(() => readFileSync(join(folder, 'f.txt'))).toThrow(/ENOENT/);
  });

  test('cost no round trip and leave no ledger where there are none', async () => {
    await using h = await harness({ p: { steps: [doing('work', () => undefined)] } });
    const runId = await startPlan(h, 'p', 0);
    await h.ended(runId);
    const { redis: client, keys } = h.core.store;
    expect(await client.exists(keys.runEffects(runId), keys.runOutput(runId, 'work'))).toBe(0);
    expect(await client.hexists(keys.run(runId), 'has_effects')).toBe(0);
  });

  test('go with the record of their run', async () => {
    await using h = await harness({ p: { steps: [doing('work', (ctx) => ctx.effects.setKey('k', '1'))] } });
    const runId = await startPlan(h, 'p', 0);
    await h.ended(runId);
    const { redis: client, keys } = h.core.store;
    const life = await client.ttl(keys.run(runId));
    expect(life).toBeGreaterThan(0);
    expect(Math.abs((await client.ttl(keys.runEffects(runId))) - life)).toBeLessThanOrEqual(1);
  });
});

describe('what a step remembers', () => {
  test('is not asked for again by a later attempt; a call that failed is', async () => {
    const asked: string[] = [];
    const work = doing('work', async (ctx) => {
      const said = await ctx.memo('said', async () => {
        asked.push(`said ${ctx.attempt}`);
        if (ctx.attempt === 1) throw new Error('unreadable');
        return 'an answer';
      });
      if (ctx.attempt === 2) throw new Error('after the answer');
      return said;
    });
    await using h = await harness({
      p: { steps: [work.retry({ maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 20 })] },
    });
    const runId = await startPlan(h, 'p', 0);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 'an answer' });
    expect(asked).toEqual(['said 1', 'said 2']);
    const { redis: client, keys } = h.core.store;
    expect(await client.ttl(keys.runOutput(runId, 'work'))).toBeGreaterThan(0);
  });

  test('a worker that has lost the step cannot add to it', async () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let calls = 0;
    const work = doing('work', async (ctx) => {
      const call = (calls += 1);
      if (call === 1) {
        begun.resolve();
        await released.promise;
      }
      return ctx.memo(call === 1 ? 'late' : 'said', async () => `by ${call}`);
    });
    await using h = await harness({ p: { steps: [work] } }, ['nga', 'flow']);
    const runId = await startPlan(h, 'p', 0);
    await begun.promise;
    await h.core.store.redis.del(`${h.core.queues.get('nga')!.toKey(`${runId}.work`)}:lock`);
    await h.startWorkers(['nga']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 'by 2' });
    released.resolve();
    await h.quiet();
    expect(await h.core.store.redis.hgetall(h.core.store.keys.runOutput(runId, 'work'))).toEqual({
      said: '"by 2"',
    });
  });

  test('survives the kill of its process between the answer and the result: the model is asked once', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['flow', 'maintenance'],
      catalog: deadlyPlans(folder),
    });
    await using processes = fleetProcesses(h);
    const first = await processes.startDeadly(folder, 'worker', 'nga');
    const runId = await startPlan(h, 'asks', 0);
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await processes.startDeadly(folder, 'worker', 'nga');
    expect(await h.ended(runId)).toMatchObject({
      status: 'completed',
      output: { text: 'an answer', at: first.pid },
    });
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('asked\n');
  });
});

describe('a rollback', () => {
  test('whose process is killed in the middle is finished by another, and nothing is undone twice', async () => {
    const catalog = deadlyPlans(folder);
    await using h = await startHarness({ redisUrl: redis.url, workers: ['nga'], catalog });
    const { redis: client, keys } = h.core.store;
    await client.mset(keys.own('one'), 'old', keys.own('two'), 'old');
    await using processes = fleetProcesses(h);
    const first = await processes.startDeadly(folder, 'worker', 'flow');
    const runId = await startPlan(h, 'undoes', 0);
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
    // One is undone, two are not.
    expect([await own(h, 'one'), await own(h, 'two')]).toEqual(['new', 'old']);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'compensating' });
    // Were it undone again, this would be taken for ours.
    await client.set(keys.own('two'), 'new');
    await processes.startDeadly(folder, 'worker', 'flow');
    expect(await h.ended(runId)).toMatchObject({ status: 'rolled_back', error: { code: 'step_failed' } });
    expect([await own(h, 'one'), await own(h, 'two')]).toEqual(['old', 'new']);
    // The one that was under way is called again, with the same key.
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    expect(calls).toEqual(['refund 5 .pay~undo.2', 'refund 5 .pay~undo.2']);
    const { history } = await h.operations.rollbackHistory(runId, LOCAL_OPERATOR);
    expect(history.filter(({ kind }) => kind === 'rollback')).toMatchObject([
      { trigger: 'auto', executed: 2, skipped: 1, outcome: 'complete' },
    ]);
  });
});
