import type { Config } from '../../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ModelPort } from '../models/model-port.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { openOwnBreakers } from './fleet-breakers.ts';
import { SMALL } from '../workflows/examples/ports.ts';
import { observeModels, openProvider, openSpending } from './open-languages.ts';

/** What the examples of a process are made of. */
export interface ExampleParts {
  readonly store: RedisStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Those of the fleet, where there is one. */
  readonly breakers?: Breakers;
}

/**
 * The configured models as the steps of plans ask them; undefined where none is. A plan that asks for the small model
 * gets the last of `llm.fallback_models`. Nothing is loaded before the first question.
 */
export function configuredModel(config: Config, parts: ExampleParts): ModelPort | undefined {
  const { llm } = config;
  if (llm.base_url === null || llm.model === null) return undefined;
  const large = llm.model;
  const small = llm.fallback_models.at(-1) ?? large;
  let opened: Promise<ModelPort> | undefined;
  const open = async (): Promise<ModelPort> => {
    const { ProviderModel } = await import('../models/provider-model.ts');
    const { clock, log, metrics } = parts;
    const { breakers = openOwnBreakers({ config, ...parts }) } = parts;
    return new ProviderModel({
      provider: await openProvider(config, { breakers, clock, observe: observeModels(log, metrics) }),
      nameOf: (model) => (model === SMALL ? small : large),
      callTimeoutMs: llm.timeout_ms,
      spending: openSpending(config, parts),
    });
  };
  const model = (): Promise<ModelPort> => (opened ??= open());
  return {
    generate: async (request, ctx) => (await model()).generate(request, ctx),
    async *stream(request, ctx) {
      yield* (await model()).stream(request, ctx);
    },
  };
}
