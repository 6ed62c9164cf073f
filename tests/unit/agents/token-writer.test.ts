import { expect, it, vi } from 'vitest';
import { TokenWriter } from '../../../src/agents/token-writer.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';

const log = createLogger({
  level: 'silent',
  role: 'test',
  instance: 'test',
  version: '0',
  destination: 'stderr',
});

/** A writer over a Redis whose answers the test gives; `texts` are the pieces that reached it. */
function writer(answer: () => Promise<number>, signal = new AbortController().signal) {
  const texts: string[] = [];
  const resets: boolean[] = [];
  const evalsha = (...args: unknown[]): Promise<number> => {
    texts.push(String(args[8]));
    resets.push(args[9] === 1);
    return answer();
  };
  // Appending a piece needs one command.
  const store = { redis: { evalsha }, keys: createKeys('t') } as unknown as RedisStore;
  const onFirst = vi.fn();
  const lock = { key: 'lock', token: 'mine' };
  const options = { store, runId: 'r', step: 'a', attempt: 1, isRepeated: false, lock, signal, log, onFirst };
  return { texts, resets, onFirst, tokens: new TokenWriter(options) };
}

it('the first piece goes at once; what comes while it is on its way goes together', async () => {
  const answers: ((value: number) => void)[] = [];
  const { tokens, texts, onFirst } = writer(() => new Promise((resolve) => answers.push(resolve)));
  for (const text of ['a', 'b', 'c', 'd']) tokens.emit(text);
  expect(texts).toEqual(['a']);
  expect(onFirst).toHaveBeenCalledTimes(1);
  answers.shift()!(1);
  await vi.waitFor(() => expect(texts).toEqual(['a', 'bcd']));
  tokens.emit('e');
  const finished = tokens.finish();
  answers.shift()!(1);
  await vi.waitFor(() => expect(texts).toEqual(['a', 'bcd', 'e']));
  answers.shift()!(1);
  await finished;
});

it('a Redis that does not answer, or a job that somebody else has, ends the writing and nothing more', async () => {
  for (const answer of [() => Promise.reject(new Error('away')), () => Promise.resolve(0)]) {
    const { tokens, texts } = writer(answer);
    tokens.emit('a');
    await tokens.finish();
    tokens.emit('b');
    await tokens.finish();
    expect(texts).toEqual(['a']);
  }
});

it('nothing is written after the attempt was stopped', async () => {
  const stop = new AbortController();
  const { tokens, texts } = writer(() => Promise.resolve(1), stop.signal);
  stop.abort();
  tokens.emit('a');
  await tokens.finish();
  expect(texts).toEqual([]);
});

it('a step that shows nothing writes nothing', async () => {
  const { tokens, texts } = writer(() => Promise.resolve(1));
  tokens.emit('');
  await tokens.finish();
  expect(texts).toEqual([]);
});

it('a text that begins anew says so with its next piece, and what was not yet written is left out', async () => {
  const answers: ((value: number) => void)[] = [];
  const { tokens, texts, resets } = writer(() => new Promise((resolve) => answers.push(resolve)));
  tokens.emit('void ');
  tokens.emit('never written');
  tokens.emit('', { anew: true });
  tokens.emit('good');
  answers.shift()!(1);
  await vi.waitFor(() => expect(texts).toEqual(['void ', 'good']));
  expect(resets).toEqual([false, true]);
  const finished = tokens.finish();
  answers.shift()!(1);
  await vi.waitFor(() => expect(texts).toHaveLength(3));
  expect(resets).toEqual([false, true, false]);
  answers.shift()!(1);
  await finished;
});

it('a text that begins anew before anything was shown is like any other', async () => {
  const { tokens, texts, resets } = writer(() => Promise.resolve(1));
  tokens.emit('', { anew: true });
  tokens.emit('good');
  await tokens.finish();
  expect(texts).toEqual(['good', '']);
  expect(resets).toEqual([false, false]);
});
