import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fn, pipe } from '../../src/primitives/compose/combine.ts';
import { mockPrimitive } from '../../src/primitives/testing/mock-primitive.ts';
import { conformance } from '../../src/testing/conformance.ts';
import { durableHarness } from '../../src/testing/durable-harness.ts';
import { acquireRedis, type TestRedis } from '../../src/testing/own-redis.ts';
import { asDefinition } from '../../src/workflows/as-definition.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

describe('a harness', () => {
  test('runs doubles on a fleet in this process, and leaves nothing behind', async () => {
    const double = mockPrimitive({ name: 'double', returns: 2 });
    const plans = [
      asDefinition(
        pipe(
          double.primitive,
          fn('more', (n: unknown) => Number(n) + 1),
        ),
        { name: 'sum' },
      ),
    ];
    let prefix: string;
    {
      await using h = await durableHarness({ plans, redisUrl: redis.url });
      prefix = h.core.store.keys.prefix;
      expect(await h.run('sum', 1)).toMatchObject({ status: 'completed', output: 3, paths: ['double'] });
      expect(double.lastContext?.idempotencyKey).toMatch(/^wf_.*\.double$/);
      await expect(h.kill('worker')).rejects.toThrow('give the module of the plans');
      await expect(h.run('sun', 1)).rejects.toMatchObject({ code: 'workflow_not_found' });
    }
    await using after = await durableHarness({ plans: [], redisUrl: redis.url });
    expect(await after.core.store.redis.keys(`${prefix}:*`)).toEqual([]);
  });

  test('refuses a module without plans, and moments that are none', async () => {
    await expect(
      durableHarness({ plans: new URL('../support/plans.ts', import.meta.url), redisUrl: redis.url }),
    ).rejects.toMatchObject({ code: 'plans_missing' });
    await using h = await durableHarness({
      plans: new URL('../support/guide-plans.ts', import.meta.url),
      redisUrl: redis.url,
    });
    await expect(h.kill('worker', { at: 'run.before_settle' })).rejects.toMatchObject({
      code: 'kill_point_unknown',
    });
    // The process that was asked for what it cannot do is as free as before.
    const { gone } = await h.kill('worker');
    expect(await gone).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('conformance', () => {
  test('finds a plan that gives something else on a fleet, and none where they agree', async () => {
    let calls = 0;
    const changing = mockPrimitive({ name: 'changing', implementation: () => (calls += 1) });
    const cases = [{ name: 'once', input: null }];
    expect(await conformance(changing.primitive, cases, { redisUrl: redis.url })).toEqual({
      once: ['output: 1 / 2'],
    });
    const failing = mockPrimitive({ name: 'failing', throws: new Error('no') });
    expect(await conformance(failing.primitive, cases, { redisUrl: redis.url })).toEqual({});
  });
});
