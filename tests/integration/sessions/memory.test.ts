import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { Caller } from '../../../src/contracts/caller.ts';
import type { NgaInput } from '../../../src/contracts/narrative.ts';
import { agentsWith, startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** The product's agents, and what the narrator was told. */
function listening() {
  const told: NgaInput[] = [];
  const agents = agentsWith({
    nga: (input, ctx, agent) => {
      told.push(input as NgaInput);
      return agent.run(input, ctx);
    },
  });
  return { told, agents };
}

describe('the memory of a session', () => {
  test('is in the answer to a turn as it is afterwards, beside the metadata of the session', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const metadata = { seat: 7, note: { of: ['the caller'] } };
    const { session } = await h.operations.createSession({ metadata }, LOCAL_OPERATOR);
    await h.play(session.session_id, 'go south');
    const { updated_context: context } = await h.play(session.session_id, 'I feel hopeful');
    expect(context.memory?.feelings).toEqual([{ turn: 2, feeling: 'hopeful' }]);
    const view = await h.operations.getSession(session.session_id, LOCAL_OPERATOR);
    expect(context.memory).toEqual(view.memory);
    expect(context.metadata).toEqual(metadata);
  });

  test('is not shown to a mere reader, of the session or in the output of a run', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    await h.play(sessionId, 'go south');
    const answer = await h.play(sessionId, 'talk to the wise elder about my quicksilver');
    expect(JSON.stringify(answer.updated_context.memory)).toContain('quicksilver');
    const reader: Caller = { id: 'reader', roles: new Set(['read']) };
    const run = await h.operations.getRun(answer.workflow_metadata.run_id, reader);
    expect(JSON.stringify(run)).not.toContain('quicksilver');
    await h.operations.updateSession(sessionId, { metadata: { text: 'private', seat: 7 } }, LOCAL_OPERATOR);
    const seen = await h.operations.getSession(sessionId, reader);
    expect(seen).toMatchObject({ memory: null, metadata: { text: '[7 chars]', seat: 7 } });
  });

  test('is not in the answer to a run without a session', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const request = { input: { text: 'tell me a story' }, wait_ms: 25_000 };
    const submitted = await h.operations.startRun('narrative_generation', request, LOCAL_OPERATOR);
    expect(submitted).toMatchObject({
      done: true,
      response: { updated_context: { session_id: null, memory: null, metadata: {} } },
    });
  });

  test('[R5.5] is there with the turn, and the next story is told from it, from the goals and how far they got', async () => {
    const { told, agents } = listening();
    await using h = await startHarness({ redisUrl: redis.url, agents });
    const request = {
      therapeutic_context: { goals: ['be less anxious', 'make friends'], avoid: ['spiders'] },
    };
    const { session } = await h.operations.createSession(request, LOCAL_OPERATOR);
    const sessionId = session.session_id;
    expect(session.memory).toMatchObject({ summary: '', trend: null });
    for (const text of [
      'go south',
      'talk to the wise elder about my fears',
      'I feel anxious',
      'look around',
      'go east',
      'I feel hopeful',
    ]) {
      await h.play(sessionId, text);
    }
    expect(told.at(-1)?.therapeutic_context).not.toHaveProperty('difficulty');
    await h.operations.updateSession(sessionId, { difficulty: 'gentle' }, LOCAL_OPERATOR);
    await h.play(sessionId, 'look around');

    const view = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    expect(view).toMatchObject({ turn: 7, emotional_state: 'hopeful' });
    expect(view.memory).toMatchObject({
      trend: 'improving',
      people: [{ id: 'wise_elder' }],
      feelings: [
        { turn: 3, feeling: 'anxious' },
        { turn: 6, feeling: 'hopeful' },
      ],
      threads: [{ kind: 'topic', about: 'fears' }],
    });
    expect(view.memory?.places.map(({ id }) => id).toSorted()).toEqual(['library', 'village_center']);
    expect(view.memory?.summary.split('\n')).toHaveLength(7);
    const [anxious] = view.therapeutic_context.progress;
    expect(anxious).toMatchObject({ goal: 'be less anxious' });
    expect(anxious!.turns).toBeGreaterThanOrEqual(1);

    const last = told.at(-1)!;
    expect(last.recent_turns.map(({ turn }) => turn)).toEqual([2, 3, 4, 5, 6]);
    expect(last.summary).toMatch(/^Turn 1: /);
    expect(last.summary).not.toContain('Turn 2: ');
    expect(last.summary).toContain('fears');
    expect(last.emotional_state).toBe('hopeful');
    expect(last.therapeutic_context).toMatchObject({
      goals: ['be less anxious', 'make friends'],
      avoid: ['spiders'],
      progress: [{ goal: 'be less anxious' }, { goal: 'make friends' }],
      difficulty: 'gentle',
    });
  });

  test('is taken back with a turn that is rolled back', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    await h.play(sessionId, 'go south');
    const before = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    const answer = await h.play(sessionId, 'talk to the wise elder about my fears');
    const { memory } = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    expect(memory?.threads).not.toEqual([]);
    await h.operations.rollbackRun(answer.workflow_metadata.run_id, {}, LOCAL_OPERATOR);
    const after = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    expect(after.memory).toEqual(before.memory);
    expect(after.turn).toBe(1);
  });

  test('keeps what leaves the history of 100 turns, and is told within the limit', async () => {
    const settings = { 'sessions.context_max_chars': '900' };
    const { told, agents } = listening();
    await using h = await startHarness({ redisUrl: redis.url, settings, agents });
    const sessionId = await h.newSession();
    for (const text of ['go south', 'go east', 'take the ancient journal']) await h.play(sessionId, text);
    const { store } = h.core;
    // A long life in short: the turns are the product's own, with another number.
    const [last] = await store.redis.xrevrange(store.keys.sessionTurns(sessionId), '+', '-', 'COUNT', 1);
    const pipeline = store.redis.pipeline();
    for (let turn = 4; turn <= 102; turn++) {
      const fields = last![1].map((value, i) =>
        last![1][i - 1] === 'turn' && i % 2 === 1 ? String(turn) : value,
      );
      pipeline.xadd(store.keys.sessionTurns(sessionId), '*', ...fields);
    }
    pipeline.hset(store.keys.session(sessionId), 'turn', '102');
    await pipeline.exec();

    for (let i = 0; i < 4; i++) await h.play(sessionId, 'look around');
    const { items } = await h.operations.listTurns(sessionId, { limit: 200 }, LOCAL_OPERATOR);
    expect(items).toHaveLength(100);
    expect(items.at(-1)?.turn).toBe(7);
    const view = await h.operations.getSession(sessionId, LOCAL_OPERATOR);
    expect(view.turn).toBe(106);
    expect(view.memory?.summary).toContain('Turn 1: ');
    expect((await h.worldOf(sessionId))?.player.inventory).toContain('ancient_journal');
    expect(told).toHaveLength(7);
    for (const { recent_turns: turns, summary } of told) {
      const length = turns.reduce(
        (sum, { text, response_text: story }) => sum + text.length + story.length,
        0,
      );
      expect(length + (summary ?? '').length).toBeLessThanOrEqual(900);
    }
  });
});
