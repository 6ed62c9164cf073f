import { Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IpaOutput } from '../../../src/contracts/intent.ts';
import { WbaOutput } from '../../../src/contracts/world.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** A service that knows BullMQ, the queue's name and the contract, and nothing else of ours. */
function producer(h: Harness, name: string) {
  const { hostname: host, port } = new URL(redis.url);
  const options = { connection: { host, port: Number(port) }, prefix: h.config.redis.bullmq_prefix };
  const queue = new Queue(name, options);
  const events = new QueueEvents(name, options);
  return {
    queue,
    events,
    async [Symbol.asyncDispose]() {
      await Promise.all([queue.close(), events.close()]);
    },
  };
}

describe('a job from a plain BullMQ producer', () => {
  test('[R8.1] is done, and its return value is the output of the agent', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'] });
    await using other = producer(h, 'ipa');
    await other.events.waitUntilReady();
    const job = await other.queue.add('anything', {
      v: 1,
      input: { text: 'take the lamp then go north' },
      ctx: { correlation_id: 'theirs-1' },
    });
    const output = IpaOutput.parse(await job.waitUntilFinished(other.events, 20_000));
    expect(output.actions.map((action) => action.intent)).toEqual(['take', 'move']);
  });

  test('changes a world that a session began, once, however often it is delivered', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    await using other = producer(h, 'wba');
    const sessionId = await h.newSession('w_shared_story');
    await h.play(sessionId, 'go north');
    const job = await other.queue.add('raise', {
      v: 1,
      input: {
        world_id: 'w_shared_story',
        action: 'update',
        operations: [{ op: 'adjust_disposition', npc: 'wise_elder', delta: 0.1 }],
      },
    });
    await eventually(async () => expect(await job.getState()).toBe('completed'));
    const first = WbaOutput.parse((await other.queue.getJob(job.id!))!.returnvalue);
    expect(first).toMatchObject({ updated: true, version: 2 });

    await job.retry('completed');
    await eventually(async () => {
      const repeated = (await other.queue.getJob(job.id!))!;
      expect(repeated.attemptsStarted).toBe(2);
      expect(repeated.returnvalue).toEqual(first);
    });
    expect((await h.worldOf(sessionId))?.version).toBe(2);
    const { redis: client, keys } = h.core.store;
    expect(await client.xlen(keys.worldHistory('w_shared_story'))).toBe(2);
  });

  test('is a job of its own, although its id was used before by a job that is gone', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'] });
    await using other = producer(h, 'ipa');
    await other.events.waitUntilReady();
    const ask = async (text: string) => {
      const data = { v: 1, input: { text } };
      const job = await other.queue.add('parse', data, { jobId: 'player-7', removeOnComplete: true });
      return IpaOutput.parse(await job.waitUntilFinished(other.events, 20_000));
    };
    expect(await ask('go north')).toMatchObject({ direction: 'north' });
    expect(await ask('go south')).toMatchObject({ direction: 'south' });
  });

  test.each(['w_nowhere', 'outbox', 'w_begun:history'])(
    'that names a world nobody began (%s) is refused',
    async (worldId) => {
      await using h = await startHarness({ redisUrl: redis.url, hasWorldOutbox: true });
      await using other = producer(h, 'wba');
      await h.play(await h.newSession('w_begun'), 'go north');
      const job = await other.queue.add(
        'look',
        { v: 1, input: { world_id: worldId, action: 'fetch', operations: [] } },
        { attempts: 5 },
      );
      await eventually(async () => expect(await job.getState()).toBe('failed'));
      expect(await h.operations.getDeadLetter(`wba~${job.id}`)).toMatchObject({
        reason: 'world_not_found',
        attempts: 1,
      });
    },
  );

  const input = { text: 'look' };
  const step = {
    run_id: 'wf_01890000-0000-7000-8000-000000000000',
    workflow: 'collaborative',
    version: 1,
    path: 'ipa',
    generation: 0,
    correlation_id: 'x',
  };
  test.each([
    ['a string', 'look around', /expected object/],
    ['nothing', null, /expected object/],
    ['a number', 7, /expected object/],
    ['a list', [{ v: 1, input }], /expected object/],
    ['an empty object', {}, /\bv:/],
    ['no version', { input }, /\bv:/],
    ['another version', { v: 2, input }, /\bv:.*1/],
    ['a version in words', { v: '1', input }, /\bv:/],
    ['a misspelt field', { v: 1, inputs: input }, /"inputs"/],
    ['an extra field', { v: 1, input, hello: true }, /"hello"/],
    ['an odd context', { v: 1, input, ctx: { correlation_id: 7 } }, /ctx\.correlation_id/],
    ['an odd policy', { v: 1, input, retry: { max_attempts: 0 } }, /retry\.max_attempts/],
    ['no input', { v: 1 }, /input/],
    ['no text', { v: 1, input: {} }, /text/],
    ['an empty text', { v: 1, input: { text: '   ' } }, /text/],
    ['a text too long', { v: 1, input: { text: 'x'.repeat(9000) } }, /text/],
    ['a wish of their own in the input', { v: 1, input: { text: 'look', temperature: 2 } }, /"temperature"/],
    ['a step with an odd retry policy', { v: 1, step, retry: { max_attempts: 0 } }, /retry\.max_attempts/],
    ['a step of an odd run', { v: 1, step: { ...step, run_id: '../x' }, retry: {} }, /step\.run_id/],
    ['a step of a run nobody knows', { v: 1, step, retry: {} }, /^run_not_found: /],
  ])(
    'with %s is a dead letter that says why; it is kept as it came and never tried again',
    async (...row) => {
      const [, data, reason] = row;
      await using h = await startHarness({ redisUrl: redis.url, workers: ['ipa'] });
      await using other = producer(h, 'ipa');
      const job = await other.queue.add('odd', data, {
        attempts: 5,
        removeOnFail: true,
        removeOnComplete: true,
      });
      await eventually(async () => expect(await job.getState()).toBe('failed'));
      const letter = await h.operations.getDeadLetter(`ipa~${job.id}`);
      expect(letter).toMatchObject({
        attempts: 1,
        workflow_id: expect.toBeOneOf([null, step.run_id]),
      });
      expect(letter.error).toMatch(reason);
      expect(letter.data).toEqual(data);
      expect(['validation_failed', 'run_not_found']).toContain(letter.reason);
      expect(await other.queue.getJobCounts('delayed', 'waiting', 'prioritized', 'active')).toEqual({
        delayed: 0,
        waiting: 0,
        prioritized: 0,
        active: 0,
      });
    },
  );
});
