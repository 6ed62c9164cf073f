import { readModelPrices } from '../../config/model-prices.ts';
import type { Config } from '../../config/schema.ts';
import { AGENTS, type AgentName } from '../contracts/agent-type.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Language } from '../models/language.ts';
import type { ModelEvent } from '../models/model-events.ts';
import type { ModelProvider, ProviderOptions } from '../models/provider.ts';
import type { SpendingPort } from '../models/spending.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { Budgets } from '../primitives/budget/budgets.ts';
import { CostLedger } from '../primitives/budget/cost-ledger.ts';
import type { UsdPer1kTokens } from '../primitives/budget/money.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { Core } from './core.ts';
import { observeCosts } from './cost-metrics.ts';
import { createModelSpending } from './model-spending.ts';

/**
 * The models that the agents of these queues may ask; empty where none is configured. They share one provider: what
 * one agent learns of it holds for all.
 */
export async function openLanguages(
  core: Core,
  breakers: Breakers,
  queues: readonly string[],
): Promise<ReadonlyMap<AgentName, Language>> {
  const { config, log, metrics, clock, store } = core;
  const { llm, real_agents: limits } = config;
  const agents = AGENTS.filter((agent) => queues.includes(agent));
  // A provider without a model is refused by the configuration.
  if (llm.base_url === null || llm.model === null || agents.length === 0) return new Map();

  const [{ ProviderLanguage }, { warmUp }] = await Promise.all([
    import('../models/provider-language.ts'),
    import('../models/warm-up.ts'),
  ]);
  const observe = observeModels(log, metrics);
  const provider = await openProvider(config, { breakers, clock, observe });
  // Before the first job, whose turn has no time for it. Without it the first question is slow, and nothing else.
  await warmUp().catch((error: unknown) => log.warn({ err: error }, 'models could not be warmed up'));
  const models = [llm.model, ...llm.fallback_models] as const;
  const prices = pricesOf(config);
  const unpriced = models.filter((model) => !prices.has(model));
  if (unpriced.length > 0) {
    log.warn({ models: unpriced }, 'no price is known for a model: reports of costs leave it out');
  }
  const spending = openSpending(config, { store, clock, log, metrics });
  log.info({ provider: llm.provider, models }, 'agents may ask language models');
  return new Map(
    agents.map((agent) => {
      const language = new ProviderLanguage({
        agent,
        provider,
        models,
        callTimeoutMs: Math.min(llm.timeout_ms, limits.timeouts[agent] * 1000),
        maxRepeats: limits.retry.max_retries === 0 ? 0 : 1,
        pauseMs: limits.retry.base_delay * 1000,
        spending,
        observe,
      });
      return [agent, language];
    }),
  );
}

/**
 * The configured provider. The SDK behind it takes memory and time to load, which a process without models does not
 * spend.
 */
export async function openProvider(
  { llm, workflow }: Config,
  parts: Pick<ProviderOptions, 'breakers' | 'clock' | 'observe'>,
): Promise<ModelProvider> {
  if (llm.base_url === null) throw new RangeError('no model provider is configured');
  const provider = await import('../models/provider.ts');
  return new provider.ModelProvider({
    name: llm.provider,
    baseUrl: llm.base_url,
    apiKey: llm.api_key,
    unhealthyMs: workflow.error_handling.circuit_breaker.timeout_seconds * 1000,
    ...parts,
  });
}

/** The books and the daily budget of everybody who asks models. */
export function openSpending(
  config: Config,
  parts: { store: RedisStore; clock: Clock; log: Logger; metrics?: Metrics },
): SpendingPort {
  const { store, clock, log, metrics } = parts;
  const announce = observeCosts(log, metrics);
  return createModelSpending({
    budgets: new Budgets({ store, clock, observe: announce }),
    ledger: new CostLedger(store, clock),
    dailyUsd: config.llm.daily_budget_usd,
    prices: pricesOf(config),
    metrics,
    observe: announce,
  });
}

/** Those of the operator before those that come with the product. */
function pricesOf({ llm }: Config): ReadonlyMap<string, UsdPer1kTokens> {
  const own = llm.prices.map(({ model, input, output }) => [model, { input, output }] as const);
  return new Map([...Object.entries(readModelPrices().models), ...own]);
}

/** Counts requests; what needs attention is in the log. */
export function observeModels(log: Logger, metrics?: Metrics): (event: ModelEvent) => void {
  return (event) => {
    const { type, ...fields } = event;
    switch (event.type) {
      case 'request':
        metrics?.llm_request_seconds.observe(
          { agent: event.agent, outcome: event.outcome },
          event.durationMs / 1000,
        );
        if (event.outcome !== 'success' && event.outcome !== 'cancelled') log.warn(fields, MESSAGES[type]);
        return;
      case 'repair':
        return log.debug(fields, MESSAGES[type]);
      default:
        log.warn(fields, MESSAGES[type]);
    }
  };
}

const MESSAGES: Readonly<Record<ModelEvent['type'], string>> = {
  request: 'a request to a language model failed',
  simplified: 'the model provider does not know a field: requests leave it out from now on',
  unhealthy: 'the model provider refuses the key or the model: it is left alone for a while',
  repair: 'an answer of a language model did not fit: it is asked for once more',
  unforeseen: 'an answer of a language model failed in a way that nobody foresaw',
};
