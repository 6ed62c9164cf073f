import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OnFailure } from '../../../src/primitives/effects/effect.ts';
import { MemoryEffects } from '../../../src/primitives/effects/memory-effects.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { broken, chain, doing, effectCatalog, type EffectPlan } from '../../support/effect-plans.ts';
import { startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const COUNT = 60;
const NAMES = ['a', 'b', 'c'] as const;

const given = fc.record({
  steps: fc.array(
    fc.array(
      fc.oneof(
        fc.record({ name: fc.constantFrom(...NAMES), value: fc.constantFrom('1', '2', null) }),
        fc.record({ refund: fc.nat(9) }),
      ),
      { maxLength: 3 },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  isBroken: fc.boolean(),
  onFailure: fc.constantFrom<OnFailure>('start', 'keep', 'savepoint:s0', 'savepoint:s1', 'savepoint:s4'),
});
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

/** The plan, with keys of its own and a note of every refund. */
function planOf({ steps, isBroken, onFailure }: Given, prefix: string, refunds: unknown[]): EffectPlan {
  const doings = steps.map((effects, index) =>
    doing(
      `step_${index}`,
      (ctx) => {
        for (const effect of effects) {
          if ('refund' in effect) ctx.effects.onRollback('refund', effect.refund);
          else if (effect.value === null) ctx.effects.deleteKey(`${prefix}_${effect.name}`);
          else ctx.effects.setKey(`${prefix}_${effect.name}`, effect.value);
        }
      },
      { savepoint: `s${index}` },
    ),
  );
  const [first, ...rest] = [...doings, ...(isBroken ? [broken] : [])];
  return {
    steps: [first!, ...rest],
    onFailure,
    compensators: { refund: async (args) => void refunds.push(args) },
  };
}

test(`${COUNT} random plans with effects leave on the fleet what they leave in process`, async () => {
  const cases = fc.sample(given, { numRuns: COUNT, seed: 20_261_121 }).map((one, index) => {
    const prefix = `plan_${index}`;
    const refunds = { fleet: [] as unknown[], here: [] as unknown[] };
    return {
      prefix,
      refunds,
      fleet: planOf(one, prefix, refunds.fleet),
      here: planOf(one, prefix, refunds.here),
    };
  });
  const catalog = effectCatalog(Object.fromEntries(cases.map(({ prefix, fleet }) => [prefix, fleet])));
  await using h = await startHarness({ redisUrl: redis.url, catalog });
  const { redis: client, keys } = h.core.store;
  for (const { prefix, refunds, here } of cases) {
    const effects = new MemoryEffects();
    effects.keys.set(`${prefix}_a`, 'old');
    await client.set(keys.own(`${prefix}_a`), 'old');
    const run = await h.ended(await startPlan(h, prefix, null));
    const { steps, ...options } = here;
    const { status } = await testRun(chain(steps), null, { effects, ...options });
    const names = NAMES.map((name) => `${prefix}_${name}`);
    expect(await client.mget(...names.map((name) => keys.own(name))), prefix).toEqual(
      names.map((name) => effects.keys.get(name) ?? null),
    );
    expect(refunds.fleet, prefix).toEqual(refunds.here);
    expect(run.status === 'rolled_back' ? 'failed' : run.status, prefix).toBe(status);
  }
});
