import { createHmac } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { showPlayersAs } from '../observability/tracing.ts';
import type { RedisStore } from '../redis/store.ts';
import { fleetSecret } from './fleet-secret.ts';
import { VERSION } from './version.ts';

export interface FleetTracing {
  /** Send what is left, for two seconds at most. Never fails. */
  stop(): Promise<void>;
}

/** Record spans when the configuration says so; otherwise the library is not even loaded. */
export async function startFleetTracing(
  config: Config,
  process: {
    readonly role: string;
    readonly instance: string;
    readonly log: Logger;
    readonly metrics: Pick<Metrics, 'telemetry_dropped_total'>;
  },
): Promise<FleetTracing> {
  if (!config.otel.enabled) return { stop: async () => undefined };
  const { startTracing } = await import('../observability/start-tracing.ts');
  return startTracing({ ...process, version: VERSION });
}

/** A player's hash is the same in every process of the fleet, and nobody without the fleet's secret can guess it. */
export async function showPlayers(config: Config, store: RedisStore): Promise<void> {
  if (!config.otel.enabled) return;
  if (config.telemetry.player_id === 'omit') return showPlayersAs(null);
  const key = createHmac('sha256', await fleetSecret(store))
    .update('players in traces')
    .digest();
  showPlayersAs((id) => createHmac('sha256', key).update(id).digest('hex').slice(0, 16));
}
