import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Lets the line itself choose. */
const CHOOSE = { workflow: undefined } as const;

async function workflowOf(h: Harness, sessionId: string, text: string): Promise<string> {
  const answer = await h.play(sessionId, text, CHOOSE);
  expect(answer.response_text).not.toBe('');
  return answer.workflow_metadata.workflow_name;
}

describe('the workflow of a line', () => {
  test.each([
    ['help', 'input_processing'],
    ['Status, please', 'input_processing'],
    ['what am I carrying?', 'input_processing'],
    ['save', 'input_processing'],
    ['bye', 'input_processing'],
    ['look around', 'world_building'],
    ['where am I?', 'world_building'],
    ['examine the meditation stone', 'world_building'],
    ['look, then examine the stream', 'world_building'],
    ['continue', 'narrative_generation'],
    ['tell me a story', 'narrative_generation'],
    ['I need help with my feelings', 'collaborative'],
    ['whatever looks good', 'collaborative'],
    ['look around, then go north', 'collaborative'],
    ['look, look, look, look, look, look and go north', 'collaborative'],
    ['xyzzy plugh', 'collaborative'],
  ])('[R1.1] "%s" is answered by %s', async (text, workflow) => {
    await using h = await startHarness({ redisUrl: redis.url });
    expect(await workflowOf(h, await h.newSession(), text)).toBe(workflow);
  });

  test('[R1.1] is the one that was asked for, whatever the line says; an unknown one is refused before anything is made', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const answer = await h.play(sessionId, 'help', { workflow: 'collaborative' });
    expect(answer.workflow_metadata.workflow_name).toBe('collaborative');
    const request = { text: 'help', workflow: 'nonsense', create_session: true };
    await expect(h.operations.submitTurn('nobody', request, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'workflow_not_found',
      httpStatus: 404,
    });
    await expect(h.operations.getSession('nobody', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('is the whole chain while an earlier turn may still change what the line refers to', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    await h.submit(sessionId, 'go south', CHOOSE);
    const second = await h.submit(sessionId, 'examine the wise elder', CHOOSE);
    await h.startWorkers(['ipa', 'wba', 'nga', 'flow', 'maintenance']);
    const run = await h.ended(second);
    expect(run).toMatchObject({ status: 'completed', workflow: 'collaborative' });
    expect(JSON.stringify(run.output)).toMatch(/wise elder/i);
  });
});

describe('a short answer', () => {
  test('to help names commands, to inventory what is carried, to status the place and the turn', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    expect((await h.play(sessionId, 'help', CHOOSE)).response_text).toMatch(/“look”.*“inventory”/s);
    for (const text of ['go south', 'go east', 'take the ancient journal']) await h.play(sessionId, text);
    const carried = await h.play(sessionId, 'inventory', CHOOSE);
    expect(carried.response_text).toMatch(/ancient journal/i);
    expect(carried.updated_context).toMatchObject({ turn: 5, last_agent: 'ipa' });
    expect(carried.updated_context.world_state?.inventory).toHaveLength(1);
    expect((await h.play(sessionId, 'status', CHOOSE)).response_text).toMatch(/library/i);
    expect((await h.play(sessionId, 'status', CHOOSE)).response_text).toMatch(/turn 7|Turn: 7/);
  });

  test('says where the player stands in a session that was never played', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const answer = await h.play(await h.newSession(), 'status', CHOOSE);
    expect(answer.response_text).toMatch(/forest clearing/i);
    expect(answer.updated_context.world_state?.location.id).toBe('forest_clearing');
  });

  test('is a turn in the history like any other, and looking twice is not told in the same words', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    for (const text of ['look', 'look', 'help', 'continue']) await h.play(sessionId, text, CHOOSE);
    const { items } = await h.operations.listTurns(sessionId, { limit: 10 }, LOCAL_OPERATOR);
    expect(items.toReversed().map(({ turn, text, intent }) => [turn, text, intent])).toEqual([
      [1, 'look', 'look'],
      [2, 'look', 'look'],
      [3, 'help', 'help'],
      [4, 'continue', 'continue'],
    ]);
    const [, , second, first] = items;
    expect(second!.response_text).not.toBe(first!.response_text);
    expect(second!.template_ids[0]).not.toBe(first!.template_ids[0]);
  });
});
