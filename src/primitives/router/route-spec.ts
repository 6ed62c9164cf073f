import { FleetError } from '../../kernel/errors.ts';
import type { UsdPer1kTokens } from '../budget/money.ts';
import type { BudgetPolicy } from '../budget/budgets.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import type { FnContext } from '../plan/node.ts';

export const TIERS = ['fast', 'balanced', 'quality'] as const;
export type Tier = (typeof TIERS)[number];
export const STRATEGIES = ['tier', 'cheapest', 'fastest', 'weighted'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** One of several implementations of the same thing. */
export interface Route<I, O> {
  readonly primitive: Primitive<I, O>;
  readonly tier?: Tier;
  readonly costPer1kTokens?: UsdPer1kTokens;
  readonly maxInputTokens?: number;
  /** Share of the calls under `weighted`; default 1, 0 is never chosen. */
  readonly weight?: number;
  /** What requirements may ask for: `vision`, `tools` … */
  readonly capabilities?: readonly string[];
  /** Left out when what is left of it does not cover the call. */
  readonly budget?: Pick<BudgetPolicy, 'budget' | 'dailyUsd'>;
}

/** What a call needs of its route. */
export interface RouteRequirement {
  readonly capabilities?: readonly string[];
  readonly tier?: Tier;
}

export interface RouterOptions<I, O, K extends string> {
  readonly routes: Readonly<Record<K, Route<I, O>>>;
  /** Goes before the strategy. */
  select?(input: I, ctx: FnContext): string;
  readonly strategy?: Strategy;
  /** Where a selection goes that names no route or fails, and a call whose tier has none. */
  readonly default?: K;
  requires?(input: I): RouteRequirement;
  /** Estimate for limits and prices; default a quarter of the characters of the input's JSON. */
  inputTokens?(input: I): number;
  /** The longest answer that is expected, in tokens; default 500. */
  readonly outputAllowance?: number;
  /** What the choice may know of this process; default how long its own calls took here, nothing open or spent. */
  readonly state?: RouterState;
  readonly observe?: (event: RouterEvent) => void;
}

/** A view of the present that a choice reads without waiting. */
export interface RouterState {
  isBreakerOpen?(breaker: string): boolean;
  /** Median of the route's last calls in this process; undefined while unknown. */
  medianMs?(router: string, route: string): number | undefined;
  /** `budgets.remainingUsd` fits. */
  remainingUsd?(budget: Pick<BudgetPolicy, 'budget' | 'dailyUsd'>): number | undefined;
  /** A call of a route whose primitive is a step has ended. */
  recordCall?(router: string, route: string, durationMs: number): void;
}

export const ROUTE_REASONS = [
  'selected',
  ...STRATEGIES,
  'unknown_route',
  'selector_error',
  'ineligible_route',
  'no_tier',
] as const;
export type RouteReason = (typeof ROUTE_REASONS)[number];

/** Recorded once per execution; enough to reckon later what was saved. */
export interface RouteDecision<K extends string = string> {
  readonly route: K;
  readonly reason: RouteReason;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What could have been chosen, with its price. */
  readonly eligible: Readonly<Record<string, UsdPer1kTokens | null>>;
}

/**
 * A choice as it is made, which is not yet recorded: on the fleet another look may make it again, and the metrics count
 * what was recorded. Reasons other than a strategy or `selected` deserve a warning.
 */
export interface RouterEvent {
  readonly router: string;
  readonly route: string;
  readonly reason: RouteReason;
  /** What the selector threw. */
  readonly error?: unknown;
}

/** The type of a handler's context, for routes that are timed. */
export type TimedHandler = (input: unknown, ctx: StepContext) => Promise<unknown>;

/** Errors: definition_error (invalid_input) for options that can never make a choice */
export function checkRouter<I, O, K extends string>(name: string, options: RouterOptions<I, O, K>): void {
  const routes = Object.entries<Route<I, O>>(options.routes);
  const refuse = (what: string): never => {
    throw new FleetError({
      code: 'definition_error',
      kind: 'invalid_input',
      message: `router "${name}": ${what}`,
    });
  };
  const lacking = (has: (route: Route<I, O>) => boolean): string =>
    routes
      .filter(([, route]) => !has(route))
      .map(([key]) => key)
      .join(', ');

  if (routes.length === 0) refuse('has no routes');
  if (options.default !== undefined && !Object.hasOwn(options.routes, options.default)) {
    refuse(
      `the default "${options.default}" is none of its routes: ${Object.keys(options.routes).join(', ')}`,
    );
  }
  if (options.select === undefined && options.strategy === undefined) refuse('needs select or a strategy');
  if (options.strategy === 'cheapest' || options.strategy === 'tier') {
    const priceless = lacking((route) => route.costPer1kTokens !== undefined);
    if (priceless !== '') refuse(`${options.strategy} compares prices; no costPer1kTokens: ${priceless}`);
  }
  const bad = lacking(({ weight = 1 }) => Number.isFinite(weight) && weight >= 0);
  if (bad !== '') refuse(`weights are numbers from 0: ${bad}`);
  if (options.strategy === 'weighted' && routes.every(([, { weight = 1 }]) => weight === 0)) {
    refuse('every weight is 0');
  }
}
