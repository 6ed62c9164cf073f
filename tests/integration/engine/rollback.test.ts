import { mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { NgaInput } from '../../../src/contracts/narrative.ts';
import { beginRollback } from '../../../src/primitives/durable/begin-rollback.ts';
import { saga } from '../../../src/primitives/compose/combine.ts';
import { noteFiles } from '../../../src/primitives/durable/note-files.ts';
import { digestOf } from '../../../src/primitives/effects/temp-files.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { broken, doing, effectCatalog, type EffectPlan } from '../../support/effect-plans.ts';
import { agentsWith, quickCatalog, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let folder: string;
beforeAll(async () => {
  redis = await acquireRedis();
  folder = mkdtempSync(join(tmpdir(), 'ao-rollback-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await redis.dispose();
});

function harness(plans: Readonly<Record<string, EffectPlan>>): Promise<Harness> {
  return startHarness({
    redisUrl: redis.url,
    catalog: effectCatalog(plans),
    settings: { 'workflow.temp_root': folder },
  });
}

const rollBack = (h: Harness, runId: string, request = {}) =>
  h.operations.rollbackRun(runId, request, LOCAL_OPERATOR);
const historyOf = async (h: Harness, runId: string) =>
  (await h.operations.rollbackHistory(runId, LOCAL_OPERATOR)).history;
const own = (h: Harness, name: string): Promise<string | null> =>
  h.core.store.redis.get(h.core.store.keys.own(name));
const set = (h: Harness, name: string, value: string) =>
  h.core.store.redis.set(h.core.store.keys.own(name), value);
const setting = (name: string, value: string, options = {}) =>
  doing(`set_${name}_${value}`, (ctx) => ctx.effects.setKey(name, value), options);

describe('rolling back a turn', () => {
  test('returns the player and removes the turn; the second time executes nothing', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    await h.play(sessionId, 'go north');
    const before = await h.worldOf(sessionId);
    const session = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    const moved = await h.play(sessionId, 'go south, I feel so sad');
    expect((await h.worldOf(sessionId))?.player.location_id).not.toBe(before?.player.location_id);
    const runId = moved.workflow_metadata.run_id;

    expect(await rollBack(h, runId, { reason: 'a mistake' })).toEqual({
      ok: true,
      savepoint: 'start',
      executed: 2,
      skipped: 0,
      errors: [],
    });
    const after = await h.worldOf(sessionId);
    expect(after).toEqual({ ...before, version: after!.version });
    expect(after!.version).toBeGreaterThan(before!.version);
    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.map(({ turn }) => turn)).toEqual([1]);
    expect(await h.operations.getSession(sessionId, LOCAL_OPERATOR)).toMatchObject({
      turn: 1,
      emotional_state: session.emotional_state,
    });
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'rolled_back',
      rolled_back_to: 'start',
    });

    expect(await rollBack(h, runId)).toMatchObject({ ok: true, executed: 0, skipped: 2 });
    expect(await historyOf(h, runId)).toMatchObject([
      { executed: 0, skipped: 2, outcome: 'complete' },
      { executed: 2, trigger: 'manual', actor: LOCAL_OPERATOR.id, reason: 'a mistake', outcome: 'complete' },
    ]);
    expect((await h.eventsOf(runId)).at(-1)).toMatchObject({
      type: 'run.rolled_back',
      data: { savepoint: 'start', trigger: 'manual', executed: 2, errors: 0, outcome: 'complete' },
    });
    // The story goes on from there.
    expect((await h.play(sessionId, 'go south')).updated_context.turn).toBe(2);
  });

  test('leaves what a later turn has built on, and says so', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const first = (await h.play(sessionId, 'go north')).workflow_metadata.run_id;
    await h.play(sessionId, 'go south');
    const world = await h.worldOf(sessionId);
    const result = await rollBack(h, first);
    expect(result).toMatchObject({ ok: false, executed: 0 });
    expect(result.errors.map(({ code, kind }) => `${code} ${kind}`)).toEqual([
      'undo_conflict session_turn',
      'undo_conflict world_patch',
    ]);
    expect(await h.worldOf(sessionId)).toEqual(world);
    expect(await h.operations.getRun(first, LOCAL_OPERATOR)).toMatchObject({ status: 'completed' });
    expect(await historyOf(h, first)).toMatchObject([{ outcome: 'partial', errors: result.errors }]);
  });

  test('is not done for a turn that failed: its dead letter can be replayed', async () => {
    let fails = true;
    const agents = agentsWith({
      async nga(input, ctx, agent) {
        if (fails) throw Object.assign(new Error('no words'), { retryable: false });
        return agent.run(input, ctx);
      },
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    const moved = await h.worldOf(sessionId);
    expect(moved).toMatchObject({ version: 1 });
    expect(await historyOf(h, runId)).toEqual([]);
    fails = false;
    const [letter] = await h.operations.listDeadLetters({ limit: 5 });
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    await h.eventOf(runId, 'run.completed');
    expect(await h.worldOf(sessionId)).toEqual(moved);
  });

  test('that failed makes it impossible to resume it', async () => {
    const agents = agentsWith({
      nga: () => Promise.reject(Object.assign(new Error('no words'), { retryable: false })),
    });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog() });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north');
    await h.ended(runId);
    expect(await rollBack(h, runId)).toMatchObject({ executed: 1 });
    const [letter] = await h.operations.listDeadLetters({ limit: 5 });
    await expect(h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_rolled_back',
      httpStatus: 409,
    });
  });
});

