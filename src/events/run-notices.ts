import type { RedisClient } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { toBackendError } from '../redis/script.ts';

/** Called with the event's type, for example `run.completed`. */
export type NoticeListener = (type: string) => void;

/**
 * Word that something was added to a run's event stream. Pub/sub may lose messages while a connection is
 * down, so whoever listens must also read the stream; a notice only spares the waiting.
 */
export class RunNotices {
  readonly #subscriber: RedisClient;
  readonly #keys: Keys;
  readonly #listeners = new Map<string, Set<NoticeListener>>();

  /** @param subscriber  a connection of its own: it can do nothing but subscribe */
  constructor(subscriber: RedisClient, keys: Keys) {
    this.#subscriber = subscriber;
    this.#keys = keys;
    subscriber.on('message', (channel: string, type: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(type);
    });
  }

  /**
   * Listen to a run; on return no later notice is missed.
   * @returns a function that stops listening
   */
  watch(runId: string, listener: NoticeListener): Promise<() => void> {
    return this.#listen(this.#keys.runEvents(runId), listener);
  }

  /** The same for the pieces of text that its steps write. */
  watchTokens(runId: string, listener: NoticeListener): Promise<() => void> {
    return this.#listen(this.#keys.runTokens(runId), listener);
  }

  /** The same for the log of the fleet. */
  watchFleet(listener: NoticeListener): Promise<() => void> {
    return this.#listen(this.#keys.fleetEvents(), listener);
  }

  async #listen(channel: string, listener: NoticeListener): Promise<() => void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    listeners.add(listener);
    try {
      await this.#subscriber.subscribe(channel);
    } catch (error) {
      this.#leave(channel, listener);
      throw toBackendError(error, 'subscribing to a run');
    }
    return () => this.#leave(channel, listener);
  }

  #leave(channel: string, listener: NoticeListener): void {
    const listeners = this.#listeners.get(channel);
    if (listeners === undefined || !listeners.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    // Nobody waits for the answer; a connection that is down has forgotten the channel anyway.
    this.#subscriber.unsubscribe(channel).catch(() => undefined);
  }
}
