/**
 * Anything long-lived. `start` and `stop` may be called twice and in any order;
 * `stop` resolves only when the part is quiet.
 */
export interface Lifecycle {
  start(): Promise<void>;
  stop(): Promise<void>;
}
