import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';

// Receives the pages of a fleet (safety.channels.webhook) and checks that they come from it.
//
//   node examples/receive-pages.ts <secret> <port> [end after so many requests]

const [secret = '', port = '8600', count = 'Infinity'] = process.argv.slice(2);
if (secret === '') throw new Error('name the secret: node examples/receive-pages.ts <secret> <port>');

const MAX_AGE_SECONDS = 300;
/** Keys of pages that were taken. A real receiver keeps them where they survive it. */
const seen = new Set<string>();
let left = Number(count);

/** Signed by whoever has the secret, and not long ago: an old page that is sent again proves nothing. */
function isOurs(headers: IncomingHttpHeaders, body: string): boolean {
  const timestamp = String(headers['x-timestamp']);
  const expected = `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
  const given = Buffer.from(String(headers['x-signature']));
  if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) return false;
  return Math.abs(Date.now() / 1000 - Number(timestamp)) < MAX_AGE_SECONDS;
}

/** @returns the status: 2xx takes the page, everything else has it sent again */
function receive(headers: IncomingHttpHeaders, body: string): number {
  if (!isOurs(headers, body)) {
    console.log('refused: not signed by our fleet');
    return 401;
  }
  const key = String(headers['idempotency-key']);
  if (seen.has(key)) {
    console.log(`seen before: ${key}`);
    return 200;
  }
  const page = JSON.parse(body) as { subject: string };
  console.log(`page: ${page.subject}`);
  // Here somebody's telephone rings. Answer only when it does: until then the fleet counts nobody as told.
  seen.add(key);
  return 204;
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    response.writeHead(receive(request.headers, body)).end();
    left -= 1;
    if (left <= 0) server.close();
  });
});
server.keepAliveTimeout = 1;
server.listen(Number(port), '127.0.0.1');
