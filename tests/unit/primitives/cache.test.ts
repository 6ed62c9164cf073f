import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { canonicalJson } from '../../../src/primitives/cache/canonical-json.ts';
import { createCache } from '../../../src/primitives/cache/cache.ts';
import type { CacheEvent } from '../../../src/primitives/cache/cache-counts.ts';
import { BYPASS } from '../../../src/primitives/cache/cache-key.ts';
import { llmKey, type LlmKeyParts } from '../../../src/primitives/cache/llm-key.ts';
import { Lru } from '../../../src/primitives/cache/lru.ts';
import { step } from '../../../src/primitives/compose/combine.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import type { CachePolicy } from '../../../src/primitives/plan/node.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';

const GLOBAL: CachePolicy = { scope: 'global', ttlMs: 1000, maxEntries: 10, tier: 'memory', version: 1 };

function setup() {
  const clock = fakeClock();
  const events: CacheEvent[] = [];
  const cache = createCache({ clock, observe: (event) => events.push(event) });
  let calls = 0;
  const ask = <T>(value: T, input: unknown = 'q', policy: CachePolicy = GLOBAL): Promise<T> =>
    cache.cachedCall(policy, { name: 'answer', input }, async () => {
      calls += 1;
      return value;
    });
  return { clock, cache, events, ask, calls: () => calls };
}

describe('canonical JSON', () => {
  test('of equal values is equal, whatever order they were built in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(canonicalJson(JSON.parse(canonicalJson(value)!))).toBe(canonicalJson(value));
      }),
    );
  });

  test('of different values is different', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        const isSame = canonicalJson(a) === canonicalJson(b);
        if (isSame) expect(a).toEqual(b);
      }),
    );
  });

  test('drops undefined fields', () => {
    expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  test.each([
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['NaN', { a: Number.NaN }],
    ['a function', { a: () => 1 }],
    ['a big integer', 1n],
    ['nothing', undefined],
    ['a hole', [1, undefined]],
    ['a cycle', cycle],
  ])('there is none of %s', (_, value) => expect(canonicalJson(value)).toBeNull());
});

describe('the memory tier', () => {
  test('[P13.8] evicts the least recently used entry, not the oldest', () => {
    const lru = new Lru({ maxEntries: 2, now: () => 0 });
    lru.set('a', '1', 10, 0);
    lru.set('b', '2', 10, 0);
    lru.get('a');
    lru.set('c', '3', 10, 0);
    expect([lru.get('a') !== null, lru.get('b') !== null, lru.get('c') !== null]).toEqual([
      true,
      false,
      true,
    ]);
    expect(lru.evictions).toBe(1);
  });

  test('behaves like a list ordered by use, for any sequence of reads and writes', () => {
    const operation = fc.record({ key: fc.integer({ min: 0, max: 8 }).map(String), isWrite: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation), fc.integer({ min: 1, max: 5 }), (operations, maxEntries) => {
        const lru = new Lru({ maxEntries, now: () => 0 });
        let model: string[] = [];
        for (const { key, isWrite } of operations) {
          const isKnown = model.includes(key);
          if (!isWrite) expect(lru.get(key) !== null).toBe(isKnown);
          else lru.set(key, 'x', 10, 0);
          if (isWrite || isKnown) model = [...model.filter((other) => other !== key), key].slice(-maxEntries);
          expect(lru.size).toBe(model.length);
        }
      }),
    );
  });

  test('keeps no more bytes than it may, and refuses what alone is larger', () => {
    const lru = new Lru({ maxEntries: 10, maxBytes: 5, now: () => 0 });
    lru.set('a', 'xxx', 10, 0);
    lru.set('b', 'yyy', 10, 0);
    expect([lru.get('a'), lru.size]).toEqual([null, 1]);
    expect(lru.set('c', 'zzzzzz', 10, 0)).toBe(false);
  });

  test('an entry read at exactly its time to live is expired', async () => {
    const { clock, ask, calls, cache } = setup();
    await ask('a');
    await clock.advance(999);
    await ask('a');
    expect(calls()).toBe(1);
    await clock.advance(1);
    await ask('b');
    expect(calls()).toBe(2);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, expirations: 1, hitRatio: 1 / 3 });
  });

  test('forgets on demand', async () => {
    const { clock, ask, cache } = setup();
    await ask('a', 1);
    await ask('b', 2);
    expect(await cache.delete(cache.keyOf(GLOBAL, { name: 'answer', input: 1 })!)).toBe(true);
    expect(cache.stats().entries).toBe(1);
    await clock.advance(1000);
    expect([cache.evictExpired(), cache.stats().entries]).toEqual([1, 0]);
    await ask('c', 3);
    await cache.clear('answer');
    expect(cache.stats('answer').entries).toBe(0);
  });

  test('while unused has a hit ratio of 0', () => {
    expect(createCache().stats()).toMatchObject({ entries: 0, hitRatio: 0 });
  });
});

