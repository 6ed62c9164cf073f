import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { parallel, pipe, step } from '../../../src/primitives/compose/combine.ts';
import { make } from '../../../src/primitives/compose/make.ts';
import type { AnyPrimitive, Primitive } from '../../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

function work(name: string, run: (ctx: StepContext) => unknown): Primitive<unknown, unknown> {
  return step({
    name,
    queue: 'ipa',
    input: z.unknown(),
    output: z.unknown(),
    run: async (_, ctx) => run(ctx) ?? null,
  });
}

const put = (name: string, value: unknown): Primitive<unknown, unknown> =>
  work(name, (ctx) => void (ctx.state[name] = value));
const see = (name = 'see'): Primitive<unknown, unknown> => work(name, ({ state }) => structuredClone(state));
const once = work('once', (ctx) => {
  ctx.state[`attempt_${ctx.attempt}`] = true;
  if (ctx.attempt === 1) throw new Error('again');
}).retry({ maxAttempts: 2, baseDelayMs: 5, jitter: 0 });
const noted = work('noted', (ctx) => ctx.checkpoint('half way'));
const broken = work('broken', () => {
  throw Object.assign(new Error('broken'), { retryable: false });
});

const PLANS: Readonly<Record<string, AnyPrimitive>> = {
  chain: pipe(put('a', 1), put('b', 2), see()),
  branches: pipe(
    put('a', 1),
    parallel(
      { one: pipe(put('b', 2), see('x')), two: put('c', 3) },
      { mergeState: (parent, [one, two]) => ({ ...parent, ...one, ...two }) },
    ),
    see(),
  ),
  attempts: pipe(once, see()),
  replaced: pipe(put('a', 1), pipe(put('b', 2), broken).fallback(put('c', 3)), see()),
  calling: pipe(put('a', 1), make<unknown, unknown>({ kind: 'call', name: 'inner', workflow: 'seeing' })),
  seeing: see(),
  noting: noted,
};

it.each(['chain', 'branches', 'attempts', 'replaced', 'calling'])(
  '[R1.2] the state of a run is on the fleet what it is in process: %s',
  async (name) => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog(PLANS) });
    const plan = PLANS[name] as Primitive<unknown, unknown>;
    const workflows = [
      {
        name: 'seeing',
        version: 1,
        input: z.unknown(),
        output: z.unknown(),
        timeoutMs: 1000,
        plan: PLANS['seeing']!.plan,
      },
    ];
    const here = await testRun(plan, null, { workflows });
    expect(here.output).toBeTypeOf('object');
    expect(await h.ended(await startPlan(h, name, null))).toMatchObject({
      status: 'completed',
      output: here.output,
    });
  },
);

it('moments that a step notes are told with its completion', async () => {
  await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog(PLANS) });
  const { data } = await h.eventOf(await startPlan(h, 'noting', null), 'step.completed', 'noted');
  expect(data).toMatchObject({ checkpoints: [{ name: 'half way', path: 'noted' }] });
});
