import { readProtocols } from '../../config/safety-protocols.ts';
import type { Config } from '../../config/schema.ts';
import type { ChannelName } from '../contracts/escalation.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { openChannels, type ChannelSettings } from '../safety/channels/open-channels.ts';
import { AckTokens } from '../safety/escalations/ack-token.ts';
import { reachesPeople, type EscalationSettings } from '../safety/escalations/context.ts';
import type { DeliveryContext } from '../safety/escalations/delivery-context.ts';
import { EscalationStore } from '../safety/escalations/escalation-store.ts';
import type { InterventionStore, PeopleCaller, WrittenCrisis } from '../safety/ports.ts';
import { createPeopleCaller, type PeopleContext } from '../safety/protocols/people-caller.ts';
import type { Core } from './core.ts';
import { fleetSecret } from './fleet-secret.ts';

/** The way to people for every process: to call them, and to hear that somebody has answered. */
export interface People {
  readonly context: PeopleContext;
  readonly tokens: AckTokens;
}

/** Errors: safety_protocols_invalid, backend_unavailable. */
export async function openPeople(
  core: Core,
  interventions: Pick<InterventionStore, 'get' | 'change'>,
): Promise<People> {
  const { config, store, clock, log, metrics } = core;
  const settings = escalationSettings(config);
  metrics.safety_human_channel.set({}, Number(reachesPeople(settings)));
  const context: PeopleContext = {
    store,
    escalations: new EscalationStore(store, clock, config.safety.retention_days.intervention * 86_400),
    interventions,
    pages: core.queues.get('safety-escalation')!,
    steps: core.queues.get('safety-protocol')!,
    protocols: readProtocols(config.safety.protocols_file),
    settings,
    clock,
    log,
    metrics,
  };
  return { context, tokens: new AckTokens(config.safety.hmac_secret ?? (await fleetSecret(store))) };
}

/** Opened by who first asks; what failed while Redis was away is opened again by the next who asks. */
export function lazily<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
}

/** Who calls people, as soon as the way to them is open. */
export function peopleCaller({ config }: Pick<Core, 'config'>, people: () => Promise<People>): PeopleCaller {
  const caller = async (): Promise<PeopleCaller> => createPeopleCaller((await people()).context);
  return {
    reachesPeople: reachesPeople(escalationSettings(config)),
    tell: async (intervention) => (await caller()).tell(intervention),
    tellOfViolations: async (session) => (await caller()).tellOfViolations(session),
  };
}

/** People are told of a crisis that had waited on the disk; should it fail here, the round does it. */
export function tellOfWritten(
  core: Pick<Core, 'config' | 'log'>,
  people: () => Promise<People>,
): (written: WrittenCrisis) => void {
  const caller = peopleCaller(core, people);
  return ({ intervention, tellsPeople }) => {
    if (!tellsPeople) return;
    caller.tell(intervention).catch((error: unknown) => {
      core.log.warn({ code: toFleetError(error).code }, 'people are told later of a crisis that had waited');
    });
  };
}

/** The same with the channels themselves, for who delivers. */
export function withChannels(
  core: Core,
  people: People,
  breakers: Breakers,
): PeopleContext & DeliveryContext {
  return {
    ...people.context,
    tokens: people.tokens,
    baseUrl: core.config.safety.notify.dashboard_url,
    channels: openChannels(channelSettings(core.config), core),
    breakers,
  };
}

/** Told at the start of whoever calls people. */
export function warnOfNoChannel(core: Core, { context }: People): void {
  if (reachesPeople(context.settings)) return;
  core.log.warn(
    { human_channel: 'none' },
    'no channel to people is set up (safety.channels): a crisis reaches the console only',
  );
}

export function escalationSettings({ safety }: Config): EscalationSettings {
  const { notify, output, ack_minutes: ackMinutes } = safety;
  return {
    ackMinutes,
    retries: notify.retries,
    retryDelayMs: Math.round(notify.delay_s * 1000),
    configured: new Set(Object.keys(channelsOf(safety)) as ChannelName[]), // named like the channels
    outputWindowMs: output.window_h * 3_600_000,
  };
}

export function channelSettings({ safety }: Config): ChannelSettings {
  return channelsOf(safety);
}

function channelsOf({ channels }: Config['safety']): ChannelSettings {
  const { webhook, email, chat, pager, dashboard } = channels;
  return {
    ...(webhook.enabled && webhook.url !== null && webhook.secret !== null
      ? { webhook: { url: webhook.url, secret: webhook.secret } }
      : {}),
    ...(email.enabled && email.smtp_url !== null && email.from !== null
      ? { email: { smtpUrl: email.smtp_url, from: email.from, recipients: email } }
      : {}),
    ...(chat.enabled && chat.url !== null ? { chat: { url: chat.url } } : {}),
    ...(pager.enabled && pager.url !== null && pager.routing_key !== null
      ? { pager: { url: pager.url, routingKey: pager.routing_key } }
      : {}),
    ...(dashboard.enabled ? { dashboard: true as const } : {}),
  };
}
