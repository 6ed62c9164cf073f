import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import { RoutingPreview } from '../../../src/coordination/models/routing.ts';
import { Field, type Runner } from '../../../src/coordination/routing/field.ts';
import { Looks } from '../../../src/coordination/routing/looks.ts';
import { previewOf } from '../../../src/coordination/routing/preview.ts';
import {
  best,
  exclusionOf,
  normalisedWeights,
  rank,
  type Rules,
  type Standing,
} from '../../../src/coordination/routing/score.ts';
import { rerouted, RoutingSettings } from '../../../src/coordination/routing/settings.ts';
import { deferred } from '../../../src/kernel/deferred.ts';

const DEFAULTS: Rules = { weights: { queue: 0.3, heartbeat: 0.4, success: 0.3 }, heartbeatFreshMs: 30_000 };

function standing(instance: string, change: Partial<Standing> = {}): Standing {
  return { instance, depth: 0, heartbeatAgeMs: 0, successRatio: 1, inFlight: 0, ...change };
}

const instances = (candidates: readonly Standing[], rules = DEFAULTS): string[] =>
  rank(candidates, rules).map(({ candidate }) => candidate.instance);

const scores = (candidates: readonly Standing[], rules = DEFAULTS): Record<string, number> =>
  Object.fromEntries(rank(candidates, rules).map(({ candidate, score }) => [candidate.instance, score]));

describe('the score', () => {
  test('of depths 10, 2 and 5 makes 2 win', () => {
    const agents = [10, 2, 5].map((depth) => standing(`with-${depth}`, { depth }));
    expect(scores(agents)).toEqual({ 'with-2': 0, 'with-5': 0.1125, 'with-10': 0.3 });
    expect(instances(agents)).toEqual(['with-2', 'with-5', 'with-10']);
  });

  test('grows by exactly 0.225 with 3 failures among 4 outcomes', () => {
    expect(scores([standing('a'), standing('b', { successRatio: 0.25 })])).toEqual({ a: 0, b: 0.225 });
  });

  test('counts the age of a heartbeat up to the fresh time, and not beyond', () => {
    const aged = [0, 15_000, 30_000, 90_000].map((heartbeatAgeMs) =>
      standing(`${heartbeatAgeMs}`, { heartbeatAgeMs }),
    );
    expect(scores(aged)).toEqual({ 0: 0, 15000: 0.2, 30000: 0.4, 90000: 0.4 });
  });

  test('takes what is unknown for the worst there is', () => {
    const agents = [
      standing('least', { depth: 3 }),
      standing('most', { depth: 9 }),
      standing('no-depth', { depth: null }),
      standing('no-age', { depth: 3, heartbeatAgeMs: null }),
      standing('no-rate', { depth: 3, successRatio: null }),
    ];
    expect(scores(agents)).toEqual({ least: 0, most: 0.3, 'no-depth': 0.3, 'no-rate': 0.3, 'no-age': 0.4 });
  });

  test('of equals is decided by what is in flight, then by the name', () => {
    const agents = [standing('c'), standing('b', { inFlight: 1 }), standing('a', { inFlight: 1 })];
    expect(instances(agents)).toEqual(['c', 'a', 'b']);
  });
});

describe('any agents', () => {
  const ratio = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 9 });
  const anyone = fc.record({
    instance: fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '_', '7') }),
    depth: maybe(fc.nat(1000)),
    heartbeatAgeMs: maybe(fc.nat(60_000)),
    successRatio: maybe(ratio),
    inFlight: fc.nat(3),
  });
  const crowd = fc.uniqueArray(anyone, { minLength: 1, maxLength: 12, selector: ({ instance }) => instance });
  const weight = fc.integer({ min: 0, max: 100 });
  const rules = fc
    .record({ queue: weight, heartbeat: weight, success: weight })
    .filter(({ queue, heartbeat, success }) => queue + heartbeat + success > 0)
    .map((weights) => ({ weights, heartbeatFreshMs: 30_000 }));

  test('are ranked the same in whatever order they are given', () => {
    const shuffled = crowd.chain((agents) =>
      fc.tuple(fc.constant(agents), fc.shuffledSubarray(agents, { minLength: agents.length })),
    );
    fc.assert(
      fc.property(shuffled, rules, ([agents, others], each) => {
        expect(rank(others, each)).toEqual(rank(agents, each));
      }),
    );
  });

  test('are not ranked behind one that is worse in all three', () => {
    fc.assert(
      fc.property(crowd, fc.nat(11), rules, (agents, index, each) => {
        const worse = agents[index % agents.length]!;
        if (worse.depth === null || worse.heartbeatAgeMs === null || worse.successRatio === null) return;
        const better = {
          ...worse,
          instance: '!better', // the first of equals
          depth: worse.depth - 1,
          heartbeatAgeMs: worse.heartbeatAgeMs - 1,
          successRatio: worse.successRatio + 0.01,
        };
        const all = scores([...agents, better], each);
        expect(all['!better']).toBeLessThanOrEqual(all[worse.instance]!);
        const order = instances([...agents, better], each);
        expect(order.indexOf('!better')).toBeLessThan(order.indexOf(worse.instance));
      }),
    );
  });

  test('stand the same when all weights are multiplied', () => {
    fc.assert(
      fc.property(crowd, rules, fc.constantFrom(0.25, 0.5, 2, 1024), (agents, each, factor) => {
        const { queue, heartbeat, success } = each.weights;
        const weights = { queue: queue * factor, heartbeat: heartbeat * factor, success: success * factor };
        expect(rank(agents, { ...each, weights })).toEqual(rank(agents, each));
        const { queue: q, heartbeat: h, success: s } = normalisedWeights(weights);
        expect(q + h + s).toBeCloseTo(1, 12);
      }),
    );
  });

  test('have scores from 0 to 1, and the best is the first of the ranked', () => {
    fc.assert(
      fc.property(crowd, rules, (agents, each) => {
        const ranked = rank(agents, each);
        for (const { score } of ranked) expect(score >= 0 && score <= 1).toBe(true);
        expect(best(agents, each)).toBe(ranked[0]!.candidate);
      }),
    );
  });

  test('are none: nobody is the best', () => expect(best([], DEFAULTS)).toBeUndefined());
});