describe('what is remembered', () => {
  test.each([null, 0, '', false])('%j is', async (value) => {
    const { ask, calls } = setup();
    expect([await ask(value), await ask(value)]).toEqual([value, value]);
    expect(calls()).toBe(1);
  });

  test.each([
    ['a date', new Date(0)],
    ['undefined', undefined],
    ['more than 256 KiB', 'x'.repeat(256 * 1024)],
  ])('%s is returned, but not stored', async (_, value) => {
    const { ask, calls, events } = setup();
    expect([await ask(value), await ask(value)]).toEqual([value, value]);
    expect(calls()).toBe(2);
    expect(events.filter(({ result }) => result === 'skip')).toHaveLength(2);
  });

  test('every caller gets a value of its own', async () => {
    const { ask } = setup();
    const [first, second] = await Promise.all([ask({ list: [1] }), ask({ list: [1] })]);
    first.list.push(2);
    expect([second, await ask({ list: [] })]).toEqual([{ list: [1] }, { list: [1] }]);
  });

  test('an unsafe answer is not, nor is one about which the check fails', async () => {
    const { ask, calls } = setup();
    const fails = (): boolean => {
      throw new Error('no verdict');
    };
    for (const storeIf of [() => false, fails]) {
      await ask('rude', 'q', { ...GLOBAL, storeIf });
      await ask('rude', 'q', { ...GLOBAL, storeIf });
    }
    expect(calls()).toBe(4);
  });

  test('an entry that is no longer what the step returns is a miss', async () => {
    const { ask, cache } = setup();
    await ask('text');
    const accepts = (value: unknown): boolean => typeof value === 'number';
    const request = { name: 'answer', input: 'q', accepts };
    expect(await cache.cachedCall<unknown>(GLOBAL, request, async () => 7)).toBe(7);
    expect(cache.stats()).toMatchObject({ errors: 1, misses: 2 });
  });
});

describe('failures', () => {
  const final = new FleetError({ code: 'no_case', kind: 'invalid_input', message: 'no such thing' });
  const passing = new FleetError({ code: 'step_timeout', kind: 'timeout', message: 'slow' });

  test.each([
    ['are not remembered', GLOBAL, final, 2],
    ['are when the policy says so', { ...GLOBAL, cacheErrors: true }, final, 1],
    ['that may go away by themselves never are', { ...GLOBAL, cacheErrors: true }, passing, 2],
  ])('%s', async (_, policy, error, expected) => {
    const { cache } = setup();
    let calls = 0;
    const call = (): Promise<string> =>
      cache.cachedCall(policy, { name: 'answer', input: 1 }, async () => {
        calls += 1;
        throw error;
      });
    await expect(call()).rejects.toMatchObject({ code: error.code });
    await expect(call()).rejects.toMatchObject({ code: error.code, retryable: error.retryable });
    expect(calls).toBe(expected);
  });

  test('an expired entry stands in for one, for as long as it may', async () => {
    const { clock, cache, ask } = setup();
    const policy = { ...GLOBAL, staleIfErrorMs: 500 };
    await ask('old', 'q', policy);
    const fails = (): Promise<string> =>
      cache.cachedCall(policy, { name: 'answer', input: 'q' }, async () => {
        throw new Error('down');
      });
    await clock.advance(1499);
    expect(await fails()).toBe('old');
    await clock.advance(1);
    await expect(fails()).rejects.toThrow('down');
  });
});

