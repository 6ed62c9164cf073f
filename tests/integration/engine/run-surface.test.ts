import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR, type Caller, type Role } from '../../../src/contracts/caller.ts';
import type { RunFilter } from '../../../src/contracts/run-list.ts';
import type { StartRun } from '../../../src/contracts/turn.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { step } from '../../../src/primitives/compose/combine.ts';
import { trimRunIndex } from '../../../src/primitives/durable/trim-run-index.ts';
import { planCatalog } from '../../support/durable-runner.ts';
import { agentsWith, quickCatalog, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const UNATTENDED = { workers: [] };
const STEPS_AND_FLOW = ['ipa', 'wba', 'nga', 'flow'] as const;
const caller = (id: string, role: Role, userId?: string): Caller => ({
  id,
  roles: new Set([role]),
  ...(userId === undefined ? {} : { user_id: userId }),
});

async function start(
  h: Harness,
  request: Partial<StartRun> = {},
  by: Caller = LOCAL_OPERATOR,
  workflow = 'input_processing',
): Promise<string> {
  const submitted = await h.operations.startRun(workflow, { input: { text: 'look around' }, ...request }, by);
  return submitted.done ? submitted.response.workflow_metadata.run_id! : submitted.accepted.run_id;
}

/** All pages of a list, and how many there were. */
async function listAll(h: Harness, filter: Partial<RunFilter> = {}, by: Caller = LOCAL_OPERATOR) {
  const ids: string[] = [];
  let after: RunFilter['after'];
  for (let pages = 1; ; pages++) {
    const { items, next } = await h.operations.listRuns({ limit: 50, ...filter, after }, by);
    ids.push(...items.map(({ run_id }) => run_id));
    if (next === null) return { ids, pages };
    after = next;
  }
}

const told = step({
  name: 'told',
  queue: 'ipa',
  input: z.unknown(),
  output: z.unknown(),
  run: async (_, { baggage, tags, causationId, state }) => ({
    baggage,
    tags,
    causation_id: causationId,
    state,
  }),
});

describe('the list of runs', () => {
  test('is newest first, in pages that neither repeat nor leave out when runs are added meanwhile', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const started: string[] = [];
    for (let i = 0; i < 7; i++) started.push(await start(h));
    const first = await h.operations.listRuns({ limit: 3 }, LOCAL_OPERATOR);
    await start(h);
    const second = await h.operations.listRuns({ limit: 3, after: first.next! }, LOCAL_OPERATOR);
    const third = await h.operations.listRuns({ limit: 3, after: second.next! }, LOCAL_OPERATOR);
    const seen = [first, second, third].flatMap(({ items }) => items.map(({ run_id }) => run_id));
    expect(seen).toEqual(expectedOrder(await times(h, started)));
    expect(third.next).toBeNull();
    expect(await listAll(h, { limit: 2 })).toMatchObject({ pages: 4 });
  });

  test('goes on after a run whose entry is gone meanwhile', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    for (let i = 0; i < 4; i++) await start(h);
    const { ids } = await listAll(h);
    const { next } = await h.operations.listRuns({ limit: 2 }, LOCAL_OPERATOR);
    const at = await h.core.store.redis.zscore(h.core.store.keys.runIndex(), ids[1]!);
    await h.core.store.redis.zrem(h.core.store.keys.runIndex(), ids[1]!);
    const rest = await h.operations.listRuns({ limit: 5, after: next! }, LOCAL_OPERATOR);
    const equallyOld = rest.items.filter(({ created_at }) => Date.parse(created_at) === Number(at));
    expect(rest.items.map(({ run_id }) => run_id).slice(equallyOld.length)).toEqual(
      ids.slice(2 + equallyOld.length),
    );
  });

  test('filters by workflow, status, session, user and time', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const sessionId = await h.newSession();
    const plain = await start(h);
    const turn = await h.submit(sessionId, 'go north');
    const forUser = await start(h, { user_id: 'u7' });
    await h.operations.cancelRun(plain, {}, LOCAL_OPERATOR);
    const only = async (filter: Partial<RunFilter>) => (await listAll(h, filter)).ids;
    expect(await only({ workflow: 'collaborative' })).toEqual([turn]);
    expect(await only({ status: 'cancelled' })).toEqual([plain]);
    expect(await only({ session_id: sessionId })).toEqual([turn]);
    expect(await only({ session_id: sessionId, status: 'failed' })).toEqual([]);
    expect(await only({ user_id: 'u7' })).toEqual([forUser]);
    const { items } = await h.operations.listRuns({ limit: 9 }, LOCAL_OPERATOR);
    const at = Date.parse(items.at(-1)!.created_at);
    expect(await only({ until: at - 1 })).toEqual([]);
    expect(await only({ since: at })).toHaveLength(3);
    expect(await only({ since: Date.now() + 1000 })).toEqual([]);
    expect(items.find(({ run_id }) => run_id === turn)).toMatchObject({ session_id: sessionId, error: null });
    expect(items[0]).not.toHaveProperty('output');
  });

  test('admits no run that would fail for want of a session, alone, in bulk or by a schedule', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const refusal = {
      code: 'session_required',
      problems: [expect.objectContaining({ path: '/session_id' })],
    };
    const input = { text: 'look' };
    for (const workflow of ['world_building', 'collaborative']) {
      const started = h.operations.startRun(workflow, { input }, LOCAL_OPERATOR);
      await expect(started).rejects.toMatchObject(refusal);
      const put = h.operations.putSchedule('daily', { workflow, input, every_ms: 60_000 }, LOCAL_OPERATOR);
      await expect(put).rejects.toMatchObject(refusal);
    }
    const request = { items: [{ input }], atomic: false };
    const bulk = await h.operations.startRuns('collaborative', request, LOCAL_OPERATOR);
    expect(JSON.stringify(bulk)).toContain('session_required');
    expect((await listAll(h)).ids).toEqual([]);
  });

  test('shows players and services their own runs only, readers all, but not what was said', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const mine = await start(h, { metadata: { text: 'private words' } }, caller('a', 'enqueue'));
    const other = await start(h, {}, caller('b', 'enqueue'));
    const players = await start(h, {}, caller('k', 'user', 'u1'));
    const seenBy = async (by: Caller) => (await listAll(h, {}, by)).ids;
    expect(await seenBy(caller('a', 'enqueue'))).toEqual([mine]);
    expect(await seenBy(caller('other-key', 'user', 'u1'))).toEqual([players]);
    expect(await seenBy(caller('a', 'user'))).toEqual([]);
    expect(new Set(await seenBy(caller('r', 'read')))).toEqual(new Set([mine, other, players]));
    const { items } = await h.operations.listRuns({ limit: 9 }, caller('r', 'read'));
    expect(JSON.stringify(items)).not.toContain('private words');
    const own = await h.operations.listRuns({ limit: 9 }, caller('a', 'enqueue'));
    expect(own.items[0]?.metadata).toEqual({ text: 'private words' });
  });

  test('looks at no more than 5,000 runs for one page, and goes on from there', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const oldest = await start(h);
    const { redis: client, keys } = h.core.store;
    const entries = Array.from({ length: 6000 }, (_, i) => [String(Date.now() + i), `wf_gone-${i}`]).flat();
    await client.zadd(keys.runIndex(), ...entries);
    const first = await h.operations.listRuns({ limit: 10 }, LOCAL_OPERATOR);
    expect(first).toMatchObject({ items: [], next: { id: 'wf_gone-1000' } });
    const second = await h.operations.listRuns({ limit: 10, after: first.next! }, LOCAL_OPERATOR);
    expect(second.items.map(({ run_id }) => run_id)).toEqual([oldest]);
    expect(second.next).toBeNull();
  });

  test('its index loses runs whose records have expired, and only those', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const open = await start(h);
    const gone = await start(h);
    const { store } = h.core;
    await store.redis.del(store.keys.run(gone));
    const nowMs = Date.now();
    expect(await trimRunIndex(store, { nowMs, retentionSeconds: 60 })).toBe(0);
    const later = nowMs + (60 + 7200) * 1000 + 10_000;
    expect(await trimRunIndex(store, { nowMs: later, retentionSeconds: 60 })).toBe(1);
    expect(await store.redis.zrange(store.keys.runIndex(), '0', '-1')).toEqual([open]);
  });
});

