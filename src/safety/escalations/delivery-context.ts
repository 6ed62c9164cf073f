import type { ChannelName } from '../../contracts/escalation.ts';
import type { PageJobData } from '../../contracts/safety-job.ts';
import type { Breakers } from '../../resilience/breakers.ts';
import type { Channel } from '../channels/channel.ts';
import type { AckTokens } from './ack-token.ts';
import type { EscalationContext } from './context.ts';

/** What the workers of pages have beside the rest. */
export interface DeliveryContext extends EscalationContext {
  readonly channels: ReadonlyMap<ChannelName, Channel>;
  readonly breakers: Breakers;
  readonly tokens: AckTokens;
  readonly baseUrl: string | null;
}

export type PageRef = Pick<PageJobData, 'escalation_id' | 'step' | 'channel'>;
