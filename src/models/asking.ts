import { linkAbort, sleep, untilAborted } from '../kernel/abort.ts';
import type { TokenUsage } from '../contracts/provenance.ts';
import type { CallAccount, LanguageContext } from './language.ts';

/** The time and the tokens of one question, over all requests that it takes. */
export class Asking implements Disposable {
  /** Of the caller. */
  readonly signal: AbortSignal;
  readonly account: CallAccount;
  readonly #startedAt = performance.now();
  readonly #budgetMs: number;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #untie: () => void;
  #used: TokenUsage = { input_tokens: 0, output_tokens: 0 };
  /** Whether an answer was asked for again because it did not fit. */
  isRepaired = false;
  /** Requests that were sent again because they failed. */
  repeats = 0;

  constructor({ signal, budgetMs, account = {} }: LanguageContext) {
    this.signal = signal;
    this.account = account;
    this.#budgetMs = budgetMs;
    this.#timer = setTimeout(() => this.#over.abort(new BudgetOver()), Math.max(0, budgetMs));
    this.#untie = linkAbort(signal, this.#over);
  }

  leftMs(): number {
    return this.#budgetMs - (performance.now() - this.#startedAt);
  }

  /** Errors: BudgetOver, the caller's reason, what `work` fails with */
  within<T>(work: Promise<T>): Promise<T> {
    return untilAborted(work, this.#over.signal);
  }

  pause(ms: number): Promise<void> {
    return sleep(ms, this.#over.signal);
  }

  add(usage: TokenUsage): void {
    this.#used = {
      input_tokens: this.#used.input_tokens + usage.input_tokens,
      output_tokens: this.#used.output_tokens + usage.output_tokens,
    };
  }

  used(): TokenUsage {
    return this.#used;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#untie();
  }
}

/** The time for all requests of a question has passed. */
export class BudgetOver extends Error {
  constructor() {
    super('the time for this question is over');
    this.name = 'BudgetOver';
  }
}
