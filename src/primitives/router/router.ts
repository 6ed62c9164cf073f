import { route } from '../compose/combine.ts';
import { make } from '../compose/make.ts';
import type { Primitive } from '../compose/primitive.ts';
import { chooseRoute } from './choose.ts';
import { Latencies } from './latencies.ts';
import {
  checkRouter,
  type Route,
  type RouterOptions,
  type RouterState,
  type TimedHandler,
} from './route-spec.ts';

/**
 * A choice among equivalent implementations by a selector or a strategy; see {@link chooseRoute}. It is made once per
 * execution and recorded. A route that fails is not tried elsewhere: that is what `.fallback()` is for.
 *
 * Errors: definition_error for options that can never make a choice
 */
export function router<I, O, K extends string>(name: string, given: RouterOptions<I, O, K>): Primitive<I, O> {
  checkRouter(name, given);
  const state = withLatencies(given.state ?? {});
  const options = { ...given, state };
  const entries = Object.entries<Route<I, O>>(options.routes).map(([key, { primitive }]) => [
    key,
    timed(primitive, (durationMs) => state.recordCall?.(name, key, durationMs)),
  ]);
  const routes = Object.fromEntries(entries) as Record<K, Primitive<I, O>>;
  return route<I, O, K>(name, routes, (input, ctx) => chooseRoute(name, options, input, ctx));
}

/** Where nobody else knows, `fastest` goes by what this process has seen of this very router. */
function withLatencies(state: RouterState): RouterState {
  if (state.medianMs !== undefined || state.recordCall !== undefined) return state;
  const latencies = new Latencies();
  return {
    isBreakerOpen: (breaker) => state.isBreakerOpen?.(breaker) ?? false,
    remainingUsd: (budget) => state.remainingUsd?.(budget),
    medianMs: (...of) => latencies.medianMs(...of),
    recordCall: (...call) => latencies.recordCall(...call),
  };
}

/** A step's handler says how long it took; of anything larger only its interpreter knows. */
function timed<I, O>(primitive: Primitive<I, O>, record: (durationMs: number) => void): Primitive<I, O> {
  const { plan } = primitive;
  if (plan.kind !== 'step' || plan.run === undefined) return primitive;
  const handler = plan.run as TimedHandler; // interpreters call it with its input and a StepContext
  const run: TimedHandler = async (input, ctx) => {
    const startedAt = ctx.now();
    const output = await handler(input, ctx);
    record(ctx.now() - startedAt);
    return output;
  };
  return make({ ...plan, run });
}