function runner(instance: string, change: Partial<Runner> = {}): Runner {
  const fit = { type: 'bob', isAlive: true, isRunning: true, isDegraded: false };
  return { ...fit, instance, heartbeatAgeMs: 0, inFlight: 0, ...change };
}

describe('who is excluded', () => {
  test('is told the first reason that holds', () => {
    const broken = { isAlive: false, isRunning: false, isDegraded: true };
    const reason = (change: Partial<Runner>, excludeDegraded = true) =>
      exclusionOf(runner('a', change), 'bob', excludeDegraded);
    expect(reason({ ...broken, type: 'anna' })).toBe('wrong_type');
    expect(reason(broken)).toBe('stale_heartbeat');
    expect(reason({ ...broken, isAlive: true })).toBe('not_running');
    expect(reason({ isDegraded: true })).toBe('degraded');
    expect(reason({ isDegraded: true }, false)).toBeNull();
    expect(reason({})).toBeNull();
  });

  test('appears after the others when all are asked for, unless it is of another type', () => {
    const idle = { depth: 0, successRatio: 1 };
    const agents = [
      { ...runner('dead', { isAlive: false, heartbeatAgeMs: null }), ...idle },
      { ...runner('slow', { heartbeatAgeMs: 30_000 }), ...idle },
      { ...runner('tired', { isDegraded: true }), ...idle },
      { ...runner('fit'), ...idle },
    ];
    const others = [runner('x', { type: 'anna' })];
    const rules = { ...DEFAULTS, excludeDegraded: true };
    const shown = previewOf('bob', agents, others, { ...rules, showAllCandidates: true });
    expect(RoutingPreview.parse(shown)).toEqual(shown);
    expect(shown.candidates.map(({ instance, score, excluded }) => ({ instance, score, excluded }))).toEqual([
      { instance: 'fit', score: 0, excluded: false },
      { instance: 'slow', score: 0.4, excluded: false },
      { instance: 'dead', score: null, excluded: true },
      { instance: 'tired', score: null, excluded: true },
    ]);
    expect(shown.candidates[2]).toMatchObject({ exclusion_reason: 'stale_heartbeat', heartbeat_age_s: null });
    expect(shown).toMatchObject({ selected: 'fit', reason: 'selected minimal weighted score' });
    expect(shown.summary).toEqual({
      total_agents: 5,
      healthy_candidates: 2,
      excluded_count: 3,
      exclusion_reasons: { stale_heartbeat: 1, degraded: 1, wrong_type: 1 },
    });
    const short = previewOf('bob', agents, others, { ...rules, showAllCandidates: false });
    expect(short.candidates.map(({ instance }) => instance)).toEqual(['fit', 'slow']);
    expect(short.excluded).toEqual(shown.excluded);
  });

  test('is everybody: nothing is selected, and it says so', () => {
    const rules = { ...DEFAULTS, excludeDegraded: true, showAllCandidates: true };
    expect(previewOf('carl', [], [runner('a')], rules)).toMatchObject({
      candidates: [],
      selected: null,
      reason: 'no healthy candidates found',
      excluded: [{ instance: 'a', agent_type: 'bob', reason: 'wrong_type' }],
    });
  });
});

