import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { World, WorldOperation } from '../../../src/contracts/world.ts';
import { commitStep, type StepCommit } from '../../../src/primitives/durable/commit-step.ts';
import { readRunRecord } from '../../../src/primitives/durable/read-run.ts';
import { settleRun } from '../../../src/primitives/durable/settle-run.ts';
import { applyOperations } from '../../../src/sessions/world/operations.ts';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { recordPatch } from '../../../src/sessions/world/patch-record.ts';
import { decodeWorld, encodeWorld, readStoredWorld } from '../../../src/sessions/world-codec.ts';
import { rollBack } from '../../../src/workflows/rollback.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const NAMES = ['a', 'b', 'c'] as const;
const WORLDS = ['w_one', 'w_two'] as const;
const AT = '2026-01-01T00:00:00.000Z';

const key = fc.record({
  kind: fc.constant('key' as const),
  name: fc.constantFrom(...NAMES),
  value: fc.constantFrom(null, '', '1', '2'),
});
const world = fc.record({
  kind: fc.constant('world' as const),
  world: fc.constantFrom(...WORLDS),
  operations: fc.array(
    fc.constantFrom<WorldOperation>(
      { op: 'move_player', direction: 'north' },
      { op: 'move_player', direction: 'south' },
      { op: 'move_player', direction: 'east' },
      { op: 'take', object: 'map' },
      { op: 'drop', object: 'map' },
      { op: 'set_flag', flag: 'seen', value: true },
      { op: 'set_flag', flag: 'count', value: 2 },
      { op: 'add_fact', text: 'It rains.' },
      { op: 'adjust_disposition', npc: 'wise_elder', delta: 0.1 },
      { op: 'set_mood', mood: 'tense' },
      { op: 'advance_turn' },
    ),
    { minLength: 1, maxLength: 4 },
  ),
});
/** A step: some keys and at most one world, as the shell would record them. */
const stepOf = fc.record({
  keys: fc.array(key, { maxLength: 3 }),
  world: fc.option(world, { nil: null }),
});
type Given = typeof stepOf extends fc.Arbitrary<infer T> ? T : never;
const scenario = fc.record({
  steps: fc.array(stepOf, { minLength: 1, maxLength: 8 }),
  /** Back to these, one after the other; each is a place among the steps. */
  back: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
});

async function record(h: Harness, runId: string, path: string, given: Given) {
  const { store } = h.core;
  let write: StepCommit['world'];
  if (given.world !== null) {
    const stored = await readStoredWorld(store, given.world.world);
    const before = stored === null ? createStarterWorld(given.world.world, AT) : decodeWorld(stored);
    const { next } = applyOperations(before, given.world.operations, `${path}${AT}`);
    if (next !== null) {
      write = {
        worldId: given.world.world,
        expectedVersion: stored?.version ?? null,
        nextVersion: next.version,
        data: encodeWorld(next),
        ttlSeconds: 600,
        ...recordPatch(before, next, [], { hasOutbox: false }),
      };
    }
  }
  const outcome = await commitStep(store, {
    owner: { kind: 'run', runId, path, agent: 'wba' },
    lock: null,
    output: null,
    eventData: {},
    ...(write === undefined ? {} : { world: write }),
    effects: {
      effects: given.keys.map(({ name, value }) => ({ kind: 'redis_key', name, value, ttlMs: null })),
      savepoint: path,
    },
    nowMs: Date.now(),
  });
  expect(outcome).toEqual({ verdict: 'committed' });
}

/** Everything the steps can change; the versions of worlds only rise, so they are left out. */
async function state(h: Harness): Promise<unknown> {
  const { store } = h.core;
  const keys = await store.redis.mget(...NAMES.map((name) => store.keys.own(name)));
  const worlds = await Promise.all(
    WORLDS.map(async (worldId): Promise<Omit<World, 'version'>> => {
      const stored = await readStoredWorld(store, worldId);
      const { version: _, ...rest } = stored === null ? createStarterWorld(worldId, AT) : decodeWorld(stored);
      return rest;
    }),
  );
  return { keys, worlds };
}

test('whatever steps do to keys and worlds, going back to a savepoint restores exactly what was there', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const { store } = h.core;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ steps, back }) => {
      await store.redis.del(
        ...NAMES.map((name) => store.keys.own(name)),
        ...WORLDS.map((name) => store.keys.world(name)),
      );
      await store.redis.set(store.keys.own('a'), 'from before');
      const runId = await h.submit(await h.newSession(), 'look');
      const states = [await state(h)];
      for (const [index, given] of steps.entries()) {
        await record(h, runId, `s${index}`, given);
        states.push(await state(h));
      }
      const end = {
        sessionId: undefined,
        worldId: undefined,
        retentionSeconds: 600,
        interruptWorkers: false,
      };
      await settleRun(store, { runId, ...end, status: 'completed', nowMs: Date.now() });
      const run = (await readRunRecord(store, runId))!;
      // Savepoints after the one it is back at hold nothing any more.
      let at = steps.length;
      for (const choice of back) {
        at = Math.min(at, choice % (steps.length + 1));
        const savepoint = at === 0 ? 'start' : `s${at - 1}`;
        const request = { savepoint, trigger: 'manual', actor: 'test' } as const;
        expect(await rollBack(h.core.workflows, run, request)).toMatchObject({ ok: true, errors: [] });
        expect(await state(h)).toEqual(states[at]);
        expect(await rollBack(h.core.workflows, run, request)).toMatchObject({ ok: true, executed: 0 });
      }
    }),
    { numRuns: 60 },
  );
});
