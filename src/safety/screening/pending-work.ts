import { toFleetError } from '../../kernel/errors.ts';
import type { Logger } from '../../observability/logger.ts';

/** Work that goes on behind answers; whoever stops waits for it. */
export class PendingWork {
  readonly #log: Pick<Logger, 'warn' | 'error'>;
  readonly #open = new Set<Promise<void>>();

  constructor(log: Pick<Logger, 'warn' | 'error'>) {
    this.#log = log;
  }

  /** @param failed  the log line when it fails: a constant, never with a text */
  add(work: Promise<unknown>, fields: Readonly<Record<string, unknown>>, failed: string): void {
    const watched: Promise<void> = work.then(
      () => undefined,
      (error: unknown) => this.#log.error({ ...fields, code: toFleetError(error).code }, failed),
    );
    this.#open.add(watched);
    void watched.finally(() => this.#open.delete(watched));
  }

  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
