import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { launchRun } from '../../../src/workflows/drive.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { forgetSession, goOnForgetting } from '../../../src/workflows/forget/forget-session.ts';
import { createInterventionStore } from '../../../src/safety/interventions/store.ts';
import { sessionPseudonym } from '../../../src/safety/pseudonyms.ts';
import { crisisOf, pseudonyms, quietLog, SETTINGS } from '../../support/interventions.ts';
import { everythingOf, placesOf } from '../../support/everything.ts';
import {
  agentsWith,
  ALL_QUEUES,
  eventually,
  quickCatalog,
  startHarness,
  untilAbort,
  type Harness,
} from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const player: Caller = { id: 'web', roles: new Set(['user']), user_id: 'ada' };
const stranger: Caller = { id: 'web', roles: new Set(['user']), user_id: 'bob' };

/** Words that no world and no story brings up by itself. */
const WORDS = ['zebrafinch', 'quokkas', 'marzipan', 'peppermint'];

async function traces(h: Harness, sessionId: string): Promise<string[]> {
  const everything = await everythingOf(h.core.store.redis, h.config.redis.key_prefix);
  return placesOf(everything, [sessionId, ...WORDS]);
}

async function playEverything(h: Harness, sessionId: string): Promise<string[]> {
  const runs = [];
  runs.push((await h.play(sessionId, 'talk to the wise elder about my zebrafinch')).workflow_metadata.run_id);
  const failed = await h.submit(sessionId, 'examine the quokkas, please fail');
  await h.ended(failed);
  const undone = (await h.play(sessionId, 'go north with marzipan')).workflow_metadata.run_id;
  await h.operations.rollbackRun(undone, { reason: 'a mistake' }, LOCAL_OPERATOR);
  const dedup = await h.operations.startRun(
    'collaborative',
    { input: { text: 'look at the peppermint' }, session_id: sessionId, dedup_id: `once-${sessionId}` },
    LOCAL_OPERATOR,
  );
  if (dedup.done) throw new Error('nobody waited');
  await h.ended(dedup.accepted.run_id);
  return [...runs, failed, undone, dedup.accepted.run_id];
}

/** Fails where the line asks for it, and tells its story piece by piece. */
function storytellers() {
  return agentsWith({
    nga: async (input, ctx, agent) => {
      const { player_text: text } = input as { player_text: string };
      if (text.includes('please fail')) {
        throw new FleetError({ code: 'no_story', kind: 'invalid_input', message: 'told to fail' });
      }
      ctx.emit(`You said: ${text}`);
      await ctx.memo('words', async () => text);
      return agent.run(input, ctx);
    },
  });
}

