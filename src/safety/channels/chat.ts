import type { Channel } from './channel.ts';
import { hostOf, postJson } from './post.ts';

const TIMEOUT_MS = 5_000;

/** The incoming webhook of a chat room. Its address is its secret. */
export function chatChannel({ url }: { readonly url: string }): Channel {
  return {
    name: 'chat',
    timeoutMs: TIMEOUT_MS,
    recipient: () => hostOf(url),
    async send(page, signal) {
      const text = [`*${page.subject}*`, ...page.lines].join('\n');
      await postJson(url, JSON.stringify({ text }), { 'idempotency-key': page.key }, signal);
      return { messageId: page.key };
    },
  };
}
