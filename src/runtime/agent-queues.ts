import { Queue, type QueueOptions } from 'bullmq';
import type { Logger } from '../observability/logger.ts';
import { toFleetError } from '../kernel/errors.ts';

/**
 * The queues of a process by their names: those of the fleet, and of types of agents that modules brought as soon as these
 * are known. Readers hold the maps themselves, which change.
 */
export class AgentQueues {
  readonly all: Map<string, Queue>;
  /** Those whose failed jobs are dead letters. */
  readonly deadLetters: Map<string, Queue>;
  readonly #options: QueueOptions;
  readonly #log: Logger;
  readonly #custom = new Set<string>();

  constructor(
    options: QueueOptions,
    log: Logger,
    fleet: { readonly names: readonly string[]; readonly deadLetters: readonly string[] },
  ) {
    this.#options = options;
    this.#log = log;
    this.all = new Map(fleet.names.map((name) => [name, this.#make(name)]));
    this.deadLetters = new Map(fleet.deadLetters.map((name) => [name, this.all.get(name)!]));
  }

  /** Those of these types, and of no others. Errors: of the connection, when a queue cannot be opened */
  async follow(types: ReadonlySet<string>): Promise<void> {
    await Promise.all([...types].filter((type) => !this.all.has(type)).map((type) => this.#open(type)));
    await Promise.all([...this.#custom].filter((type) => !types.has(type)).map((type) => this.#close(type)));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.all.values()].map((queue) => queue.close()));
  }

  async #open(type: string): Promise<void> {
    const queue = this.#make(type);
    try {
      // A queue that was refused once refuses for ever: it is made anew next time.
      await queue.waitUntilReady();
    } catch (error) {
      await queue.close().catch(() => undefined);
      throw error;
    }
    this.#custom.add(type);
    this.all.set(type, queue);
    this.deadLetters.set(type, queue);
  }

  async #close(type: string): Promise<void> {
    const queue = this.all.get(type);
    this.#custom.delete(type);
    this.all.delete(type);
    this.deadLetters.delete(type);
    await queue?.close().catch(() => undefined);
  }

  #make(name: string): Queue {
    const queue = new Queue(name, this.#options);
    queue.on('error', (error) =>
      this.#log.debug({ reason: toFleetError(error).message }, 'queue connection reported an error'),
    );
    return queue;
  }
}
