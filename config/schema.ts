import { z } from 'zod';
import { choice, duration, flag, integer, port, section } from './keys.ts';
import { agents } from './sections/agents.ts';
import { monitoring, router } from './sections/coordination.ts';
import { llm, realAgents } from './sections/language.ts';
import { neo4j } from './sections/graph.ts';
import { messaging } from './sections/messaging.ts';
import { safety } from './sections/safety.ts';
import { auth, http, metrics, rateLimits, realtime, redis } from './sections/serving.ts';
import { circuits, queues, retention, sessions, workflow } from './sections/work.ts';

/**
 * Every setting of the product: its default, its range and its one-line description. Durations are seconds,
 * sizes are bytes. Documentation, messages and the JSON Schema are derived from this tree.
 */

export const ENVIRONMENTS = ['development', 'testing', 'staging', 'production'] as const;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Never by the id itself. */
export const PLAYER_IDS = ['hash', 'omit'] as const;

export const ConfigSchema = z.strictObject({
  environment: choice(ENVIRONMENTS, {
    default: 'development',
    description: 'Selects the profile: what is required and what is allowed',
  }),
  port: port({ default: 8503, description: 'Port of the HTTP API' }),
  redis,
  http,
  metrics,
  auth,
  realtime,
  rate_limits: rateLimits,
  agents,
  messaging,
  router,
  monitoring,
  llm,
  real_agents: realAgents,
  workflow,
  circuits,
  queues,
  retention,
  sessions,
  neo4j,
  safety,
  performance: section({
    response_time_target: duration({
      min: 0.001,
      max: 3600,
      default: 2,
      description: 'Time within which a turn counts as answered in time',
    }),
  }),
  features: section({
    bull_board: flag({ default: true, description: 'Whether Bull Board is served' }),
  }),
  diagnostics: section({
    enabled: flag({
      default: false,
      description:
        'Whether rollbacks of runs, routing previews and diagnostics may be asked for over HTTP; on in development',
    }),
  }),
  shutdown: section({
    grace: duration({
      min: 1,
      max: 3600,
      default: 25,
      description: 'How long a process may finish its work after SIGTERM',
    }),
    drain_delay: duration({
      min: 0,
      max: 600,
      default: 5,
      description: 'How long a stopping API still accepts requests while it reports not ready',
    }),
  }),
  log: section({
    level: choice(LOG_LEVELS, { default: 'info', description: 'Least important level that is written' }),
    include_content: flag({
      default: false,
      description: 'Whether player text is written to the log; never in production',
    }),
  }),
  otel: section({
    enabled: flag({
      default: false,
      description:
        'Whether spans are recorded and sent to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names',
    }),
  }),
  telemetry: section({
    player_id: choice(PLAYER_IDS, {
      default: 'hash',
      description: 'How spans name the player of a run: by a keyed hash, or not at all',
    }),
  }),
  audit: section({
    max_len: integer({
      min: 100,
      max: 100_000_000,
      default: 100_000,
      description: 'Entries the audit stream keeps',
    }),
  }),
});

type Parsed = z.output<typeof ConfigSchema>;

/** The whole configuration after loading, frozen. Durations are seconds and sizes are bytes. */
export type Config = DeepReadonly<Parsed & { redis: { bullmq_prefix: string } }>;
export type ParsedConfig = DeepReadonly<Parsed>;
export type Environment = (typeof ENVIRONMENTS)[number];
export type ApiKeyConfig = Config['auth']['api_keys'][number];

export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
