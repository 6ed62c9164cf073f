import type { CrisisLevel } from '../../contracts/safety.ts';
import type { Channel } from './channel.ts';
import { hostOf, postJson } from './post.ts';

const TIMEOUT_MS = 5_000;
const SEVERITY: Readonly<Record<CrisisLevel, string>> = {
  critical: 'critical',
  high: 'error',
  moderate: 'warning',
  low: 'info',
};

/** Version 2 of the events form that pager services share; equal `dedup_key`s are one incident to them. */
export function pagerChannel(options: { readonly url: string; readonly routingKey: string }): Channel {
  const { url, routingKey } = options;
  return {
    name: 'pager',
    timeoutMs: TIMEOUT_MS,
    recipient: () => hostOf(url),
    async send(page, signal) {
      const event = {
        routing_key: routingKey,
        event_action: 'trigger',
        dedup_key: page.key,
        payload: {
          summary: page.subject,
          source: 'tta-agent-fleet',
          severity: SEVERITY[page.level],
          component: 'safety',
          custom_details: page.fields,
        },
        ...(page.link === null ? {} : { links: [{ href: page.link, text: 'acknowledge' }] }),
      };
      await postJson(url, JSON.stringify(event), { 'idempotency-key': page.key }, signal);
      return { messageId: page.key };
    },
  };
}
