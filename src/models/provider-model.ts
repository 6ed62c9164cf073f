import { linkAbort } from '../kernel/abort.ts';
import type { ChatCall, ChatReply } from './chat-endpoint.ts';
import { CHARACTERS_PER_TOKEN, estimateTokens } from './messages.ts';
import type { ModelChunk, ModelContext, ModelPort, ModelReply, ModelRequest } from './model-port.ts';
import { ProviderError } from './provider-error.ts';
import { SIMPLIFIED, type ModelProvider } from './provider.ts';
import { withoutThoughts } from './read-answer.ts';
import { FREE_SPENDING, type SpendingHold, type SpendingPort } from './spending.ts';

export interface ProviderModelOptions {
  readonly provider: ModelProvider;
  /** The provider's name of a model that is asked for; default: the same. */
  readonly nameOf?: (model: string) => string;
  /** The longest one request may take. */
  readonly callTimeoutMs: number;
  readonly spending?: SpendingPort;
  /** Who asks, in metrics and books; default `primitives`. */
  readonly asker?: string;
}

const DEFAULT_OUTPUT_TOKENS = 500;

/**
 * The models of a provider for whoever wants plain words. One request per call: repeating is the business of the step
 * around it.
 *
 * Errors: provider_error by what went wrong, circuit_open (unavailable), what setting the cost aside fails with, the
 * signal's reason
 */
export class ProviderModel implements ModelPort {
  readonly #options: ProviderModelOptions;

  constructor(options: ProviderModelOptions) {
    this.#options = options;
  }

  async generate(request: ModelRequest, { signal }: ModelContext): Promise<ModelReply> {
    return this.#ask(this.#callFor(request), signal);
  }

  async *stream(request: ModelRequest, { signal }: ModelContext): AsyncGenerator<ModelChunk, void> {
    signal.throwIfAborted();
    const left = new AbortController();
    const untie = linkAbort(signal, left);
    let text = '';
    let told = 0;
    const state = { isOver: false, news: Promise.withResolvers<void>() };
    const onText = (piece: string): void => {
      text += piece;
      state.news.resolve();
    };
    const asked = this.#ask({ ...this.#callFor(request), onText }, left.signal).finally(() => {
      state.isOver = true;
      state.news.resolve();
    });
    // It is awaited below, unless the reader leaves.
    asked.catch(() => undefined);
    try {
      for (;;) {
        await state.news.promise;
        state.news = Promise.withResolvers<void>();
        const { isOver } = state;
        // A beginning that may yet be a thought waits for its end.
        const said = /^\s*<\w*$/.test(text) && !isOver ? '' : withoutThoughts(text);
        const piece = said.slice(told);
        told = said.length;
        if (piece !== '') yield { type: 'text', text: piece };
        if (isOver) break;
      }
      const { text: _, ...end } = await asked;
      yield { type: 'end', ...end };
    } finally {
      untie();
      left.abort(new Error('nobody reads on'));
    }
  }

  #callFor({ model, system = '', prompt, maxOutputTokens = DEFAULT_OUTPUT_TOKENS }: ModelRequest): ChatCall {
    return {
      instructions: system,
      messages: [{ role: 'user', content: prompt }],
      model: this.#options.nameOf?.(model) ?? model,
      form: null,
      temperature: 0,
      maxOutputTokens,
    };
  }

  async #ask(call: ChatCall, signal: AbortSignal): Promise<ModelReply> {
    for (;;) {
      signal.throwIfAborted();
      const reply = await this.#request(call, signal);
      if (reply !== SIMPLIFIED) return reply;
    }
  }

  async #request(call: ChatCall, signal: AbortSignal): Promise<ModelReply | typeof SIMPLIFIED> {
    const {
      provider,
      callTimeoutMs: timeoutMs,
      spending = FREE_SPENDING,
      asker = 'primitives',
    } = this.#options;
    const { model, maxOutputTokens } = call;
    const obstacle = provider.obstacle(model);
    if (obstacle === 'unhealthy') throw new ProviderError(provider.name, { fault: 'denied' });
    const estimate = { input_tokens: estimateTokens(call), output_tokens: maxOutputTokens };
    // An open circuit is asked all the same: it counts what it refuses.
    const port = obstacle === 'circuit_open' ? FREE_SPENDING : spending;
    const hold = await port.reserve({ agent: asker, model, account: {}, estimate });
    let reply: ChatReply | typeof SIMPLIFIED;
    try {
      reply = await provider.request(call, { agent: asker, signal, timeoutMs, isFairTime: true });
    } catch (error) {
      await closeFailed(error, hold, estimate.input_tokens, signal);
      throw error;
    }
    if (reply === SIMPLIFIED) {
      await hold.release();
      return SIMPLIFIED;
    }
    const {
      text,
      finish,
      usage = { ...estimate, output_tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN) },
    } = reply;
    await hold.settle(usage);
    if (finish === 'refused') throw new ProviderError(provider.name, { fault: 'refused' });
    return { text: withoutThoughts(text), model, usage, finish_reason: finish };
  }
}

/** A request that we cut off was read by the provider, which charges for that. */
function closeFailed(
  error: unknown,
  hold: SpendingHold,
  inputTokens: number,
  signal: AbortSignal,
): Promise<void> {
  const isCut = error instanceof ProviderError && error.fault === 'timeout' && error.status === undefined;
  if (!isCut && !signal.aborted) return hold.release();
  return hold.settle({ input_tokens: inputTokens, output_tokens: 0 });
}
