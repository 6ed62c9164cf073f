import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a receiver of pages has seen. */
export interface ReceivedPage {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly status: number;
}

/** A real HTTP server in the place of somebody's webhook, chat room or pager. */
export interface PageReceiver extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly ReceivedPage[];
  /** Those it took. */
  readonly taken: readonly ReceivedPage[];
  /** What it answers; default 204. Called with the number of the request, from 1. `hang`: nothing at all. */
  answer: (request: Omit<ReceivedPage, 'status'>, nth: number) => number | 'hang' | Promise<number | 'hang'>;
  /** Nobody listens any more. */
  close(): Promise<void>;
  /** At the same port again. */
  open(): Promise<void>;
}

export async function pageReceiver(): Promise<PageReceiver> {
  const seen: ReceivedPage[] = [];
  let nth = 0;
  let port = 0;
  const handle = async (headers: IncomingHttpHeaders, body: string, res: ServerResponse): Promise<void> => {
    const json = JSON.parse(body) as Record<string, unknown>;
    const request = { headers, body, json, key: String(headers['idempotency-key']) };
    const answer = await receiver.answer(request, ++nth);
    seen.push({ ...request, status: answer === 'hang' ? 0 : answer });
    if (answer === 'hang') return;
    if (answer >= 300 && answer < 400) res.setHeader('location', `http://127.0.0.1:${port}/elsewhere`);
    res.writeHead(answer).end();
  };
  let server = createServer();
  const receiver: PageReceiver = {
    get url() {
      return `http://127.0.0.1:${port}/hooks/secret-path`;
    },
    seen,
    get taken() {
      return seen.filter(({ status }) => status >= 200 && status < 300);
    },
    answer: () => 204,
    async open() {
      server = createServer((req, res) => {
        let body = '';
        req.on('data', (chunk) => (body += String(chunk)));
        req.on('end', () => void handle(req.headers, body, res));
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port; // a server on TCP has one
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    [Symbol.asyncDispose]: () => receiver.close(),
  };
  await receiver.open();
  return receiver;
}

/** The check that docs/escalation.md asks of a receiver. */
export function isSigned({ headers, body }: ReceivedPage, secret: string): boolean {
  const expected = createHmac('sha256', secret)
    .update(`${String(headers['x-timestamp'])}.${body}`)
    .digest('hex');
  return headers['x-signature'] === `sha256=${expected}`;
}
