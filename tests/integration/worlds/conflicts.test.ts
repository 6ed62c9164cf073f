import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import type { TurnInput } from '../../../src/contracts/turn.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const warm = (delta: number): TurnInput['operations'] => [
  { op: 'adjust_disposition', npc: 'wise_elder', delta },
];

async function write(
  h: Harness,
  sessionId: string,
  input: Partial<TurnInput>,
  caller: Caller = LOCAL_OPERATOR,
) {
  const submitted = await h.operations.startRun(
    'world_building',
    { input: { text: 'a word', ...input }, session_id: sessionId },
    caller,
  );
  const runId = submitted.done ? submitted.response.workflow_metadata.run_id : submitted.accepted.run_id;
  return h.ended(runId!);
}

describe('a writer whose world was changed by others', () => {
  test('rebases by default, also when it says what it expected', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    await write(h, sessionId, { operations: warm(0.1) });
    const late = await write(h, sessionId, { operations: warm(0.1), expected_version: 0 });
    expect(late.status).toBe('completed');
    const world = (await h.worldOf(sessionId))!;
    expect([world.version, world.npcs['wise_elder']!.disposition]).toEqual([2, 0.2]);
  });

  test('that must not go on then fails at its first attempt, says where the world is, and changes nothing', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const policy = { conflict_policy: 'fail' } as const;
    const first = await write(h, sessionId, { operations: warm(0.1), expected_version: 0, ...policy });
    expect(first.status).toBe('completed');
    const late = await write(h, sessionId, { operations: warm(0.1), expected_version: 0, ...policy });
    expect(late).toMatchObject({ status: 'failed', error: { code: 'world_version_conflict' } });
    expect(late.error?.message).toContain('at version 1, not 0');
    expect(late.steps.filter(({ name }) => name === 'wba').map(({ attempts }) => attempts)).toEqual([1]);
    expect((await h.worldOf(sessionId))?.version).toBe(1);
  });

  test('may replace what they did when it is an administrator, as one version more that can be taken back', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    await write(h, sessionId, { operations: warm(0.1) });
    const theirs = [{ op: 'set_flag', flag: 'theirs', value: true }, ...warm(0.5)!] as const;
    await write(h, sessionId, { operations: [...theirs] });
    const before = (await h.worldOf(sessionId))!;
    const mine = { operations: warm(0.2), expected_version: 1, conflict_policy: 'overwrite' } as const;
    const run = await write(h, sessionId, mine);
    expect(run.status).toBe('completed');
    const after = (await h.worldOf(sessionId))!;
    expect(after.version).toBe(3);
    expect(after.npcs['wise_elder']!.disposition).toBe(0.3);
    expect(after.player.flags).toEqual({});
    await h.operations.rollbackRun(run.run_id, {}, LOCAL_OPERATOR);
    expect({ ...(await h.worldOf(sessionId)), version: 0 }).toEqual({ ...before, version: 0 });
  });

  test('may not replace what they did as anybody else, nor name a policy without what it expects', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const caller: Caller = { id: 'key_1', roles: new Set(['enqueue', 'operate']) };
    const { session } = await h.operations.createSession({}, caller);
    const overwrite = { operations: warm(0.2), expected_version: 0, conflict_policy: 'overwrite' } as const;
    await expect(write(h, session.session_id, overwrite, caller)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(write(h, session.session_id, { conflict_policy: 'fail' })).rejects.toMatchObject({
      code: 'validation_failed',
      problems: [expect.objectContaining({ path: '/input/expected_version' })],
    });
    const schedule = {
      workflow: 'input_processing',
      input: { text: 'a word', ...overwrite },
      every_ms: 60_000,
    };
    await expect(h.operations.putSchedule('daily', schedule, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await h.worldOf(session.session_id)).toBeNull();
  });

  test('that expects a version nobody has seen yet is refused', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession();
    const early = { operations: warm(0.2), expected_version: 7, conflict_policy: 'overwrite' } as const;
    expect(await write(h, sessionId, early)).toMatchObject({
      status: 'failed',
      error: { code: 'world_version_not_found' },
    });
  });
});
