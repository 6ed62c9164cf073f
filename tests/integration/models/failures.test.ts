import { describe, expect, test } from 'vitest';
import type { CallAccount } from '../../../src/models/language.ts';
import type { SpendingPort } from '../../../src/models/spending.ts';
import type { ServerAnswer } from '../../support/language-server.ts';
import { HELLO, openRoom } from './room.ts';

/** What the provider had read when it was cut off, as far as we can tell. */
const READ = { input_tokens: expect.any(Number) as number, output_tokens: 0 };

const NEVER = new Promise<never>(() => undefined);

describe('a failure that may pass', () => {
  test.for<[string, ServerAnswer, string]>([
    ['a broken connection', 'reset', 'network'],
    ['408', { status: 408 }, 'timeout'],
    ['409', { status: 409 }, 'conflict'],
    ['429', { status: 429 }, 'rate_limited'],
    ['429 with a short Retry-After', { status: 429, headers: { 'retry-after': '0.05' } }, 'rate_limited'],
    ['500', { status: 500 }, 'server'],
    ['503', { status: 503, body: 'overloaded' }, 'server'],
  ])('%s is repeated once and then answered', async ([, failure, outcome]) => {
    await using room = await openRoom(({ number }) => (number === 1 ? failure : { say: HELLO }));
    expect(await room.ask()).toMatchObject({ ok: true, value: HELLO });
    expect(room.outcomes()).toEqual([outcome, 'success']);
  });

  test.for<[string, ServerAnswer]>([
    ['a broken connection', 'reset'],
    ['500', { status: 500 }],
    ['429', { status: 429 }],
  ])('%s twice ends as provider_error', async ([, failure]) => {
    await using room = await openRoom(() => failure);
    expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
    expect(room.server.calls).toHaveLength(2);
    expect(room.provider.breaker.snapshot().failures).toBe(2);
  });

  test('is not repeated where repeats are off', async () => {
    await using room = await openRoom(() => ({ status: 500 }), { maxRepeats: 0 });
    expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
    expect(room.server.calls).toHaveLength(1);
  });

  test('waits as long as Retry-After says, when there is time for it', async () => {
    await using room = await openRoom(({ number }) =>
      number === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { say: HELLO },
    );
    const startedAt = performance.now();
    expect(await room.ask()).toMatchObject({ ok: true });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  test.for([
    ['60 seconds', '60'],
    ['a moment far away', new Date(Date.now() + 3_600_000).toUTCString()],
  ] as const)('is not repeated when Retry-After is %s, beyond the budget', async ([, value]) => {
    await using room = await openRoom(() => ({ status: 429, headers: { 'retry-after': value } }));
    const startedAt = performance.now();
    expect(await room.ask({}, { budgetMs: 10_000 })).toEqual({ ok: false, reason: 'provider_error' });
    expect(room.server.calls).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('of the repair request is repeated when nothing was repeated before', async () => {
    await using room = await openRoom(({ number, complaint }) => {
      if (complaint === null) return { say: 'no' };
      return number === 2 ? { status: 502 } : { say: HELLO };
    });
    expect(await room.ask()).toMatchObject({ ok: true });
    expect(room.server.calls).toHaveLength(3);
  });
});

test('nobody listening at the address is provider_error', async () => {
  await using gone = await openRoom(() => ({ say: HELLO }));
  const { url } = gone.server;
  await gone.server[Symbol.asyncDispose]();
  await using room = await openRoom(() => ({ say: HELLO }), { baseUrl: url });
  expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
  expect(room.outcomes()).toEqual(['network', 'network']);
});

describe('time', () => {
  test.for<[string, ServerAnswer, boolean]>([
    ['a provider that hangs', 'hang', false],
    ['a first token that does not come', { say: HELLO, before: NEVER }, true],
    ['a stream that stops', { say: HELLO, pause: { after: 2, until: NEVER } }, true],
  ])('%s ends with the budget as sla_fallback', async ([, answer, isStream]) => {
    await using room = await openRoom(() => answer, { models: ['first', 'second'] });
    const startedAt = performance.now();
    const stream = isStream ? { onPartial: () => undefined } : {};
    expect(await room.ask({}, { budgetMs: 300, ...stream })).toEqual({
      ok: false,
      reason: 'sla_fallback',
      usage: READ,
    });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(room.server.calls).toHaveLength(1);
    expect(room.outcomes()).toEqual(['timeout']);
    // It had less time than a provider may need.
    expect(room.provider.breaker.snapshot().failures).toBe(0);
  });

  test('covers the repair: an answer that does not fit and a model that hangs then', async () => {
    await using room = await openRoom(({ complaint }) => (complaint === null ? { say: 'no' } : 'hang'));
    const answer = await room.ask({}, { budgetMs: 400 });
    expect(answer).toEqual({
      ok: false,
      reason: 'sla_fallback',
      usage: { input_tokens: expect.any(Number) as number, output_tokens: 20 },
    });
  });

  test('too short for any request makes none', async () => {
    await using room = await openRoom(() => ({ say: HELLO }));
    for (const budgetMs of [0, -5, 20]) {
      expect(await room.ask({}, { budgetMs })).toEqual({ ok: false, reason: 'sla_fallback' });
    }
    expect(room.server.calls).toEqual([]);
  });

  test('of one request is limited by itself: alone, that is sla_fallback, too', async () => {
    await using room = await openRoom(() => 'hang', { callTimeoutMs: 100 });
    expect(await room.ask()).toEqual({ ok: false, reason: 'sla_fallback', usage: READ });
    expect(room.server.calls).toHaveLength(1);
  });

  test('of one request is limited by itself: the next model has what is left', async () => {
    await using room = await openRoom(({ body }) => (body.model === 'first' ? 'hang' : { say: HELLO }), {
      models: ['first', 'second'],
      callTimeoutMs: 1_000,
    });
    expect(await room.ask()).toMatchObject({ ok: true, model: 'second' });
    expect(room.outcomes()).toEqual(['timeout', 'success']);
  });
});

describe('an abort of the caller', () => {
  test.for<[string, ServerAnswer]>([
    ['a request', 'hang'],
    ['a pause before a repeat', { status: 429, headers: { 'retry-after': '5' } }],
  ])('during %s is thrown with its reason and counts against nobody', async ([what, answer]) => {
    await using room = await openRoom(() => answer);
    const controller = new AbortController();
    const reason = new Error('cancelled by somebody');
    const asking = room.ask({}, { signal: controller.signal });
    await room.server.arrived(1);
    if (what !== 'a request') await expect.poll(() => room.outcomes()).toEqual(['rate_limited']);
    controller.abort(reason);
    await expect(asking).rejects.toBe(reason);
    expect(room.server.calls).toHaveLength(1);
    expect(room.provider.breaker.snapshot().failures).toBe(what === 'a request' ? 0 : 1);
  });

  test('before the question is thrown, too', async () => {
    await using room = await openRoom(() => ({ say: HELLO }));
    const reason = new Error('too late');
    await expect(room.ask({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(room.server.calls).toEqual([]);
  });
});

describe('the next model', () => {
  const MODELS = { models: ['first', 'second'] as const, maxRepeats: 0 as const };

  test.for<[string, ServerAnswer]>([
    ['fails', { status: 500 }],
    ['is unknown', { status: 404, body: { error: { code: 'model_not_found' } } }],
    ['breaks off', 'reset'],
    ['must wait too long', { status: 429, headers: { 'retry-after': '60' } }],
  ])('is asked when the one before it %s', async ([, answer]) => {
    await using room = await openRoom(({ body }) => (body.model === 'first' ? answer : { say: HELLO }), {
      ...MODELS,
    });
    expect(await room.ask()).toMatchObject({ ok: true, model: 'second' });
    expect(room.server.calls.map(({ body }) => body.model)).toEqual(['first', 'second']);
  });

  test('is asked at once while the first one is unknown, and that ends after a while', async () => {
    let now = 1_000_000;
    await using room = await openRoom(
      ({ body }) => (body.model === 'first' ? { status: 404 } : { say: HELLO }),
      {
        ...MODELS,
        clock: { now: () => now },
      },
    );
    await room.ask();
    await room.ask();
    expect(room.server.calls.map(({ body }) => body.model)).toEqual(['first', 'second', 'second']);
    now += 60_001;
    await room.ask();
    expect(room.server.calls.map(({ body }) => body.model).slice(3)).toEqual(['first', 'second']);
  });

  test('is not asked when no model is left: the last failure is the reason', async () => {
    await using room = await openRoom(() => ({ status: 500 }), { ...MODELS });
    expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
    expect(room.server.calls).toHaveLength(2);
  });
});

describe('a key that is refused', () => {
  test.for([401, 403])(
    '(%i) is permanent: no repeat, no other model, and no request for a while',
    async (status) => {
      let now = 1_000_000;
      await using room = await openRoom(() => ({ status }), {
        models: ['first', 'second'],
        clock: { now: () => now },
      });
      expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
      expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
      expect(room.server.calls).toHaveLength(1);
      expect(room.provider.breaker.snapshot().failures).toBe(0);
      expect(room.events).toContainEqual({
        type: 'unhealthy',
        provider: 'main',
        model: undefined,
        status,
        forMs: 60_000,
      });
      room.server.answerWith(() => ({ say: HELLO }));
      now += 60_001;
      expect(await room.ask()).toMatchObject({ ok: true });
    },
  );
});

describe('the circuit of the provider', () => {
  test('opens after five failures in a row: no request is made, and later trials close it', async () => {
    let now = 1_000_000;
    await using room = await openRoom(() => ({ status: 500 }), { maxRepeats: 0, clock: { now: () => now } });
    for (let failed = 0; failed < 5; failed++) await room.ask();
    expect(await room.ask()).toEqual({ ok: false, reason: 'circuit_open:provider.main' });
    expect(room.server.calls).toHaveLength(5);

    room.server.answerWith(() => ({ say: HELLO }));
    now += 60_001;
    expect(await room.ask()).toMatchObject({ ok: true });
    expect(room.provider.breaker.state()).toBe('half_open');
    expect(await room.ask()).toMatchObject({ ok: true });
    expect(room.provider.breaker.state()).toBe('closed');
  });

  test('opens again when a trial fails', async () => {
    let now = 1_000_000;
    await using room = await openRoom(() => ({ status: 503 }), { maxRepeats: 0, clock: { now: () => now } });
    for (let failed = 0; failed < 5; failed++) await room.ask();
    now += 60_001;
    expect(await room.ask()).toEqual({ ok: false, reason: 'provider_error' });
    expect(await room.ask()).toEqual({ ok: false, reason: 'circuit_open:provider.main' });
    expect(room.server.calls).toHaveLength(6);
  });

  test('opens when the provider hangs for as long as a request may take', async () => {
    await using room = await openRoom(() => 'hang', { callTimeoutMs: 100 });
    for (let hung = 0; hung < 5; hung++) expect(await room.ask()).toMatchObject({ reason: 'sla_fallback' });
    expect(await room.ask()).toEqual({ ok: false, reason: 'circuit_open:provider.main' });
  });

  test('is not needed to spare a turn what never comes in time: such a share is not spent again for a minute', async () => {
    let now = 0;
    await using room = await openRoom(() => 'hang', { now: () => now });
    const cut = { ok: false, reason: 'sla_fallback' };
    for (let asked = 0; asked < 6; asked++) {
      expect(await room.ask({}, { budgetMs: 80 })).toMatchObject(cut);
    }
    expect(room.server.calls).toHaveLength(3);
    // What is clearly more may be enough, and is asked for; a share of that length, neither.
    expect(await room.ask({}, { budgetMs: 200 })).toMatchObject(cut);
    expect(await room.ask({}, { budgetMs: 200 })).toEqual(cut);
    expect(room.server.calls).toHaveLength(4);

    room.server.answerWith(() => ({ say: HELLO }));
    expect(await room.ask({}, { budgetMs: 1_500 })).toMatchObject({ ok: true });
    now += 60_000;
    expect(await room.ask({}, { budgetMs: 1_500 })).toMatchObject({ ok: true });
    expect(room.server.calls).toHaveLength(6);
  });

  test('does not open because requests were given a small share of a turn', async () => {
    await using room = await openRoom(() => 'hang');
    for (let cut = 0; cut < 7; cut++) {
      const budgetMs = 60 * 1.4 ** cut;
      expect(await room.ask({}, { budgetMs })).toMatchObject({ ok: false, reason: 'sla_fallback' });
    }
    expect(room.server.calls).toHaveLength(7);
    expect(room.provider.breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0 });
    room.server.answerWith(() => ({ say: HELLO }));
    expect(await room.ask()).toMatchObject({ ok: true });
  });

  test('stays half open while trials are given too little time to say anything', async () => {
    let now = 1_000_000;
    await using room = await openRoom(() => 'hang', { clock: { now: () => now } });
    await room.provider.breaker.forceOpen();
    now += 60_001;
    for (let trial = 0; trial < 5; trial++) {
      expect(await room.ask({}, { budgetMs: 60 * 1.4 ** trial })).toMatchObject({ reason: 'sla_fallback' });
    }
    expect(room.provider.breaker.state()).toBe('half_open');
  });

  test('counts neither answers that do not fit nor requests that do not suit', async () => {
    await using room = await openRoom(
      ({ number }) => (number % 2 === 0 ? { status: 400, body: 'no' } : { status: 409 }),
      { maxRepeats: 0 },
    );
    for (let asked = 0; asked < 8; asked++) await room.ask();
    expect(room.server.calls).toHaveLength(8);
    expect(room.provider.breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0 });
  });
});

describe('money', () => {
  function books(allows: (count: number) => boolean = () => true) {
    const entries: string[] = [];
    const accounts: CallAccount[] = [];
    let count = 0;
    const spending: SpendingPort = {
      async reserve({ agent, model, account, estimate }) {
        accounts.push(account);
        if (!allows(++count)) throw new Error('the day is spent');
        entries.push(`reserve ${agent} ${model} ${estimate.input_tokens > 0} ${estimate.output_tokens}`);
        return {
          settle: async ({ input_tokens: input, output_tokens: output }) =>
            void entries.push(`settle ${input} ${output}`),
          release: async () => void entries.push('release'),
        };
      },
    };
    return { entries, accounts, spending };
  }

  test('is set aside for every request and settled with what it used, failures give it back', async () => {
    const { entries, accounts, spending } = books();
    await using room = await openRoom(
      ({ number }) => (number === 1 ? { status: 500 } : { say: number === 2 ? 'no' : HELLO }),
      { spending },
    );
    const account = { workflow: 'tale', user: 'ann' };
    expect(await room.ask({ maxOutputTokens: 40 }, { account })).toMatchObject({ ok: true });
    expect(accounts).toEqual([account, account, account]);
    const reserve = 'reserve nga first true 40';
    expect(entries).toEqual([reserve, 'release', reserve, 'settle 100 20', reserve, 'settle 100 20']);
  });

  test('that a request which was cut off may have cost is settled: what was sent, but no answer', async () => {
    const { entries, spending } = books();
    await using room = await openRoom(() => 'hang', { spending });
    await room.ask({}, { budgetMs: 200 });
    expect(entries.map((entry) => entry.replace(/\d{2,}/, 'n'))).toEqual([
      'reserve nga first true n',
      'settle n 0',
    ]);
    const controller = new AbortController();
    const asking = room.ask({}, { signal: controller.signal });
    await room.server.arrived(2);
    controller.abort(new Error('cancelled'));
    await expect(asking).rejects.toThrow('cancelled');
    await expect.poll(() => entries.length).toBe(4);
    expect(entries[3]).toMatch(/^settle \d+ 0$/);
  });

  test('that is spent means no request and budget_exceeded, also for another model', async () => {
    const { entries, spending } = books(() => false);
    await using room = await openRoom(() => ({ say: HELLO }), { spending, models: ['first', 'second'] });
    expect(await room.ask()).toEqual({ ok: false, reason: 'budget_exceeded' });
    expect(room.server.calls).toEqual([]);
    expect(entries).toEqual([]);
  });

  test('that is spent before the repair ends the question with what it took', async () => {
    const { spending } = books((count) => count === 1);
    await using room = await openRoom(() => ({ say: 'no' }), { spending });
    const usage = { input_tokens: 100, output_tokens: 20 };
    expect(await room.ask()).toEqual({ ok: false, reason: 'budget_exceeded', usage });
  });

  test('is given back when it is granted only after the time is over', async () => {
    const granted = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const spending: SpendingPort = {
      async reserve() {
        await granted.promise;
        return { settle: async () => undefined, release: async () => released.resolve() };
      },
    };
    await using room = await openRoom(() => ({ say: HELLO }), { spending });
    expect(await room.ask({}, { budgetMs: 100 })).toEqual({ ok: false, reason: 'sla_fallback' });
    granted.resolve();
    await released.promise;
    expect(room.server.calls).toEqual([]);
  });

  test('is not set aside while the circuit is open', async () => {
    const { entries, spending } = books();
    await using room = await openRoom(() => ({ say: HELLO }), { spending });
    await room.provider.breaker.forceOpen();
    expect(await room.ask()).toEqual({ ok: false, reason: 'circuit_open:provider.main' });
    expect(entries).toEqual([]);
  });
});
