import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../observability/metrics.ts';
import type { Readiness } from '../contracts/operator.ts';
import { FleetError } from '../kernel/errors.ts';

export interface WorkerHttpOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
}

export interface WorkerHttp {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * What a worker shows of itself: `/metrics`, `/livez` and `/readyz`, and nothing that could be used against it.
 * Errors: address_in_use (conflict)
 */
export async function serveWorkerHttp(options: WorkerHttpOptions): Promise<WorkerHttp> {
  const server = createServer((request, response) => {
    answer(
      options,
      request.method ?? 'GET',
      new URL(request.url ?? '/', 'http://worker').pathname,
      response,
    ).catch(() => send(response, 500, 'text/plain', 'internal error\n'));
  });
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: WorkerHttpOptions,
  method: string,
  path: string,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'GET only\n');
  switch (path) {
    case '/livez':
    case '/health/live':
      return send(response, 200, 'application/json', '{"status":"alive"}\n');
    case '/readyz':
    case '/health/ready': {
      const readiness = await options.readiness();
      const isUp = readiness.status === 'ready' || readiness.status === 'degraded';
      return send(response, isUp ? 200 : 503, 'application/json', `${JSON.stringify(readiness)}\n`);
    }
    case '/metrics':
    case '/metrics-prom': {
      const { contentType, body } = await options.metrics.render();
      return send(response, 200, contentType, body);
    }
    default:
      return send(response, 404, 'text/plain', 'this is a worker: /metrics, /livez, /readyz\n');
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, { host, port }: WorkerHttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new FleetError({
              code: 'address_in_use',
              kind: 'conflict',
              message: `${host}:${port} is taken; set metrics.port (AO_METRICS__PORT), 0 = any free port`,
            })
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
}
