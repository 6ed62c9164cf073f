import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FleetError } from '../kernel/errors.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import { createHttpApp } from './app.ts';
import type { HttpDeps } from './deps.ts';
import { HttpLifetime } from './lifetime.ts';

/** Longer than load balancers keep an idle connection, so that it is never we who close it under a request. */
const KEEP_ALIVE_MS = 65_000;

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/**
 * The API as a listening server.
 * `stop` accepts no more connections, ends event streams with a last comment, lets every request in flight
 * finish, and resolves when their records (audit, idempotency) are written too.
 */
export class HttpServer implements Lifecycle, AsyncDisposable {
  /** For whoever upgrades connections to WebSockets. */
  readonly server: Server;
  readonly #deps: HttpDeps;
  readonly #lifetime = new HttpLifetime();
  #address: ListeningAddress | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(deps: HttpDeps) {
    this.#deps = deps;
    const app = createHttpApp(deps, this.#lifetime);
    // Receiving is limited here; handling is limited per request, with a problem as the answer.
    const limitMs = deps.config.http.request_timeout * 1000;
    const headersTimeout = Math.min(limitMs, 10_000);
    this.server = createServer(
      { requestTimeout: limitMs, headersTimeout, keepAliveTimeout: KEEP_ALIVE_MS },
      app,
    );
  }

  /** Where it listens; known once it was started. */
  get address(): ListeningAddress {
    if (this.#address !== undefined) return this.#address;
    throw new FleetError({ code: 'internal', kind: 'internal', message: 'the HTTP server was not started' });
  }

  /** Errors: address_in_use (conflict), or internal with the cause. */
  start(): Promise<void> {
    this.#starting ??= this.#stopping ? Promise.resolve() : this.#listen();
    return this.#starting;
  }

  /** @param graceMs  after this long connections are cut; default: the longest a request may take */
  stop(graceMs: number = this.#deps.config.http.request_timeout * 1000): Promise<void> {
    this.#stopping ??= this.#close(graceMs);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listen(): Promise<void> {
    const { config } = this.#deps;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(listenError(error, config.http.host, config.port)));
      this.server.listen(config.port, config.http.host, resolve);
    });
    const { address, port } = this.server.address() as AddressInfo; // it listens on TCP
    const host = address.includes(':') ? `[${address}]` : address;
    this.#address = { host: address, port, url: `http://${host}:${port}` };
    this.#deps.log.info({ host: address, port }, 'HTTP API listening');
  }

  async #close(graceMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#lifetime.drain();
    if (this.server.listening) {
      const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
      const cut = setTimeout(() => this.server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    }
    await this.#lifetime.writesSettled();
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): FleetError {
  const isTaken = error.code === 'EADDRINUSE';
  return new FleetError({
    code: isTaken ? 'address_in_use' : 'internal',
    kind: isTaken ? 'conflict' : 'internal',
    message: isTaken ? `${host}:${port} is in use by another process` : `cannot listen on ${host}:${port}`,
    cause: error,
  });
}
