import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Caller } from '../../../src/contracts/caller.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { RunToken } from '../../../src/contracts/token.ts';
import { pipe, step } from '../../../src/primitives/compose/combine.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import type { RunOptions } from '../../../src/primitives/in-process/run-options.ts';
import { appendToken, finishTokens, readTokens } from '../../../src/primitives/durable/token-stream.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { fleetProcesses } from '../../support/processes.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { STORY, storyCatalog } from '../../support/stories.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function tokensOf(h: Harness, runId: string, onToken?: (all: RunToken[]) => void): Promise<RunToken[]> {
  const all: RunToken[] = [];
  const options = { signal: AbortSignal.timeout(30_000) };
  for await (const token of await h.operations.runTokens(runId, options, LOCAL_OPERATOR)) {
    all.push(token);
    onToken?.(all);
  }
  return all;
}

const textOf = (tokens: readonly { text: string }[]): string => tokens.map(({ text }) => text).join('');
const seqsOf = (tokens: readonly { seq: number }[]): number[] => tokens.map(({ seq }) => seq);
const countTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const LISTEN = { name: 'listen', queue: 'ipa', input: z.unknown(), output: z.string() };

/** Says two words and fails at its first attempt, says them again at its second. */
const stutter = step({
  name: 'stutter',
  queue: 'nga',
  input: z.unknown(),
  output: z.string(),
  run: async (_, ctx: StepContext) => {
    ctx.emitToken('one ');
    ctx.emitToken('two');
    if (ctx.attempt === 1) throw new Error('lost the thread');
    return 'one two';
  },
}).retry({ maxAttempts: 2, baseDelayMs: 100, maxDelayMs: 100, jitter: 0 });

