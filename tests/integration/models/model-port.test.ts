import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ModelChunk, ModelRequest } from '../../../src/models/model-port.ts';
import { ProviderModel, type ProviderModelOptions } from '../../../src/models/provider-model.ts';
import { ModelProvider } from '../../../src/models/provider.ts';
import { createBreakers } from '../../../src/resilience/breakers.ts';
import { startLanguageServer, type LanguageServerOptions } from '../../support/language-server.ts';
import { acquireRedis } from '../../support/redis.ts';

const REQUEST: ModelRequest = {
  model: 'large',
  system: 'You are brief.',
  prompt: 'Where is the lighthouse?',
};
const ANSWER = 'It stands on the last rock of the bay [1].';
const USED = { input_tokens: 100, output_tokens: 20 };
const never = new Promise<never>(() => undefined);

async function openModel(
  answer: LanguageServerOptions['answer'],
  options: Partial<ProviderModelOptions> = {},
) {
  const server = await startLanguageServer({ answer });
  const breakers = createBreakers();
  const provider = new ModelProvider({ name: 'main', baseUrl: server.url, apiKey: 'sk-1', breakers });
  const model = new ProviderModel({ provider, callTimeoutMs: 15_000, ...options });
  return {
    server,
    provider,
    generate: (request: Partial<ModelRequest> = {}, signal = new AbortController().signal) =>
      model.generate({ ...REQUEST, ...request }, { signal }),
    stream: (request: Partial<ModelRequest> = {}, signal = new AbortController().signal) =>
      model.stream({ ...REQUEST, ...request }, { signal }),
    async [Symbol.asyncDispose]() {
      await breakers.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function read(chunks: AsyncIterable<ModelChunk>) {
  let text = '';
  let end: ModelChunk | undefined;
  for await (const chunk of chunks) {
    if (chunk.type === 'text') text += chunk.text;
    else end = chunk;
  }
  return { text, end };
}

describe('a model of a provider', () => {
  test('answers in plain words, and says what that took', async () => {
    await using m = await openModel(() => ({ say: ANSWER }), { nameOf: (model) => `their-${model}` });
    const reply = await m.generate({ maxOutputTokens: 30 });
    expect(reply).toEqual({ text: ANSWER, usage: USED, model: 'their-large', finish_reason: 'stop' });
    const { body, headers } = m.server.calls[0]!;
    expect(body).toMatchObject({ model: 'their-large', max_tokens: 30 });
    expect(body.messages).toEqual([
      { role: 'system', content: REQUEST.system },
      { role: 'user', content: REQUEST.prompt },
    ]);
    expect(body.response_format).toBeUndefined();
    expect(headers.authorization).toBe('Bearer sk-1');
  });

  test('gives the same answer in pieces, the first before the last is made', async () => {
    const isRead = Promise.withResolvers<void>();
    await using m = await openModel(() => ({ say: ANSWER, pause: { after: 2, until: isRead.promise } }));
    const chunks = m.stream()[Symbol.asyncIterator]();
    const first = await chunks.next();
    expect(first.value).toMatchObject({ type: 'text' });
    isRead.resolve();
    const { text, end } = await read({ [Symbol.asyncIterator]: () => chunks });
    expect((first.value as { text: string }).text + text).toBe(ANSWER);
    expect(end).toEqual({ type: 'end', usage: USED, model: 'large', finish_reason: 'stop' });
  });

  test('gives all of it to a reader who is slower than the model', async () => {
    await using m = await openModel(() => ({ say: ANSWER, pieceLength: 3 }));
    const chunks = m.stream()[Symbol.asyncIterator]();
    const first = await chunks.next();
    // The answer is whole, and its request over, before the second piece is asked for.
    await m.server.calls[0]!.closed;
    const { text, end } = await read({ [Symbol.asyncIterator]: () => chunks });
    expect((first.value as { text: string }).text + text).toBe(ANSWER);
    expect(end).toMatchObject({ type: 'end', usage: USED });
  });

  test('is no longer asked when nobody reads on, or when the caller gives up', async () => {
    await using m = await openModel(() => ({ say: ANSWER, pause: { after: 1, until: never } }));
    for await (const chunk of m.stream()) {
      expect(chunk.type).toBe('text');
      break;
    }
    await m.server.calls[0]!.closed;
    const controller = new AbortController();
    const reading = read(m.stream({}, controller.signal));
    await m.server.arrived(2);
    controller.abort(new Error('given up'));
    await expect(reading).rejects.toThrow('given up');
    await m.server.calls[1]!.closed;
    await expect(m.generate({}, controller.signal)).rejects.toThrow('given up');
    expect(m.server.calls).toHaveLength(2);
  });

  test('keeps its thoughts to itself', async () => {
    await using m = await openModel(() => ({
      say: `<think>A rock? ${ANSWER}</think>\n${ANSWER}`,
      pieceLength: 5,
    }));
    expect((await m.generate()).text.trim()).toBe(ANSWER);
    expect((await read(m.stream())).text.trim()).toBe(ANSWER);
  });

  test('is asked without what its provider does not know', async () => {
    await using m = await openModel(({ body }) =>
      'stream_options' in body
        ? { status: 400, body: { error: { message: 'unknown field: stream_options' } } }
        : { say: ANSWER, usage: null },
    );
    const { text, end } = await read(m.stream());
    expect(text).toBe(ANSWER);
    // Nobody counted: four characters are a token.
    expect(end).toMatchObject({ usage: { input_tokens: 10, output_tokens: Math.ceil(ANSWER.length / 4) } });
  });

  test.for([
    [
      { status: 500, body: 'sk-1' },
      { code: 'provider_error', kind: 'unavailable' },
    ],
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'overloaded', retryAfterMs: 7_000 },
    ],
    [
      { status: 400, body: 'no' },
      { code: 'provider_error', kind: 'invalid_input' },
    ],
    ['reset', { code: 'provider_error', kind: 'unavailable' }],
    ['hang', { code: 'provider_error', kind: 'timeout' }],
    [
      { say: '', finish: 'content_filter' },
      { code: 'provider_error', kind: 'invalid_input' },
    ],
  ] as const)('fails with what went wrong, once: %j', async ([answer, error]) => {
    await using m = await openModel(() => answer, { callTimeoutMs: 300 });
    await expect(m.generate()).rejects.toMatchObject(error);
    expect(m.server.calls).toHaveLength(1);
    await expect(read(m.stream())).rejects.toMatchObject(error);
    expect(m.server.calls).toHaveLength(2);
  });

  test('is left alone while its circuit is open', async () => {
    await using m = await openModel(() => ({ say: ANSWER }));
    await m.provider.breaker.forceOpen();
    await expect(m.generate()).rejects.toMatchObject({ code: 'circuit_open' });
    expect(m.server.calls).toEqual([]);
  });

  test('is paid for: what was set aside is settled, given back, or refused', async () => {
    const entries: string[] = [];
    const spending: ProviderModelOptions['spending'] = {
      async reserve({ agent, model }) {
        entries.push(`reserve ${agent} ${model}`);
        if (entries.length > 6) throw new Error('spent');
        return {
          settle: async ({ input_tokens, output_tokens }) =>
            void entries.push(`settle ${input_tokens} ${output_tokens}`),
          release: async () => void entries.push('release'),
        };
      },
    };
    await using m = await openModel(({ number }) => (number === 2 ? { status: 500 } : { say: ANSWER }), {
      spending,
    });
    await m.generate();
    await expect(m.generate()).rejects.toMatchObject({ code: 'provider_error' });
    await read(m.stream());
    await expect(m.generate()).rejects.toThrow('spent');
    const reserve = 'reserve primitives large';
    expect(entries).toEqual([
      reserve,
      'settle 100 20',
      reserve,
      'release',
      reserve,
      'settle 100 20',
      reserve,
    ]);
    expect(m.server.calls).toHaveLength(3);
  });
});

describe('ao primitives run rag', () => {
  const question = ['primitives', 'run', 'rag', '--input', '{"query": "Where is the lighthouse?"}'];
  const rag = async (env: Readonly<Record<string, string>>) => {
    const cli = join(import.meta.dirname, '../../../src/cli/main.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [cli, '--json', ...question], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    return JSON.parse(stdout) as { status: string; output: Record<string, unknown> };
  };

  test('asks the configured provider, and the last fallback model where its words are of no use', async () => {
    await using server = await startLanguageServer({
      answer: ({ body }) => ({ say: body.model === 'small' ? ANSWER : 'See [99].' }),
    });
    const models = { LLM_BASE_URL: server.url, LLM_MODEL: 'first', AO_LLM__FALLBACK_MODELS: 'small' };
    const { status, output } = await rag(models);
    expect(status).toBe('completed');
    expect(output).toMatchObject({ answer: ANSWER, model: 'small', usage: USED });
    expect(server.calls.map(({ body }) => body.model)).toEqual(['first', 'first', 'first', 'small']);
  });

  test('is paid for from the daily budget of the fleet, and makes no request beyond it', async () => {
    await using server = await startLanguageServer({ answer: () => ({ say: ANSWER }) });
    const redis = await acquireRedis();
    try {
      const env = {
        LLM_BASE_URL: server.url,
        LLM_MODEL: 'first',
        AO_LLM__PRICES: JSON.stringify([{ model: 'first', input: 0.01, output: 0.05 }]),
        AO_REDIS__URL: redis.url,
        AO_REDIS__KEY_PREFIX: `t${randomBytes(6).toString('hex')}`,
      };
      // One answer of at most 300 tokens fits, and leaves too little for another.
      const budget = { AO_LLM__DAILY_BUDGET_USD: '0.018' };
      expect(await rag({ ...env, ...budget })).toMatchObject({
        status: 'completed',
        output: { usage: USED },
      });
      expect(server.calls).toHaveLength(1);
      await expect(rag({ ...env, ...budget })).rejects.toThrow('Command failed');
      expect(server.calls).toHaveLength(1);
    } finally {
      await redis.dispose();
    }
  });

  test('needs none: without one a scripted model answers', async () => {
    expect(await rag({})).toMatchObject({ status: 'completed', output: { model: 'scripted-large' } });
  });
});
