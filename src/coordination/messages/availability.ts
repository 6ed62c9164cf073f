import {
  toBackendError,
  runScript,
  type Script,
  type ScriptArgument,
  type ScriptValue,
} from '../../redis/script.ts';
import type { RedisClient } from '../../redis/connect.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { CoordinationUnavailableError } from '../errors.ts';

/** One step of an operation; an operation has three at most, and its caller waits five seconds at most. */
const STEP_LIMIT_MS = 1600;

/** The answer did not come in time; whether Redis acted nobody knows. */
class Overdue extends Error {}

/**
 * Run something that asks Redis.
 * Errors: redis_unavailable (unavailable) when it cannot be reached or stays silent; anything else as thrown
 */
export async function asking<T>(redis: RedisClient, what: string, run: () => Promise<T>): Promise<T> {
  const connectAndRun = async (): Promise<T> => {
    await connected(redis);
    return run();
  };
  try {
    return await withinTime(connectAndRun(), STEP_LIMIT_MS, what);
  } catch (error) {
    throw isUnavailable(error) ? new CoordinationUnavailableError(what, error) : error;
  }
}

export async function askScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<ScriptValue> {
  return asking(redis, script.name, () => runScript(redis, script, keys, args));
}

/** Clients that are being connected; all who need one wait together. */
const CONNECTING = new WeakMap<RedisClient, Promise<void>>();

/** A lazy client connects at its first use; while it reconnects, commands are refused at once. */
export async function connected(redis: RedisClient): Promise<void> {
  if (redis.status === 'wait' || redis.status === 'connecting' || redis.status === 'connect') {
    const connecting = CONNECTING.get(redis) ?? connect(redis);
    CONNECTING.set(redis, connecting);
    await connecting.finally(() => CONNECTING.delete(redis));
  }
}

async function connect(redis: RedisClient): Promise<void> {
  if (redis.status === 'wait') {
    await redis.connect();
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  redis.once('ready', resolve);
  redis.once('close', resolve);
  await promise;
  redis.off('ready', resolve);
  redis.off('close', resolve);
}

/** Errors: {@link Overdue}, which `isUnavailable` knows */
export async function withinTime<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Overdue(`${what} took longer than ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {}); // a late failure has been reported as a silence
  }
}

/** Whether an error says that Redis is not there, and not that it refused. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof Overdue) return true;
  if (isFleetError(error)) return error.code === 'backend_unavailable' || error.code === 'redis_unavailable';
  return error instanceof Error && bullCode(error) === undefined && isConnectionError(error);
}

/** Whether nothing was written for sure: the connection was not there when the command was given. */
export function isUnsent(error: unknown): boolean {
  const causes: unknown[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cause);
  return causes.some(
    (cause) =>
      cause instanceof Error &&
      /isn't writeable|Connection is closed|ECONNREFUSED|ENOTFOUND/.test(cause.message),
  );
}

/** BullMQ's number for what a script refused: -1 no such job, -2 no lock, -3 not active, -6 somebody else's lock. */
export function bullCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

function isConnectionError(error: Error): boolean {
  if (error.name === 'MaxRetriesPerRequestError') return true;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return true;
  if (error.name === 'ReplyError') return toBackendError(error, '').code === 'backend_unavailable';
  return /Connection is closed|isn't writeable|Command timed out|Socket closed|connect ETIMEDOUT/i.test(
    error.message,
  );
}