describe('the texts of a run on the fleet', () => {
  it('are followed while they are written: all of them, in order, and one end [P9.4]', async () => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: storyCatalog(false) });
    const runId = await startPlan(h, 'story', null);
    const tokens = await tokensOf(h, runId);
    expect(textOf(tokens)).toBe(STORY.join(''));
    expect(seqsOf(tokens)).toEqual(countTo(tokens.length));
    expect(tokens.length).toBeGreaterThan(1);
    expect(tokens.filter(({ final }) => final === true)).toEqual([tokens.at(-1)]);
    expect(tokens.some(({ reset }) => reset === true)).toBe(false);
    expect(await h.ended(runId)).toMatchObject({ output: { text: STORY.join('') } });
    // Whoever comes later, or again, reads the same from where it was.
    expect(await tokensOf(h, runId)).toEqual(tokens);
    const again: RunToken[] = [];
    const rest = await h.operations.runTokens(
      runId,
      { after: tokens[0]!.id, signal: new AbortController().signal },
      LOCAL_OPERATOR,
    );
    for await (const token of rest) again.push(token);
    expect(again).toEqual(tokens.slice(1));
    expect(await h.core.store.redis.ttl(h.core.store.keys.runTokens(runId))).toBeGreaterThan(3000);
    expect((await h.core.metrics.render()).body).toMatch(/stream_first_token_seconds_count 1/);
  });

  it('[R7.2] show what a long run has written while it goes on, beside how far it is', async () => {
    const held = Promise.withResolvers<void>();
    const written = step({
      name: 'write',
      queue: 'nga',
      input: z.unknown(),
      output: z.string(),
      run: async (_, ctx: StepContext) => {
        ctx.emitToken('so far');
        await held.promise;
        return 'so far and no further';
      },
    });
    const listen = step({ ...LISTEN, run: async () => 'heard' });
    const catalog = planCatalog({ p: pipe(listen, written) });
    await using h = await startHarness({ redisUrl: redis.url, catalog });
    const runId = await startPlan(h, 'p', null);
    const seen = Promise.withResolvers<string>();
    const reading = tokensOf(h, runId, (all) => seen.resolve(textOf(all)));
    expect(await seen.promise).toBe('so far');
    const running = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect(running).toMatchObject({ status: 'running', completed_steps: ['listen'], output: null });
    expect(running.progress).toBeGreaterThan(0);
    expect(running.progress).toBeLessThan(100);
    held.resolve();
    expect(await h.ended(runId)).toMatchObject({ progress: 100, output: 'so far and no further' });
    await reading;
  });

  it('begin anew with the next attempt, and only that one ends', async () => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: stutter }) });
    const tokens = await tokensOf(h, await startPlan(h, 'p', null));
    const second = tokens.slice(tokens.findIndex(({ reset }) => reset === true));
    expect(second[0]).toMatchObject({ attempt: 2, seq: 0, reset: true });
    expect(textOf(second)).toBe('one two');
    expect(tokens.filter(({ final }) => final === true)).toEqual([tokens.at(-1)]);
  });

  it('of a killed worker are void: the next one begins anew and ends the text once', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['flow'],
      catalog: storyCatalog(true),
    });
    await using processes = fleetProcesses(h);
    const doomed = await processes.startStory(true, 'worker', 'nga');
    const runId = await startPlan(h, 'story', null);
    const killed = Promise.withResolvers<void>();
    const reading = tokensOf(h, runId, (all) => {
      if (textOf(all) === 'Once upon a ') killed.resolve();
    });
    await killed.promise;
    doomed.signal('SIGKILL');
    await doomed.ended;
    await processes.startStory(false, 'worker', 'nga');
    const tokens = await reading;
    const begin = tokens.findIndex(({ reset }) => reset === true);
    expect(textOf(tokens.slice(0, begin))).toBe('Once upon a ');
    const second = tokens.slice(begin);
    expect(textOf(second)).toBe(STORY.join(''));
    expect(new Set(second.map(({ attempt }) => attempt))).toEqual(new Set([2]));
    expect(seqsOf(second)).toEqual(countTo(second.length));
    expect(tokens.filter(({ final }) => final === true)).toEqual([tokens.at(-1)]);
  });

  it('are not written by a worker that has lost its job, and get the end their worker died before', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { store } = h.core;
    const lock = { key: store.keys.world('lock'), token: 'mine' };
    const piece = { step: 'a', attempt: 1, seq: 0, text: 'x', isReset: false, isFinal: false };
    await store.redis.set(lock.key, 'somebody else');
    expect(await appendToken(store, 'r', lock, piece)).toBe(false);
    await finishTokens(store, 'r', 'a');
    expect(await readTokens(store, 'r', undefined)).toEqual([]);
    await store.redis.set(lock.key, 'mine');
    expect(await appendToken(store, 'r', lock, piece)).toBe(true);
    for (let again = 0; again < 2; again++) await finishTokens(store, 'r', 'a');
    expect(await readTokens(store, 'r', undefined)).toMatchObject([
      { seq: 0, text: 'x' },
      { seq: 1, text: '', final: true },
    ]);
  });

  it('are for who may read what players read', async () => {
    await using h = await startHarness({ redisUrl: redis.url, catalog: storyCatalog(false) });
    const runId = await startPlan(h, 'story', null);
    const as = (caller: Caller) => h.operations.runTokens(runId, { signal: AbortSignal.timeout(1) }, caller);
    const reader: Caller = { id: 'r', roles: new Set(['read']) };
    const stranger: Caller = { id: 's', roles: new Set(['enqueue']) };
    await expect(as(reader)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as(stranger)).rejects.toMatchObject({ code: 'run_not_found' });
    await h.ended(runId);
  });
});

it('in process a callback sees them, and what it throws changes nothing', async () => {
  const seen: unknown[] = [];
  const onToken: RunOptions['onToken'] = (token) => {
    seen.push(token);
    throw new Error('the reader is gone');
  };
  expect((await runInProcess(stutter, null, { onToken })).output).toBe('one two');
  expect(seen).toEqual([
    { step: 'stutter', attempt: 1, seq: 0, text: 'one ' },
    { step: 'stutter', attempt: 1, seq: 1, text: 'two' },
    { step: 'stutter', attempt: 2, seq: 0, text: 'one ', reset: true },
    { step: 'stutter', attempt: 2, seq: 1, text: 'two' },
    { step: 'stutter', attempt: 2, seq: 2, text: '', final: true },
  ]);
});