async function times(h: Harness, ids: readonly string[]): Promise<[string, number][]> {
  const scores = await h.core.store.redis.zmscore(h.core.store.keys.runIndex(), ...ids);
  return ids.map((id, i) => [id, Number(scores[i])]);
}

/** Newest first; runs of the same millisecond by their ids. */
function expectedOrder(runs: readonly [string, number][]): string[] {
  return [...runs].sort(([a, at], [b, bt]) => bt - at || (a < b ? 1 : -1)).map(([id]) => id);
}

describe('the metadata of a run', () => {
  test('is merged key by key; null removes one', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const runId = await start(h, { metadata: { a: 1, b: { c: 2 }, list: [] } });
    const patch = { b: { d: 3 }, a: null, e: [] };
    const changed = await h.operations.updateRunMetadata(runId, patch, LOCAL_OPERATOR);
    expect(changed.metadata).toEqual({ b: { d: 3 }, e: [], list: [] });
    expect((await h.operations.listRuns({ limit: 1 }, LOCAL_OPERATOR)).items[0]?.metadata).toEqual(
      changed.metadata,
    );
  });

  test('loses nothing when many write at once', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const runId = await start(h);
    const keys = Array.from({ length: 25 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => h.operations.updateRunMetadata(runId, { [key]: 1 }, LOCAL_OPERATOR)));
    const { metadata } = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect(Object.keys(metadata).sort()).toEqual(keys.sort());
  });

  test('stays within 16 KiB, belongs to its owner, and steps go on seeing what the run was started with', async () => {
    const seen: unknown[] = [];
    const agents = agentsWith({
      ipa: (input, ctx, agent) => (seen.push(input), agent.run(input, ctx)),
    });
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED, agents });
    const runId = await start(h, { metadata: { a: 'x' } }, caller('a', 'enqueue'));
    const change = (patch: object, by: Caller) =>
      h.operations.updateRunMetadata(runId, patch as Record<string, unknown>, by);
    await change({ big: 'x'.repeat(9000) }, caller('a', 'enqueue'));
    await expect(change({ big2: 'x'.repeat(9000) }, caller('a', 'enqueue'))).rejects.toMatchObject({
      code: 'validation_failed',
    });
    for (const stranger of [caller('b', 'enqueue'), caller('r', 'read'), caller('u', 'user', 'u1')]) {
      await expect(change({ a: 1 }, stranger)).rejects.toMatchObject({ code: 'run_not_found' });
    }
    await change({ a: 'changed' }, caller('o', 'operate'));
    const { redis: client, keys } = h.core.store;
    expect(JSON.parse((await client.hget(keys.run(runId), 'metadata'))!)).toEqual({ a: 'x' });
    await h.startWorkers(['ipa', 'flow']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', metadata: { a: 'changed' } });
    expect(seen).toHaveLength(1);
  });

  test('of a run that is not there cannot be changed', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const change = h.operations.updateRunMetadata('wf_nothing', { a: 1 }, LOCAL_OPERATOR);
    await expect(change).rejects.toMatchObject({ code: 'run_not_found' });
    // Nothing was made of it.
    expect(await h.core.store.redis.exists(h.core.store.keys.run('wf_nothing'))).toBe(0);
  });
});

