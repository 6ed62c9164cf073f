import { readModelPrices } from '../../config/model-prices.ts';
import type { Config } from '../../config/schema.ts';
import { AGENTS, type AgentName } from '../contracts/agent-type.ts';
import type { Language } from '../models/language.ts';
import type { ModelEvent } from '../models/model-events.ts';
import { Budgets } from '../primitives/budget/budgets.ts';
import { CostLedger } from '../primitives/budget/cost-ledger.ts';
import type { UsdPer1kTokens } from '../primitives/budget/money.ts';
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

  // The SDK behind them takes memory and time to load, which a fleet without models does not spend.
  const [{ ModelProvider }, { ProviderLanguage }, { warmUp }] = await Promise.all([
    import('../models/provider.ts'),
    import('../models/provider-language.ts'),
    import('../models/warm-up.ts'),
  ]);
  // Before the first job, whose turn has no time for it. Without it the first question is slow, and nothing else.
  await warmUp().catch((error: unknown) => log.warn({ err: error }, 'models could not be warmed up'));
  const observe = observeModels(core);
  const provider = new ModelProvider({
    name: llm.provider,
    baseUrl: llm.base_url,
    apiKey: llm.api_key,
    breakers,
    unhealthyMs: config.workflow.error_handling.circuit_breaker.timeout_seconds * 1000,
    clock,
    observe,
  });
  metrics.circuit_state.set({ name: provider.breaker.name }, 0);
  const models = [llm.model, ...llm.fallback_models] as const;
  const prices = pricesOf(config);
  const unpriced = models.filter((model) => !prices.has(model));
  if (unpriced.length > 0) {
    log.warn({ models: unpriced }, 'no price is known for a model: reports of costs leave it out');
  }
  const announce = observeCosts(log, metrics);
  const spending = createModelSpending({
    budgets: new Budgets({ store, clock, observe: announce }),
    ledger: new CostLedger(store, clock),
    dailyUsd: llm.daily_budget_usd,
    prices,
    metrics,
    observe: announce,
  });
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

/** Those of the operator before those that come with the product. */
function pricesOf({ llm }: Config): ReadonlyMap<string, UsdPer1kTokens> {
  const own = llm.prices.map(({ model, input, output }) => [model, { input, output }] as const);
  return new Map([...Object.entries(readModelPrices().models), ...own]);
}

function observeModels({ log, metrics }: Core): (event: ModelEvent) => void {
  return (event) => {
    const { type, ...fields } = event;
    switch (event.type) {
      case 'request':
        metrics.llm_request_seconds.observe(
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