describe('deleting a session', () => {
  test('leaves nothing of it: no key, no value, no word of the player', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: storytellers(),
      catalog: quickCatalog(),
    });
    const { store } = h.core;
    const sessionId = await h.newSession();
    const other = await h.newSession();
    await h.play(other, 'go north');
    const runIds = await playEverything(h, sessionId);
    await h.quiet();
    expect(await traces(h, sessionId)).not.toEqual([]);
    expect((await h.operations.listDeadLetters({ limit: 10 })).length).toBe(1);

    expect(await h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).toEqual({
      session_id: sessionId,
      status: 'deleted',
    });

    expect(await traces(h, sessionId)).toEqual([]);
    expect(placesOf(await everythingOf(store.redis, `${h.config.redis.key_prefix}:wf`), runIds)).toEqual([]);
    expect(await h.operations.listDeadLetters({ limit: 10 })).toEqual([]);
    await expect(h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    expect((await h.operations.getSession(other, LOCAL_OPERATOR)).turn).toBe(1);
    expect((await h.worldOf(other))?.player.location_id).toBe('mountain_path');
    expect((await h.play(other, 'look around')).updated_context.turn).toBe(2);
  });

  test('leaves an intervention to those who work on it, without the name of the session', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { store, clock } = h.core;
    const log = quietLog([]);
    const interventions = createInterventionStore({ store, clock, settings: SETTINGS, pseudonyms, log });
    const sessionId = await h.newSession();
    const other = await h.newSession();
    const { keys, redis: client } = store;
    const open = crisisOf({ sessionId, userId: null, level: 'critical' });
    const elsewhere = crisisOf({ sessionId: other, userId: 'ada' });
    await interventions.writeCrisis(open);
    await interventions.writeCrisis(crisisOf({ sessionId, userId: 'ada' }));
    await interventions.writeCrisis(elsewhere);
    await interventions.holdSession(sessionId, 'a reason', 'system');
    const escalation = keys.safetyEscalation(`${open.interventionId}-1`);
    const told = JSON.stringify({
      escalation_id: `${open.interventionId}-1`,
      version: 3,
      session_id: sessionId,
    });
    await client.hset(escalation, 'version', '3', 'data', told);
    await client.xadd(keys.safetyAlerts(), '*', 'kind', 'page', 'data', told);
    await client.xadd(
      keys.safetyAlerts(),
      '*',
      'kind',
      'page',
      'data',
      JSON.stringify({ session_id: other }),
    );
    await client.set(
      keys.safetyQuarantine('q1'),
      JSON.stringify({ session_id: sessionId, story: 'marzipan' }),
    );

    expect(await h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ status: 'deleted' });

    expect(await traces(h, sessionId)).toEqual([]);
    const kept = await interventions.get(open.interventionId);
    expect(kept).toMatchObject({ session_id: sessionPseudonym(sessionId), state: 'responded', version: 2 });
    expect(JSON.parse((await client.hget(escalation, 'data')) ?? '')).toMatchObject({
      version: 4,
      session_id: sessionPseudonym(sessionId),
    });
    expect(await client.hget(escalation, 'version')).toBe('4');
    expect(await client.xlen(keys.safetyAlerts())).toBe(2);
    // The history of a session without a player goes with it, that of a player is the player's.
    expect(await client.exists(keys.safetyUser(open.userHash), keys.safetySession(sessionId))).toBe(0);
    expect(await client.exists(keys.safetyUser(elsewhere.userHash))).toBe(1);
    // People go on with it.
    const taken = await interventions.change(
      open.interventionId,
      (now) => ({ ...now, state: 'acknowledged' }),
      { actor: 'dr-kim', what: 'taken' },
    );
    expect(taken.version).toBe(3);
    expect(await traces(h, sessionId)).toEqual([]);
    expect(await client.exists(keys.safetySession(sessionPseudonym(sessionId)))).toBe(0);
    expect((await interventions.playerSafety(other, elsewhere.userHash)).open).not.toBeNull();
    expect(await client.zcard(keys.safetyDue())).toBe(3);
  });

  test('is for its owner and for administrators', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { session } = await h.operations.createSession({}, player);
    const refused = h.operations.deleteSession(session.session_id, stranger);
    await expect(refused).rejects.toMatchObject({ code: 'forbidden', httpStatus: 403 });
    const operator: Caller = { id: 'ops', roles: new Set(['operate']) };
    await expect(h.operations.deleteSession(session.session_id, operator)).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await h.operations.deleteSession(session.session_id, player)).toMatchObject({ status: 'deleted' });
    await expect(h.operations.deleteSession(session.session_id, player)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('stops the turn at work and those that wait behind it, and what its agent brings too late is not written', async () => {
    const asked = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const late: unknown[] = [];
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: quickCatalog(),
      agents: agentsWith({
        nga: async (input, ctx, agent) => {
          asked.resolve();
          // It does not listen to its signal.
          await mayEnd.promise;
          ctx.emit('zebrafinch');
          late.push(await ctx.memo('words', async () => 'quokkas').catch((error: unknown) => error));
          return agent.run(input, ctx);
        },
      }),
    });
    const sessionId = await h.newSession();
    await h.submit(sessionId, 'go north with marzipan');
    for (const text of ['look for peppermint', 'go south']) await h.submit(sessionId, text);
    await asked.promise;

    expect(await h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ status: 'deleted' });
    mayEnd.resolve();
    await eventually(async () => expect(late).toMatchObject([{ code: 'lock_lost' }]));
    await h.quiet();
    expect(await traces(h, sessionId)).toEqual([]);
    expect(await countOpenRuns(h.core.store)).toBe(0);
    // Its id is free again, and begins anew.
    expect((await h.play(sessionId, 'look around', { create_session: true })).updated_context.turn).toBe(1);
  });

  test('ends the streams and the waiting of those who listen to its runs', async () => {
    const shown = Promise.withResolvers<void>();
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: agentsWith({
        nga: (_, ctx) => {
          ctx.emit('zebrafinch');
          return untilAbort(ctx.signal);
        },
      }),
    });
    const sessionId = await h.newSession();
    const told = await h.submit(sessionId, 'go north');
    const waiting = await h.submit(sessionId, 'go south');
    const signal = AbortSignal.timeout(20_000);
    const follow = async (entries: AsyncIterable<unknown>): Promise<string> => {
      const seen: unknown[] = [];
      for await (const entry of entries) {
        seen.push(entry);
        if (JSON.stringify(entry).includes('zebrafinch')) shown.resolve();
      }
      return JSON.stringify(seen);
    };
    const { operations } = h;
    const streams = [told, waiting].flatMap((runId) => [
      follow(operations.runEvents(runId, { signal }, LOCAL_OPERATOR)),
      operations.runTokens(runId, { signal }, LOCAL_OPERATOR).then(follow),
    ]);
    const waiter = operations.awaitRun(waiting, { waitMs: 20_000, signal }, LOCAL_OPERATOR).then(
      ({ status }) => status,
      (error: FleetError) => error.code,
    );
    await shown.promise;
    expect(await operations.deleteSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ status: 'deleted' });
    const [, text] = await Promise.all(streams);
    expect(text).toContain('zebrafinch');
    expect(['cancelled', 'run_not_found']).toContain(await waiter);
    expect(signal.aborted).toBe(false);
    await h.quiet();
    expect(await traces(h, sessionId)).toEqual([]);
  });

  test('waits for a job that a worker holds, and is finished by the watchdog when its caller has gone', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { workflows, config } = h.core;
    const sessionId = await h.newSession();
    await h.submit(sessionId, 'look at the quokkas');
    const worker = new Worker('ipa', undefined, {
      connection: { url: redis.url, maxRetriesPerRequest: null },
      prefix: config.redis.bullmq_prefix,
    });
    try {
      const held = await worker.getNextJob('its token');
      expect(await forgetSession(workflows, sessionId, { waitMs: 0 })).toBe('deleting');
      expect(await goOnForgetting(workflows, 0)).toBe(0);
      await expect(h.operations.getSession(sessionId, LOCAL_OPERATOR)).rejects.toMatchObject({
        code: 'session_not_found',
      });
      await expect(h.submit(sessionId, 'go west')).rejects.toMatchObject({ code: 'session_not_found' });
      await expect(h.submit(sessionId, 'go west', { create_session: true })).rejects.toMatchObject({
        code: 'session_deleting',
        httpStatus: 409,
      });
      await held?.moveToCompleted({ status: 'completed' }, 'its token', false);
    } finally {
      await worker.close();
    }
    expect(await goOnForgetting(workflows, 0)).toBe(1);
    expect(await traces(h, sessionId)).toEqual([]);
    expect(await forgetSession(workflows, sessionId, { waitMs: 0 })).toBe('unknown');
  });

  test('that dies at any command can be repeated, and then nothing is left', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: storytellers(),
      catalog: quickCatalog(),
    });
    const { workflows } = h.core;
    let deaths = 0;
    for (let commands = 0; ; commands += 1 + Math.floor(commands / 4)) {
      const sessionId = await h.newSession();
      await h.play(sessionId, 'talk to the wise elder about my zebrafinch');
      await h.ended(await h.submit(sessionId, 'examine the quokkas, please fail'));
      await h.quiet();
      const dying = { ...workflows, store: dyingStore(workflows.store, commands) };
      const outcome = await forgetSession(dying, sessionId, { waitMs: 0 }).catch(() => 'died');
      if (outcome === 'deleted') break;
      deaths += 1;
      if (commands > 0) expect(await goOnForgetting(workflows, 0)).toBe(1);
      else expect(await forgetSession(workflows, sessionId, { waitMs: 0 })).toBe('deleted');
      expect(await traces(h, sessionId)).toEqual([]);
    }
    expect(deaths).toBeGreaterThan(5);
  });

  test('by two at once deletes it once, and spares a session that is created with its id meanwhile', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { workflows } = h.core;
    const sessionId = await h.newSession();
    await h.play(sessionId, 'go north');
    const both = await Promise.all([
      forgetSession(workflows, sessionId, { waitMs: 5_000 }),
      forgetSession(workflows, sessionId, { waitMs: 5_000 }),
    ]);
    expect(both).toContain('deleted');
    await h.operations.createSession({ session_id: sessionId }, LOCAL_OPERATOR);
    await h.play(sessionId, 'go north');
    expect(await goOnForgetting(workflows, 0)).toBe(0);
    expect((await h.operations.getSession(sessionId, LOCAL_OPERATOR)).turn).toBe(1);
  });

  test('goes on by itself only with what was marked, not with a session that has the id by now', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { workflows, store } = h.core;
    const taken = await h.newSession();
    // Somebody began to delete these and died; the marks have gone with the sessions.
    for (const id of [taken, 'long-gone']) await store.redis.zadd(store.keys.forgetting(), 1, id);
    expect(await goOnForgetting(workflows, 0)).toBe(0);
    expect((await h.operations.getSession(taken, LOCAL_OPERATOR)).session_id).toBe(taken);
    expect(await store.redis.exists(store.keys.forgetting())).toBe(0);
  });

  test('spares a world that another session names, and tells the graph of one that is gone', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const { store } = h.core;
    const workflows = {
      ...h.core.workflows,
      settings: { ...h.core.workflows.settings, hasWorldOutbox: true },
    };
    const first = await h.newSession('shared');
    const second = await h.newSession('shared');
    await h.play(first, 'go north');
    const patch = (worldId: string, kind: string) =>
      store.redis.xadd(store.keys.worldOutbox(), '*', 'kind', kind, 'world_id', worldId, 'patch', '{}');
    await store.redis.xadd(store.keys.worldHistory('shared'), '*', 'version', '1');
    expect(await forgetSession(workflows, first, { waitMs: 5_000 })).toBe('deleted');
    expect((await h.worldOf(second))?.player.location_id).toBe('mountain_path');
    expect(await store.redis.exists(store.keys.worldOutbox())).toBe(0);
    expect(await store.redis.exists(store.keys.worldHistory('shared'))).toBe(1);
    for (const worldId of ['shared', 'another']) await patch(worldId, 'patch');
    expect(await forgetSession(workflows, second, { waitMs: 5_000 })).toBe('deleted');
    expect(await store.redis.exists(store.keys.world('shared'), store.keys.worldHistory('shared'))).toBe(0);
    const outbox = await store.redis.xrange(store.keys.worldOutbox(), '-', '+');
    expect(outbox.map(([, fields]) => fields.slice(0, 4))).toEqual([
      ['kind', 'patch', 'world_id', 'another'],
      ['kind', 'forget', 'world_id', 'shared'],
    ]);
    const told = outbox[1]![1];
    expect(told.slice(0, 8)).toEqual(['kind', 'forget', 'world_id', 'shared', 'version', '0', 'patch', '{}']);
  });

  test('also removes jobs that other services put on an agent queue in its name', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const { queues } = h.core;
    const add = (id: string, session: string) =>
      queues
        .get('ipa')!
        .add(
          'ask',
          { v: 1, input: { text: 'look at my zebrafinch' }, ctx: { session_id: session } },
          { jobId: id },
        );
    await add('from-outside', sessionId);
    await h.quiet();
    expect(await traces(h, sessionId)).not.toEqual([]);
    await h.operations.deleteSession(sessionId, LOCAL_OPERATOR);
    expect(await traces(h, sessionId)).toEqual([]);
  });

  test('of a session that has expired is for administrators, as long as anything of its runs is kept', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: storytellers(),
      catalog: quickCatalog(),
    });
    const { store } = h.core;
    const sessionId = await h.newSession();
    await h.ended(await h.submit(sessionId, 'examine the quokkas, please fail'));
    await h.quiet();
    const { keys } = store;
    await store.redis.del(
      keys.session(sessionId),
      keys.sessionTurns(sessionId),
      keys.world(`w_${sessionId}`),
    );
    await expect(h.operations.getSession(sessionId, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    expect(await h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ status: 'deleted' });
    expect(await traces(h, sessionId)).toEqual([]);
  });

  test('is not undone by jobs that were put on the queues too late', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const runId = await h.submit(sessionId, 'go north with marzipan');
    const { workflows } = h.core;
    const definition = workflows.catalog.find('collaborative', 1)!;
    expect(await h.operations.deleteSession(sessionId, LOCAL_OPERATOR)).toMatchObject({ status: 'deleted' });
    // As by a process that had stood still since it admitted the run.
    const run = {
      run_id: runId,
      workflow: 'collaborative',
      version: 1,
      generation: 0,
      priority: 'normal',
      correlation_id: runId,
      session_id: sessionId,
      world_id: `w_${sessionId}`,
    } as const;
    await launchRun(workflows, definition, run, { text: 'go north with marzipan' });
    expect(await traces(h, sessionId)).not.toEqual([]);
    await h.startWorkers(ALL_QUEUES);
    await h.quiet();
    expect(await traces(h, sessionId)).toEqual([]);
  });
});

/** A store whose connection breaks after so many commands, as that of a process that is killed. */
function dyingStore(store: RedisStore, commands: number): RedisStore {
  let left = commands;
  const dying = new Proxy(store.redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (left-- <= 0) throw new Error('killed');
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { ...store, redis: dying };
}
