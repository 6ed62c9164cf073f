import type { RunToken } from '../../contracts/token.ts';

/** A piece of text as a step in process shows it; see {@link RunToken}. */
export type StepToken = Omit<RunToken, 'id' | 'run_id'>;

/** The pieces of one step over its attempts: counted, begun anew after a failure, ended once. */
export class StepTokens {
  readonly #step: string;
  readonly #show: (token: StepToken) => void;
  #attempt = 0;
  #seq = 0;
  #hasShown = false;

  constructor(step: string, show: (token: StepToken) => void) {
    this.#step = step;
    this.#show = show;
  }

  emit(attempt: number, text: string): void {
    if (text !== '') this.#piece(attempt, text, {});
  }

  /** The step has its output; without any piece there is nothing to end. */
  end(): void {
    if (this.#hasShown) this.#piece(this.#attempt, '', { final: true });
  }

  #piece(attempt: number, text: string, mark: { final?: true }): void {
    const isAnew = attempt !== this.#attempt;
    if (isAnew) this.#seq = 0;
    const reset = isAnew && this.#hasShown ? { reset: true as const } : {};
    this.#attempt = attempt;
    this.#hasShown = true;
    const token = { step: this.#step, attempt, seq: this.#seq++, text, ...reset, ...mark };
    try {
      this.#show(token);
    } catch {
      // Showing is no part of the work.
    }
  }
}
