import { openOwnRedis, type RedisClient } from '../../redis/connect.ts';
import { createCoordinationKeys } from '../keys.ts';
import {
  guardedMetrics,
  NO_LOGGER,
  NO_METRICS,
  type ConnectionInput,
  type CoordinationPorts,
  type MetricLabels,
  type MetricsSink,
} from '../ports.ts';
import { checkConnection, parseInput } from '../validate.ts';
import { MessageAudit } from './audit.ts';
import type { CoordinatorHooks, MessagingCore } from './core.ts';
import { Held } from './held.ts';
import { Mailboxes } from './mailboxes.ts';
import { MESSAGE_METRICS } from './metric-names.ts';
import { MessagingSettings, type MessagingOptions } from './settings.ts';
import { UncertainSends } from './uncertain.ts';

export interface CoordinatorOptions extends CoordinationPorts, CoordinatorHooks {
  readonly connection: ConnectionInput;
  /** Of every key, and BullMQ's prefix; on Redis Cluster a hash tag. Default `ao`. */
  readonly keyPrefix?: string;
  readonly messaging?: MessagingOptions;
}

export interface OpenedCore {
  readonly core: MessagingCore;
  /** How many retries were scheduled so far. */
  readonly retries: () => number;
  /** These settings hold from now on. */
  readonly apply: (settings: MessagingSettings) => void;
  /** Another connection of its own. */
  readonly connect: (purpose: string) => RedisClient;
}

/**
 * What the verbs of one coordinator share. Nothing connects before it is used.
 * Errors: validation (invalid_input)
 */
export function openCore(options: CoordinatorOptions): OpenedCore {
  const { connection, keyPrefix = 'ao', resolveRecipient, onSettled, logger = NO_LOGGER } = options;
  checkConnection(connection);
  let settings = parseInput(MessagingSettings, options.messaging ?? {}, 'messaging');
  let retries = 0;
  const metrics = counting(guardedMetrics(options.metrics ?? NO_METRICS, logger), (name, n) => {
    if (name === MESSAGE_METRICS.retries) retries += n;
  });
  const keys = createCoordinationKeys(keyPrefix);
  const connect = (purpose: string): RedisClient =>
    openOwnRedis(connection, `${keyPrefix}:${purpose}`, (error) =>
      logger.debug({ err: error }, 'the connection has an error'),
    );
  const redis = connect('messages');
  const core: MessagingCore = {
    redis,
    keys,
    mailboxes: new Mailboxes(redis, keyPrefix, () => settings.visibilityTimeoutMs, logger),
    held: new Held(),
    audit: new MessageAudit(redis, keys.messageAudit(), () => settings.auditMaxLen, { metrics, logger }),
    uncertain: new UncertainSends(),
    metrics,
    logger,
    settings: () => settings,
    hooks: {
      ...(resolveRecipient === undefined ? {} : { resolveRecipient }),
      ...(onSettled === undefined ? {} : { onSettled }),
    },
  };
  const apply = (changed: MessagingSettings): void => {
    settings = changed;
  };
  return { core, retries: () => retries, apply, connect };
}

/** The sink, with somebody who counts along. */
function counting(sink: MetricsSink, count: (name: string, n: number) => void): MetricsSink {
  return {
    ...sink,
    inc: (name: string, labels?: MetricLabels, n = 1) => {
      count(name, n);
      sink.inc(name, labels, n);
    },
  };
}
