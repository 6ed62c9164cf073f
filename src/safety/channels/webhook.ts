import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { Channel } from './channel.ts';
import { hostOf, postJson } from './post.ts';

const TIMEOUT_MS = 5_000;

/**
 * A JSON document, signed: `X-Signature: sha256=` and the HMAC-SHA-256 over `<X-Timestamp>.<body>` in hex.
 * Source: spec, safety 9; examples/receive-pages.ts verifies it
 */
export function webhookChannel(options: {
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
}): Channel {
  const { url, secret, clock } = options;
  return {
    name: 'webhook',
    timeoutMs: TIMEOUT_MS,
    recipient: () => hostOf(url),
    async send(page, signal) {
      const timestamp = String(Math.floor(clock.now() / 1000));
      const body = JSON.stringify(page.fields);
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      await postJson(
        url,
        body,
        {
          'x-timestamp': timestamp,
          'x-signature': `sha256=${signature}`,
          'idempotency-key': page.key,
        },
        signal,
      );
      return { messageId: page.key };
    },
  };
}
