import { systemClock, type Clock } from '../kernel/clock.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { failureOf, requestChat, type ChatCall, type ChatEndpoint, type ChatReply } from './chat-endpoint.ts';
import { FULL_DIALECT, simplerDialect, type Dialect } from './dialect.ts';
import type { ModelEvent, RequestOutcome } from './model-events.ts';
import { ProviderError } from './provider-error.ts';

export interface ProviderOptions extends ChatEndpoint {
  /** Names the circuit, `provider.<name>`, and the provider in the outputs of agents. */
  readonly name: string;
  readonly breakers: Breakers;
  /** How long a provider that refuses our key, or a model it does not know, is left alone; default 60 000. */
  readonly unhealthyMs?: number;
  readonly clock?: Clock;
  readonly observe?: (event: ModelEvent) => void;
}

export interface RequestLimits {
  readonly agent: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Whether a provider that is well answers in that time; one that is given less is not to blame. */
  readonly isFairTime: boolean;
}

/** The request was refused for a field that the next one leaves out. */
export const SIMPLIFIED = Symbol('simplified');

/** The whole provider, in the record of what is unhealthy. */
const ALL_MODELS = '*';
const UNHEALTHY_MS = 60_000;

/**
 * A provider of language models, as one process knows it: its circuit, which fields it understands, and whether it
 * takes our key. What is learned from one request holds for all that follow.
 */
export class ModelProvider {
  readonly name: string;
  readonly breaker: Breaker;
  readonly #options: ProviderOptions;
  readonly #clock: Clock;
  readonly #observe: (event: ModelEvent) => void;
  readonly #unhealthyUntil = new Map<string, number>();
  #dialect: Dialect = FULL_DIALECT;

  constructor(options: ProviderOptions) {
    const { name, breakers, clock = systemClock, observe = () => undefined } = options;
    this.name = name;
    this.breaker = breakers.get(`provider.${name}`);
    this.#options = options;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Whether a request could be made now: null, or why not. */
  obstacle(model: string): 'circuit_open' | 'unhealthy' | null {
    const now = this.#clock.now();
    const isUnhealthy = [ALL_MODELS, model].some((who) => (this.#unhealthyUntil.get(who) ?? 0) > now);
    if (isUnhealthy) return 'unhealthy';
    return this.breaker.isCallPermitted() ? null : 'circuit_open';
  }

  /**
   * One request through the circuit.
   *
   * Errors: ProviderError, circuit_open, the signal's reason
   */
  async request(call: ChatCall, limits: RequestLimits): Promise<ChatReply | typeof SIMPLIFIED> {
    const { signal, timeoutMs, isFairTime: blamesTimeout } = limits;
    const dialect = this.#dialect;
    const startedAt = performance.now();
    const report = (outcome: RequestOutcome, status?: number): void => {
      const durationMs = performance.now() - startedAt;
      const { agent } = limits;
      this.#observe({
        type: 'request',
        agent,
        provider: this.name,
        model: call.model,
        outcome,
        status,
        durationMs,
      });
    };
    const timeoutError = (): ProviderError => new ProviderError(this.name, { fault: 'timeout' });
    let isSimplified = false;
    const send = async (inner: AbortSignal): Promise<ChatReply> => {
      try {
        return await requestChat(this.#options, call, dialect, inner);
      } catch (error) {
        inner.throwIfAborted();
        const failure = failureOf(error, this.#clock.now());
        const { status, complaint = '' } = failure;
        if (status === 400 || status === 422) isSimplified = this.#simplify(dialect, complaint);
        throw new ProviderError(this.name, failure);
      }
    };
    try {
      const reply = await this.breaker.execute(send, { signal, timeoutMs, timeoutError, blamesTimeout });
      report('success', 200);
      return reply;
    } catch (error) {
      if (signal.aborted) report('cancelled');
      else if (error instanceof ProviderError) this.#judge(error, call.model, report);
      if (isSimplified && !signal.aborted) return SIMPLIFIED;
      throw error;
    }
  }

  /** Requests at the same time learn the same thing; only the first of them moves on. */
  #simplify(used: Dialect, complaint: string): boolean {
    const simpler = simplerDialect(used, complaint);
    if (simpler === null) return false;
    if (this.#dialect === used) {
      this.#dialect = simpler;
      this.#observe({ type: 'simplified', provider: this.name, format: simpler.format });
    }
    return true;
  }

  #judge(
    error: ProviderError,
    model: string,
    report: (outcome: RequestOutcome, status?: number) => void,
  ): void {
    report(error.fault, error.status);
    if (error.fault !== 'denied' || error.status === undefined) return;
    // A key that is refused is refused for every model; what is not found may be this one only.
    const isModel = error.status === 404;
    const forMs = this.#options.unhealthyMs ?? UNHEALTHY_MS;
    this.#unhealthyUntil.set(isModel ? model : ALL_MODELS, this.#clock.now() + forMs);
    const { name: provider } = this;
    this.#observe({
      type: 'unhealthy',
      provider,
      model: isModel ? model : undefined,
      status: error.status,
      forMs,
    });
  }
}
