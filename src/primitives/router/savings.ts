import { costOf, toUsd, type Usage } from '../budget/money.ts';
import type { RouteDecision } from './route-spec.ts';

/**
 * What a choice saved against the dearest route that could have taken the call, on what the call did use.
 * @returns USD; 0 when the chosen route has no price. Negative when a default that could not take it was dearer.
 */
export function savedUsd({ route, eligible }: RouteDecision, usage: Usage): number {
  const chosen = eligible[route];
  if (chosen === undefined || chosen === null) return 0;
  const costs = Object.values(eligible).map((price) => (price === null ? 0 : costOf(price, usage)));
  return toUsd(Math.max(...costs) - costOf(chosen, usage));
}
