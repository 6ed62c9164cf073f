import { assertNever, FleetError } from '../../kernel/errors.ts';
import { Undecided } from '../advance/scope.ts';
import type { FnContext } from '../plan/node.ts';
import { sortOut, type Candidate } from './eligible.ts';
import {
  TIERS,
  type RouteDecision,
  type RouteReason,
  type RouterOptions,
  type Strategy,
  type Tier,
} from './route-spec.ts';

const CHARACTERS_PER_TOKEN = 4;
const DEFAULT_OUTPUT_TOKENS = 500;

/**
 * The choice of a router: a function of the input, of recorded time and chance, and of a view of this process. The
 * engine records it, so it may depend on what will have changed at the next look.
 *
 * - `select` goes first. An unknown route or a failing selector goes to the default, one that cannot take the call
 *   too when the default can.
 * - a strategy chooses among the routes that can take the call
 *
 * Errors: route_not_found with the reason per route; what the selector threw, when there is no default
 */
export function chooseRoute<I, O, K extends string>(
  name: string,
  options: RouterOptions<I, O, K>,
  input: I,
  ctx: FnContext,
): RouteDecision<K> {
  const at = ctx.now();
  const { eligible, reasons } = sortOut(options.routes, {
    usage: {
      inputTokens: options.inputTokens?.(input) ?? estimateTokens(input),
      outputTokens: options.outputAllowance ?? DEFAULT_OUTPUT_TOKENS,
    },
    requires: options.requires?.(input) ?? {},
    state: options.state ?? {},
  });
  const { route, reason, error } = pick(name, options, input, ctx, { eligible, reasons });
  options.observe?.({ router: name, route, reason, ...(error === undefined ? {} : { error }) });
  return {
    route: route as K, // picked from the keys of the routes
    reason,
    at,
    eligible: Object.fromEntries(
      eligible.map(({ key, route: { costPer1kTokens } }) => [key, costPer1kTokens ?? null]),
    ),
  };
}

interface Picked {
  readonly route: string;
  readonly reason: RouteReason;
  readonly error?: unknown;
}

interface Field<I, O> {
  readonly eligible: readonly Candidate<I, O>[];
  readonly reasons: Readonly<Record<string, string>>;
}

function pick<I, O, K extends string>(
  name: string,
  options: RouterOptions<I, O, K>,
  input: I,
  ctx: FnContext,
  field: Field<I, O>,
): Picked {
  const { routes, strategy, default: byDefault } = options;
  const isEligible = (key: string): boolean => field.eligible.some((it) => it.key === key);
  if (options.select !== undefined) {
    let selected: string;
    try {
      selected = options.select(input, ctx);
    } catch (error) {
      if (error instanceof Undecided || byDefault === undefined) throw error;
      return { route: byDefault, reason: 'selector_error', error };
    }
    if (!Object.hasOwn(routes, selected)) {
      if (byDefault !== undefined) return { route: byDefault, reason: 'unknown_route' };
      throw notFound(name, `"${selected}" is none of its routes: ${Object.keys(routes).join(', ')}`, {});
    }
    if (isEligible(selected)) return { route: selected, reason: 'selected' };
    if (byDefault !== undefined && isEligible(byDefault))
      return { route: byDefault, reason: 'ineligible_route' };
    throw notFound(
      name,
      `"${selected}" cannot take the call: ${field.reasons[selected] ?? ''}`,
      field.reasons,
    );
  }
  if (field.eligible.length === 0) throw nobody(name, field.reasons);
  const tier = strategy === 'tier' ? askedTier(input, ctx) : undefined;
  // checkRouter has seen to it that there is a strategy where there is no selector.
  const chosen = byStrategy(strategy ?? 'cheapest', field.eligible, {
    tier,
    random: () => ctx.random(),
    medianMs: (key) => options.state?.medianMs?.(name, key),
  });
  if (chosen !== undefined) return { route: chosen.key, reason: strategy ?? 'cheapest' };
  if (byDefault !== undefined && isEligible(byDefault)) return { route: byDefault, reason: 'no_tier' };
  const others = field.eligible.map(({ key }) => [
    key,
    strategy === 'weighted' ? 'has weight 0' : `is not of tier "${tier ?? 'none was asked for'}"`,
  ]);
  throw nobody(name, { ...field.reasons, ...Object.fromEntries(others) });
}

/** What strategies look at beside the routes. */
export interface Chance {
  readonly tier: Tier | undefined;
  random(): number;
  medianMs(route: string): number | undefined;
}

/** Undefined when none fits: no route of the tier, or nothing but weights of 0. Ties go to the one declared first. */
export function byStrategy<I, O>(
  strategy: Strategy,
  eligible: readonly Candidate<I, O>[],
  chance: Chance,
): Candidate<I, O> | undefined {
  switch (strategy) {
    case 'tier':
      return cheapest(eligible.filter(({ route }) => route.tier === chance.tier && route.tier !== undefined));
    case 'cheapest':
      return cheapest(eligible);
    case 'fastest':
      // One that was never called goes first, or it would never be known how fast it is.
      return least(eligible, ({ key }) => chance.medianMs(key) ?? Number.NEGATIVE_INFINITY);
    case 'weighted':
      return weighted(eligible, chance);
    default:
      return assertNever(strategy, 'strategy');
  }
}

function cheapest<I, O>(candidates: readonly Candidate<I, O>[]): Candidate<I, O> | undefined {
  return least(candidates, ({ expectedMicroUsd }) => expectedMicroUsd ?? Number.POSITIVE_INFINITY);
}

function least<T>(items: readonly T[], of: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || of(item) < of(best) ? item : best),
    undefined,
  );
}

function weighted<I, O>(candidates: readonly Candidate<I, O>[], chance: Chance): Candidate<I, O> | undefined {
  const open = candidates.filter(({ route }) => (route.weight ?? 1) > 0);
  const total = open.reduce((sum, { route }) => sum + (route.weight ?? 1), 0);
  let left = open.length === 0 ? 0 : chance.random() * total;
  // The last one takes what rounding leaves over.
  return open.find(({ route }) => (left -= route.weight ?? 1) < 0) ?? open.at(-1);
}

/** `input.tier`, else `ctx.metadata.tier`. */
function askedTier(input: unknown, ctx: FnContext): Tier | undefined {
  const ofInput = typeof input === 'object' && input !== null && 'tier' in input ? input.tier : undefined;
  const asked = ofInput ?? ctx.metadata['tier'];
  return TIERS.find((tier) => tier === asked);
}

function estimateTokens(input: unknown): number {
  return Math.ceil((JSON.stringify(input) ?? '').length / CHARACTERS_PER_TOKEN);
}

function nobody(name: string, reasons: Readonly<Record<string, string>>): FleetError {
  const told = Object.entries(reasons).map(([key, reason]) => `${key} ${reason}`);
  return notFound(name, `no route can take the call: ${told.join('; ')}`, reasons);
}

function notFound(name: string, what: string, reasons: Readonly<Record<string, string>>): FleetError {
  return new FleetError({
    code: 'route_not_found',
    kind: 'invalid_input',
    message: `router "${name}": ${what}`,
    details: { router: name, reasons },
  });
}
