import type { DegradedReason, TokenUsage } from '../contracts/provenance.ts';
import { computeDelay } from '../resilience/backoff.ts';
import { CircuitOpenError } from '../resilience/circuit-open-error.ts';
import { answerForm } from './answer-form.ts';
import { Asking, BudgetOver } from './asking.ts';
import type { ChatCall, ChatReply } from './chat-endpoint.ts';
import type { Language, LanguageAnswer, LanguageContext, LanguageRequest } from './language.ts';
import { askAgain, CHARACTERS_PER_TOKEN, estimateTokens, openConversation } from './messages.ts';
import type { ModelEvent } from './model-events.ts';
import { ProviderError } from './provider-error.ts';
import { SIMPLIFIED, type ModelProvider } from './provider.ts';
import { readAnswer } from './read-answer.ts';
import { ShortShares } from './short-shares.ts';
import { FREE_SPENDING, type SpendingHold, type SpendingPort } from './spending.ts';

// A question to a language model:
// 1. The first model is asked; one that is cut off or unknown is passed over without a request.
// 2. Each request: its cost is set aside, it is sent through the circuit, what it used is settled.
//    A field the provider does not know is left out and the request sent again. A failure that may pass is repeated,
//    once, when there is time for it.
// 3. An answer that does not fit is asked for again, once, with what is wrong with it.
// 4. Where a model failed, the next one is asked; where the key, the question or the money was refused, none is.

export interface ProviderLanguageOptions {
  readonly agent: string;
  readonly provider: ModelProvider;
  /** In the order in which they are asked. */
  readonly models: readonly [string, ...string[]];
  /** The longest one request may take, whatever is left of the budget. */
  readonly callTimeoutMs: number;
  /** Requests that may be sent again per question. */
  readonly maxRepeats: 0 | 1;
  /** Pause before a repeat; never more than a quarter of the time that is left, unless the provider asks for it. */
  readonly pauseMs: number;
  readonly spending?: SpendingPort;
  readonly observe?: (event: ModelEvent) => void;
  /** Milliseconds that only grow; default: of this process. */
  readonly now?: () => number;
}

/** With less time than this, no request is begun. */
const SHORTEST_CALL_MS = 50;
const DEFAULT_OUTPUT_TOKENS = 500;
/** A request that was cut off earlier was given too little time, unless its limit is lower still. */
const FAIR_MS = 1000;

/** What one model gave; `next`: another one may do better. */
type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DegradedReason; readonly next: boolean };

/** Ask the models of a provider. Source: spec, workflows 3 "Providers" */
export class ProviderLanguage implements Language {
  readonly #options: ProviderLanguageOptions;
  readonly #shares = new Map<string, ShortShares>();

  constructor(options: ProviderLanguageOptions) {
    this.#options = options;
  }

  async ask<T>(request: LanguageRequest<T>, ctx: LanguageContext): Promise<LanguageAnswer<T>> {
    ctx.signal.throwIfAborted();
    const { models, provider } = this.#options;
    using asking = new Asking(ctx);
    let reason: DegradedReason = 'provider_error';
    for (const model of models) {
      const result = await this.#askModel(model, request, ctx, asking);
      const usage = asking.used();
      if (result.ok) return { ok: true, value: result.value, provider: provider.name, model, usage };
      reason = result.reason;
      if (!result.next) break;
    }
    const usage = asking.used();
    return { ok: false, reason, ...(usage.input_tokens + usage.output_tokens === 0 ? {} : { usage }) };
  }

