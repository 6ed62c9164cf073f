import type { ChannelName } from '../../contracts/escalation.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { Channel } from './channel.ts';
import { chatChannel } from './chat.ts';
import { dashboardChannel } from './dashboard.ts';
import { emailChannel, type MailRecipients } from './email.ts';
import { pagerChannel } from './pager.ts';
import { webhookChannel } from './webhook.ts';

/** The channels as they are configured; what is not there is not set up. */
export interface ChannelSettings {
  readonly webhook?: { readonly url: string; readonly secret: string };
  readonly email?: { readonly smtpUrl: string; readonly from: string; readonly recipients: MailRecipients };
  readonly chat?: { readonly url: string };
  readonly pager?: { readonly url: string; readonly routingKey: string };
  readonly dashboard?: true;
}

/** Text messages and calls have no adapter: docs/decisions/0033-no-telephone.md. */
export function openChannels(
  settings: ChannelSettings,
  parts: { readonly store: RedisStore; readonly clock: Clock },
): ReadonlyMap<ChannelName, Channel> {
  const { webhook, email, chat, pager, dashboard } = settings;
  const channels = [
    ...(pager === undefined ? [] : [pagerChannel(pager)]),
    ...(webhook === undefined ? [] : [webhookChannel({ ...webhook, clock: parts.clock })]),
    ...(chat === undefined ? [] : [chatChannel(chat)]),
    ...(email === undefined ? [] : [emailChannel(email)]),
    ...(dashboard === undefined ? [] : [dashboardChannel(parts)]),
  ];
  return new Map(channels.map((channel) => [channel.name, channel]));
}
