import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { step } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import type { FnContext } from '../../../src/primitives/plan/node.ts';
import { chooseRoute } from '../../../src/primitives/router/choose.ts';
import { Latencies } from '../../../src/primitives/router/latencies.ts';
import type { Route, RouterEvent, RouterOptions } from '../../../src/primitives/router/route-spec.ts';
import { router } from '../../../src/primitives/router/router.ts';
import { savedUsd } from '../../../src/primitives/router/savings.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';

interface Ask {
  readonly text: string;
  readonly tier?: string;
}
type Answer = string;

function model(name: string): Primitive<Ask, Answer> {
  return step({
    name,
    queue: 'test',
    input: z.object({ text: z.string(), tier: z.string().optional() }),
    output: z.string(),
    run: async () => name,
  });
}

const small: Route<Ask, Answer> = {
  primitive: model('small'),
  tier: 'fast',
  costPer1kTokens: { input: 0.001, output: 0.002 },
  maxInputTokens: 100,
};
const medium: Route<Ask, Answer> = {
  primitive: model('medium').breaker('medium'),
  tier: 'balanced',
  costPer1kTokens: { input: 0.01, output: 0.02 },
};
const large: Route<Ask, Answer> = {
  primitive: model('large'),
  tier: 'quality',
  costPer1kTokens: { input: 0.1, output: 0.2 },
  capabilities: ['vision'],
};
const routes = { small, medium, large };
type Key = keyof typeof routes;

function ctx(random = 0, metadata: Record<string, unknown> = {}): FnContext {
  return { now: () => 42, random: () => random, metadata, state: {}, ambient: undefined };
}

function choose(
  options: Partial<RouterOptions<Ask, Answer, Key>>,
  input: Ask = { text: 'hi' },
  context = ctx(),
) {
  return chooseRoute('models', { routes, strategy: 'cheapest', ...options }, input, context);
}

describe('a selector', () => {
  test('goes before the strategy', () => {
    expect(choose({ select: () => 'large' })).toMatchObject({ route: 'large', reason: 'selected', at: 42 });
  });

  test.each(['tiny', 'constructor', '__proto__'])(
    'that names the unknown route %s goes to the default',
    (route) => {
      const events: RouterEvent[] = [];
      const options = {
        select: () => route,
        default: 'medium',
        observe: (e: RouterEvent) => events.push(e),
      } as const;
      expect(choose(options)).toMatchObject({ route: 'medium', reason: 'unknown_route' });
      expect(events).toEqual([{ router: 'models', route: 'medium', reason: 'unknown_route' }]);
    },
  );

  test('that names an unknown route fails without a default, and says what there is', () => {
    expect(() => choose({ select: () => 'tiny' })).toThrow(
      /"tiny" is none of its routes: small, medium, large/,
    );
  });

  test('that throws goes to the default, or fails as it did', () => {
    const error = new Error('no idea');
    const select = (): never => {
      throw error;
    };
    expect(choose({ select, default: 'small' })).toMatchObject({ route: 'small', reason: 'selector_error' });
    expect(() => choose({ select })).toThrow(error);
  });

  test('of a route that cannot take the call goes to a default that can', () => {
    const state = { isBreakerOpen: () => true };
    const select = (): string => 'medium';
    expect(choose({ select, state, default: 'small' })).toMatchObject({
      route: 'small',
      reason: 'ineligible_route',
    });
    expect(() => choose({ select, state })).toThrow(/circuit "medium" is open/);
  });
});

describe('who can take a call', () => {
  test.each([
    ['the input is too long', {}, { text: 'x'.repeat(1000) }, 'small'],
    [
      'its circuit is open',
      { state: { isBreakerOpen: (name: string) => name === 'medium' } },
      { text: '' },
      'medium',
    ],
    ['it lacks a capability', { requires: () => ({ capabilities: ['vision'] }) }, { text: '' }, 'small'],
    ['it is of another tier', { requires: () => ({ tier: 'fast' as const }) }, { text: '' }, 'large'],
  ])('not a route when %s', (_, options, input, left) => {
    expect(Object.keys(choose(options, input).eligible)).not.toContain(left);
  });

  test('not a route whose budget is spent', () => {
    const budget = { budget: 'daily', dailyUsd: 1 };
    const limited = { ...routes, small: { ...small, budget } };
    const eligible = (left: number | undefined): string[] =>
      Object.keys(choose({ routes: limited, state: { remainingUsd: () => left } }).eligible);
    expect(eligible(0)).not.toContain('small');
    expect(eligible(0.0001)).not.toContain('small');
    expect(eligible(0.5)).toContain('small');
    expect(eligible(undefined)).toContain('small');
  });

  test('nobody: the error has the reason per route', () => {
    const requires = (): { capabilities: string[] } => ({ capabilities: ['song'] });
    expect(() => choose({ requires, default: 'small' })).toThrow(
      expect.objectContaining({
        code: 'route_not_found',
        details: {
          router: 'models',
          reasons: { small: 'lacks "song"', medium: 'lacks "song"', large: 'lacks "song"' },
        },
      }),
    );
  });
});

