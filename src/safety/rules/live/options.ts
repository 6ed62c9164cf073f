import type { Clock } from '../../../kernel/clock.ts';
import type { Logger } from '../../../observability/logger.ts';
import type { RedisStore } from '../../../redis/store.ts';
import type { Stage } from '../../../contracts/safety.ts';
import type { Lexicon } from '../../lexicon/compile.ts';
import type { SupportRoom } from '../../support/supporter.ts';

export interface LiveRulesOptions {
  readonly store: RedisStore;
  /** By language; that of `locale` must be there. */
  readonly lexicons: ReadonlyMap<string, Lexicon>;
  /** Of texts that name no language, or one without words. */
  readonly locale: string;
  /** Holds while nothing is stored in Redis; null: the product's own rules. */
  readonly file: string | null;
  readonly allowDisableCrisis: boolean;
  /** False: nothing is judged, and every result says so. */
  readonly isEnabled: boolean;
  readonly supporter: Pick<SupportRoom, 'suggestFor'>;
  /** Longest time until a change is noticed whose announcement was lost. */
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe?: RulesObserver;
}

export interface RulesObserver {
  /** `unreachable`: Redis did not answer; what is known stays. */
  readonly reloaded: (outcome: 'applied' | 'rejected' | 'unreachable') => void;
  readonly holding: (version: string, source: string) => void;
  readonly degraded: (stage: Stage) => void;
}
