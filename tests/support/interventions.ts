import type { CrisisLevel, CrisisType } from '../../src/contracts/safety.ts';
import { uuidv7 } from '../../src/kernel/ids.ts';
import type { Logger } from '../../src/observability/logger.ts';
import { closeRedis, connectRedis, type OutageBehaviour, type RedisClient } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import type { RedisStore } from '../../src/redis/store.ts';
import type {
  InterventionSettings,
  InterventionStoreOptions,
} from '../../src/safety/interventions/options.ts';
import { createInterventionStore, type OpenInterventionStore } from '../../src/safety/interventions/store.ts';
import type { Crisis } from '../../src/safety/ports.ts';
import { createPseudonyms } from '../../src/safety/pseudonyms.ts';
import { testPrefix } from './redis.ts';

export const SETTINGS: InterventionSettings = {
  hold: { threshold: 3, window_h: 24 },
  ack_minutes: { critical: 5, high: 15, moderate: 60 },
  retention_days: { intervention: 400, user: 90, audit: 400 },
};
export const pseudonyms = createPseudonyms('a secret of at least thirty-two bytes');
export const NOW = Date.UTC(2026, 4, 4, 10, 20, 30);

export interface CrisisOptions {
  readonly sessionId?: string;
  readonly userId?: string | null;
  readonly level?: CrisisLevel;
  readonly types?: CrisisType[];
  readonly requestId?: string;
  readonly atMs?: number;
  readonly interventionId?: string;
  readonly answered?: boolean;
}

let requests = 0;

/** A crisis as the screening writes it. */
export function crisisOf(options: CrisisOptions = {}): Crisis {
  const { sessionId = 's1', userId = 'ada', level = 'high', types = ['suicidal_ideation'] } = options;
  const atMs = options.atMs ?? NOW;
  const at = new Date(atMs).toISOString();
  const severity = { low: 0, moderate: 1, high: 3, critical: 5 }[level];
  return {
    interventionId: options.interventionId ?? uuidv7(atMs),
    sessionId,
    userHash: pseudonyms.userHash(userId, sessionId),
    assessment: {
      crisis_level: level,
      crisis_types: types,
      severity,
      confidence: 0.9,
      risk_factors: ['suicidal_ideation'],
      protective_factors: [],
      immediate_risk: level === 'critical',
      intervention_recommended: level === 'critical' ? 'emergency_services' : 'human_oversight',
      escalation_required: level !== 'low',
      assessed_at: at,
      rules_version: '0123456789ab',
    },
    event: {
      at,
      request_id: options.requestId ?? `request-${++requests}`,
      origin: 'ingress',
      crisis_level: level,
      crisis_types: types,
      severity,
    },
    region: 'US',
    locale: 'en',
    responded: {
      action_type: 'generate_response',
      description: 'the player was answered',
      at,
      success: options.answered ?? true,
      response_time_ms: 2,
    },
    text: {
      hmac: pseudonyms.textHmac('I have a zebrafinch'),
      length: 19,
      ruleIds: ['crisis_suicidal_ideation'],
    },
  };
}

export interface StoreBundle extends AsyncDisposable {
  readonly store: RedisStore;
  readonly redis: RedisClient;
  readonly interventions: OpenInterventionStore;
  readonly options: InterventionStoreOptions;
  /** What was logged as an error. */
  readonly errors: string[];
  /** The present, epoch ms. */
  now: number;
}

export async function openStore(
  url: string,
  options: {
    prefix?: string;
    settings?: Partial<InterventionSettings>;
    /** Default `fail_fast`. */
    onOutage?: OutageBehaviour;
  } = {},
): Promise<StoreBundle> {
  const redis = await connectRedis({ url, name: 'store', onOutage: options.onOutage ?? 'fail_fast' });
  const store = { redis, keys: createKeys(options.prefix ?? testPrefix()) };
  const errors: string[] = [];
  const clock = { now: () => bundle.now };
  const own = {
    store,
    clock,
    settings: { ...SETTINGS, ...options.settings },
    pseudonyms,
    log: quietLog(errors),
  };
  const bundle: StoreBundle = {
    store,
    redis,
    options: own,
    interventions: createInterventionStore(own),
    errors,
    now: NOW,
    [Symbol.asyncDispose]: () => closeRedis(redis),
  };
  return bundle;
}

export function quietLog(errors: string[]): Logger {
  const log: Logger = {
    trace: () => {},
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: ({ err }, message) =>
      void errors.push(`${message}${err instanceof Error ? `: ${err.message}` : ''}`),
    isEnabled: () => true,
    child: () => log,
    flush: () => {},
  };
  return log;
}