describe('whose call it is', () => {
  const PLAYER: CachePolicy = { ...GLOBAL, scope: 'player' };

  test('[P13.8] two players never share an entry, and one without id shares nothing', async () => {
    const { cache, events } = setup();
    let calls = 0;
    const ask = (playerId?: string): Promise<number> =>
      cache.cachedCall(PLAYER, { name: 'answer', input: 1, ids: { playerId } }, async () => ++calls);
    expect([await ask('ann'), await ask('bob'), await ask('ann')]).toEqual([1, 2, 1]);
    expect([await ask(), await ask(''), await ask()]).toEqual([3, 4, 5]);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, bypassed: 3 });
    expect(events.filter(({ result }) => result === 'bypass')).toHaveLength(3);
  });

  test('a session is no player of the same id', () => {
    const { cache } = setup();
    const request = { name: 'answer', input: 1, ids: { playerId: 'x', sessionId: 'x' } };
    expect(cache.keyOf({ ...GLOBAL, scope: 'session' }, request)).not.toBe(cache.keyOf(PLAYER, request));
  });

  test('facets, version and the key function tell calls apart', async () => {
    const { cache } = setup();
    const request = { name: 'answer', input: { text: 'hi', at: 1 } };
    const keys = [
      GLOBAL,
      { ...GLOBAL, facets: { locale: 'de' } },
      { ...GLOBAL, facets: (input: { text: string }) => input.text },
      { ...GLOBAL, version: 2 },
      { ...GLOBAL, key: (input: { text: string }) => input.text },
    ].map((policy) => cache.keyOf(policy, request));
    expect(new Set(keys).size).toBe(5);
    const byText: CachePolicy = { ...GLOBAL, key: (input: { text: string }) => input.text };
    expect(cache.keyOf(byText, { name: 'answer', input: { text: 'hi', at: 2 } })).toBe(keys[4]);
  });

  test('a key function that throws, or an input that is no JSON, does not fail the call', async () => {
    const { ask, calls } = setup();
    const key = (): never => {
      throw new Error('bad key');
    };
    expect(await ask('a', 'q', { ...GLOBAL, key })).toBe('a');
    expect(await ask('a', new Map())).toBe('a');
    expect(calls()).toBe(2);
  });
});

describe('the key of a model call', () => {
  const parts: LlmKeyParts = {
    model: 'm',
    system: 's',
    messages: [{ role: 'user', content: 'hi' }],
    temperature: 0,
  };
  const variants: Partial<LlmKeyParts>[] = [
    { model: 'n' },
    { system: 't' },
    { messages: [] },
    { tools: [{ name: 'look' }] },
    { temperature: 0.5, seed: 1 },
    { topP: 0.5 },
    { seed: 1 },
    { maxOutputTokens: 5 },
    { promptVersion: '2' },
    { locale: 'de' },
  ];

  test('changes with every part', () => {
    const keys = [{}, ...variants].map((variant) => llmKey({ ...parts, ...variant }));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain(BYPASS);
  });

  test('is none where chance is wanted or tools act', () => {
    expect(llmKey({ ...parts, temperature: 0.7 })).toBe(BYPASS);
    expect(llmKey({ ...parts, temperature: 0.7 }, { allowNonDeterministic: true })).not.toBe(BYPASS);
    expect(llmKey({ ...parts, tools: [{ name: 'buy', hasSideEffects: true }] })).toBe(BYPASS);
  });

  test('that is none bypasses the cache', async () => {
    const { ask, calls } = setup();
    const policy = { ...GLOBAL, key: () => llmKey({ ...parts, temperature: 1 }) };
    await ask('a', 'q', policy);
    await ask('a', 'q', policy);
    expect(calls()).toBe(2);
  });
});