  async #askModel<T>(
    model: string,
    request: LanguageRequest<T>,
    { onPartial }: LanguageContext,
    asking: Asking,
  ): Promise<Result<T>> {
    const form = answerForm(request.name, request.output);
    let conversation = openConversation(request, form);
    const { temperature, maxOutputTokens = DEFAULT_OUTPUT_TOKENS } = request;
    try {
      for (;;) {
        const call = { ...conversation, model, form, temperature, maxOutputTokens, onPartial };
        const reply = await this.#replyTo(call, asking);
        if (reply.finish === 'refused') return failed('model_refused');
        const answer = readAnswer(request, reply.text, reply.finish === 'length');
        if (answer.ok) return answer;
        if (asking.isRepaired) return failed('invalid_output');
        asking.isRepaired = true;
        this.#options.observe?.({
          type: 'repair',
          agent: this.#options.agent,
          model,
          issues: answer.issues.length,
        });
        conversation = askAgain(conversation, reply.text, answer.issues);
      }
    } catch (error) {
      asking.signal.throwIfAborted();
      return this.#failureOf(error, model);
    }
  }

  /** A reply, after a repeat if it takes one. */
  async #replyTo(call: ChatCall, asking: Asking): Promise<ChatReply> {
    const { maxRepeats } = this.#options;
    for (;;) {
      try {
        const reply = await this.#request(call, asking);
        if (reply !== SIMPLIFIED) return reply;
      } catch (error) {
        asking.signal.throwIfAborted();
        if (!(error instanceof ProviderError)) throw error;
        if (error.fault === 'unreadable') return { text: '', finish: 'stop', usage: undefined };
        if (!error.isRepeatable || asking.repeats >= maxRepeats) throw error;
        const pauseMs = this.#pauseBefore(error, asking.leftMs());
        if (pauseMs + SHORTEST_CALL_MS > asking.leftMs()) throw error;
        asking.repeats++;
        await asking.pause(pauseMs);
      }
    }
  }

  #pauseBefore({ retryAfterMs }: ProviderError, leftMs: number): number {
    const { pauseMs } = this.#options;
    const policy = { baseDelayMs: pauseMs, factor: 2, maxDelayMs: leftMs / 4, jitter: 0.5 };
    return computeDelay(policy, 1, Math.random, retryAfterMs);
  }

  /** One request, paid for. */
  async #request(call: ChatCall, asking: Asking): Promise<ChatReply | typeof SIMPLIFIED> {
    const { agent, provider, callTimeoutMs, spending = FREE_SPENDING } = this.#options;
    const { model } = call;
    const obstacle = provider.obstacle(model);
    if (obstacle === 'unhealthy') throw new ModelUnhealthy();
    if (asking.leftMs() < SHORTEST_CALL_MS) throw new BudgetOver();
    const timeoutMs = Math.max(1, Math.min(callTimeoutMs, asking.leftMs()));
    const isFairTime = timeoutMs >= Math.min(callTimeoutMs, FAIR_MS);
    const shares = this.#sharesOf(model);
    if (!isFairTime && !shares.mayAnswerIn(timeoutMs)) throw new BudgetOver();
    const estimate = { input_tokens: estimateTokens(call), output_tokens: call.maxOutputTokens };
    // An open circuit is asked all the same: it counts what it refuses.
    const port = obstacle === 'circuit_open' ? FREE_SPENDING : spending;
    const reserving = port.reserve({ agent, model, account: asking.account, estimate });
    let hold;
    try {
      hold = await asking.within(reserving);
    } catch (error) {
      // It may be granted yet, when nobody waits for it any more.
      void reserving.then((late) => late.release()).catch(() => undefined);
      asking.signal.throwIfAborted();
      throw error instanceof BudgetOver ? error : new SpendingRefused();
    }
    let settled: Promise<void>;
    try {
      const startedAt = performance.now();
      const reply = await provider.request(call, { agent, signal: asking.signal, timeoutMs, isFairTime });
      shares.answered(performance.now() - startedAt);
      if (reply === SIMPLIFIED) {
        settled = hold.release();
      } else {
        const written = { ...estimate, output_tokens: Math.ceil(reply.text.length / CHARACTERS_PER_TOKEN) };
        const usage = reply.usage ?? written;
        asking.add(usage);
        settled = hold.settle(usage);
      }
      // The account goes on by itself when time is over; the answer does not wait for it.
      await asking.within(settled).catch(() => undefined);
      return reply;
    } catch (error) {
      if (isOurTimeout(error) && !isFairTime) shares.cutOff(timeoutMs);
      await asking.within(this.#closeFailed(error, hold, estimate, asking)).catch(() => undefined);
      throw error;
    }
  }

  #sharesOf(model: string): ShortShares {
    let shares = this.#shares.get(model);
    if (shares === undefined) {
      shares = new ShortShares(this.#options.now ?? (() => performance.now()));
      this.#shares.set(model, shares);
    }
    return shares;
  }

  /** A request that we cut off was read by the provider, which charges for that. */
  #closeFailed(error: unknown, hold: SpendingHold, estimate: TokenUsage, asking: Asking): Promise<void> {
    if (!isOurTimeout(error) && !asking.signal.aborted) return hold.release();
    const usage = { ...estimate, output_tokens: 0 };
    asking.add(usage);
    return hold.settle(usage);
  }

  #failureOf(error: unknown, model: string): Result<never> {
    if (error instanceof BudgetOver) return failed('sla_fallback');
    if (error instanceof SpendingRefused) return failed('budget_exceeded');
    if (error instanceof CircuitOpenError)
      return failed(`circuit_open:provider.${this.#options.provider.name}`);
    if (error instanceof ModelUnhealthy) return failed('provider_error', true);
    if (error instanceof ProviderError) {
      if (error.fault === 'refused') return failed('model_refused');
      if (isOurTimeout(error)) return failed('sla_fallback', true);
      const isOurKey = error.fault === 'denied' && error.status !== 404;
      return failed('provider_error', !isOurKey);
    }
    const name = error instanceof Error ? error.name : typeof error;
    this.#options.observe?.({ type: 'unforeseen', agent: this.#options.agent, model, error: name });
    return failed('provider_error');
  }
}

/** Not a provider that says 408. */
function isOurTimeout(error: unknown): boolean {
  return error instanceof ProviderError && error.fault === 'timeout' && error.status === undefined;
}

function failed(reason: DegradedReason, next = false): Result<never> {
  return { ok: false, reason, next };
}

/** The model, or the whole provider, is left alone for now. */
class ModelUnhealthy extends Error {}

/** The cost could not be set aside. */
class SpendingRefused extends Error {}
