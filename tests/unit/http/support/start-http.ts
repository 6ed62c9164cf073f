import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ConfigSchema } from '../../../../config/schema.ts';
import type { Role } from '../../../../src/contracts/caller.ts';
import type { HttpConfig, HttpDeps, HttpStores } from '../../../../src/http/deps.ts';
import { HttpServer } from '../../../../src/http/server.ts';
import { createMetrics } from '../../../../src/observability/metrics.ts';
import { FakeOperations } from './fake-operations.ts';
import { createMemoryStores } from './memory-stores.ts';

export interface HttpOptions {
  /** Principals by key id; none at all leaves the server open. */
  readonly keys?: Readonly<Record<string, KeyOptions>>;
  readonly config?: Record<string, unknown>;
  readonly stores?: (config: HttpConfig) => Partial<HttpStores>;
  readonly boardHandler?: RequestHandler;
  readonly isUrgent?: HttpDeps['isUrgent'];
}
interface KeyOptions {
  readonly roles: readonly Role[];
  readonly user_id?: string;
  readonly rate?: number;
  readonly allowed_cidrs?: string[];
  readonly expires_at?: string;
}

/** Enough for tests that do not test limits. */
const GENEROUS = {
  enqueue_per_s: 100_000,
  enqueue_burst: 100_000,
  read_per_s: 100_000,
  operate_per_s: 100_000,
};

export async function startHttp(options: HttpOptions = {}) {
  const api_keys = Object.entries(options.keys ?? {}).map(([id, key]) => ({
    id,
    ...key,
    sha256: createHash('sha256').update(secretOf(id)).digest('hex'),
  }));
  const parsed = ConfigSchema.parse({
    environment: 'testing',
    port: 0,
    auth: { api_keys },
    rate_limits: GENEROUS,
    diagnostics: { enabled: true },
    ...options.config,
  });
  const config: HttpConfig = parsed;
  const operations = new FakeOperations();
  const memory = createMemoryStores(config.rate_limits);
  const errors: unknown[] = [];
  const deps: HttpDeps = {
    config,
    operations,
    metrics: createMetrics({ role: 'api', version: '0.0.0' }),
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields) => errors.push(fields),
      error: (fields) => errors.push(fields),
    },
    stores: { ...memory, ...options.stores?.(config) },
    cursorKey: Buffer.alloc(32, 7),
    version: '0.0.0',
    ...(options.isUrgent && { isUrgent: options.isUrgent }),
    ...(options.boardHandler && { boardHandler: options.boardHandler }),
  };
  const server = new HttpServer(deps);
  await server.start();
  const { url } = server.address;

  /** A request as the key `as`; an object becomes a JSON body. */
  async function call(method: string, path: string, init: CallInit = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...init.headers };
    if (init.as !== undefined) headers['authorization'] = `Bearer ${keyOf(init.as)}`;
    if (init.json !== undefined) headers['content-type'] ??= 'application/json';
    const body = init.json === undefined ? init.text : JSON.stringify(init.json);
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...(init.signal && { signal: init.signal }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  return {
    url,
    server,
    operations,
    audit: memory.audit,
    errors,
    deps,
    call,
    [Symbol.asyncDispose]: () => server.stop(1000),
  };
}

export interface CallInit {
  readonly as?: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed JSON of whatever shape the test expects. */
  readonly body: Record<string, unknown> & { errors?: { path: string; message: string }[] };
}
export type HttpHarness = Awaited<ReturnType<typeof startHttp>>;

export function keyOf(id: string): string {
  return `ao_${id}_${secretOf(id)}`;
}

function secretOf(id: string): string {
  return createHash('sha256').update(`secret of ${id}`).digest('base64url');
}