describe('single flight', () => {
  test('[P13.8] 100 concurrent identical calls are one', async () => {
    const { ask, calls, cache } = setup();
    const values = await Promise.all(Array.from({ length: 100 }, () => ask('a')));
    expect(new Set(values)).toEqual(new Set(['a']));
    expect(calls()).toBe(1);
    expect(cache.stats()).toMatchObject({ misses: 1, coalesced: 99, hits: 0 });
  });

  test('all get the same error, and the next call is made anew', async () => {
    const { cache, ask } = setup();
    const error = new Error('down');
    const fail = (): Promise<string> =>
      cache.cachedCall(GLOBAL, { name: 'answer', input: 'q' }, async () => {
        throw error;
      });
    const results = await Promise.allSettled([fail(), fail(), fail()]);
    expect(results.every((result) => result.status === 'rejected' && result.reason === error)).toBe(true);
    expect(await ask('fine')).toBe('fine');
  });

  test('the work goes on while anybody waits, and is aborted when the last one leaves', async () => {
    const { cache, ask } = setup();
    const begun = deferred<AbortSignal>();
    const callers = [new AbortController(), new AbortController()];
    const waits = callers.map(({ signal }) =>
      cache.cachedCall(GLOBAL, { name: 'answer', input: 'q', signal }, (shared) => {
        begun.resolve(shared);
        return new Promise<string>((_, reject) => {
          shared.addEventListener('abort', () => reject(new Error('stopped')));
        });
      }),
    );
    const shared = await begun.promise;
    callers[0]!.abort(new Error('first left'));
    await expect(waits[0]).rejects.toThrow('first left');
    expect(shared.aborted).toBe(false);
    callers[1]!.abort(new Error('last left'));
    await expect(waits[1]).rejects.toThrow('last left');
    expect(shared.aborted).toBe(true);
    expect(await ask('anew')).toBe('anew');
  });

  test('a caller that has given up already starts nothing', async () => {
    const { cache } = setup();
    const signal = AbortSignal.abort(new Error('over'));
    const call = cache.cachedCall(GLOBAL, { name: 'answer', input: 'q', signal }, async () => 1);
    await expect(call).rejects.toThrow('over');
    expect(cache.stats().misses).toBe(0);
  });
});

describe('a cached step in process', () => {
  test('is called once for equal inputs, per player', async () => {
    let calls = 0;
    const primitive = step({
      name: 'answer',
      queue: 'test',
      input: z.object({ q: z.string() }),
      output: z.object({ n: z.number() }),
      run: async () => ({ n: ++calls }),
    }).cached({ scope: 'player', key: ({ q }) => q.trim() });
    const cache = createCache();
    const ask = async (q: string, player: string): Promise<number> =>
      (await runInProcess(primitive, { q }, { cache, metadata: { player_id: player } })).output.n;
    expect([await ask('a', 'ann'), await ask(' a ', 'ann'), await ask('a', 'bob')]).toEqual([1, 1, 2]);
  });

  test('with a wrong output is retried, and only the right one is remembered', async () => {
    let calls = 0;
    const primitive = step({
      name: 'answer',
      queue: 'test',
      input: z.number(),
      output: z.number().min(2),
      run: async () => ++calls,
    })
      .retry({ maxAttempts: 2 })
      .cached({ scope: 'global' });
    const cache = createCache();
    const clock = fakeClock();
    const first = await clock.runUntil(runInProcess(primitive, 1, { cache, clock }));
    const second = await clock.runUntil(runInProcess(primitive, 1, { cache, clock }));
    expect([first.output, second.output, calls]).toEqual([2, 2, 2]);
  });

  test.each([{ ttlMs: 0 }, { maxEntries: 0 }, { staleIfErrorMs: -1 }, { maxBytes: 0.5 }])(
    '%j is refused when it is defined',
    (wrong) => {
      const primitive = step({
        name: 'answer',
        queue: 'test',
        input: z.number(),
        output: z.number(),
        run: async (n) => n,
      });
      expect(() => primitive.cached({ scope: 'global', ...wrong })).toThrow(/must be a whole number/);
    },
  );

  test('whose input has no JSON form needs a key', () => {
    const primitive = step({
      name: 'age',
      queue: 'test',
      input: z.object({ born: z.date() }),
      output: z.number(),
      run: async ({ born }) => born.getTime(),
    });
    expect(() => primitive.cached({ scope: 'global' })).toThrow(/cached\(\) needs a key/);
    expect(() => primitive.cached({ scope: 'global', key: ({ born }) => born.getTime() })).not.toThrow();
  });

  test('that is not idempotent is refused', () => {
    const primitive = step({
      name: 'buy',
      queue: 'test',
      input: z.number(),
      output: z.number(),
      idempotent: false,
      run: async (n) => n,
    });
    expect(() => primitive.cached({ scope: 'global' })).toThrow(/not idempotent/);
  });
});
