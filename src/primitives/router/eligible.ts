import { costOf, toUsd, type Usage } from '../budget/money.ts';
import type { PlanNode } from '../plan/node.ts';
import type { Route, RouteRequirement, RouterState } from './route-spec.ts';

export interface Candidate<I, O> {
  readonly key: string;
  readonly route: Route<I, O>;
  /** Of this call, in micro-USD; undefined for a route without a price. */
  readonly expectedMicroUsd: number | undefined;
}

/** What is known of a call before it is made. */
export interface ExpectedCall {
  readonly usage: Usage;
  readonly requires: RouteRequirement;
  readonly state: RouterState;
}

/** Routes that could take the call, and why each of the others could not. */
export function sortOut<I, O>(
  routes: Readonly<Record<string, Route<I, O>>>,
  call: ExpectedCall,
): { readonly eligible: Candidate<I, O>[]; readonly reasons: Readonly<Record<string, string>> } {
  const eligible: Candidate<I, O>[] = [];
  const reasons: Record<string, string> = {};
  for (const [key, route] of Object.entries(routes)) {
    const { costPer1kTokens } = route;
    const expectedMicroUsd = costPer1kTokens === undefined ? undefined : costOf(costPer1kTokens, call.usage);
    const reason = obstacleOf(route, expectedMicroUsd, call);
    if (reason === null) eligible.push({ key, route, expectedMicroUsd });
    else reasons[key] = reason;
  }
  return { eligible, reasons };
}

function obstacleOf<I, O>(
  route: Route<I, O>,
  expectedMicroUsd: number | undefined,
  { usage, requires, state }: ExpectedCall,
): string | null {
  const { maxInputTokens = Number.POSITIVE_INFINITY, capabilities = [], tier, budget } = route;
  if (usage.inputTokens > maxInputTokens) return `input of about ${usage.inputTokens} tokens is too long`;
  const missing = requires.capabilities?.find((capability) => !capabilities.includes(capability));
  if (missing !== undefined) return `lacks "${missing}"`;
  if (requires.tier !== undefined && requires.tier !== tier) return `is not of tier "${requires.tier}"`;
  const open = breakersOf(route.primitive.plan).find((breaker) => state.isBreakerOpen?.(breaker) === true);
  if (open !== undefined) return `circuit "${open}" is open`;
  const left = budget === undefined ? undefined : state.remainingUsd?.(budget);
  if (left !== undefined && (left <= 0 || toUsd(expectedMicroUsd ?? 0) > left)) {
    return `budget "${budget?.budget}" is spent`;
  }
  return null;
}

/** The circuits every call of a plan passes; those of branches and alternatives it may never meet. */
function breakersOf(plan: PlanNode): string[] {
  switch (plan.kind) {
    case 'step':
      return plan.breaker === undefined ? [] : [plan.breaker];
    case 'sequence':
      return plan.stages.flatMap(breakersOf);
    case 'retry':
    case 'timeout':
      return breakersOf(plan.body);
    default:
      return [];
  }
}
