import { Redis } from 'ioredis';
import { FleetError } from '../kernel/errors.ts';

export type RedisClient = Redis;

/**
 * How a connection behaves while Redis is away.
 * - `fail_fast`: commands are refused at once, or after `commandTimeoutMs`; for everything a caller waits on.
 * - `patient`: commands wait until Redis is back; for workers, whose jobs have their own time limits.
 */
export type OutageBehaviour = 'fail_fast' | 'patient';

export interface ConnectOptions {
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly onOutage: OutageBehaviour;
  readonly connectTimeoutMs?: number;
  readonly commandTimeoutMs?: number;
  readonly onState?: (state: 'up' | 'down' | 'reconnecting', error?: Error) => void;
}

const RECONNECT_FIRST_MS = 200;
/** Players wait for answers and crises for people, so nobody finds out much later that Redis is back. */
const RECONNECT_MAX_MS = 2000;

/** Where Redis is: its URL, the parts of it, or a client whose settings are taken over. */
export type RedisSource = string | RedisAddress | RedisClient;

export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: Record<string, unknown>;
}

/**
 * A connection of its own to wherever `source` is; a client that is given stays untouched. It connects at its
 * first use, refuses commands at once while Redis is away, and has no time limit per command: blocking
 * connections are made from it.
 */
export function openOwnRedis(source: RedisSource, name: string, onError?: (error: Error) => void): Redis {
  const settings = {
    connectionName: name,
    lazyConnect: true,
    // 0 and not 1: BullMQ makes blocking connections of it, and takes none that repeats commands.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times: number) =>
      Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
  };
  const client =
    typeof source === 'string'
      ? new Redis(source, settings)
      : 'duplicate' in source // and not instanceof: the caller may have a copy of ioredis of its own
        ? source.duplicate(settings)
        : new Redis({ ...source, ...settings });
  client.on('error', (error: Error) => onError?.(error));
  return client;
}

/** A client that keeps trying to reconnect and never crashes the process for want of an error listener. */
export function createRedis(options: ConnectOptions): Redis {
  const patient = options.onOutage === 'patient';
  const client = new Redis(options.url, {
    connectionName: options.name,
    lazyConnect: true,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    maxRetriesPerRequest: patient ? null : 1,
    enableOfflineQueue: patient,
    ...(patient ? {} : { commandTimeout: options.commandTimeoutMs ?? 1500 }),
    retryStrategy: (times) => Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    // After a failover the old primary answers READONLY: reconnect and send the command again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  });
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  client.on('ready', () => options.onState?.('up'));
  client.on('close', () => options.onState?.('down', lastError));
  client.on('reconnecting', () => options.onState?.('reconnecting', lastError));
  return client;
}

/**
 * Connect and wait until commands are accepted.
 *
 * Errors: redis_unavailable (unavailable), with the address but never the password.
 */
export async function connectRedis(options: ConnectOptions): Promise<Redis> {
  const client = createRedis(options);
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw new FleetError({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: `cannot reach Redis at ${publicAddress(options.url)}: ${messageOf(error)}`,
      cause: error,
    });
  }
}

/** The address without user name and password. */
export function publicAddress(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  } catch {
    return 'the configured address';
  }
}

/** A Redis that is silent so long is left without a word. */
const FAREWELL_MS = 2000;

/** Close politely when connected, at once when not. Safe to call twice. */
export async function closeRedis(client: Redis): Promise<void> {
  if (client.status === 'end') return;
  if (client.status !== 'ready') {
    client.disconnect();
    return;
  }
  const timer = setTimeout(() => client.disconnect(), FAREWELL_MS);
  await client.quit().catch(() => client.disconnect());
  clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