describe('a run that does not complete', () => {
  const steps = [setting('a', '1'), setting('b', '1', { savepoint: 'half' }), setting('a', '2')] as const;

  test.each([
    [undefined, 'rolled_back', { a: 'old', b: null }, 3],
    ['keep', 'failed', { a: '2', b: '1' }, null],
    ['savepoint:half', 'failed', { a: '1', b: '1' }, 1],
  ] as const)('with onFailure %s ends as %s', async (onFailure, status, kept, executed) => {
    await using h = await harness({
      work: { steps: [...steps, broken], ...(onFailure === undefined ? {} : { onFailure }) },
    });
    await set(h, 'a', 'old');
    const runId = await startPlan(h, 'work', 1);
    const run = await h.ended(runId);
    expect(run).toMatchObject({ status, error: { code: 'step_failed' } });
    expect({ a: await own(h, 'a'), b: await own(h, 'b') }).toEqual(kept);
    const events = (await h.eventsOf(runId)).map(({ type }) => type);
    expect(events.at(-1)).toBe('run.failed');
    expect(events.filter((type) => type === 'run.rolled_back')).toHaveLength(executed === null ? 0 : 1);
    expect(await historyOf(h, runId)).toMatchObject(
      executed === null ? [] : [{ trigger: 'auto', actor: 'system', executed, errors: [] }],
    );
    expect(run.rolled_back_to).toBe(executed === null ? undefined : executed === 3 ? 'start' : 'half');
    await h.quiet();
  });

  test('before it reached its savepoint is rolled back to its start', async () => {
    const late = doing('late', () => undefined, { savepoint: 'late' });
    await using h = await harness({
      work: { steps: [setting('a', '1'), broken, late], onFailure: 'savepoint:late' },
    });
    expect(await h.ended(await startPlan(h, 'work', 1))).toMatchObject({ status: 'rolled_back' });
    expect(await own(h, 'a')).toBeNull();
  });

  test('and has done nothing ends as it always did', async () => {
    await using h = await harness({
      work: { steps: [doing('nothing', () => undefined, { savepoint: true }), broken] },
    });
    const runId = await startPlan(h, 'work', 1);
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    expect(await historyOf(h, runId)).toEqual([]);
  });

  test('and whose saga has undone something itself is back at its start all the same', async () => {
    const order = saga<unknown>('order')
      .step(setting('a', '1'), { compensate: setting('a', 'undone') })
      .step(broken)
      .build();
    await using h = await harness({ work: { steps: [setting('a', '0'), order] } });
    await set(h, 'a', 'old');
    const runId = await startPlan(h, 'work', 1);
    expect(await h.ended(runId)).toMatchObject({ status: 'rolled_back' });
    expect(await own(h, 'a')).toBe('old');
    expect(await historyOf(h, runId)).toMatchObject([{ executed: 3 }]);
    expect(await h.operations.whyRun(runId, LOCAL_OPERATOR)).toMatchObject({
      reasons: [{ kind: 'ended', what_changes_it: 'nothing' }],
    });
  });

  test('because it was cancelled is rolled back before anybody is told that it ended', async () => {
    const hang = doing('hang', (ctx) => untilAbort(ctx.signal));
    await using h = await harness({ work: { steps: [setting('a', '1'), hang] } });
    const runId = await startPlan(h, 'work', 1);
    await h.eventOf(runId, 'step.started', 'hang');
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await h.eventOf(runId, 'run.cancelled');
    expect(await own(h, 'a')).toBeNull();
    expect(await h.ended(runId)).toMatchObject({ status: 'rolled_back', error: { code: 'cancelled' } });
    await h.quiet();
  });

  test('within its second ends in three, and what it did is undone', async () => {
    const slow = doing('slow', (ctx) => untilAbort(ctx.signal));
    await using h = await harness({ work: { steps: [setting('a', '1'), slow], timeoutMs: 1000 } });
    const startedAt = performance.now();
    const runId = await startPlan(h, 'work', 1);
    await h.eventOf(runId, 'run.timed_out');
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(await h.ended(runId)).toMatchObject({
      status: 'rolled_back',
      error: { code: 'deadline_exceeded' },
    });
    expect(await own(h, 'a')).toBeNull();
  });

  test('is undone before the next turn of its session looks at the world', async () => {
    const seen: unknown[] = [];
    const [collaborative] = [quickCatalog().latest('collaborative')];
    const agents = agentsWith({
      async wba(input, ctx, agent) {
        const output = (await agent.run(input, ctx)) as { world_state: { location: unknown } };
        seen.push(JSON.stringify(output.world_state.location));
        return output;
      },
      async nga(input, ctx, agent) {
        if ((input as NgaInput).player_text.includes('north')) {
          throw Object.assign(new Error('no words'), { retryable: false });
        }
        return agent.run(input, ctx);
      },
    });
    const { onFailure: _keep, ...undone } = collaborative;
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog: createCatalog([undone]) });
    const sessionId = await h.newSession();
    const fails = await h.submit(sessionId, 'go north');
    const next = await h.submit(sessionId, 'look around');
    expect(await h.ended(fails)).toMatchObject({ status: 'rolled_back' });
    expect(await h.ended(next)).toMatchObject({ status: 'completed' });
    const world = await h.worldOf(sessionId);
    expect(world?.player.location_id).not.toBe('mountain_path');
    expect(seen).toHaveLength(2);
    expect(seen[1]).not.toEqual(seen[0]);
  });
});