describe('strategies', () => {
  test('cheapest counts the expected answer, and ties go to the one declared first', () => {
    const talkative = { ...small, costPer1kTokens: { input: 0, output: 1 } };
    const others = { ...routes, small: talkative };
    expect(choose({ routes: others }).route).toBe('medium');
    expect(choose({ routes: others, outputAllowance: 0 }).route).toBe('small');
    expect(
      choose({ routes: { ...routes, medium: { ...medium, costPer1kTokens: small.costPer1kTokens! } } }).route,
    ).toBe('small');
  });

  test('tier is read from the input, then from the metadata of the run', () => {
    const options = { strategy: 'tier' } as const;
    expect(choose(options, { text: '', tier: 'quality' }).route).toBe('large');
    expect(choose(options, { text: '' }, ctx(0, { tier: 'balanced' })).route).toBe('medium');
  });

  test('tier takes the cheapest of several', () => {
    const options = {
      strategy: 'tier',
      routes: { ...routes, medium: { ...medium, tier: 'quality' } },
    } as const;
    expect(choose(options, { text: '', tier: 'quality' }).route).toBe('medium');
  });

  test('a tier that has no route, or none asked for, goes to the default or fails', () => {
    const options = { strategy: 'tier' } as const;
    expect(choose({ ...options, default: 'small' })).toMatchObject({ route: 'small', reason: 'no_tier' });
    expect(() => choose(options, { text: '', tier: 'luxury' })).toThrow(/no route can take the call/);
  });

  test('fastest tries each once, then takes the smallest median', () => {
    const latencies = new Latencies();
    const fastest = (): string => choose({ strategy: 'fastest', state: latencies }).route;
    expect(fastest()).toBe('small');
    latencies.recordCall('models', 'small', 50);
    expect(fastest()).toBe('medium');
    latencies.recordCall('models', 'medium', 20);
    expect(fastest()).toBe('large');
    latencies.recordCall('models', 'large', 30);
    expect(fastest()).toBe('medium');
    for (let call = 0; call < 100; call++) latencies.recordCall('models', 'medium', 40);
    expect(fastest()).toBe('large');
  });

  test('weighted takes every route as often as its weight says, and 0 never', () => {
    const weights = fc.record({ small: fc.nat(5), medium: fc.nat(5), large: fc.nat(5) });
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (weight, random) => {
          const total = weight.small + weight.medium + weight.large;
          fc.pre(total > 0);
          const weighted = {
            small: { ...small, weight: weight.small },
            medium: { ...medium, weight: weight.medium },
            large: { ...large, weight: weight.large },
          };
          const at = random * total;
          const expected =
            at < weight.small ? 'small' : at < weight.small + weight.medium ? 'medium' : 'large';
          expect(choose({ strategy: 'weighted', routes: weighted }, { text: '' }, ctx(random)).route).toBe(
            expected,
          );
        },
      ),
    );
  });

  test('weighted with nothing but weights of 0 left fails with the reasons', () => {
    const weighted = { ...routes, small: { ...small, weight: 0 }, medium: { ...medium, weight: 0 } };
    const requires = (): { tier: 'fast' } => ({ tier: 'fast' });
    expect(() => choose({ strategy: 'weighted', routes: weighted, requires })).toThrow(/small has weight 0/);
  });
});

describe('savings', () => {
  const usage = { inputTokens: 1000, outputTokens: 500 };

  test('are against the dearest route that could have taken the call, on actual usage', () => {
    expect(savedUsd(choose({}), usage)).toBeCloseTo(0.2 - 0.002, 9);
    expect(savedUsd(choose({ select: () => 'large' }), usage)).toBe(0);
  });

  test('do not count routes that could not', () => {
    expect(savedUsd(choose({ requires: () => ({ tier: 'fast' }) }), usage)).toBe(0);
  });
});

describe('a definition is refused', () => {
  test.each([
    ['without routes', { routes: {} }, /has no routes/],
    ['without a way to choose', { strategy: undefined }, /needs select or a strategy/],
    ['with a default that is no route', { default: 'tiny' }, /none of its routes/],
    [
      'that compares prices nobody gave',
      { routes: { a: { primitive: model('a') } } },
      /no costPer1kTokens: a/,
    ],
    ['with a negative weight', { routes: { a: { ...small, weight: -1 } } }, /weights are numbers from 0: a/],
    [
      'with weights of 0',
      { strategy: 'weighted', routes: { a: { ...small, weight: 0 } } },
      /every weight is 0/,
    ],
  ])('%s', (_, wrong, message) => {
    // What the compiler refuses too, and plain JavaScript may still pass.
    const options = { routes, strategy: 'cheapest', ...wrong } as unknown as RouterOptions<
      Ask,
      Answer,
      string
    >;
    expect(() => router('models', options)).toThrow(message);
  });
});

describe('in a plan', () => {
  test('chance is asked once, and the same route is walked ever after', async () => {
    const seen: string[] = [];
    const primitive = router('models', {
      routes,
      strategy: 'weighted',
      observe: ({ route }) => seen.push(route),
    });
    const { output, branches } = await runInProcess(primitive, { text: 'hi' });
    expect(branches).toEqual([{ path: 'models', branch: output }]);
    expect(seen).toEqual([output]);
  });

  test('a selector may ask for chance as well, with a default at hand', async () => {
    const primitive = router('models', {
      routes,
      select: (_, context) => (context.random() < 1 ? 'large' : 'small'),
      default: 'small',
    });
    expect((await runInProcess(primitive, { text: 'hi' })).output).toBe('large');
  });

  test('calls of steps are timed', async () => {
    const clock = fakeClock();
    const latencies = new Latencies();
    const slow = step({
      name: 'slow',
      queue: 'test',
      input: z.object({ text: z.string() }),
      output: z.string(),
      run: () => new Promise<string>((resolve) => clock.after(30, () => resolve('done'))),
    });
    const primitive = router('models', {
      routes: { slow: { primitive: slow } },
      strategy: 'fastest',
      state: latencies,
    });
    await clock.runUntil(runInProcess(primitive, { text: 'hi' }, { clock }));
    expect(latencies.medianMs('models', 'slow')).toBe(30);
  });

  test('no route fails the run with its code', async () => {
    const primitive = router('models', { routes, strategy: 'tier' });
    await expect(runInProcess(primitive, { text: 'hi' })).rejects.toMatchObject({
      code: 'route_not_found',
      path: 'models',
    });
  });
});
