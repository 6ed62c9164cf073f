export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A promise that somebody else settles. */
export function deferred<T = void>(): Deferred<T> {
  return Promise.withResolvers<T>();
}