/** An ipa that fails until it is mended. */
function breakable() {
  const state = { isBroken: true, calls: 0 };
  const agents = agentsWith({
    ipa: async (input, ctx, agent) => {
      state.calls += 1;
      if (state.isBroken) throw new FleetError({ code: 'boom', kind: 'invalid_input', message: 'broken' });
      return agent.run(input, ctx);
    },
  });
  return { state, agents };
}

describe('resuming and running again', () => {
  test('a failed run is resumed once by ten at once, gets a new deadline, and leaves no dead letter', async () => {
    const { state, agents } = breakable();
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: STEPS_AND_FLOW,
      agents,
      catalog: quickCatalog(),
    });
    const runId = await start(h);
    const failed = await h.ended(runId);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'boom' } });
    await h.quiet();
    expect(await h.operations.listDeadLetters({ limit: 5 })).toHaveLength(1);
    state.isBroken = false;
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => h.operations.resumeRun(runId, LOCAL_OPERATOR)),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'run_not_resumable' });
    }
    const ended = await h.ended(runId);
    expect(ended).toMatchObject({ status: 'completed', generation: 1, error: null });
    expect(Date.parse(ended.deadline_at!)).toBeGreaterThan(Date.parse(failed.deadline_at!));
    expect(await h.operations.listDeadLetters({ limit: 5 })).toEqual([]);
    expect(state.calls).toBe(2);
    await expect(h.operations.resumeRun(runId, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_not_resumable',
      details: { status: 'completed' },
    });
    await expect(h.operations.resumeRun('wf_x', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_not_found',
    });
  });

  test('a run is run again with its input, under a name of its own that points back', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: STEPS_AND_FLOW });
    const sessionId = await h.newSession();
    const turn = await h.submit(sessionId, 'go north', { metadata: { from: 'test' }, priority: 'high' });
    await h.ended(turn);
    const accepted = await h.operations.rerunRun(turn, LOCAL_OPERATOR);
    expect(accepted.run_id).not.toBe(turn);
    const again = await h.ended(accepted.run_id);
    expect(again).toMatchObject({
      status: 'completed',
      workflow: 'collaborative',
      retry_of: turn,
      session_id: sessionId,
      priority: 'high',
      metadata: { from: 'test' },
    });
    const { items } = await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR);
    expect(items.map(({ run_id, text }) => [run_id, text])).toEqual([
      [accepted.run_id, 'go north'],
      [turn, 'go north'],
    ]);
    await expect(h.operations.rerunRun('wf_x', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_not_found',
    });
  });
});