describe('settings of routing', () => {
  test('have the defaults of the specification', () => {
    expect(RoutingSettings.parse({})).toEqual({
      enabled: true,
      weightQueue: 0.3,
      weightHeartbeat: 0.4,
      weightSuccess: 0.3,
      heartbeatFreshMs: 30_000,
      successWindowSize: 100,
    });
  });

  test.for<[object, string]>([
    [{ weightQueue: -0.1 }, 'weightQueue'],
    [{ weightQueue: 0, weightHeartbeat: 0, weightSuccess: 0 }, 'weightQueue'],
    [{ heartbeatFreshMs: 0 }, 'heartbeatFreshMs'],
    [{ successWindowSize: 0 }, 'successWindowSize'],
    [{ successWindowSize: 10_001 }, 'successWindowSize'],
    [{ window: 5 }, 'window'],
  ])('%j is refused', ([changes, name]) => {
    expect(() => rerouted(RoutingSettings.parse({}), changes)).toThrow(name);
  });

  test('are changed all or none, and every fault is named at once', () => {
    const before = RoutingSettings.parse({ weightQueue: 1 });
    expect(rerouted(before, { weightQueue: 0, enabled: false })).toEqual({
      ...before,
      weightQueue: 0,
      enabled: false,
    });
    const wrong = (): unknown =>
      rerouted(before, { weightQueue: 2, weightSuccess: -1, successWindowSize: 0 });
    expect(wrong).toThrow(CoordinationValidationError);
    expect(wrong).toThrow(/router\.weightSuccess.*router\.successWindowSize/);
    expect(before.weightQueue).toBe(1);
  });
});

describe('a look at a type', () => {
  const idle = (count: number): Field =>
    new Field(
      Array.from({ length: count }, (_, n) => runner(`i${n}`)),
      Array.from({ length: count }, () => ({ depth: 0, successRatio: 1 })),
    );

  test('spreads the messages of one moment over all that are equal', async () => {
    let looks = 0;
    const all = new Looks(async () => {
      looks += 1;
      return idle(3);
    });
    const taken = await Promise.all(
      Array.from({ length: 6 }, async () => (await all.at('bob')).take(true, DEFAULTS)),
    );
    expect(taken).toEqual(['i0', 'i1', 'i2', 'i0', 'i1', 'i2']);
    expect(looks).toBe(1);
  });

  test('is made anew for who asks while one is under way, and shared by all of those', async () => {
    const first = deferred<Field>();
    const looks: string[] = [];
    const all = new Looks((type) => {
      looks.push(type);
      return looks.length === 1 ? first.promise : Promise.resolve(idle(looks.length));
    });
    const early = all.at('bob');
    await expect.poll(() => looks.length).toBe(1);
    const late = [all.at('bob'), all.at('bob')];
    const other = await all.at('carl');
    first.resolve(idle(1));
    expect([await early, await late[0], other].map((field) => field!.size)).toEqual([1, 3, 2]);
    expect(await late[1]).toBe(await late[0]);
    expect(looks).toEqual(['bob', 'carl', 'bob']);
  });

  test('that fails fails for all who wait, so that nobody waits twice, and for nobody after', async () => {
    const first = deferred<Field>();
    let looks = 0;
    const all = new Looks(() => {
      looks += 1;
      return looks === 1 ? first.promise : Promise.resolve(idle(1));
    });
    const early = all.at('bob');
    await expect.poll(() => looks).toBe(1);
    const late = all.at('bob');
    first.reject(new Error('away'));
    await expect(early).rejects.toThrow('away');
    await expect(late).rejects.toThrow('away');
    expect((await all.at('bob')).size).toBe(1);
    expect(looks).toBe(2);
  });

  test('serves for a while when the type is large, and only once when it is small', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const looks: string[] = [];
    const sizes: Record<string, number> = { small: 39, middle: 400, large: 20_000 };
    const all = new Looks(async (type) => {
      looks.push(type);
      return idle(sizes[type]!);
    });
    const looksOf = async (type: string, ...afterMs: number[]): Promise<number> => {
      looks.length = 0;
      await all.at(type);
      for (const ms of afterMs) {
        vi.advanceTimersByTime(ms);
        await all.at(type);
      }
      return looks.length;
    };
    expect(await looksOf('small', 0, 0)).toBe(3);
    expect(await looksOf('middle', 0, 9)).toBe(1);
    expect(await looksOf('middle', 2, 0)).toBe(1);
    expect(await looksOf('large', 249)).toBe(1);
    expect(await looksOf('large', 2)).toBe(1);
  });

  test('serves a little longer while the next one is made, so that nobody waits for it', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const [first, second] = [idle(400), idle(400)];
    const slow = deferred<Field>();
    let looks = 0;
    const all = new Looks(() => {
      looks += 1;
      return looks === 1 ? Promise.resolve(first) : looks === 2 ? slow.promise : Promise.reject(new Error());
    });
    expect(await all.at('bob')).toBe(first);
    vi.advanceTimersByTime(11);
    expect([await all.at('bob'), await all.at('bob')]).toEqual([first, first]);
    expect(looks).toBe(2);
    slow.resolve(second);
    await expect.poll(() => all.at('bob')).toBe(second);
    expect(looks).toBe(2);
    // A look that fails behind their backs is nothing to who is served, until nothing serves any more.
    vi.advanceTimersByTime(11);
    expect(await all.at('bob')).toBe(second);
    expect(looks).toBe(3);
    vi.advanceTimersByTime(30);
    await expect(all.at('bob')).rejects.toThrow(Error);
  });
});