describe('rolling back by hand', () => {
  test('to a savepoint keeps it and everything before, and later to the start undoes the rest', async () => {
    const calls: unknown[] = [];
    writeFileSync(join(folder, 'kept.txt'), 'as it was');
    await using h = await harness({
      work: {
        steps: [
          doing('first', (ctx) => {
            ctx.effects.setKey('k', 'one');
            ctx.effects.onRollback('refund', { amount: 5 });
            ctx.effects.writeFile('kept.txt', 'changed');
          }),
          doing('second', (ctx) => ctx.effects.setKey('k', 'two'), { savepoint: 'paid' }),
          doing('third', (ctx) => {
            ctx.effects.deleteKey('k');
            ctx.effects.writeFile('deep/new.txt', 'new');
            ctx.effects.onRollback('refund', { amount: 7 });
          }),
        ],
        compensators: {
          refund: async (args, ctx) => {
            calls.push([args, ctx.path, ctx.idempotencyKey.startsWith(`${ctx.runId}.${ctx.path}~undo.`)]);
          },
        },
      },
    });
    const runId = await startPlan(h, 'work', 1);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    expect(readFileSync(join(folder, 'deep/new.txt'), 'utf8')).toBe('new');
    expect(await rollBack(h, runId, { savepoint: 'paid' })).toMatchObject({ ok: true, executed: 3 });
    expect(await own(h, 'k')).toBe('two');
    expect(existsSync(join(folder, 'deep/new.txt'))).toBe(false);
    expect(readFileSync(join(folder, 'kept.txt'), 'utf8')).toBe('changed');
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'completed',
      rolled_back_to: 'paid',
    });
    expect(await rollBack(h, runId)).toMatchObject({ ok: true, executed: 4, skipped: 3 });
    expect(await own(h, 'k')).toBeNull();
    expect(readFileSync(join(folder, 'kept.txt'), 'utf8')).toBe('as it was');
    expect(calls).toEqual([
      [{ amount: 7 }, 'third', true],
      [{ amount: 5 }, 'first', true],
    ]);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'rolled_back' });
    expect((await h.metrics.render()).body).toMatch(
      /workflow_rollbacks_total\{trigger="manual",outcome="complete"\S* 2\n/,
    );
  });

  test('leaves what another run has changed since and what nobody knows how to undo; the rest is undone', async () => {
    await using h = await harness({
      one: {
        steps: [
          setting('mine', '1'),
          setting('shared', '1'),
          doing('ask', (ctx) => ctx.effects.onRollback('gone')),
        ],
      },
      other: { steps: [setting('shared', '2')] },
    });
    const runId = await startPlan(h, 'one', 1);
    await h.ended(runId);
    await h.ended(await startPlan(h, 'other', 1));
    const result = await rollBack(h, runId);
    expect(result).toMatchObject({ ok: false, executed: 1 });
    expect(result.errors).toMatchObject([
      { code: 'undo_unavailable', kind: 'compensator', step: 'ask' },
      { code: 'undo_conflict', kind: 'redis_key', step: 'set_shared_1' },
    ]);
    expect([await own(h, 'mine'), await own(h, 'shared')]).toEqual([null, '2']);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'completed' });
    // What stands in the way may go away.
    await set(h, 'shared', '1');
    expect(await rollBack(h, runId)).toMatchObject({ ok: false, executed: 1, skipped: 1 });
    expect(await own(h, 'shared')).toBeNull();
  });

  test('is refused while another does it, for an open run, and for what does not exist', async () => {
    const inside = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await using h = await harness({
      work: {
        steps: [setting('a', '1'), doing('ask', (ctx) => ctx.effects.onRollback('slow'))],
        compensators: {
          slow: () => {
            inside.resolve();
            return release.promise;
          },
        },
      },
      hangs: {
        steps: [setting('b', '1', { savepoint: 'b' }), doing('hang', (ctx) => untilAbort(ctx.signal))],
      },
    });
    const runId = await startPlan(h, 'work', 1);
    await h.ended(runId);
    const first = rollBack(h, runId);
    await inside.promise;
    await expect(rollBack(h, runId)).rejects.toMatchObject({ code: 'rollback_in_progress', httpStatus: 409 });
    release.resolve();
    expect(await first).toMatchObject({ ok: true, executed: 2 });
    await expect(rollBack(h, runId, { savepoint: 'never' })).rejects.toMatchObject({
      code: 'savepoint_not_found',
      httpStatus: 404,
    });
    await expect(rollBack(h, 'wf_none')).rejects.toMatchObject({ code: 'run_not_found', httpStatus: 404 });
    await expect(historyOf(h, 'wf_none')).rejects.toMatchObject({ code: 'run_not_found' });

    const open = await startPlan(h, 'hangs', 1);
    await h.eventOf(open, 'step.started', 'hang');
    await expect(rollBack(h, open)).rejects.toMatchObject({ code: 'run_active', httpStatus: 409 });
    await expect(rollBack(h, open, { cancel: true, savepoint: 'x' })).rejects.toMatchObject({
      code: 'savepoint_not_found',
    });
    expect(await own(h, 'b')).toBe('1');
    // Its workflow would go back to the start; who asks for a savepoint gets that.
    expect(await rollBack(h, open, { cancel: true, savepoint: 'b' })).toMatchObject({
      ok: true,
      executed: 0,
    });
    expect(await own(h, 'b')).toBe('1');
    expect(await h.ended(open)).toMatchObject({ status: 'cancelled' });
    expect(await rollBack(h, open, { cancel: true })).toMatchObject({ ok: true, executed: 1 });
    expect(await own(h, 'b')).toBeNull();
  });

  test('of an open run cancels it first and tells what was undone when it ended', async () => {
    await using h = await harness({
      hangs: {
        steps: [setting('b', '1'), doing('hang', (ctx) => untilAbort(ctx.signal))],
        onFailure: 'keep',
      },
    });
    const open = await startPlan(h, 'hangs', 1);
    await h.eventOf(open, 'step.started', 'hang');
    expect(await rollBack(h, open, { cancel: true, reason: 'wrong' })).toMatchObject({
      ok: true,
      executed: 1,
    });
    expect(await historyOf(h, open)).toMatchObject([{ trigger: 'manual', reason: 'wrong', executed: 1 }]);
    expect(await h.ended(open)).toMatchObject({ status: 'rolled_back', error: { code: 'cancelled' } });
    expect(await own(h, 'b')).toBeNull();
  });

  test('goes on where one was left whose process died, and that one changes nothing more', async () => {
    await using h = await harness({ work: { steps: [setting('a', '1'), setting('b', '1')] } });
    const runId = await startPlan(h, 'work', 1);
    await h.ended(runId);
    // Somebody begins and is never heard of again.
    const gone = { runId, savepoint: 'start', token: 'gone', leaseMs: 300, isEnding: false };
    expect(await beginRollback(h.core.store, gone)).toMatchObject({ verdict: 'begun' });
    await expect(rollBack(h, runId)).rejects.toMatchObject({ code: 'rollback_in_progress' });
    const { redis: client, keys } = h.core.store;
    await client.del(keys.runRollback(runId));
    expect(await rollBack(h, runId)).toMatchObject({ ok: true, executed: 2 });
  });

  test('puts a file back as it was before the first of several attempts wrote it', async () => {
    const file = join(folder, 'twice.txt');
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['flow'],
      catalog: effectCatalog({
        work: { steps: [doing('write', (ctx) => ctx.effects.writeFile('twice.txt', 'second'))] },
      }),
      settings: { 'workflow.temp_root': folder },
    });
    const { store } = h.core;
    const runId = await startPlan(h, 'work', 1);
    // A worker that died after it had written, and before the result was recorded.
    const lock = { key: `${store.keys.prefix}:test-lock`, token: 'first' };
    await store.redis.set(lock.key, lock.token);
    const files = [{ file: 'twice.txt', before: null, digest: digestOf(Buffer.from('first')) }];
    const noted = { runId, path: 'write', lock, files, nowMs: Date.now() };
    expect(await noteFiles(store, noted)).toMatchObject({ verdict: 'noted' });
    expect(await noteFiles(store, { ...noted, lock: { ...lock, token: 'other' } })).toMatchObject({
      verdict: 'fenced',
    });
    writeFileSync(file, 'first');
    await h.startWorkers(['nga']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
    expect(readFileSync(file, 'utf8')).toBe('second');
    writeFileSync(file, 'by somebody else');
    expect(await rollBack(h, runId)).toMatchObject({ errors: [{ code: 'undo_conflict', kind: 'file' }] });
    writeFileSync(file, 'first');
    expect(await rollBack(h, runId)).toMatchObject({ ok: true, executed: 1 });
    expect(existsSync(file)).toBe(false);
  });

  test('restores a key with the life it had left', async () => {
    await using h = await harness({
      work: { steps: [doing('short', (ctx) => ctx.effects.setKey('t', 'new', { ttlSeconds: 50 }))] },
    });
    const { redis: client, keys } = h.core.store;
    await client.set(keys.own('t'), 'old', 'EX', 1000);
    const runId = await startPlan(h, 'work', 1);
    await h.ended(runId);
    expect(await client.ttl(keys.own('t'))).toBeLessThanOrEqual(50);
    await rollBack(h, runId);
    expect(await own(h, 't')).toBe('old');
    const left = await client.ttl(keys.own('t'));
    expect(left).toBeGreaterThan(900);
    expect(left).toBeLessThanOrEqual(1000);
  });
});