describe('what a run is started with', () => {
  test('the context of a run is what its steps are given', async () => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog({ seeing: told }) });
    const context = {
      baggage: { tenant: 'blue' },
      tags: ['night'],
      causation_id: 'c-1',
      state: { mood: 'calm' },
    };
    const begun = await h.operations.startRun('seeing', { input: null, wait_ms: 0, context }, LOCAL_OPERATOR);
    if (begun.done) throw new Error('nobody waited for it');
    expect((await h.ended(begun.accepted.run_id)).output).toEqual(context);
    const odd = h.operations.startRun(
      'seeing',
      { input: null, wait_ms: 0, context: { bagage: {} } as never },
      LOCAL_OPERATOR,
    );
    await expect(odd).rejects.toMatchObject({ code: 'validation_failed', problems: [{ path: '/context' }] });
  });

  test('a service names the user, a player cannot name another, a session has its own', async () => {
    await using h = await startHarness({ redisUrl: redis.url, ...UNATTENDED });
    const runId = await start(h, { user_id: 'u9' }, caller('svc', 'enqueue'));
    expect(await h.operations.getRun(runId, caller('k', 'user', 'u9'))).toMatchObject({ user_id: 'u9' });
    const own = await start(h, { user_id: 'u1' }, caller('k', 'user', 'u1'));
    expect(await h.operations.getRun(own, LOCAL_OPERATOR)).toMatchObject({ user_id: 'u1' });
    const foreign = start(h, { user_id: 'u2' }, caller('k', 'user', 'u1'));
    await expect(foreign).rejects.toMatchObject({ code: 'forbidden' });
    const inSession = start(h, { user_id: 'u2', session_id: await h.newSession() });
    await expect(inSession).rejects.toMatchObject({
      code: 'validation_failed',
      problems: [{ path: '/user_id' }],
    });
  });

  test('a workflow without a reply that ends in time is answered with its status', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['ipa', 'wba', 'nga', 'flow', 'maintenance'],
    });
    const submitted = await h.operations.startRun(
      'rag',
      { input: { query: 'Where is the lighthouse?' }, wait_ms: 20_000 },
      LOCAL_OPERATOR,
    );
    expect(submitted).toMatchObject({ done: false, accepted: { status: 'completed' } });
  });
});
