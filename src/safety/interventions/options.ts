import type { CrisisLevel } from '../../contracts/safety.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { Pseudonyms } from '../ports.ts';

/** The settings of `safety.…` that the store needs, under their names. */
export interface InterventionSettings {
  readonly hold: { readonly threshold: number; readonly window_h: number };
  readonly ack_minutes: Readonly<Record<Exclude<CrisisLevel, 'low'>, number>>;
  readonly retention_days: {
    readonly intervention: number;
    readonly user: number;
    readonly audit: number;
  };
}

export interface InterventionStoreOptions {
  readonly store: RedisStore;
  readonly clock: Clock;
  readonly settings: InterventionSettings;
  readonly pseudonyms: Pseudonyms;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, 'safety_crisis_total'>;
}

export const DAY_SECONDS = 86_400;
